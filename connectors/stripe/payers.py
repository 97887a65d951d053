"""What hangs on a customer of the person's and is another person's: paid by them, says the user id in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from connectors.stripe.holdings import SEVERAL_PEOPLE, Found
from connectors.stripe.transport import Item
from connectors.stripe.values import ident, same


def set_apart(
    found: Sequence[Found], customers: Mapping[str, Item], users: Sequence[str], user_of: Callable[[Item], str]
) -> list[Found]:
    """The objects of the person's customers; those that name another user id, and what belongs to the same payment,
    are SEVERAL_PEOPLE. Where no user id is known, a customer that names none says nothing against any."""
    tied = {f.id: {f.id, *payments_of(f.item)} for f in found}
    apart = set[str]()
    for f in found:
        known = {*users, user_of(customers.get(f.owner, {}))} - {""}
        user = user_of(f.item)
        if user and known and not same(user, known):
            apart |= tied[f.id]
    while more := set[str]().union(*(ids for ids in tied.values() if ids & apart)) - apart:
        apart |= more
    return [replace(f, fate=SEVERAL_PEOPLE) if f.id in apart else f for f in found]


def payments_of(item: Item) -> Iterator[str]:
    """The charges and payment intents of an invoice, a checkout session or a charge."""
    yield from (ident(item.get(name)) for name in ("charge", "payment_intent") if ident(item.get(name)))
    for payment in (item.get("payments") or {}).get("data") or ():
        made = payment.get("payment") or {}
        yield from (ident(made.get(name)) for name in ("charge", "payment_intent") if ident(made.get(name)))
