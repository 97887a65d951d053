"""Rows under legal holds, as conditions over `t`.

A hold reaches further than an erasure: what only claims to be the person's is held too, and so are rows of
others that name them. Who is held is known as keyed hashes only, so the identifiers in the database are streamed
past the question whether one is, and what else stands in such a row is then held with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from psycopg.sql import SQL, Composable, Literal

from connectors.heroku_postgres.fields import age
from connectors.heroku_postgres.links import Map
from connectors.heroku_postgres.listing import rows
from connectors.heroku_postgres.reach import Reach
from connectors.model import CollectionSpec, Identifier, IdentitySpec, LinkKind, Subject, SystemSpec, Trust
from connectors.purging import OnHold

ORGANISATION = "organisation_id"
_GENERATIONS = 4  # of identifiers that lead to further ones


def known(connection: Any, laid: Map, held: OnHold) -> frozenset[Identifier]:
    """Every identifier in the database that is a held person's or organisation's."""
    found = {Identifier(ORGANISATION, o, Trust.ASSIGNED) for o in held.organisations}
    if not held.people:
        return frozenset(found)
    for _ in range(_GENERATIONS):
        before = len(found)
        found |= set(_recognised(connection, laid, held, {(i.kind, i.value) for i in found}))
        if len(found) == before:
            break
    return frozenset(found)


def _recognised(
    connection: Any, laid: Map, held: OnHold, already: set[tuple[str, str]]
) -> Iterator[Identifier]:  # fmt: skip
    for name, spec in laid.collections.items():
        if not spec.identities:
            continue
        for row in rows(connection, laid, name, spec.identities):
            theirs = [i for i in row if (i.kind, i.value) in already or held.recognises(i.kind, i.value)]
            with_them = (i for i in row if i.trust is not Trust.CLAIMED) if theirs else ()
            yield from (replace(i, trust=Trust.ASSIGNED) for i in (*theirs, *with_them))


class Holding:
    """What is held, in one transaction."""

    def __init__(self, connection: Any, laid: Map, held: OnHold, identifiers: Iterable[Identifier]) -> None:
        self._laid, self._held = laid, held
        self._reach: Reach | None = None
        if subject := frozenset(identifiers):
            widened = Map(_widened(laid), laid.catalogue)
            self._reach = Reach(connection, widened, Subject(subject), {})

    def of(self, name: str) -> Composable | None:
        """A condition: the row is held. None if no row of the collection can be."""
        found = [self._window(name, w.since, w.before) for w in self._held.windows if w.collection in ("", name)]
        reach = self._reach
        if reach and name in reach.names:
            found.append(reach.rows(name))
        if reach:
            pointing = (k for k in reach.map.links if k.table == name and k.kind is not LinkKind.OWNS)
            found += [reach.mentioning(link) for link in pointing if link.to in reach.names]
        return SQL("({})").format(SQL(" OR ").join(found)) if found else None

    def before(self, query: Composable, then: Iterable[Composable]) -> Composable:
        """The query after everything that the conditions refer to, and `then`."""
        parts = list(then)
        if self._reach:
            return self._reach.before(self._reach.names, query, then=parts)
        return SQL("WITH {} {}").format(SQL(", ").join(parts), query) if parts else query

    def _window(self, name: str, since: object, before: object) -> Composable:
        spec = self._laid.collections[name]
        if not spec.age_field or since is before is None:
            return SQL("true")
        at = age(self._laid.spec.system, self._laid.table(name), spec.age_field).instant
        edges = [SQL("{} >= {}").format(at, Literal(since))] if since else []
        edges += [SQL("{} < {}").format(at, Literal(before))] if before else []
        return SQL("({} IS NULL OR ({}))").format(at, SQL(" AND ").join(edges))


def _widened(laid: Map) -> SystemSpec:
    """The inventory as a hold reads it: whatever names somebody finds rows, and so does an organisation's key."""
    organisations = {
        link.to
        for spec in laid.collections.values()
        for identity in spec.identities if identity.kind == ORGANISATION
        for link in spec.links if link.fields == (identity.field,)
    }  # fmt: skip

    def wide(spec: CollectionSpec) -> CollectionSpec:
        named = tuple(replace(i, trust=Trust.ASSIGNED, match=True) for i in spec.identities)
        key = laid.table(spec.name).key
        if spec.name in organisations and len(key) == 1:
            named += (IdentitySpec(ORGANISATION, key[0], Trust.ASSIGNED),)
        return replace(spec, identities=named)

    return replace(laid.spec, collections=tuple(map(wide, laid.collections.values())))
