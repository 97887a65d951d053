"""The sides of retention cut-offs, and what the keys of locators mean here."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

from psycopg.sql import SQL, Composable, Literal

from connectors.heroku_postgres.catalogue import Table
from connectors.heroku_postgres.fields import place
from connectors.model import CollectionSpec, Locator

OWN = ""  # the person's own rows
MENTIONS = "mentions:"  # and the constraint: rows of others that point at the person's


def windows(cutoffs: tuple[datetime, ...]) -> list[tuple[datetime | None, datetime | None]]:
    """(since, before) of each side, oldest first."""
    return list(pairwise([None, *cutoffs, None]))


def inside(system: str, table: Table, spec: CollectionSpec, at: Locator) -> Composable:
    """A condition on `t`: it lies in the locator's window. A row of unknown age counts as the youngest."""
    if not spec.age_field or (at.since is None and at.before is None):
        return SQL("true")
    age = place(system, table, spec.age_field).name
    parts: list[Composable] = []
    if at.since is not None:
        young = SQL("{}::timestamptz >= {}").format(age, Literal(at.since))
        parts.append(young if at.before is not None else SQL("({} OR {} IS NULL)").format(young, age))
    if at.before is not None:
        parts.append(SQL("{}::timestamptz < {}").format(age, Literal(at.before)))
    return SQL(" AND ").join(parts)
