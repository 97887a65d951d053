"""What can be told of a database before a request needs it: names, privileges, the server, constraints.

`check` raises the first thing that is wrong; `inspect` tells all of them. Reads the catalogue only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from connectors.errors import AuthError, ConfigError, ConnectorError, RefusedError
from connectors.heroku_postgres.fields import age, place
from connectors.heroku_postgres.links import Map
from connectors.heroku_postgres.redact import choices
from connectors.heroku_postgres.session import Connections
from connectors.model import Action, Aspect, CollectionSpec, Probe, SystemSpec
from connectors.probes import said

# A row cannot be locked without UPDATE: one that goes, or one that stays while what is theirs through it goes.
_HELD = ("SELECT", "UPDATE")
_NEEDED = {Action.DELETE: ("SELECT", "UPDATE", "DELETE"), Action.REDACT: _HELD}
_LACKING = """
SELECT p.privilege FROM unnest(%s::text[]) p (privilege)
WHERE NOT has_table_privilege(%s::bigint::oid, p.privilege) ORDER BY 1"""
_FINDINGS = (AuthError, ConfigError, RefusedError)


class Inspection:
    """One look at the catalogue of one database."""

    def __init__(self, spec: SystemSpec, connections: Connections) -> None:
        self._spec, self._system, self._connections = spec, spec.system, connections

    def check(self) -> None:
        """Raise what is wrong first: a name (ConfigError), the server, a privilege (AuthError)."""
        with self._connections.session() as connection:
            laid = self._connections.structure.of(connection, fresh=True)
            for spec in laid.collections.values():
                self._fields(laid, spec)
            assert laid.links is not None  # raises ConfigError for a link that leads nowhere
            for error in (*self._server(connection), *self._privileges(connection, laid)):
                raise error

    def probes(self) -> Iterator[Probe]:
        """Everything that is wrong, by aspect; one good probe where an aspect has nothing wrong."""
        with self._connections.session() as connection:
            yield Probe(Aspect.REACH, True, "the database answers and takes the role")
            try:
                laid = self._connections.structure.of(connection, fresh=True)
                assert laid.links is not None
            except _FINDINGS as error:
                yield Probe(Aspect.INVENTORY, False, said(self._system, error))
                return
            wrong: list[Probe] = [*self._named(laid), *self._permitted(connection, laid)]
        yield from wrong
        good = {
            Aspect.LOCATE: "every table may be read",
            Aspect.EXPORT: "every table may be read",
            Aspect.DELETE: "every table may be changed as the inventory intends",
            Aspect.INVENTORY: f"{len(laid.collections)} tables with their columns and links are there",
        }
        lacking = {probe.aspect for probe in wrong}
        yield from (Probe(aspect, True, says) for aspect, says in good.items() if aspect not in lacking)

    def _named(self, laid: Map) -> Iterator[Probe]:
        for spec in laid.collections.values():
            try:
                self._fields(laid, spec)
            except _FINDINGS as error:
                yield Probe(Aspect.INVENTORY, False, said(self._system, error))

    def _permitted(self, connection: Any, laid: Map) -> Iterator[Probe]:
        for error in (*self._server(connection), *self._privileges(connection, laid)):
            reading = str(error).endswith(tuple(f"SELECT on {name}" for name in laid.collections))
            aspects = (Aspect.LOCATE, Aspect.EXPORT) if reading else (Aspect.DELETE,)
            yield from (Probe(aspect, False, said(self._system, error)) for aspect in aspects)

    def _fields(self, laid: Map, spec: CollectionSpec) -> None:
        table = laid.table(spec.name)
        for name in [f.name for f in spec.fields] + [i.field for i in spec.identities]:
            place(self._system, table, name)
        if spec.age_field:
            age(self._system, table, spec.age_field)
        if spec.intended is Action.REDACT:
            choices(self._system, table, spec, ())

    def _server(self, connection: Any) -> Iterable[ConnectorError]:
        recovering, temporary = connection.execute(
            "SELECT pg_is_in_recovery(), has_database_privilege(current_database(), 'TEMPORARY')"
        ).fetchone()
        if recovering:
            yield ConfigError(self._system, "'dsn' leads to a follower, which takes no writes; name the primary")
        if not temporary:
            yield AuthError(self._system, "the role lacks TEMPORARY on the database")

    def _privileges(self, connection: Any, laid: Map) -> Iterable[ConnectorError]:
        owners = {link.to for link in laid.owning}
        for spec in laid.collections.values():
            needed = _NEEDED.get(spec.intended, _HELD if spec.name in owners else ("SELECT",))
            for row in connection.execute(_LACKING, [list(needed), laid.table(spec.name).oid]).fetchall():
                yield AuthError(self._system, f"the role lacks {row[0]} on {spec.name}")
