"""The tables of the journal and the vault, for SQLite and PostgreSQL alike.

`entries` is the evidence: append-only and hash-chained, and everything else that is known about a
request is read from it. `key` makes a fact unique among its kind: one outcome per plan and step.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

VERSION = 2  # 2: entries have a salt, and a purge takes their content away
metadata = MetaData()
_counting = BigInteger().with_variant(Integer, "sqlite")

schema_version = Table("dsr_schema", metadata, Column("version", Integer, nullable=False))

entries = Table(
    "dsr_entries",
    metadata,
    Column("seq", _counting, primary_key=True, autoincrement=False),
    Column("at", String, nullable=False),
    Column("request", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("key", String),
    Column("by", String, nullable=False),
    Column("payload", Text, nullable=False),
    Column("prev", String, nullable=False),
    Column("hash", String, nullable=False),
    Column("salt", String),
    UniqueConstraint("kind", "key"),
    Index("dsr_entries_request", "request", "kind", "seq"),
)

head = Table(
    "dsr_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", _counting, nullable=False),
    Column("hash", String, nullable=False),
)

# When the next call to a system may go, in seconds since 1970: no evidence, safe to lose.
pace = Table(
    "dsr_pace",
    metadata,
    Column("system", String, primary_key=True),
    Column("free_at", Double, nullable=False),
)

# Who drives what, and the number of the drive: whoever holds an older number can no longer write.
leases = Table(
    "dsr_leases",
    metadata,
    Column("name", String, primary_key=True),
    Column("token", _counting, nullable=False),
    Column("holder", String, nullable=False),
    Column("beat", Double, nullable=False),
)

# Which requests are to be driven on, and when: no evidence, and nothing personal.
agenda = Table(
    "dsr_agenda",
    metadata,
    Column("request", String, primary_key=True),
    Column("at", Double, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("stuck", String, nullable=False),
)

# Something was deleted, and its bytes may still be in the files; `entries`: the journal's, too.
unscrubbed = Table(
    "dsr_unscrubbed",
    metadata,
    Column("id", String, primary_key=True),
    Column("entries", Integer, nullable=False),
)

vault_keys = Table(
    "dsr_vault_keys",
    metadata,
    Column("request", String, primary_key=True),
    Column("master", String, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
)

vault_blobs = Table(
    "dsr_vault_blobs",
    metadata,
    Column("request", String, ForeignKey(vault_keys.c.request, ondelete="CASCADE"), primary_key=True),
    Column("slot", String, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)
