"""Whose account a user is: asked of the pool's filter generously, and decided here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from typing import Any

from connectors.aws.cognito.pool import EXTRAS, OpenPool, Row
from connectors.aws.cognito.trust import VERIFIED, certain, proven, revealed
from connectors.model import CollectionSpec, Identifier, IdentitySpec, Locator, Subject, Trust

# What an account is to the person, as keys of locators. WRITTEN: only a field that its owner may write names them.
OWN, UNPROVEN, WRITTEN = "", "unproven", "written"
STANDINGS = (OWN, UNPROVEN, WRITTEN)
# https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUsers.html
_FILTERS = {
    "Username": "username", "email": "email", "phone_number": "phone_number", "name": "name", "sub": "sub",
    "given_name": "given_name", "family_name": "family_name", "preferred_username": "preferred_username",
}  # fmt: skip
_VOUCHING = (IdentitySpec("email", "email", Trust.PROVEN), IdentitySpec("phone", "phone_number", Trust.PROVEN))
_ASKED = 3  # characters of an address that are asked for in every casing
_MOST = 200  # characters of a value in a filter, which takes 256 in all

Asked = tuple[IdentitySpec, str]  # a field, and one of the person's values that may stand in it


@dataclass(frozen=True, slots=True)
class Found:
    """The accounts of one pool that bear the person's identifiers, by what they are to the person."""

    accounts: tuple[tuple[str, Row], ...]

    def at(self, at: Locator) -> list[Row]:
        return [row for standing, row in self.accounts if standing == at.key and _inside(row, at)]


def search(pool: OpenPool, spec: CollectionSpec, subject: Subject) -> Found:
    """Look through one pool. What the listing shows is asked for again: it may lag behind."""
    asked = [(i, v) for i in spec.identities if i.match for v in subject.values(i.kind)]
    if not asked:
        return Found(())
    vouching = [(i, v) for i in _VOUCHING for v in subject.values(i.kind)]
    match = Match(pool.folds_case())
    filters = [match.filters(identity, value) for identity, value in asked]
    listed = pool.users() if any(f is None for f in filters) else pool.users(*_distinct(filters))
    accounts: dict[str, tuple[str, Row]] = {}
    for row in listed:
        if row.get("sub") not in accounts and match.standing(row, asked, vouching) is not None:
            now = pool.get(str(row["Username"]))
            if (
                now is not None
                and now["sub"] == row.get("sub")
                and (standing := match.standing(now, asked, vouching)) is not None
            ):
                accounts[now["sub"]] = (standing, now)
    return Found(tuple(accounts[sub] for sub in sorted(accounts)))


def _distinct(filters: Sequence[Sequence[str] | None]) -> list[str]:
    return list(dict.fromkeys(text for some in filters for text in some or ()))


@dataclass(frozen=True, slots=True)
class Match:
    """How values are compared in one pool."""

    folds_case: bool

    def filters(self, identity: IdentitySpec, value: str) -> list[str] | None:
        """Filters that together list every user who may bear the value; None if no filter can."""
        name = _FILTERS.get(identity.field)
        if name is None:
            return None
        if identity.field == "phone_number":
            value = _digits(value)
        plain = re.match(r'[^"\\]*', value)[0][:_MOST]  # type: ignore[index]
        if not plain:
            return None
        if not self._folded(identity):
            return [f'{name} {"=" if plain == value else "^="} "{plain}"']
        casings = product(*(sorted({c.lower(), c.upper(), c}) for c in plain[:_ASKED]))
        return [f'{name} ^= "{"".join(casing)}"' for casing in casings]

    def standing(self, row: Row, asked: Sequence[Asked], vouching: Sequence[Asked] = ()) -> str | None:
        """What the account is to the person; None: nothing.

        What only Cognito can have written decides. What its owner may write leads to an account and decides nothing,
        unless a verified address or number of the person's (`vouching`) stands there as well: whoever puts another
        person's number there must not be exported to her, nor deleted with her.
        """
        bearing = self._borne(row, asked)
        if not bearing:
            return None
        if any(i.trust is not Trust.CLAIMED and certain(row, i.field) for i in bearing + self._borne(row, vouching)):
            return OWN
        told = any(i.trust is not Trust.CLAIMED and i.field not in VERIFIED and proven(row, i.field) for i in bearing)
        return WRITTEN if told else UNPROVEN

    def _borne(self, row: Row, asked: Sequence[Asked]) -> list[IdentitySpec]:
        return [i for i, value in asked if (held := row.get(i.field)) and self._same(i, str(held), value)]

    def _folded(self, identity: IdentitySpec) -> bool:
        if identity.field == "email" or identity.kind.rpartition(".")[2] == "email":
            return True
        return self.folds_case and identity.field in ("Username", "preferred_username")

    def _same(self, identity: IdentitySpec, held: str, value: str) -> bool:
        if identity.field == "phone_number":
            return _digits(held) == _digits(value)
        return held.casefold() == value.casefold() if self._folded(identity) else held == value


def reveals(system: str, spec: CollectionSpec, found: Sequence[Row]) -> tuple[Identifier, ...]:
    """What the person's accounts tell of them. What is not verified stays a claim."""
    told: dict[Identifier, Identifier] = {}
    for row in found:
        for identity in spec.identities:
            if identity.reveal and (value := str(row.get(identity.field) or "")):
                new = Identifier(
                    identity.kind, value, revealed(row, identity), f"{system}/{spec.name}.{identity.field}"
                )
                if new not in told or not told[new].opens:
                    told[new] = new
    return tuple(sorted(told.values(), key=lambda i: (i.kind, i.value)))


def whole(pool: OpenPool, row: Row, names: Iterator[str] | Sequence[str] = tuple(EXTRAS)) -> dict[str, Any]:
    """The row with groups, devices and sign-in events."""
    return {**row, **{name: pool.list_of(str(row["Username"]), name) for name in names}}


def created(row: Row) -> datetime | None:
    when = row.get("UserCreateDate")
    return when.astimezone(UTC) if isinstance(when, datetime) else None


def _inside(row: Row, at: Locator) -> bool:
    """An account of unknown age counts as the youngest: it is never deleted for being old."""
    age = created(row)
    if age is None:
        return at.before is None
    return (at.since is None or age >= at.since) and (at.before is None or age < at.before)


def _digits(number: str) -> str:
    return ("+" if number.lstrip().startswith("+") else "") + re.sub(r"\D", "", number)
