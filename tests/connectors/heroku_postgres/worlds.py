"""Small random databases, and a model of them that knows nothing of SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from hypothesis import strategies as st
from psycopg import sql

from connectors.model import CollectionSpec, FieldSpec, IdentitySpec, LinkKind, LinkSpec, Trust

ANN, BOB = "ann.lee@example.com", "bob.ray@example.com"
NAMES = ("people", "Orders", "order lines", 'so-called "notes"', "events")
DELETES = ("NO ACTION", "RESTRICT", "CASCADE", "SET NULL", "SET DEFAULT")
CUT = datetime(2020, 1, 1, tzinfo=UTC)
Row = dict[str, Any]


def is_old(row: Row) -> bool:
    """Whether it lies on the old side of the cut-off, if its table has one."""
    return row.get("born") is not None and row["born"] < CUT


@dataclass(frozen=True)
class Table:
    """`shape`: its key is `id`, or (id, grp), the latter partitioned by grp or not, or it has none."""

    name: str
    shape: str
    bears: bool  # an e-mail address
    aged: bool  # old and young rows have different fates

    @property
    def key(self) -> tuple[str, ...]:
        return {"single": ("id",), "none": ()}.get(self.shape, ("id", "grp"))

    @property
    def collection(self) -> str:
        return f"public.{self.name}"


@dataclass(frozen=True)
class Link:
    """A reference of `table` to `to` by columns of its own; `kind` None: the inventory does not say."""

    name: str
    table: Table
    to: Table
    not_null: tuple[bool, ...]
    on_delete: str
    deferred: bool
    kind: LinkKind | None
    enforced: bool

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(f"{self.name}_{column}" for column in self.to.key)

    @property
    def frees(self) -> tuple[str, ...]:
        return tuple(c for c, fixed in zip(self.columns, self.not_null, strict=True) if not fixed)

    def leads(self, row: Row, target: Row) -> bool:
        return all(row[c] is not None and row[c] == target[k] for c, k in zip(self.columns, self.to.key, strict=True))


@dataclass(frozen=True)
class World:
    """`rows`: by table; each row bears a number of its own, `uid`."""

    tables: tuple[Table, ...]
    links: tuple[Link, ...]
    rows: Mapping[Table, list[Row]]

    def hers(self) -> set[int]:
        """The rows of Ann's: those that bear her address, and those that belong to them."""
        found = set[int]()
        while True:  # what belongs to another's row depends on whose that is: to a fixpoint, owners first
            more = self._bearing(found) | {
                r["uid"] for k in self.links if k.kind is LinkKind.OWNS
                for r in self.rows[k.table] for target in self.rows[k.to]
                if target["uid"] in found and k.leads(r, target)
            }  # fmt: skip
            if more <= found:
                return found
            found |= more

    def _bearing(self, found: set[int]) -> set[int]:
        """Rows that bear her address, and belong to no row of another person's outside of a cycle."""
        return {
            r["uid"] for t in self.tables if t.bears for r in self.rows[t] if r["email"] == ANN
            and not any(self._anothers(k, r, found) for k in self.links if k.table == t)
        }  # fmt: skip

    def _anothers(self, link: Link, row: Row, found: set[int]) -> bool:
        if link.kind is not LinkKind.OWNS or self.in_a_cycle(link) or any(row[c] is None for c in link.columns):
            return False
        return not any(link.leads(row, t) for t in self.rows[link.to] if t["uid"] in found)

    def in_a_cycle(self, link: Link) -> bool:
        """Whether the tables at both ends belong to each other, however far round."""
        reached = {link.to}
        while more := {k.to for k in self.links if k.kind is LinkKind.OWNS and k.table in reached} - reached:
            reached |= more
        return link.table in reached

    def claimed(self, table: Table) -> int:
        """How many of its rows bear her address and are not hers."""
        hers = self.hers()
        return sum(table.bears and r["email"] == ANN and r["uid"] not in hers for r in self.rows[table])

    def naming(self, link: Link) -> list[Row]:
        """Rows of others that lead to hers by that link."""
        hers = self.hers()
        targets = [t for t in self.rows[link.to] if t["uid"] in hers]
        rows = (r for r in self.rows[link.table] if r["uid"] not in hers)
        return [r for r in rows if any(link.leads(r, t) for t in targets)]

    def specs(self) -> tuple[CollectionSpec, ...]:
        identity = (IdentitySpec("email", "email", Trust.PROVEN),)
        return tuple(
            CollectionSpec(
                t.collection,
                identity if t.bears else (),
                tuple(LinkSpec(k.columns, k.to.collection, k.kind) for k in self.links if k.table == t and k.kind),
                (FieldSpec("email"),) if t.bears else (),
                age_field="born" if t.aged else "",
                cutoffs=(CUT,) if t.aged else (),
            )
            for t in self.tables
        )

    def build(self, url: str) -> None:
        """Make all of it in an empty schema `public`."""
        with psycopg.connect(url) as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
            for table in self.tables:
                self._create(connection, table)
            connection.execute("SET LOCAL session_replication_role = replica")
            for table in self.tables:
                for row in self.rows[table]:
                    query = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
                        sql.Identifier(table.name),
                        sql.SQL(", ").join(map(sql.Identifier, row)),
                        sql.SQL(", ").join(map(sql.Literal, row.values())),
                    )
                    connection.execute(query)
            connection.execute("SET LOCAL session_replication_role = origin")
            for link in (k for k in self.links if k.enforced):
                self._enforce(connection, link)

    def _create(self, connection: psycopg.Connection[Any], table: Table) -> None:
        columns = ["uid int NOT NULL", "id int NOT NULL", "grp int NOT NULL"] + ["email text"] * table.bears
        columns += ["born timestamptz"] * table.aged
        for link in (k for k in self.links if k.table == table):
            pairs = zip(link.columns, link.not_null, strict=True)
            columns += [f"{c} int{' NOT NULL' if fixed else ''}" for c, fixed in pairs]
        columns += [f"PRIMARY KEY ({', '.join(table.key)})"] if table.key else []
        name = sql.Identifier(table.name).as_string(connection)
        spread = table.shape == "partitioned"
        connection.execute(
            f"CREATE TABLE {name} ({', '.join(columns)}){' PARTITION BY LIST (grp)' if spread else ''}".encode()
        )
        if spread:
            number = self.tables.index(table)
            connection.execute(f"CREATE TABLE part{number}_0 PARTITION OF {name} FOR VALUES IN (0)".encode())
            connection.execute(f"CREATE TABLE part{number}_1 PARTITION OF {name} DEFAULT".encode())

    def _enforce(self, connection: psycopg.Connection[Any], link: Link) -> None:
        names = (link.table.name, link.to.name)
        table, to = (sql.Identifier(name).as_string(connection) for name in names)
        deferred = "DEFERRABLE INITIALLY DEFERRED" if link.deferred else ""
        connection.execute(
            f"ALTER TABLE {table} ADD CONSTRAINT {link.name} FOREIGN KEY ({', '.join(link.columns)}) "
            f"REFERENCES {to} ON DELETE {link.on_delete} {deferred}".encode()
        )

    def read(self, url: str) -> dict[int, Row]:
        """Every row there is, by number."""
        found: dict[int, Row] = {}
        with psycopg.connect(url, row_factory=psycopg.rows.dict_row) as connection:
            for table in self.tables:
                for row in connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table.name))):
                    assert row["uid"] not in found
                    found[row["uid"]] = row
        return found

    def all(self) -> dict[int, Row]:
        return {r["uid"]: dict(r) for t in self.tables for r in self.rows[t]}


