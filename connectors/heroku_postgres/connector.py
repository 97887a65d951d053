"""The four verbs over one database. Every verb is one transaction of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from connectors.errors import AuthError, ConfigError
from connectors.heroku_postgres.erase import erase
from connectors.heroku_postgres.export import chunks, withheld
from connectors.heroku_postgres.fields import age, place
from connectors.heroku_postgres.links import Map
from connectors.heroku_postgres.reach import Reach
from connectors.heroku_postgres.records import records
from connectors.heroku_postgres.redact import choices
from connectors.heroku_postgres.session import Connections
from connectors.heroku_postgres.windows import OWN
from connectors.model import (
    Action,
    Artifact,
    Capabilities,
    CollectionSpec,
    Locator,
    Order,
    Outcome,
    Record,
    Subject,
    SystemSpec,
)

# A row cannot be locked without UPDATE: one that goes, or one that stays while what is theirs through it goes.
_HELD = ("SELECT", "UPDATE")
_NEEDED = {Action.DELETE: ("SELECT", "UPDATE", "DELETE"), Action.REDACT: _HELD}
_LACKING = """
SELECT p.privilege FROM unnest(%s::text[]) p (privilege)
WHERE NOT has_table_privilege(%s::bigint::oid, p.privilege) ORDER BY 1 LIMIT 1"""


class PostgresConnector:
    """Built for one inventory entry. Keeps one connection between calls that follow one another."""

    def __init__(self, spec: SystemSpec) -> None:
        self._spec = spec
        self._connections = Connections(spec)
        self.system = spec.system
        self.capabilities = Capabilities(
            needs=frozenset(i.kind for c in spec.collections for i in c.identities if i.match)
        )

    def check(self) -> None:
        """Reach it; see that tables, columns and links are there and every privilege is held.

        Raises ConfigError (a name that is not there, a follower), AuthError (a privilege),
        RefusedError (a column that a redaction intends to empty and cannot).
        """
        with self._connections.session() as connection:
            laid = self._connections.structure.of(connection, fresh=True)
            for spec in laid.collections.values():
                self._check_fields(laid, spec)
            assert laid.links is not None  # raises ConfigError for a link that leads nowhere
            self._check_server(connection)
            self._check_privileges(connection, laid)

    def locate(self, subject: Subject) -> Iterator[Record]:
        """All of the person's rows, counted per collection and side of its cut-offs, children before
        parents; and, as records of their own, rows that only name the person (key `mentions:…`),
        that a claim points at (`claimed`), or whose reference nobody has marked (`unmarked:…`).
        """
        if not any(subject.values(kind) for kind in self.capabilities.needs):
            return
        with self._connections.session() as connection:
            cutoffs = {c.name: c.cutoffs for c in self._spec.collections}
            found = records(Reach(connection, self._connections.structure.of(connection, fresh=True), subject, cutoffs))
        yield from found

    def export(self, subject: Subject, at: Locator) -> Iterator[Artifact]:
        """The disclosed columns of one record's rows as CSV; nothing for rows that are not the person's."""
        if at.key != OWN:
            return
        spec = self._collection(at)
        held = withheld(self._connections, subject, spec, at)
        name = "".join(c if c.isalnum() or c in "._-" else "-" for c in at.collection)
        yield Artifact(f"{name}.csv", "text/csv", chunks(self._connections, subject, spec, at), held)

    def delete(self, subject: Subject, orders: Sequence[Order]) -> Iterator[Outcome]:
        """All orders in one transaction; outcomes after its commit."""
        with self._connections.session() as connection:
            outcomes = erase(connection, self._connections.structure.of(connection), subject, orders)
        yield from outcomes

    def _collection(self, at: Locator) -> CollectionSpec:
        try:
            return self._spec.collection(at.collection)
        except KeyError:
            raise ConfigError(self.system, f"{at.collection} is not in the inventory") from None

    def _check_fields(self, laid: Map, spec: CollectionSpec) -> None:
        table = laid.table(spec.name)
        for name in [f.name for f in spec.fields] + [i.field for i in spec.identities]:
            place(self.system, table, name)
        if spec.age_field:
            age(self.system, table, spec.age_field)
        if spec.intended is Action.REDACT:
            choices(self.system, table, spec, ())

    def _check_server(self, connection: Any) -> None:
        recovering, temporary = connection.execute(
            "SELECT pg_is_in_recovery(), has_database_privilege(current_database(), 'TEMPORARY')"
        ).fetchone()
        if recovering:
            raise ConfigError(self.system, "'dsn' leads to a follower, which takes no writes; name the primary")
        if not temporary:
            raise AuthError(self.system, "the role lacks TEMPORARY on the database")

    def _check_privileges(self, connection: Any, laid: Map) -> None:
        owners = {link.to for link in laid.owning}
        for spec in laid.collections.values():
            needed = _NEEDED.get(spec.intended, _HELD if spec.name in owners else ("SELECT",))
            row = connection.execute(_LACKING, [list(needed), laid.table(spec.name).oid]).fetchone()
            if row:
                raise AuthError(self.system, f"the role lacks {row[0]} on {spec.name}")
