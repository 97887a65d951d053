"""The four verbs over one database. Every verb is one transaction of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from psycopg.sql import SQL, Composable, Literal

from connectors.errors import AuthError
from connectors.heroku_postgres.catalogue import Table, read
from connectors.heroku_postgres.erase import erase
from connectors.heroku_postgres.export import chunks, withheld
from connectors.heroku_postgres.fields import bears_a_person, place
from connectors.heroku_postgres.reach import Link, Map, Reach
from connectors.heroku_postgres.session import session
from connectors.heroku_postgres.windows import MENTIONS, OWN, windows
from connectors.model import (
    Action,
    Artifact,
    Capabilities,
    CollectionSpec,
    LinkKind,
    Locator,
    Obstacle,
    ObstacleKind,
    Order,
    Outcome,
    Record,
    Subject,
    SystemSpec,
)
from connectors.model import (
    Identifier as Known,
)

_ESTIMATED_FROM = 100_000  # rows; a table that was never analysed is counted up to here
_REVEALED = 1_000  # distinct values of one field; more are not one person's


class PostgresConnector:
    """Built for one inventory entry; holds no connection between calls."""

    def __init__(self, spec: SystemSpec) -> None:
        self._spec = spec
        self.system = spec.system
        self.capabilities = Capabilities(
            needs=frozenset(i.kind for c in spec.collections for i in c.identities if i.match)
        )

    def check(self) -> None:
        """Reach it; see that every table and column is there and may be read, changed and deleted from."""
        with session(self._spec) as connection:
            laid = Map(self._spec, read(connection))
            for name, spec in laid.collections.items():
                table = laid.table(name)
                named = [f.name for f in spec.fields] + [i.field for i in spec.identities]
                for field in [*named, *([spec.age_field] if spec.age_field else [])]:
                    place(self.system, table, field)
                for privilege in ("SELECT", "UPDATE", "DELETE"):
                    held = connection.execute("SELECT has_table_privilege(%s::oid, %s)", [table.oid, privilege])
                    if not (held.fetchone() or (False,))[0]:
                        raise AuthError(self.system, f"the role lacks {privilege} on {name}")
            assert laid.links is not None

    def locate(self, subject: Subject) -> Iterator[Record]:
        """All of the person's rows, children before parents, counted; then what only names them."""
        if not subject.kinds & self.capabilities.needs:
            return
        with session(self._spec) as connection:
            laid = Map(self._spec, read(connection))
            found = Reach(connection, laid, subject)
            records = [record for name in laid.children_first for record in self._of_collection(found, name)]
            records += [record for link in laid.links for record in self._unmarked(found, link)]
        yield from records

    def export(self, subject: Subject, at: Locator) -> Iterator[Artifact]:
        """The disclosed columns of one record's rows as CSV; nothing for rows that only name the person."""
        if at.key != OWN:
            return
        spec = self._spec.collection(at.collection)
        held = withheld(self._spec, subject, spec, at)
        yield Artifact(
            f"{at.collection.replace('/', '-')}.csv", "text/csv", chunks(self._spec, subject, spec, at), held
        )

    def delete(self, subject: Subject, orders: Sequence[Order]) -> Iterator[Outcome]:
        """All orders in one transaction; outcomes after its commit."""
        with session(self._spec) as connection:
            outcomes = erase(connection, self._spec, subject, orders)
        yield from outcomes

    def _of_collection(self, found: Reach, name: str) -> Iterator[Record]:
        spec, table = found.map.collections[name], found.map.table(name)
        if found.counts.get(name):
            yield from self._own(found, spec, table)
        for link in found.map.links:
            if link.table == name and link.kind is LinkKind.MENTIONS:
                yield from self._mention(found, link)
        if (claimed := found.claimed(name)) is not None and (count := _count(found, table, claimed)):
            reason = "found only through a field that proves nothing"
            at = Locator(self.system, name, "claimed")
            yield Record(at, count, obstacles=(Obstacle(ObstacleKind.CLAIMED, reason),))

    def _own(self, found: Reach, spec: CollectionSpec, table: Table) -> Iterator[Record]:
        counted = [f for f in spec.fields if f.redactable]
        age: Composable = SQL("NULL::timestamptz")
        if spec.age_field:
            age = SQL("{}::timestamptz").format(place(self.system, table, spec.age_field).name)
        bearing = [
            SQL("count(*) FILTER (WHERE {})").format(bears_a_person(place(self.system, table, f.name))) for f in counted
        ]
        sides = windows(spec.cutoffs)
        side = SQL("CASE {} ELSE {} END").format(
            SQL(" ").join(
                [SQL("WHEN {} < {} THEN {}").format(age, Literal(c), Literal(i)) for i, c in enumerate(spec.cutoffs)]
                or [SQL("WHEN false THEN {}").format(Literal(0))]
            ),
            Literal(len(spec.cutoffs)),
        )
        query = SQL("SELECT {}, {} FROM {} t WHERE {} GROUP BY 1 ORDER BY 1").format(
            side, SQL(", ").join([SQL("count(*)"), SQL("min({})").format(age), SQL("max({})").format(age), *bearing]),
            table.sql, found.rows(spec.name),
        )  # fmt: skip
        reveals = tuple(self._reveals(found, spec, table))
        total = _total(found, table)
        takes = tuple(sorted({
            k.table for k in found.map.links
            if k.to == spec.name and k.on_delete and k.table != spec.name and found.counts.get(k.table)
        }))  # fmt: skip
        for number, count, oldest, newest, *fields in found.connection.execute(query).fetchall():
            since, before = sides[number]
            yield Record(
                Locator(self.system, spec.name, OWN, since, before), count, oldest, newest,
                tuple((f.name, n) for f, n in zip(counted, fields, strict=True)), reveals, (), takes,
                found.counts[spec.name] if spec.one_per_person else 1, total,
            )  # fmt: skip

    def _reveals(self, found: Reach, spec: CollectionSpec, table: Table) -> Iterator[Known]:
        for identity in spec.identities:
            if not identity.reveal:
                continue
            at = place(self.system, table, identity.field)
            value: Composable = SQL("unnest({})::text").format(at.name) if at.elements else at.text
            query = SQL("SELECT DISTINCT {} FROM {} t WHERE {} ORDER BY 1 LIMIT {}").format(
                value, table.sql, found.rows(spec.name), Literal(_REVEALED)
            )
            for (text,) in found.connection.execute(query).fetchall():
                if text and not text.startswith(("[redacted", "redacted-")):
                    yield Known(identity.kind, text, identity.trust, f"{self.system}/{spec.name}.{identity.field}")

    def _mention(self, found: Reach, link: Link) -> Iterator[Record]:
        to = found.map.collections.get(link.to)
        if to is None or not found.counts.get(link.to) or to.intended is not Action.DELETE:
            return  # a row that stays may go on being named by its number
        table = found.map.table(link.table)
        if not (count := _count(found, table, mentioning(found, link))):
            return
        obstacles: tuple[Obstacle, ...] = ()
        if all(table.columns[c].not_null for c in link.columns):
            reason = f"{link.name} on {link.table} cannot be unlinked: its columns are NOT NULL"
            kind = ObstacleKind.RESTRICTED if link.on_delete else ObstacleKind.BY_HAND
            obstacles = (Obstacle(kind, reason),)
        yield Record(
            Locator(self.system, link.table, f"{MENTIONS}{link.name}"), count, obstacles=obstacles, mentions=True
        )

    def _unmarked(self, found: Reach, link: Link) -> Iterator[Record]:
        if link.kind is not None or not found.counts.get(link.to):
            return
        if count := _count(found, found.map.table(link.table), mentioning(found, link)):
            reason = f"{link.name} on {link.table} points at the person's rows in {link.to}, marked neither way"
            at = Locator(self.system, link.table, f"unmarked:{link.name}")
            yield Record(at, count, obstacles=(Obstacle(ObstacleKind.UNMARKED, reason),))


def mentioning(found: Reach, link: Link) -> Composable:
    """A condition on `t`: it points at the person's rows and is not the person's itself."""
    if link.table not in found.map.collections:
        return found.pointing(link)
    return SQL("{} AND NOT ({})").format(found.pointing(link), found.rows(link.table))


def _count(found: Reach, table: Table, condition: Composable) -> int:
    query = SQL("SELECT count(*) FROM {} t WHERE {}").format(table.sql, condition)
    return int(found.connection.execute(query).fetchone()[0])


def _total(found: Reach, table: Table) -> int:
    if table.tuples >= _ESTIMATED_FROM:
        return int(table.tuples)
    query = SQL("SELECT count(*) FROM (SELECT FROM {} LIMIT {}) x").format(table.sql, Literal(_ESTIMATED_FROM))
    return int(found.connection.execute(query).fetchone()[0])
