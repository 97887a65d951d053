"""How old people are, as rows say it: the fields that tell an age, with what names the person they are about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from psycopg.sql import SQL, Composable, Identifier

from connectors.errors import ConfigError
from connectors.heroku_postgres.fields import place
from connectors.heroku_postgres.links import Link, Map
from connectors.heroku_postgres.listing import NOT_A_PERSON, texts, value
from connectors.model import Aged, CollectionSpec, FieldSpec, IdentitySpec, Trust
from connectors.model import Identifier as Naming

_PAGE = 2000  # rows fetched at a time


def ages(connection: Any, laid: Map) -> Iterator[Aged]:
    """Row by row, through a cursor of the server's.

    ConfigError if a collection tells ages and neither it nor an owner that it points at names anybody.
    """
    for name, spec in laid.collections.items():
        if telling := [f for f in spec.fields if f.tells]:
            owner, link = _named_by(laid, name)
            yield from _rows(connection, laid, name, telling, owner, link)


def _named_by(laid: Map, name: str) -> tuple[CollectionSpec, Link | None]:
    if _proofs(laid.collections[name]):
        return laid.collections[name], None
    for link in laid.owning:
        if link.table == name and _proofs(laid.collections[link.to]):
            return laid.collections[link.to], link
    raise ConfigError(laid.spec.system, f"{name} tells ages, and neither it nor what it belongs to says whose")


def _proofs(spec: CollectionSpec) -> list[IdentitySpec]:
    return [i for i in spec.identities if i.trust is not Trust.CLAIMED]


def _rows(
    connection: Any, laid: Map, name: str, telling: Sequence[FieldSpec], owner: CollectionSpec, link: Link | None
) -> Iterator[Aged]:
    system, proofs = laid.spec.system, _proofs(owner)
    with connection.cursor(name="dsr_ages") as cursor:
        cursor.itersize = _PAGE
        cursor.execute(_query(laid, name, telling, owner, link))
        for row in cursor:
            said, named = row[: len(telling)], row[len(telling) :]
            says = tuple(
                (f.tells, text) for f, text in zip(telling, said, strict=True)
                if text and not text.startswith(NOT_A_PERSON)
            )  # fmt: skip
            found = tuple(
                Naming(i.kind, text, i.trust, f"{system}/{owner.name}.{i.field}")
                for i, borne in zip(proofs, named, strict=True)
                for text in borne or ()
                if text and not text.startswith(NOT_A_PERSON)
            )
            if says and found:
                yield Aged(name, says, found)


def _query(laid: Map, name: str, telling: Sequence[FieldSpec], owner: CollectionSpec, link: Link | None) -> Composable:
    """The telling fields as text, then each identity as an array of texts; an owner is joined by its key."""
    system, table, other = laid.spec.system, laid.table(name), laid.table(owner.name)
    said = [place(system, table, f.name) for f in telling]
    borne = SQL(" OR ").join(SQL("{} IS NOT NULL").format(value(at)) for at in said)
    named = [texts(place(system, other, i.field)) for i in _proofs(owner)]
    if link is None:
        chosen = SQL(", ").join([*(at.text for at in said), *named])
        return SQL("SELECT {} FROM {} t WHERE {}").format(chosen, table.sql, borne)
    keys = [Identifier(f"k{n}") for n in range(len(link.columns))]
    told, names = (
        [Identifier(f"{letter}{n}") for n in range(len(many))] for letter, many in (("s", said), ("i", named))
    )

    def renamed(expressions: Sequence[Composable], columns: Sequence[str], new: Sequence[Composable]) -> Composable:
        pairs = [SQL("{} AS {}").format(e, n) for e, n in zip(expressions, new, strict=True)]
        pairs += [SQL("{} AS {}").format(Identifier("t", c), k) for c, k in zip(columns, keys, strict=True)]
        return SQL(", ").join(pairs)

    return SQL("SELECT {} FROM (SELECT {} FROM {} t WHERE {}) v JOIN (SELECT {} FROM {} t) o USING ({})").format(
        SQL(", ").join([*told, *names]), renamed([at.text for at in said], link.columns, told), table.sql, borne,
        renamed(named, link.references, names), other.sql, SQL(", ").join(keys),
    )  # fmt: skip
