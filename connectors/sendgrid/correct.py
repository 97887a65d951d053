"""Single fields of the person's contacts set to other values; addresses and numbers, which are keys, in steps.

An update is accepted and done later, names every identifier the contact has, and cannot change one
(https://www.twilio.com/docs/sendgrid/api-reference/contacts/add-or-update-a-contact). So an identifier is taken
off the contact first, while another that is known to be the person's leads to it, and the new one is put on; a
contact without another is made anew under the new address and the old one deleted once the new one is there.
Each call does the next step that is possible, and says FAILED, "ask again", while the vendor is at one.
Before the new address stands anywhere it has the opt-outs of the old one, in the same account.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime

from connectors.corrections import NOT_SEEN, pending, tally
from connectors.errors import ChangedError, RefusedError
from connectors.model import Change, Correction, Held, Locator, Outcome, Status, SystemSpec
from connectors.sendgrid.api import Account, Api, Row
from connectors.sendgrid.carrying import Carrying
from connectors.sendgrid.search import OWN, Search
from connectors.sendgrid.selection import account_at, rows_at, standing_at
from connectors.sendgrid.settings import CONTACTS, GROUPS, LEGACY, UNSUBSCRIBES, Settings

IDENTIFIERS = {
    "email": "EMAIL", "phone_number_id": "PHONENUMBERID", "external_id": "EXTERNALID", "anonymous_id": "ANONYMOUSID",
}  # fmt: skip
TAKEN = {
    CONTACTS: (
        "first_name", "last_name", "address_line_1", "address_line_2", "city", "state_province_region",
        "postal_code", "country",
    ),
    LEGACY: ("first_name", "last_name"),
}  # fmt: skip
SWAPPED = ("email", "phone_number_id")
BESIDE = (UNSUBSCRIBES, GROUPS)  # opt-outs: the new address is entered as well, and the old one stays
_FIXED = "no call changes it: correct it in the web console, where it can be"
_HISTORY = "what was sent, and what servers and people answered to it, stays as it was"
_LEGACY_KEY = "the address is the key of a contact of the former product: enter the right one, then delete the old one"
_REFUSED = "SendGrid does not take the value: correct it in the web console"
_UNDER_WAY = "SendGrid is at the step before and does not show it yet: ask again later"
_UNREACHED = (
    "only identifiers that are not known as the person's, or custom fields, would be left to lead to the contact or "
    "be lost: correct its address in the web console, and enter its opt-outs for the new one"
)
_TAKEN_ELSEWHERE = "another contact has the new value already: see whose it is"
_NOT_CARRIED = "an opt-out of the old address is not seen at the new one: nothing was changed"


class Corrector:
    """One run of `correct`. `search` looks afresh."""

    def __init__(self, spec: SystemSpec, api: Api, settings: Settings, search: Callable[[], Search]) -> None:
        self._spec = spec
        self._api = api
        self._settings = settings
        self._afresh = search
        self._search = search()
        self._carrying = Carrying(spec, api)
        self._unseen: set[str] = set()  # contacts whose update was accepted and does not show yet

    def run(self, corrections: Sequence[Correction]) -> Iterator[Outcome]:
        """Nothing is written before all of them fit what is there."""
        for c in corrections:
            if standing_at(c.at) != OWN:
                said = f"{c.at.collection}: a contact that is not surely the person's is never corrected"
                raise RefusedError(self._spec.system, said)
        todo = [self._pending(c) for c in corrections]
        # Identifiers last: every other update must name those that the contact has.
        order = sorted(range(len(todo)), key=lambda n: any(c.field in SWAPPED for c in todo[n]))
        outcomes = {n: self._one(corrections[n], todo[n]) for n in order}
        yield from (outcomes[n] for n in range(len(todo)))

    def _pending(self, correction: Correction) -> tuple[Change, ...]:
        """As `pending` says; what was left half way, a contact without the identifier, is pending as well."""
        rows = rows_at(self._search, correction.at)
        if correction.at.collection in BESIDE:
            account = account_at(self._search, correction.at)
            return tuple(c for c in correction.changes if not self._carrying.carried(c.old, c.new, account))
        half_way = {
            c.field for c in correction.changes
            if c.field in SWAPPED and correction.at.collection == CONTACTS and any(not row.get(c.field) for row in rows)
        }  # fmt: skip
        there = held(self._search, correction.at, {c.field for c in correction.changes})
        found = pending(self._spec.system, correction, there)
        return tuple(c for c in correction.changes if c in found or (c.new and c.field in half_way))

    def _one(self, correction: Correction, changes: Sequence[Change]) -> Outcome:
        at, count = correction.at, sum(c.count for c in changes)
        if not changes:
            return Outcome(at, Status.ABSENT)
        if at.collection in BESIDE:
            account = account_at(self._search, at)
            carried = all(self._carrying.over(c.old, c.new, account) for c in changes)
            return Outcome(at, Status.DONE, count) if carried else Outcome(at, Status.FAILED, reason=_NOT_CARRIED)
        keys = [c for c in changes if c.field in SWAPPED]
        plain = [c for c in changes if c.field in TAKEN.get(at.collection, ())]
        if len(keys) + len(plain) < len(changes) or (keys and at.collection != CONTACTS):
            return Outcome(at, Status.MANUAL, count, reason=fixed(at.collection, changes[0].field))
        said = self._put(at, plain, keys)
        if said in (_UNDER_WAY, _NOT_CARRIED):
            return Outcome(at, Status.FAILED, reason=said)
        if said:
            return Outcome(at, Status.MANUAL, count, reason=said)
        if self._seen(at, changes):
            return Outcome(at, Status.DONE, count)
        if at.collection == LEGACY:
            return Outcome(at, Status.FAILED, reason=NOT_SEEN)
        if plain:
            self._unseen |= {str(row["id"]) for row in rows_at(self._search, at)}
        return Outcome(at, Status.ACCEPTED, count, datetime.now(UTC) + self._settings.settles_within)

    def _put(self, at: Locator, plain: Sequence[Change], keys: Sequence[Change]) -> str:
        """Write what is to be written, as the rows are now; what kept it from it, or nothing."""
        search = self._afresh()
        account = account_at(search, at)
        for row in rows_at(search, at):
            if said := self._plain(row, [c for c in plain if row.get(c.field) == c.old], at, account):
                return said
            for change in keys:
                if said := self._swap(row, change, account):
                    return said
        return ""

    def _seen(self, at: Locator, changes: Sequence[Change]) -> bool:
        now = {(h.field, h.value) for h in held(self._afresh(), at, {c.field for c in changes})}
        gone = not any((c.field, c.old) in now for c in changes)
        return gone and all((c.field, c.new) in now for c in changes if c.new)

    def _plain(self, row: Row, changes: Sequence[Change], at: Locator, account: Account) -> str:
        if not changes:
            return ""
        new = {c.field: c.new for c in changes}
        if at.collection == CONTACTS:
            return self._upsert({**_identifiers(row), **new}, account)
        self._spec.gate(LEGACY)
        status, answer = self._api.patch(
            "contactdb", "recipients",
            doing="correcting a legacy contact", account=account, body=[{"email": row["email"], **new}],
            accept=(201, 400),
        )  # fmt: skip
        wrong = answer.get("error_count") if isinstance(answer, dict) else None
        return _REFUSED if status == 400 or wrong else ""

    def _upsert(self, contact: Row, account: Account, list_ids: Sequence[str] = ()) -> str:
        self._spec.gate(CONTACTS)
        body = {"contacts": [contact], **({"list_ids": list(list_ids)} if list_ids else {})}
        status, _ = self._api.put(
            "marketing", "contacts", doing="correcting a contact", account=account, body=body, accept=(202, 400)
        )
        return "" if status == 202 else _REFUSED

    # Identifiers

    def _swap(self, row: Row, change: Change, account: Account) -> str:
        """The next step of putting another address or number on a contact."""
        if str(row["id"]) in self._unseen:
            return _UNDER_WAY
        now, others = row.get(change.field), {k: v for k, v in _identifiers(row).items() if k != change.field}
        if _same(change.field, now, change.new):
            return ""
        other = self._search.named(change.field, change.new, account)
        if other is not None and other["id"] != row["id"] and not self._made(row, other):
            raise ChangedError(self._spec.system, f"{CONTACTS}.{change.field}: {_TAKEN_ELSEWHERE}; nothing was changed")
        known = self._search.leads(others)
        if not known and (others or row.get("custom_fields") or change.field != "email" or not change.new):
            return _UNREACHED
        if change.field == "email" and change.new and not self._carrying.over(change.old, change.new, account):
            return _NOT_CARRIED
        if not known:
            return self._replace(row, other, change, account)
        if now:
            self._spec.gate(CONTACTS)
            self._api.drop_identifier(str(row["id"]), IDENTIFIERS[change.field], str(now), account)
            again = [r for r in self._afresh().rows(CONTACTS, account) if r["id"] == row["id"]]
            if not again or again[0].get(change.field):
                return _UNDER_WAY
        return self._upsert({**others, change.field: change.new}, account) if change.new else ""

    def _replace(self, row: Row, made: Row | None, change: Change, account: Account) -> str:
        """A contact that its address alone leads to: made anew, then deleted under the old one."""
        if made is None:
            copied = {name: row[name] for name in TAKEN[CONTACTS] if row.get(name)}
            lists = [str(i) for i in row.get("list_ids") or ()]
            if refused := self._upsert({"email": change.new, **copied}, account, lists):
                return refused
            made = self._afresh().named("email", change.new, account)
            if made is None:
                return _UNDER_WAY
        self._api.delete_contacts([str(row["id"])], account, lambda: self._spec.gate(CONTACTS))
        return ""

    def _made(self, row: Row, other: Row) -> bool:
        """Whether a contact under the new address is the one that was made in place of this one."""
        alike = all((row.get(name) or "") == (other.get(name) or "") for name in TAKEN[CONTACTS])
        return alike and set(_identifiers(row)) == {"email"} == set(_identifiers(other))


def held(search: Search, at: Locator, fields: Collection[str]) -> Iterator[Held]:
    """What stands in these fields of a record's rows; no lists and no custom fields."""
    if standing_at(at) != OWN:
        return
    rows = rows_at(search, at)
    for name in fields:
        values = (row.get(name) for row in rows)
        single = ((name, v) for v in values if not isinstance(v, list | dict))
        yield from tally(single, fixed(at.collection, name), at.collection in BESIDE and name == "email")


def fixed(collection: str, name: str) -> str:
    """Why no call changes a field; nothing if one does."""
    taken = TAKEN.get(collection, ())
    if name in taken or (collection == CONTACTS and name in SWAPPED) or (collection in BESIDE and name == "email"):
        return ""
    if collection == LEGACY and name == "email":
        return _LEGACY_KEY
    return _FIXED if collection in (CONTACTS, LEGACY) else _HISTORY


def _identifiers(row: Row) -> dict[str, str]:
    return {name: str(row[name]) for name in IDENTIFIERS if row.get(name)}


def _same(field: str, one: object, other: str) -> bool:
    if field == "email":
        return str(one or "").casefold() == other.casefold()
    return (one or "") == other
