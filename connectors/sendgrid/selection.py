"""Which rows a locator points at: the same for counting, export and deletion."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise

from connectors.errors import RefusedError
from connectors.model import CollectionSpec, Locator
from connectors.sendgrid.api import Account, Row
from connectors.sendgrid.mail import TIMES, instant
from connectors.sendgrid.search import CLAIMED, ELSEWHERE, OTHER, OWN, Search
from connectors.sendgrid.settings import CONTACTS, LEGACY, SUPPRESSIONS

_AGES = {CONTACTS: "created_at", LEGACY: "created_at", **TIMES, **dict.fromkeys(SUPPRESSIONS, "created")}


def age_of(collection: str, row: Row) -> datetime | None:
    return instant(row.get(_AGES[collection])) if collection in _AGES else None


def locators(system: str, spec: CollectionSpec, account: Account) -> Iterator[Locator]:
    """One per side of each cut-off; a key is the account's name and what a contact is to the person."""
    for standing in (OWN, OTHER, ELSEWHERE, CLAIMED) if spec.name == CONTACTS else (OWN,):
        for since, before in pairwise([None, *spec.cutoffs, None]):
            yield Locator(system, spec.name, account.name + standing, since, before)


def standing_at(at: Locator) -> str:
    return "?" + at.key.partition("?")[2] if "?" in at.key else OWN


def account_at(search: Search, at: Locator) -> Account:
    """The account of a locator; raises RefusedError if there is none of that name any more."""
    name = at.key.partition("?")[0]
    for account in search.accounts:
        if account.name == name:
            return account
    raise RefusedError(at.system, f"{at.collection}: a subuser of the plan is not there any more; make a new plan")


def rows_at(search: Search, at: Locator) -> list[Row]:
    rows = search.rows(at.collection, account_at(search, at))
    if at.collection == CONTACTS:
        rows = [row for row in rows if search.standing(row) == standing_at(at)]
    return [row for row in rows if _inside(age_of(at.collection, row), at)]


def _inside(age: datetime | None, at: Locator) -> bool:
    """A row of unknown age counts as the youngest: it is never deleted for being old."""
    if age is None:
        return at.before is None
    return (at.since is None or age >= at.since) and (at.before is None or age < at.before)
