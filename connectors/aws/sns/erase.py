"""Unsubscribes, deletes, and reads back; what SNS lets go only by itself gets its date.

https://docs.aws.amazon.com/sns/latest/dg/sns-delete-subscription-topic.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connectors.aws.sns.api import Api, Row
from connectors.aws.sns.search import CLAIMED, REMOVED, WAITING, Search
from connectors.aws.sns.settings import ENDPOINTS, NUMBERS, OPT_OUTS, SUBSCRIPTIONS
from connectors.errors import ChangedError
from connectors.model import Action, Gate, Order, Outcome, Status

LAPSES = timedelta(hours=48)  # an unconfirmed subscription, counted from when it was made
LISTED = timedelta(hours=72)  # another account's subscription after it was removed
_SETTLED = timedelta(hours=24)  # a sandbox number after it was verified
DELETING = "sns:Unsubscribe, DeleteEndpoint, DeleteSMSSandboxPhoneNumber"
PENDING_REASON = "not confirmed yet: SNS deletes no such subscription, and drops it within 48 hours by itself"
REMOVED_REASON = "removed already: SNS lists another account's subscription for 72 hours more"
STOPPED = "the holder of the number answered STOP: an opt-out is kept, for ending it would let the number be texted"
UNPROVEN = "the device bears a value that proves nothing, or one of the person's and one of somebody else's"
_TOO_EARLY = "SNS lets a sandbox number go 24 hours after it was verified or tried: run again then"
_REDACTION = "no call takes the person out of a row; delete it or let it stay"
_STILL_THERE = "SNS said yes, and reading again shows it still there"


@dataclass(frozen=True, slots=True)
class Eraser:
    """Carries out the orders of one system. `look` is a fresh search."""

    system: str
    api: Api
    look: Callable[[], Search]
    gate: Gate

    def run(self, orders: Sequence[Order]) -> Iterator[Outcome]:
        """One outcome per order. Raises ChangedError before any write if there is more than planned."""
        search = self.look()
        fixed = {n: search.at(order.at) for n, order in enumerate(orders) if order.action is Action.DELETE}
        for n, rows in fixed.items():
            if len(rows) > orders[n].count + orders[n].late:
                name = orders[n].at.collection
                raise ChangedError(self.system, f"{name}: {len(rows)} found, the plan has {orders[n].count}")
        for n, order in enumerate(orders):
            if spared := order.spared():
                yield spared
            elif order.action is Action.REDACT:
                yield Outcome(order.at, Status.FAILED, reason=_REDACTION)
            elif not fixed[n]:
                yield Outcome(order.at, Status.ABSENT)
            else:
                yield self._left(order, len(fixed[n])) or self._delete(order, fixed[n])

    def _left(self, order: Order, count: int) -> Outcome | None:
        """The outcome of an order for what cannot or must not be deleted; None for what can."""
        now, at = datetime.now(UTC), order.at
        if at.collection == OPT_OUTS:
            return Outcome(at, Status.RETAINED, count, reason=STOPPED)
        if at.key == WAITING:
            return Outcome(at, Status.RETAINED, count, now + LAPSES, PENDING_REASON)
        if at.key == REMOVED:
            return Outcome(at, Status.ACCEPTED, count, now + LISTED, REMOVED_REASON)
        return Outcome(at, Status.MANUAL, count, reason=UNPROVEN) if at.key == CLAIMED else None

    def _delete(self, order: Order, rows: Sequence[Row]) -> Outcome:
        at = order.at
        for row in rows:
            self.gate(at.collection)
            self._remove(at.collection, row)
        after = self.look()
        if at.collection == ENDPOINTS:
            staying = sum(self.api.has_endpoint(str(row["EndpointArn"])) for row in rows)
        else:
            left = [dict(row) for row in after.at(at)]
            staying = sum(dict(row) in left for row in rows)
        gone = len(rows) - staying
        if staying and at.collection == NUMBERS:
            return Outcome(at, Status.RETAINED, staying, datetime.now(UTC) + _SETTLED, _TOO_EARLY)
        if staying:
            return Outcome(at, Status.FAILED, gone, reason=_STILL_THERE)
        if at.collection == SUBSCRIPTIONS and _listed_as_removed(after, rows):
            return Outcome(at, Status.ACCEPTED, gone, datetime.now(UTC) + LISTED, REMOVED_REASON)
        return Outcome(at, Status.DONE, gone)

    def _remove(self, name: str, row: Row) -> None:
        if name == SUBSCRIPTIONS:
            self.api.unsubscribe(str(row["SubscriptionArn"]))
        elif name == ENDPOINTS:
            self.api.delete_endpoint(str(row["EndpointArn"]))
        else:
            self.api.delete_sandbox_number(str(row["PhoneNumber"]))


def _listed_as_removed(after: Search, rows: Sequence[Row]) -> bool:
    gone = {(row["TopicArn"], row["Endpoint"]) for row in rows}
    return any(k == REMOVED and (r["TopicArn"], r["Endpoint"]) in gone for k, r in after.rows(SUBSCRIPTIONS))
