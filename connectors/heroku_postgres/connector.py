"""The four verbs over one database. Every verb is one transaction of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from connectors.backups import Rehearsal, TableShape
from connectors.errors import ConfigError
from connectors.heroku_postgres import survey
from connectors.heroku_postgres.ages import ages
from connectors.heroku_postgres.correct import correct, held
from connectors.heroku_postgres.erase import erase
from connectors.heroku_postgres.export import chunks, withheld
from connectors.heroku_postgres.inspect import Inspection
from connectors.heroku_postgres.listing import identities
from connectors.heroku_postgres.purge import Purge
from connectors.heroku_postgres.reach import Reach
from connectors.heroku_postgres.records import records
from connectors.heroku_postgres.restore import rehearse
from connectors.heroku_postgres.session import Connections
from connectors.heroku_postgres.shape import estimated
from connectors.heroku_postgres.windows import OWN, cutoffs_of
from connectors.model import (
    Aged,
    Artifact,
    Capabilities,
    CollectionSpec,
    Correction,
    Held,
    Identifier,
    Locator,
    Order,
    Outcome,
    Probe,
    Record,
    Subject,
    SystemSpec,
)
from connectors.purging import Batch, Expired, Expiry, OnHold
from connectors.surveys import Found


class PostgresConnector:
    """Built for one inventory entry. Keeps one connection between calls that follow one another."""

    def __init__(self, spec: SystemSpec) -> None:
        self._spec = spec
        self._connections = Connections(spec)
        self.system = spec.system
        self.capabilities = Capabilities(
            needs=frozenset(i.kind for c in spec.collections for i in c.identities if i.match), organisations=True
        )

    def check(self) -> None:
        """Reach it; see that tables, columns and links are there and every privilege is held.

        Raises ConfigError (a name that is not there, a follower), AuthError (a privilege),
        RefusedError (a column that a redaction intends to empty and cannot).
        """
        Inspection(self._spec, self._connections).check()

    def inspect(self) -> Iterator[Probe]:
        """What the role may read and change of every table, and whether the inventory names what is there."""
        return Inspection(self._spec, self._connections).probes()

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

    def held(self, subject: Subject, at: Locator, fields: Collection[str]) -> Iterator[Held]:
        """What stands in columns and paths inside JSON; arrays and whole JSON columns hold no single value."""
        with self._connections.session() as connection:
            laid = self._connections.structure.of(connection)
            found = list(held(Reach(connection, laid, subject, cutoffs_of([at])), at, fields))
        yield from found

    def correct(self, subject: Subject, corrections: Sequence[Correction]) -> Iterator[Outcome]:
        """All corrections in one transaction; outcomes after its commit."""
        with self._connections.session() as connection:
            outcomes = correct(connection, self._connections.structure.of(connection), subject, corrections)
        yield from outcomes

    def identities(self) -> Iterator[tuple[Identifier, ...]]:
        """Everybody, in one snapshot of the database: rows that are not cleaned up while it is read."""
        with self._connections.session() as connection:
            yield from identities(connection, self._connections.structure.of(connection, fresh=True))

    def shape(self) -> tuple[TableShape, ...]:
        """Tables and about how many rows each has."""
        with self._connections.session() as connection:
            return estimated(connection)

    def rehearse(self, dump: Iterator[bytes]) -> Rehearsal:
        """Restore a dump of this database elsewhere, look at it, and drop it."""
        return rehearse(self._spec, dump)

    def ages(self) -> Iterator[Aged]:
        """What rows say of people's ages, in one snapshot of the database."""
        with self._connections.session() as connection:
            yield from ages(connection, self._connections.structure.of(connection, fresh=True))

    def expired(self, order: Expiry, held: OnHold) -> Expired:
        """Exact counts of what is past its time, in one snapshot."""
        return Purge(self._spec, self._connections).expired(order, held)

    def purge(self, order: Expiry, held: Callable[[], OnHold]) -> Iterator[Batch]:
        """In batches, the oldest first; see `purge`."""
        yield from Purge(self._spec, self._connections).purge(order, held)

    def survey(self) -> Iterator[Found]:
        """Tables, views and foreign tables of every schema, whatever the role may read of them."""
        with self._connections.session() as connection:
            yield from list(survey.survey(connection, self._spec))

    def mentions(self) -> Mapping[str, str]:
        return survey.mentions(self._spec)

    def sample(self, found: Found, most: int) -> Iterator[tuple[str, str]]:
        """The first rows that come, within five seconds. Raises AuthError where the role may not read."""
        with self._connections.session() as connection:
            yield from list(survey.sample(connection, found, most))

    def _collection(self, at: Locator) -> CollectionSpec:
        try:
            return self._spec.collection(at.collection)
        except KeyError:
            raise ConfigError(self.system, f"{at.collection} is not in the inventory") from None