@st.composite
def worlds(draw: st.DrawFn) -> World:
    shapes = st.sampled_from(("single", "single", "composite", "partitioned", "none"))
    tables = tuple(
        Table(name, draw(shapes), bears=n == 0 or draw(st.integers(0, 3)) == 0, aged=draw(st.booleans()))
        for n, name in enumerate(NAMES[: draw(st.integers(2, 5))])
    )
    ends = st.tuples(st.sampled_from(tables), st.sampled_from([t for t in tables if t.key] or [tables[0]]))
    links = []
    for n in range(draw(st.integers(1, 7))):
        table, to = draw(ends)
        if not to.key:
            continue
        enforced = draw(st.integers(0, 4)) > 0
        kinds = [LinkKind.OWNS, LinkKind.OWNS, LinkKind.MENTIONS] + [None] * enforced
        not_null = tuple(draw(st.integers(0, 3)) == 0 for _ in to.key)
        links.append(
            Link(
                f"k{n}", table, to, not_null, draw(st.sampled_from(DELETES)), draw(st.booleans()),
                draw(st.sampled_from(kinds)), enforced,
            )
        )  # fmt: skip
    counts = {t: draw(st.integers(0 if n else 1, 5)) for n, t in enumerate(tables)}
    while empty := {k.table for k in links if all(k.not_null) and counts[k.table] and not counts[k.to]}:
        counts |= dict.fromkeys(empty, 0)
    rows: dict[Table, list[Row]] = {}
    for t in tables:
        rows[t] = [{"uid": 10 * tables.index(t) + n, "id": n, "grp": 0} for n in range(counts[t])]
        for row in rows[t]:
            if len(t.key) == 2:
                row |= {"id": row["id"] // 2, "grp": row["id"] % 2}
            if t.bears:
                row["email"] = draw(st.sampled_from((ANN, ANN, BOB, None)))
            if t.aged:
                row["born"] = draw(st.sampled_from((CUT.replace(year=2010), CUT, None)))
    for link in links:
        for row in rows[link.table]:
            row |= _pointing(draw, link, rows[link.to])
    return World(tables, tuple(links), rows)


def _pointing(draw: st.DrawFn, link: Link, targets: list[Row]) -> Row:
    """The values of a link's columns in one row: some target's key, or none."""
    if targets and (not link.frees or draw(st.integers(0, 4))):
        target = draw(st.sampled_from(targets))
        return {c: target[k] for c, k in zip(link.columns, link.to.key, strict=True)}
    return {c: None if c in link.frees else 0 for c in link.columns}
