"""Whether something known by a typed address alone is the person's: what agrees with it, and what contradicts it.

An address in Stripe was typed by whoever paid, and may be mistyped. It counts once something that was assigned agrees:
a customer that is the person's by its id or by the user id in its metadata, which bears the same address or the same
name. Another user id, address or name contradicts it, and a person looks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from connectors.stripe.holdings import CLAIMED, FREE, SEVERAL_PEOPLE, SHARED
from connectors.stripe.people import Customers
from connectors.stripe.transport import Item
from connectors.stripe.values import at, personal, same

Words = frozenset[str]
_EMAILS = ("email", "billing_details.email", "receipt_email", "customer_details.email", "customer_email")
_NAMES = ("name", "billing_details.name", "customer_details.name", "customer_name")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of the person, to hold an address against."""

    emails: tuple[str, ...]
    users: tuple[str, ...]
    user_of: Callable[[Item], str]
    names: frozenset[Words]  # on what is surely the person's; where nothing is, on what bears the address
    agreed: bool  # something surely the person's bears the address, or the inventory trusts typed ones
    sure: bool  # whether anything is surely the person's, so that a name can agree
    before: frozenset[str]  # ids of guests' objects that an earlier search found to be the person's

    @classmethod
    def of(
        cls,
        emails: tuple[str, ...],
        users: tuple[str, ...],
        user_of: Callable[[Item], str],
        *,
        sure: Iterable[Item],
        typed: Iterable[Item],
        trusting: bool,
        before: Iterable[str] = (),
    ) -> Evidence:
        """`sure`: customers and payments that are the person's by something assigned; `typed`: what only bears an
        address of theirs. Of several names on the latter none is known to be the person's."""
        sure = list(sure)
        names = frozenset(_names(sure))
        agreed = trusting or any(same(at(item, name), emails) for item in sure for name in _EMAILS)
        return cls(
            emails, users, user_of, names or frozenset(_names(typed)), agreed, bool(names), frozenset(before)
        )  # fmt: skip

    def fate(self, *items: Item) -> str:
        """FREE, or why a person must look, of things that belong together and name no user id of the person's."""
        if any(user and not same(user, self.users) for user in map(self.user_of, items)):
            return SEVERAL_PEOPLE if self.users else CLAIMED
        if any(item.get("id") in self.before for item in items):
            return FREE  # what agreed with it may be erased by now
        names = set(_names(items))
        if not all(_alike(one, other) for one in names for other in self.names):
            return SEVERAL_PEOPLE
        written = [at(item, name) for item in items for name in _EMAILS]
        if any(isinstance(w, str) and personal(w) and not same(w, self.emails) for w in written):
            return SHARED
        return FREE if self.agreed or (self.sure and names) else CLAIMED


def settled(customers: Customers, fates: Mapping[str, str]) -> Customers:
    """Each customer that was known by an address alone where its fate puts it."""

    def put(*kinds: str) -> dict[str, Item]:
        return {id_: item for id_, item in customers.typed.items() if fates[id_] in kinds}

    return replace(
        customers, own=customers.own | put(FREE), claimed=customers.claimed | put(CLAIMED),
        several=customers.several | put(SEVERAL_PEOPLE, SHARED), typed={},
    )  # fmt: skip


def _names(items: Iterable[Item]) -> Iterator[Words]:
    for item in items:
        for name in _NAMES:
            if words := _words(at(item, name)):
                yield words


def _words(value: object) -> Words:
    if not isinstance(value, str) or not personal(value):
        return frozenset()
    plain = "".join(c for c in unicodedata.normalize("NFKD", value) if not unicodedata.combining(c))
    return frozenset(re.findall(r"\w+", plain.casefold()))


def _alike(one: Words, other: Words) -> bool:
    """Whether two names may be one person's: the shorter is all in the longer, an initial counting as its name."""
    short, long = sorted((one, other), key=len)
    return all(any(_fits(word, there) for there in long) for word in short)


def _fits(one: str, other: str) -> bool:
    return one == other or (min(len(one), len(other)) == 1 and one[0] == other[0])
