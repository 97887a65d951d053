"""Redaction jobs: `created -> validating -> ready | failed`, `ready -> redacting -> succeeded`.

After https://docs.stripe.com/privacy/redaction and /privacy/deletion-requests. What Stripe does not
say is a switch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connectors.sandbox.stripe.shapes import SHAPES, blank

ROOTS = {
    "customers": "customer",
    "charges": "charge",
    "payment_intents": "payment_intent",
    "invoices": "invoice",
    "checkout_sessions": "checkout.session",
    "setup_intents": "setup_intent",
    "identity_verification_sessions": "identity.verification_session",
    "issuing_cardholders": "issuing.cardholder",
    "issuing_cards": "issuing.card",
    "radar_value_list_items": "radar.value_list_item",
}
LIMIT = 10
MINIMUM_AGE = timedelta(days=90)
ENDED = ("succeeded", "canceled")
_OPEN_DISPUTE = ("needs_response", "under_review", "warning_needs_response", "warning_under_review")
Item = dict[str, Any]


@dataclass
class Switches:
    """What Stripe's pages leave open, at the setting the connector expects least trouble from."""

    auto_advance: bool = True  # a job moves on each time it is read; otherwise only by `tick`
    redacts_deleted_customers: bool = False
    wants_detached_payment_methods: bool = True
    takes_payment_methods_along: bool = True  # those of a guest's payment
    takes_disputes_and_refunds_along: bool = True
    takes_cash_balance_along: bool = True
    lists_deleted_customers: bool = False
    age_counts: bool = True  # the 90 days are checked at validation
    denied: frozenset[str] = frozenset()  # object types that a restricted key may not read, and "search"
    permissions_first: bool = True  # and not only where the object that is named exists
    knows_customers: bool = False  # a list for a customer that does not exist is refused
    value_lists: frozenset[str] | None = None  # the fraud lists there are; None: every one that is asked for
    hashes_replace: bool = False  # an update of a nested hash forgets what it does not name
    connected: frozenset[str] | None = None  # the connected accounts there are; None: every one


class Redactions:
    """The jobs, over the objects of the fake."""

    def __init__(self, objects: dict[str, Item], switches: Switches) -> None:
        self.objects = objects
        self.switches = switches
        self.jobs: dict[str, Item] = {}

    def roots(self, job: Item) -> list[str]:
        return [id_ for ids in job["objects"].values() for id_ in ids]

    def step(self, job: Item, now: datetime) -> None:
        """Move one job to its next state."""
        if job["status"] == "created":
            job["status"] = "validating"
        elif job["status"] == "validating":
            job["errors"] = [*self._errors(job, now)]
            job["status"] = "failed" if job["errors"] else "ready"
        elif job["status"] == "redacting":
            for item in self._reach(job):
                self._redact(item, now)
            job["status"] = "succeeded"
        elif job["status"] == "canceling":
            job["status"] = "canceled"

    def _errors(self, job: Item, now: datetime) -> Iterator[Item]:
        ids = self.roots(job)
        if len(ids) > LIMIT:
            yield _error(job, "too_many_objects", ids[0], "privacy.redaction_job")
        for other in self.jobs.values():
            if other is not job and other["status"] not in (*ENDED, "failed"):
                for id_ in sorted(set(ids) & set(self.roots(other))):
                    yield _error(job, "locked_by_other_job", id_, self.objects[id_]["object"])
        behaviour = job["validation_behavior"]
        for item in self._reach(job):
            if self._unfit(item, now, mends=behaviour == "fix"):
                yield _error(job, "invalid_state", item["id"], item["object"])

    def _unfit(self, item: Item, now: datetime, mends: bool) -> bool:
        kind = item["object"]
        if kind == "customer":
            return bool(item.get("deleted")) and not self.switches.redacts_deleted_customers
        if kind == "charge" and self.switches.age_counts:
            return now - datetime.fromtimestamp(item["created"], now.tzinfo) < MINIMUM_AGE
        if mends:
            return False
        if kind == "dispute":
            return item["status"] in _OPEN_DISPUTE
        if kind == "payment_method":
            return self.switches.wants_detached_payment_methods and bool(item.get("customer"))
        return item.get("status") in SHAPES[kind].open

    def _reach(self, job: Item) -> list[Item]:
        reached: dict[str, Item] = {}
        waiting = self.roots(job)
        while waiting:
            id_ = waiting.pop()
            if id_ in reached or id_ not in self.objects:
                continue
            reached[id_] = self.objects[id_]
            waiting += self._next(self.objects[id_])
        return list(reached.values())

    def _next(self, item: Item) -> Iterator[str]:
        kind, id_ = item["object"], item["id"]
        for other in self.objects.values():
            what = other["object"]
            if kind == "customer" and other.get("customer") == id_:
                cash = what == "customer_cash_balance_transaction" and self.switches.takes_cash_balance_along
                if cash or what in ("payment_intent", "charge", "subscription", "invoice", "payment_method"):
                    yield other["id"]
            elif (kind == "payment_intent" and what == "charge" and other.get("payment_intent") == id_) or (
                kind == "charge"
                and what in ("dispute", "refund")
                and other.get("charge") == id_
                and (what == "dispute" or self.switches.takes_disputes_and_refunds_along)
            ):
                yield other["id"]
        method = item.get("payment_method")
        if kind == "charge" and method and self.switches.takes_payment_methods_along:
            yield method

    def _redact(self, item: Item, now: datetime) -> None:
        kind = item["object"]
        if kind == "dispute":
            if item["status"] in _OPEN_DISPUTE:
                item["status"] = "lost"
            if not self.switches.takes_disputes_and_refunds_along:
                return
        if kind in ("subscription", "payment_intent") and item.get("status") in SHAPES[kind].open:
            item.update(status="canceled", canceled_at=int(now.timestamp()))
        blank(item, SHAPES[kind].personal)
        item["inoperable"] = True


def _error(job: Item, code: str, id_: str, kind: str) -> Item:
    number = f"prjve_{job['id']}_{code}_{id_}"
    about = {"id": id_, "object_type": kind}
    said = f"{code}: {id_}"
    return {
        "id": number,
        "object": "privacy.redaction_job_validation_error",
        "code": code,
        "message": said,
        "erroring_object": about,
    }
