"""Destroys the content of a request's entries, and leaves a chain that still verifies.

What stays of a purged entry is its number, its hash and the hash before it. The hash covered a random salt;
with the salt gone it tells nothing of what the entry said, not even to somebody who guesses. The purge is an
entry of its own, without which the chain does not accept that content is missing.
Entries made before schema 2 had no salt: their hashes stay as they were, because receipts remember them.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, select, update

from orchestrator.errors import UnknownError
from orchestrator.storage import chain, schema
from orchestrator.storage.chain import Entry
from orchestrator.storage.kinds import OUTLIVE, PURGED
from orchestrator.storage.store import owe

_COLUMNS = schema.entries.c


def purge(
    connection: Connection, at: datetime, request: str, by: str, year: int | None, keep: Collection[int]
) -> Entry | None:
    """Blank what the journal says of a request. Safe to repeat; `Store.scrub` rids the files of it.

    What outlives a request's record stays, and so do the entries whose numbers are in `keep`. Returns the
    entry that says so, None if nothing was left to blank. `year` of receipt: what figures of that year
    will lack. The connection must have its turn (`Store.write`).
    """
    if not request:
        raise UnknownError("a record belongs to a request: give its id")
    mine = select(_COLUMNS.seq, _COLUMNS.kind, _COLUMNS.key).where(_COLUMNS.request == request)
    rows = [
        row
        for row in connection.execute(mine.order_by(_COLUMNS.seq)).all()
        if row.seq not in keep and row.kind not in OUTLIVE
    ]
    if not rows:
        return None
    owe(connection, entries=True)
    for row in rows:
        connection.execute(update(schema.entries).where(_COLUMNS.seq == row.seq).values(chain.BLANK))
    told = {
        "year": year,
        "entries": _runs([row.seq for row in rows]),
        "receipts": [[row.seq, row.key] for row in rows if row.kind == "receipt"],
    }
    return chain.append(connection, at, request, PURGED, by, told)


def newest_receipt(connection: Connection) -> str:
    """The hash that the next receipt names as the one before, whether or not that one was purged."""
    last = select(_COLUMNS.seq, _COLUMNS.key).where(_COLUMNS.kind == "receipt").order_by(_COLUMNS.seq.desc()).limit(1)
    there = [(row.seq, row.key) for row in connection.execute(last).all()]
    gone = [(seq, key) for entry in chain.of_kind(connection, PURGED) for seq, key in entry.payload["receipts"]]
    return str(max([(0, ""), *there, *gone])[1])


def _runs(numbers: list[int]) -> list[list[int]]:
    """Ascending numbers as [first, last] of each run without a gap."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return runs
