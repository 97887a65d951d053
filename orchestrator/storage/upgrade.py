"""Brings the tables of an older version to this one, in the transaction that opens the journal."""

from __future__ import annotations

from sqlalchemy import Connection, text, update

from orchestrator.storage import schema


def upgrade(connection: Connection, found: int) -> None:
    """From schema `found` to the current one. Entries keep their hashes, and so the chain that receipts remember.

    1 to 2: entries get a salt; those there are have none, and are hashed without it.
    """
    if found < 2:
        connection.execute(text(f"ALTER TABLE {schema.entries.name} ADD COLUMN salt VARCHAR"))
    connection.execute(update(schema.schema_version).values(version=schema.VERSION))
