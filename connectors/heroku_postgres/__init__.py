"""PostgreSQL, as Heroku runs it: rows of one person in every table, over foreign keys.

`connect(spec)` needs the extra `heroku_postgres`. Secret `dsn`; settings `statement_timeout` (120),
`lock_timeout` (5) and `connect_timeout` (10), in seconds. Collections are `schema.table`; a field
is a column, `column->key->key` inside JSON, and an identity field also `column[]`, any element of
an array. Option of a collection: `touched_by_triggers: true`, where triggers may add and edit rows.

| what | how |
|---|---|
| found | rows bearing an identifier, and rows that point at them by a link marked `owns`, however far |
| claimed | rows bearing an identifier, or a claimed one, that belong to another person's row by such a link |
| listed | after a restore: identity columns of every row, by a server-side cursor in one snapshot |
| exported | the disclosed columns, as CSV by server-side COPY |
| deleted, redacted | all orders of the system in one transaction; counts of every table compared before commit |
| proven restorable | a backup, streamed through pg_restore into a scratch database, counted and dropped |
| redacted to | NULL, or a placeholder that NOT NULL, UNIQUE, CHECKs and domains take; refused by name if none fits |
| corrected | single columns and paths in JSON, where the value that the plan read still stands, in one transaction |
| purged by age | batches of the oldest rows, each a transaction, with what belongs to them; whole partitions |
| survives | dead rows until VACUUM, backups, rollback, forks: see the system of the backups |
| proof | a fresh search |
| one organisation's | told so, only rows whose `organisation` says that they are its, and what belongs to those |

A correction names no array and no whole JSON column. A value that a constraint, a type or a trigger does not take
is left to people; an identifier that another row has already stops the whole.

The role needs SELECT on every collection; UPDATE where rows are deleted, redacted or corrected, or own others
(rows that stay are locked while theirs go); DELETE where they are deleted; TEMPORARY on the database.
A deletion checks its counts after it wrote and before it commits, so triggers that act outside the
database (by an extension) may have acted for a transaction that is then rolled back.

A test restore (`dsr backup prove`) is given the secret `scratch_dsn` and the settings `pg_restore` and
`scratch_schemas` by the entry's `restore_test`: a server of its own, whose role makes databases and extensions there.

Sources: https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK,
https://www.postgresql.org/docs/current/catalog-pg-constraint.html,
https://www.postgresql.org/docs/current/monitoring-stats.html.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.model import SystemSpec

if TYPE_CHECKING:
    from connectors.heroku_postgres.connector import PostgresConnector


def connect(spec: SystemSpec) -> PostgresConnector:
    """The connector of one inventory entry. ModuleNotFoundError if psycopg is not installed."""
    from connectors.heroku_postgres.connector import PostgresConnector  # imports psycopg

    return PostgresConnector(spec)
