"""What a purge takes, and what stays: rows past their time, what belongs to them, what hangs on them.

Everything is one statement per batch, over one snapshot. A row stays that is held; that something held, or younger
than the cut-off, belongs to; and that rows of others name. A link that nobody has marked, or a table whose rows
belong to these and that the order does not name, stops the order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cached_property

from psycopg.sql import SQL, Composable, Identifier, Literal

from connectors.errors import ConfigError
from connectors.heroku_postgres.fields import Place, age, bears_a_person, place
from connectors.heroku_postgres.holding import Holding
from connectors.heroku_postgres.links import Link, Map
from connectors.heroku_postgres.redact import choices, filler
from connectors.model import Action, LinkKind
from connectors.purging import Expiry


@dataclass(frozen=True, slots=True)
class Branch:
    """Rows of `link.table` that go with those they point at; `number` names them in a statement."""

    number: int
    link: Link
    above: int  # the number of what they point at; 0 is the collection itself


class Expiring:
    """One order laid over the catalogue. `stops` must be empty before anything is written."""

    def __init__(self, laid: Map, order: Expiry) -> None:
        self.laid, self.order, self.name = laid, order, order.collection
        if order.collection not in laid.collections:
            raise ConfigError(laid.spec.system, f"{order.collection} is not in the inventory")
        self.spec, self.table = laid.collections[self.name], laid.table(self.name)
        self.age_field = order.age or self.spec.age_field
        if not self.age_field:
            raise ConfigError(laid.spec.system, f"{self.name}: name in `age` the field that the period is counted from")
        self.age = age(laid.spec.system, self.table, self.age_field)
        self.stops: list[str] = []
        self.branches: list[Branch] = []
        self.ties: dict[str, list[Link]] = {}  # collection -> links of rows that only name its rows
        if order.action is Action.DELETE:
            self._grow(self.name, 0, {self.name})
            lost = order.along - {b.link.table for b in self.branches}
            self.stops += [f"nothing of {name} belongs to rows of {self.name}: take it out" for name in sorted(lost)]

    def _grow(self, name: str, number: int, seen: set[str]) -> None:
        for link in (k for k in self.laid.links if k.to == name):
            here = f"{link.table}: {link.name}"
            if link.kind is None:
                self.stops.append(f"{here} leads to {name}, and nobody has marked it as owns or mentions")
            elif link.kind is LinkKind.MENTIONS:
                self.ties.setdefault(name, []).append(link)
            elif link.table in seen:
                self.stops.append(f"{here}: its rows would go in two ways, or belong to their own kind; by hand")
            elif link.table not in self.order.along:
                self.stops.append(f"{here}: its rows belong to those of {name}; name {link.table} under `along`")
            else:
                seen.add(link.table)
                self.branches.append(Branch(len(self.branches) + 1, link, number))
                self._grow(link.table, len(self.branches), seen)

    @property
    def names(self) -> tuple[str, ...]:
        """The collections that are written to."""
        return (self.name, *(b.link.table for b in self.branches))

    @property
    def scanned(self) -> Iterator[tuple[str, str]]:
        """(table, column) that each batch looks rows up by, where no index begins with it."""
        if not self.age.column.indexed or self.age.path:
            yield self.name, self.age_field
        for link in (*(b.link for b in self.branches), *(k for found in self.ties.values() for k in found)):
            if not self.laid.table(link.table).columns[link.columns[0]].indexed:
                yield link.table, link.columns[0]

    # Conditions over `t`

    @cached_property
    def past(self) -> Composable:
        """The row's age is known and lies before the cut-off; an index on it can be used."""
        return SQL("({0} < {1} AND {0} > {2})").format(
            self._at, self._typed(self.order.before), self._typed(datetime(1, 1, 2, tzinfo=UTC))
        )

    @property
    def _at(self) -> Composable:
        return self.age.instant if self.age.path else self.age.name

    def _typed(self, at: datetime) -> Composable:
        at = at.astimezone(UTC)
        kind = "timestamptz" if self.age.path else self.age.column.type
        if kind == "date":
            day = at.date() if at.time() == time(0) else at.date() + timedelta(days=1)
            return SQL("{}::date").format(Literal(day.isoformat()))
        if kind == "timestamp without time zone":
            return SQL("{}::timestamp").format(Literal(at.replace(tzinfo=None).isoformat()))
        return SQL("{}::timestamptz").format(Literal(at.isoformat()))

    def held(self, holding: Holding) -> Composable | None:
        return holding.of(self.name)

    def tied(self, holding: Holding) -> Composable | None:
        """Something that stays hangs on the row; in a redaction nothing does."""
        return self._tied(self.name, 0, holding)

    def _tied(self, name: str, number: int, holding: Holding) -> Composable | None:
        found = [self._pointed(k, None) for k in self.ties.get(name, ())]
        for branch in (b for b in self.branches if b.above == number):
            table = branch.link.table
            bad = [c for c in (holding.of(table), self._young(table), self._tied(table, branch.number, holding)) if c]
            if bad:
                found.append(self._pointed(branch.link, SQL(" OR ").join(bad)))
        return SQL("({})").format(SQL(" OR ").join(found)) if found else None

    def _young(self, name: str) -> Composable | None:
        spec = self.laid.collections[name]
        if not spec.age_field:
            return None
        at = age(self.laid.spec.system, self.laid.table(name), spec.age_field).instant
        return SQL("({0} >= {1} OR {0} IS NULL)").format(at, Literal(self.order.before))

    def _pointed(self, link: Link, bad: Composable | None) -> Composable:
        """Rows point at `t`, some of which are bad. Their own `t` is inside, so that conditions nest."""
        near = [SQL("{} {}").format(Identifier("t", c), Identifier(f"f{n}")) for n, c in enumerate(link.columns)]
        items = [*near, SQL("({}) bad").format(bad or SQL("true"))]
        return SQL("EXISTS (SELECT FROM (SELECT {} FROM {} t) x WHERE {} AND x.bad)").format(
            SQL(", ").join(items), self.laid.table(link.table).sql,
            SQL(" AND ").join(
                SQL("{} = {}").format(a, b)
                for a, b in self._pairs(link, [Identifier("x", f"f{n}") for n in range(len(near))], "t")
            ),
        )  # fmt: skip

    def _pairs(
        self, link: Link, near: Sequence[Composable], far: str
    ) -> Iterator[tuple[Composable, Composable]]:  # fmt: skip
        """The columns of a link at both ends; kinds that differ are compared as text."""
        table, to = self.laid.table(link.table), self.laid.table(link.to)
        for n, (column, reference) in enumerate(zip(link.columns, link.references, strict=True)):
            alike = table.columns[column].category == to.columns[reference].category
            cast = SQL("" if alike else "::text")
            end = Identifier(far, reference if far == "t" else self.key(link.to, reference))
            yield SQL("{}{}").format(near[n], cast), SQL("{}{}").format(end, cast)

    def key(self, name: str, column: str) -> str:
        """What a batch calls a column of its rows."""
        return f"k{list(self.laid.table(name).columns).index(column)}"

    def going(self, holding: Holding) -> Composable:
        """The row goes: past its time, neither held nor tied; in a redaction, with somebody still in it."""
        stays = [c for c in (self.held(holding), self.tied(holding)) if c]
        parts = [self.past, *(SQL("({}) IS NOT TRUE").format(c) for c in stays), *self._bearing()]
        return SQL(" AND ").join(parts)

    def _bearing(self) -> list[Composable]:
        if self.order.action is not Action.REDACT:
            return []
        system = self.laid.spec.system
        places: list[Place] = [place(system, self.table, f.name) for f in self.spec.fields if f.redactable]
        if not places:
            raise ConfigError(system, f"{self.name} has no field that a redaction would empty")
        return [SQL("({})").format(SQL(" OR ").join(bears_a_person(p, filler(p.column)) for p in places))]

    @property
    def probe(self) -> Composable:
        """A query such as others ask: one of the youngest rows."""
        if not self.age.column.indexed or self.age.path:
            return SQL("SELECT 1")
        return SQL("SELECT 1 FROM {} t ORDER BY {} DESC LIMIT 1").format(self.table.sql, self.age.name)

    # Statements

    def counted(self, holding: Holding) -> Composable:
        """One row: how many go, the oldest, and how many of each branch go with them."""
        then = [self._selected(holding)]
        then += [
            SQL("{} AS (SELECT {} FROM {} t, {} x WHERE {})").format(_called(b.number), *self._parts(b))
            for b in self.branches
        ]
        counts = [SQL("(SELECT count(*) FROM {})").format(_called(b.number)) for b in self.branches]
        items = [SQL("(SELECT count(*) FROM b0)"), SQL("(SELECT min(a) FROM b0)"), *counts]
        return holding.before(SQL("SELECT {}").format(SQL(", ").join(items)), then)

    def kept(self, holding: Holding) -> Composable | None:
        """One row: how many are past their time and held, and how many only tied. None if none can be."""
        held, tied = self.held(holding), self.tied(holding)
        if held is None and tied is None:
            return None
        query = SQL(
            "SELECT count(*) FILTER (WHERE h), count(*) FILTER (WHERE s AND NOT h) FROM (SELECT ({}) IS TRUE h, "
            "({}) IS TRUE s FROM {} t WHERE {}) x"
        ).format(held or SQL("false"), tied or SQL("false"), self.table.sql, self.past)
        return holding.before(query, [])

    def batch(self, holding: Holding, rows: int, since: str | None) -> Composable:
        """Deletes or redacts up to so many rows, the oldest first, from an age on.

        One row: chosen, done, the age of the last, and what of each branch went.
        """
        what = [self._chosen(holding, rows, since), self._done()]
        what += [
            SQL("{0} AS (DELETE FROM {2} t WHERE {3} RETURNING {1})").format(
                _called(b.number), self._keys(b.link.table), self.laid.table(b.link.table).sql, self._found(b)
            )
            for b in self.branches
        ]
        counts = [SQL("(SELECT count(*) FROM {})").format(_called(b.number)) for b in self.branches]
        items = [
            SQL("(SELECT count(*) FROM b0)"),
            SQL("(SELECT count(*) FROM d)"),
            SQL("(SELECT max(a)::text FROM b0)"),
        ]
        return holding.before(SQL("SELECT {}").format(SQL(", ").join([*items, *counts])), what)

    def _parts(self, branch: Branch) -> tuple[Composable, Composable, Composable, Composable]:
        """Of a branch: what is kept of its rows for those below, its table, what it hangs on, and how."""
        table = branch.link.table
        return self._keys(table), self.laid.table(table).sql, _called(branch.above), self._joined(branch.link)

    def _found(self, branch: Branch) -> Composable:
        """The row points at one of a batch. Its keys are looked up, whatever the server guesses of their number."""
        near = [Identifier("t", c) for c in branch.link.columns]
        ends, far = zip(*self._pairs(branch.link, near, "x"), strict=True)
        keys = SQL("SELECT {} FROM {} x").format(SQL(", ").join(far), _called(branch.above))
        if len(ends) == 1:
            return SQL("{} = ANY (ARRAY({}))").format(ends[0], keys)
        return SQL("({}) IN ({})").format(SQL(", ").join(ends), keys)

    def _selected(self, holding: Holding) -> Composable:
        return SQL("b0 AS (SELECT {} a, {} FROM {} t WHERE {})").format(
            self.age.instant, self._keys(self.name), self.table.sql, self.going(holding)
        )

    def _chosen(self, holding: Holding, rows: int, since: str | None) -> Composable:
        kind = SQL("timestamptz" if self.age.path else self.age.column.type)
        further = SQL("AND {} >= {}::{}").format(self._at, Literal(since), kind) if since else SQL("")
        return SQL(
            "b0 AS MATERIALIZED (SELECT t.tableoid o, t.ctid r, {0} a, {1} FROM {2} t WHERE {3} {4} "
            "ORDER BY {0} LIMIT {5} FOR UPDATE OF t SKIP LOCKED)"
        ).format(self._at, self._keys(self.name), self.table.sql, self.going(holding), further, Literal(rows))

    def _done(self) -> Composable:
        rows: Composable = SQL("t.ctid = ANY (ARRAY(SELECT r FROM b0))")
        if self.table.spread:
            rows = SQL("{} AND (t.tableoid, t.ctid) IN (SELECT o, r FROM b0)").format(rows)
        if self.order.action is Action.DELETE:
            return SQL("d AS (DELETE FROM {} t WHERE {} RETURNING 1)").format(self.table.sql, rows)
        clauses = [c.clause() for c in choices(self.laid.spec.system, self.table, self.spec, ())]
        return SQL("d AS (UPDATE {} t SET {} WHERE {} RETURNING 1)").format(
            self.table.sql, SQL(", ").join(clauses), rows
        )

    def _keys(self, name: str) -> Composable:
        """The columns of a collection that branches point at."""
        used = dict.fromkeys(c for b in self.branches if b.link.to == name for c in b.link.references)
        items: list[Composable] = [SQL("{} {}").format(Identifier("t", c), Identifier(self.key(name, c))) for c in used]
        return SQL(", ").join(items or [SQL("1")])

    def _joined(self, link: Link) -> Composable:
        near = [Identifier("t", c) for c in link.columns]
        return SQL(" AND ").join(SQL("{} = {}").format(a, b) for a, b in self._pairs(link, near, "x"))


def _called(number: int) -> Composable:
    return Identifier(f"b{number}")
