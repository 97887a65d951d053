"""Which placeholders a table's CHECKs and domains take: tried on copies of the rows, before any is touched.

The copies are put into a temporary table that has the same constraints and nothing else of the
original: nothing is triggered, and no expression of the catalogue is ever put into a statement.
Source: https://www.postgresql.org/docs/current/sql-createtable.html ("LIKE source_table").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product

from psycopg import errors
from psycopg.sql import SQL, Composable, Identifier

from connectors.errors import RefusedError
from connectors.heroku_postgres.catalogue import Table
from connectors.heroku_postgres.reach import Reach
from connectors.heroku_postgres.redact import Choice

_COPY = SQL("CREATE TEMP TABLE {} (LIKE {} INCLUDING CONSTRAINTS) ON COMMIT DROP")
_TRIES = 200  # combinations; each is tried on all rows


def fitting(found: Reach, table: Table, sides: Sequence[int], choices: Sequence[Choice]) -> list[Composable]:
    """The SET clauses of a redaction, with values that every row there may have.

    RefusedError names the constraint that none of them satisfies.
    """
    watched = [c for c in choices if table.columns[c.column].checked]
    if not watched or table.name not in found.names:
        return [c.clause() for c in choices]
    trial = _Trial(found, table, sides, choices, Identifier(f"dsr_trial_{'_'.join(map(str, sides))}_of_{table.oid}"))
    found.connection.execute(_COPY.format(trial.copy, table.sql))
    failed: list[Mapping[str, int]] = []
    refused = ""
    for numbers in islice(_combinations(watched, failed), _TRIES):
        error = trial.of(numbers)
        if error is None:
            return [c.clause(numbers.get(c.column, 0)) for c in choices]
        about = trial.columns(error)
        refused = f"{error.diag.constraint_name or 'NOT NULL'} ({', '.join(about)})"
        failed.append({column: n for column, n in numbers.items() if column in about})
    raise RefusedError(
        found.map.spec.system,
        f"{table.name}: no placeholder satisfies {refused}; choose another redaction for its columns in the inventory "
        "(null, empty, unique, none). Nothing was changed",
    )


def _combinations(choices: Sequence[Choice], failed: Sequence[Mapping[str, int]]) -> Iterator[dict[str, int]]:
    """Column -> number of its value, such that nothing is combined again that has `failed` by now."""
    while True:
        involved = [c for c in choices if any(c.column in f for f in failed)]
        first = {c.column: 0 for c in choices}
        possible = (
            first | {c.column: n for c, n in zip(involved, numbers, strict=True)}
            for numbers in product(*(range(len(c.values)) for c in involved))
        )
        combination = next((p for p in possible if not any(f.items() <= p.items() for f in failed)), None)
        if combination is None:
            return
        yield combination


@dataclass(frozen=True, slots=True)
class _Trial:
    """Rows of one table, what its columns may be set to, and the table that takes the copies."""

    found: Reach
    table: Table
    sides: Sequence[int]
    choices: Sequence[Choice]
    copy: Composable

    def of(self, numbers: Mapping[str, int]) -> errors.IntegrityError | None:
        """What speaks against a combination; None if nothing does."""
        values: dict[str, Composable] = {name: Identifier("t", name) for name in self.table.columns}
        values |= {c.column: c.values[numbers.get(c.column, 0)] for c in self.choices}
        query = SQL("INSERT INTO {} ({}) SELECT {} FROM {} t WHERE {}").format(
            self.copy, SQL(", ").join(map(Identifier, values)), SQL(", ").join(values.values()),
            self.table.sql, self.found.rows(self.table.name, self.sides),
        )  # fmt: skip
        try:
            with self.found.connection.transaction():
                self.found.connection.execute(self.found.before([self.table.name], query))
        except (errors.CheckViolation, errors.NotNullViolation) as error:
            return error
        return None

    def columns(self, error: errors.IntegrityError) -> Sequence[str]:
        """What a constraint is about; if it is a domain's, any column that has one."""
        domains = [name for name, column in self.table.columns.items() if column.domain]
        checks = self.found.map.catalogue.checks
        return checks.get((self.table.name, error.diag.constraint_name or ""), domains) or list(self.table.columns)
