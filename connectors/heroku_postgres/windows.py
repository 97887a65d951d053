"""The sides of retention cut-offs, and what the keys of locators mean here."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

from psycopg.sql import SQL, Composable, Literal

from connectors.heroku_postgres.catalogue import Table
from connectors.heroku_postgres.fields import age
from connectors.model import CollectionSpec, Locator

OWN = ""  # the person's own rows
MENTIONS = "mentions:"  # and the link's name: rows of others that point at the person's
CLAIMED = "claimed"  # rows that only something unproven connects with the person
UNMARKED = "unmarked:"  # and the link's name: rows that point at the person's, nobody said in what sense


def windows(cutoffs: tuple[datetime, ...]) -> list[tuple[datetime | None, datetime | None]]:
    """(since, before) of each side, oldest first."""
    return list(pairwise([None, *cutoffs, None]))


def side(system: str, table: Table, spec: CollectionSpec) -> Composable:
    """The number of a row's side, counted from the oldest. A row of unknown age counts as the youngest."""
    if not spec.age_field or not spec.cutoffs:
        return SQL("{}::int").format(Literal(0))
    instant = age(system, table, spec.age_field).instant
    cases = [SQL("WHEN {} < {} THEN {}").format(instant, Literal(c), Literal(i)) for i, c in enumerate(spec.cutoffs)]
    return SQL("CASE {} ELSE {} END").format(SQL(" ").join(cases), Literal(len(spec.cutoffs)))


def inside(system: str, table: Table, spec: CollectionSpec, at: Locator) -> Composable:
    """A condition on `t`: it lies in the locator's window, which is one of the sides."""
    if not spec.age_field or (at.since is None and at.before is None):
        return SQL("true")
    instant = age(system, table, spec.age_field).instant
    parts: list[Composable] = []
    if at.since is not None:
        parts.append(SQL("{} >= {}").format(instant, Literal(at.since)))
    if at.before is not None:
        parts.append(SQL("{} < {}").format(instant, Literal(at.before)))
    known = SQL(" AND ").join(parts)
    return known if at.before is not None else SQL("(({}) IS NOT FALSE)").format(known)
