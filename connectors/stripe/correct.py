"""Single attributes of the person's objects set to other values, by ordinary updates.

Each object is read right before it is written and again after: Stripe has no condition on an update. Of a
nested attribute the whole hash is sent, as it stands and with the one value put right: whether an update
keeps what it does not name is documented for metadata only.
https://docs.stripe.com/api/customers/update, https://docs.stripe.com/api/payment_methods/update,
https://docs.stripe.com/api/cards/update, https://docs.stripe.com/api/issuing/cardholders/update
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from connectors.corrections import NOT_SEEN, pending, tally
from connectors.errors import RefusedError
from connectors.model import Change, Correction, Held, Locator, Outcome, Status, SystemSpec
from connectors.stripe.empty import address
from connectors.stripe.holdings import NOT_THEIRS, Found, Holdings
from connectors.stripe.transport import Api, Item, StripeRefusedError
from connectors.stripe.values import at, personal

_ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")
# Collection -> what an update takes, with the leaves of each hash.
_PLACE = tuple(f"address.{leaf}" for leaf in _ADDRESS)
TAKEN: Mapping[str, tuple[str, ...]] = {
    "customers": (
        "email", "name", "individual_name", "business_name", "phone", "description", *_PLACE,
        *(f"shipping.{leaf}" for leaf in ("name", "phone", *_PLACE)),
    ),
    "payment_methods": tuple(f"billing_details.{leaf}" for leaf in ("email", "name", "phone", *_PLACE)),
    "sources": ("name", "address_line1", "address_line2", "address_city", "address_zip", "address_state"),
    "issuing_cardholders": ("email", "phone_number"),
}  # fmt: skip
_FIXED = "no call of Stripe's changes it: what was said of a payment or document stays as it was said"
_OTHERWISE = "Stripe stores another form of the value: look at it in the dashboard"
_ATTEMPTS = 2  # a stored answer under the same key is no second execution
_NOT_THEIRS = "what is not surely the person's is never corrected"


class Corrector:
    """One run of `correct` over what was found when it began."""

    def __init__(self, spec: SystemSpec, api: Api, found: Holdings) -> None:
        self._spec = spec
        self._api = api
        self._found = found

    def run(self, corrections: Sequence[Correction]) -> Iterator[Outcome]:
        """Nothing is written before all of them fit what is there."""
        for c in corrections:
            if c.at.key in NOT_THEIRS:
                raise RefusedError(self._spec.system, f"{c.at.collection}: {_NOT_THEIRS}")
        todo = [
            pending(self._spec.system, c, held(self._found, c.at, {h.field for h in c.changes})) for c in corrections
        ]
        for correction, changes in zip(corrections, todo, strict=True):
            yield self._one(correction, changes)

    def _one(self, correction: Correction, changes: Sequence[Change]) -> Outcome:
        where, count = correction.at, sum(c.count for c in changes)
        if not changes:
            return Outcome(where, Status.ABSENT)
        if any(c.field not in TAKEN.get(where.collection, ()) for c in changes):
            return Outcome(where, Status.MANUAL, count, reason=_FIXED)
        wrong = set[str]()
        for f in self._found.select(where):
            try:
                wrong.add(self._put(f, changes))
            except StripeRefusedError as refused:
                said = f"Stripe does not take the value ({refused.code or refused.status}): correct it in the dashboard"
                return Outcome(where, Status.MANUAL, count, reason=said)
        if NOT_SEEN in wrong:
            return Outcome(where, Status.FAILED, reason=NOT_SEEN)
        if _OTHERWISE in wrong:
            return Outcome(where, Status.MANUAL, count, reason=_OTHERWISE)
        return Outcome(where, Status.DONE, count)

    def _put(self, f: Found, changes: Sequence[Change]) -> str:
        """Write one object and read it again; what is wrong with it afterwards, or nothing."""
        for attempt in range(_ATTEMPTS):
            now = self._read(f)
            mine = [c for c in changes if now is not None and _text(now, c.field) == c.old]
            if now is None or not mine:
                return ""
            before = sorted((c.field, c.old) for c in mine)
            doing = f"correcting {f.collection}"
            self._api.write("post", address(f), doing, [f.collection], _params(now, mine), key=[before, attempt])
            now = self._read(f)
            left = [c for c in mine if now is not None and _text(now, c.field) != c.new]
            if not left:
                return ""
            if any(_text(now or {}, c.field) != c.old for c in left):
                return _OTHERWISE
        return NOT_SEEN

    def _read(self, f: Found) -> Item | None:
        return self._api.get(address(f), f"reading {f.collection}")


def held(found: Holdings, where: Locator, fields: Collection[str]) -> Iterator[Held]:
    """What stands in these attributes of a record's objects, by their dotted names; no hashes and no lists."""
    if where.key in NOT_THEIRS:
        return
    chosen = [f.item for f in found.select(where)]
    for name in fields:
        fixed = "" if name in TAKEN.get(where.collection, ()) else _FIXED
        yield from tally(((name, _text(item, name)) for item in chosen), fixed)


def _text(item: Item, name: str) -> str:
    value = at(item, name)
    return str(value) if not isinstance(value, dict | list) and personal(value) else ""


def _params(item: Item, changes: Sequence[Change]) -> dict[str, Any]:
    """The update's parameters: whole hashes, without what is blank in them."""
    params: dict[str, Any] = {}
    for change in changes:
        top = change.field.partition(".")[0]
        if top != change.field and top not in params:
            params[top] = _known(at(item, top), [n for names in TAKEN.values() for n in names], top)
        *parents, last = change.field.split(".")
        into = params
        for parent in parents:
            into = into.setdefault(parent, {})
        into[last] = change.new
    return params


def _known(value: object, taken: Sequence[str], prefix: str) -> dict[str, Any]:
    """Of a hash what an update takes and is not blank."""
    found: dict[str, Any] = {}
    for key, inner in value.items() if isinstance(value, dict) else ():
        name = f"{prefix}.{key}"
        if isinstance(inner, dict) and any(t.startswith(f"{name}.") for t in taken):
            if within := _known(inner, taken, name):
                found[key] = within
        elif name in taken and inner not in (None, ""):
            found[key] = inner
    return found
