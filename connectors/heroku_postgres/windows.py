"""The sides of retention cut-offs, and what the keys of locators mean here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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


def windows(cutoffs: Sequence[datetime]) -> list[tuple[datetime | None, datetime | None]]:
    """(since, before) of each side, oldest first."""
    return list(pairwise([None, *cutoffs, None]))


def cutoffs_of(ats: Iterable[Locator]) -> dict[str, tuple[datetime, ...]]:
    """Collection -> the cut-offs that its locators were made with, or some of them, ascending."""
    found: dict[str, set[datetime]] = {}
    for at in ats:
        found.setdefault(at.collection, set()).update(edge for edge in (at.since, at.before) if edge is not None)
    return {name: tuple(sorted(edges)) for name, edges in found.items()}


def sides_of(at: Locator, cutoffs: Sequence[datetime]) -> list[int]:
    """The sides that a locator's window is made of."""
    return [
        number
        for number, (since, before) in enumerate(windows(cutoffs))
        if (at.since is None or (since is not None and since >= at.since))
        and (at.before is None or (before is not None and before <= at.before))
    ]


def side(system: str, table: Table, spec: CollectionSpec, cutoffs: Sequence[datetime]) -> Composable:
    """The number of a row's side, counted from the oldest. A row of unknown age counts as the youngest."""
    if not spec.age_field or not cutoffs:
        return SQL("{}::int").format(Literal(len(cutoffs)))
    instant = age(system, table, spec.age_field).instant
    cases = [SQL("WHEN {} < {} THEN {}").format(instant, Literal(c), Literal(i)) for i, c in enumerate(cutoffs)]
    return SQL("CASE {} ELSE {} END").format(SQL(" ").join(cases), Literal(len(cutoffs)))
