"""Everybody in the database: identity columns only, through a cursor of the server's, page by page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from psycopg.sql import SQL, Composable

from connectors.heroku_postgres.fields import MARK, NOBODY, PLACEHOLDER, Place, place
from connectors.heroku_postgres.links import Map
from connectors.model import Identifier, IdentitySpec, Trust

_PAGE = 2000  # rows fetched at a time
NOT_A_PERSON = (MARK, NOBODY, PLACEHOLDER)


def identities(connection: Any, laid: Map) -> Iterator[tuple[Identifier, ...]]:
    """Of each row of each collection the identifiers that it bears, but for claimed ones."""
    for name, spec in laid.collections.items():
        if proofs := [i for i in spec.identities if i.trust is not Trust.CLAIMED]:
            yield from rows(connection, laid, name, proofs)


def rows(connection: Any, laid: Map, name: str, proofs: Sequence[IdentitySpec]) -> Iterator[tuple[Identifier, ...]]:
    """Of each row of one collection the identifiers in these of its fields; rows that bear none are left out."""
    system, table = laid.spec.system, laid.table(name)
    places = [place(system, table, i.field) for i in proofs]
    query = SQL("SELECT {} FROM {} t WHERE {}").format(
        SQL(", ").join(map(texts, places)), table.sql,
        SQL(" OR ").join(SQL("{} IS NOT NULL").format(value(at)) for at in places),
    )  # fmt: skip
    with connection.cursor(name="dsr_identities") as cursor:
        cursor.itersize = _PAGE
        cursor.execute(query)
        for row in cursor:
            found = tuple(
                Identifier(i.kind, text, i.trust, f"{system}/{name}.{i.field}")
                for i, borne in zip(proofs, row, strict=True)
                for text in borne or ()
                if text and not text.startswith(NOT_A_PERSON)
            )
            if found:
                yield found


def value(at: Place) -> Composable:
    """What is NULL where a place bears nothing."""
    return at.text if at.path else at.name


def texts(at: Place) -> Composable:
    """All values of a place, as an array of texts."""
    return SQL("{}::text[]" if at.elements else "ARRAY[{}]").format(at.name if at.elements else at.text)
