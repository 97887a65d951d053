"""Deletes by the stored spelling and reads back; opt-outs only where the inventory lets them go.

https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_DeleteContact.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.aws.ses.api import Api, Row, Scope
from connectors.aws.ses.search import Search
from connectors.aws.ses.settings import ARCHIVES, CONTACTS, IDENTITIES, KEPT, KEYS, OPT_OUTS, Settings
from connectors.errors import ChangedError
from connectors.model import Action, Gate, Order, Outcome, Status

ATTRIBUTES = "AttributesData"
DELETING = "ses:DeleteContact, UpdateContact, DeleteEmailIdentity and, to opt out, PutSuppressedDestination"
_STILL_THERE = "SES said yes, and reading again shows it still there"
_OPT_OUT = (
    "an opt-out is kept so that nobody writes to the address again; "
    "to let it be deleted set erase: true among the options of this collection"
)
_REDACTION = "the row is the address itself: delete it or let it stay"
_CHANGED = "the contact was changed by the redaction beyond its attributes; look at its preferences"
ARCHIVED = (
    "Mail Manager deletes whole archives only: search the archive for the address (StartArchiveSearch), export for "
    "an access request, and note when the archive's retention lets the messages go"
)


@dataclass(frozen=True, slots=True)
class Eraser:
    """Carries out the orders of one system."""

    system: str
    api: Api
    settings: Settings
    look: Callable[[], Search]
    gate: Gate

    def run(self, orders: Sequence[Order]) -> Iterator[Outcome]:
        """One outcome per order. Raises ChangedError before any write if there is more than planned."""
        acted = {n: o for n, o in enumerate(orders) if o.action in (Action.DELETE, Action.REDACT)}
        search = self.look()
        fixed = {n: search.at(order.at) for n, order in acted.items()}
        for n, order in acted.items():
            if (found := len(fixed[n])) > order.count + order.late:
                raise ChangedError(self.system, f"{order.at.collection}: {found} found, the plan has {order.count}")
        for n, order in enumerate(orders):
            if spared := order.spared():
                yield spared
            elif order.at.collection == ARCHIVES:
                yield Outcome(order.at, Status.MANUAL, order.count, reason=ARCHIVED)
            elif not fixed[n]:
                yield Outcome(order.at, Status.ABSENT)
            elif order.action is Action.REDACT:
                yield self._redact(order, fixed[n])
            else:
                yield self._delete(order, fixed[n])

    def _delete(self, order: Order, found: Sequence[Row]) -> Outcome:
        name = order.at.collection
        if name in KEPT and name not in self.settings.erase:
            return Outcome(order.at, Status.FAILED, reason=_OPT_OUT)
        # One address stands on a suppression list once for each reason, and goes at once.
        for row in {self._address(name, row): row for row in found}.values():
            self.gate(name)
            self._remove(name, row)
        staying = sum(self._is_there(name, row) for row in found)
        if staying:
            return Outcome(order.at, Status.FAILED, len(found) - staying, reason=_STILL_THERE)
        return Outcome(order.at, Status.DONE, len(found))

    def _address(self, name: str, row: Row) -> tuple[str, ...]:
        return str(row.get("ContactListName", "")), str(row.get("TenantName", "")), str(row[KEYS[name]])

    def _remove(self, name: str, row: Row) -> None:
        listed, tenant, key = self._address(name, row)
        if name in (CONTACTS, OPT_OUTS):
            self.api.write("DeleteContact", "delete_contact", ContactListName=listed, EmailAddress=key)
        elif name == IDENTITIES:
            self.api.write("DeleteEmailIdentity", "delete_email_identity", EmailIdentity=key)
        else:
            named = _scope(tenant).named
            self.api.write("DeleteSuppressedDestination", "delete_suppressed_destination", EmailAddress=key, **named)

    def _is_there(self, name: str, row: Row) -> bool:
        listed, tenant, key = self._address(name, row)
        if name in (CONTACTS, OPT_OUTS):
            return self.api.contact(listed, key) is not None
        if name == IDENTITIES:
            return self.api.has_identity(key)
        return self.api.suppression(_scope(tenant), key) is not None

    def _redact(self, order: Order, found: Sequence[Row]) -> Outcome:
        """Empty the attributes of contacts who opted out; all preferences must be given, or they are lost."""
        emptied = {f.name for f in self.settings.collections[order.at.collection].fields if f.redactable} - order.keep
        if order.at.collection != OPT_OUTS or emptied != {ATTRIBUTES}:
            return Outcome(order.at, Status.FAILED, reason=_REDACTION)
        changed = 0
        for row in found:
            listed, _, email = self._address(OPT_OUTS, row)
            self.gate(OPT_OUTS)
            self.api.write(
                "UpdateContact", "update_contact", ContactListName=listed, EmailAddress=email, AttributesData="",
                TopicPreferences=_preferences(row), UnsubscribeAll=bool(row.get("UnsubscribeAll")),
            )  # fmt: skip
            after = self.api.contact(listed, email)
            if after is None or _said(after) != _said(row):
                return Outcome(order.at, Status.FAILED, changed, reason=_CHANGED)
            changed += not after.get(ATTRIBUTES)
        if changed < len(found):
            return Outcome(order.at, Status.FAILED, changed, reason=_STILL_THERE)
        return Outcome(order.at, Status.DONE, changed)


def _scope(tenant: str) -> Scope:
    return Scope(tenant, (), active=True)


def _preferences(row: Row) -> list[Any]:
    return list(row.get("TopicPreferences", ()))


def _said(row: Row) -> tuple[bool, list[tuple[str, str]]]:
    told = ((str(p["TopicName"]), str(p["SubscriptionStatus"])) for p in _preferences(row))
    return bool(row.get("UnsubscribeAll")), sorted(told)
