"""The hash-chained record: each entry's hash covers the entry and the hash before it.

Rows can therefore not be changed, removed or put in between without the chain breaking at that
place, and a cut-off tail shows against a head that was remembered elsewhere (in every receipt).
The hash covers a random salt too, so that it commits to the entry and tells nothing of it once entry and
salt are gone: `orchestrator.storage.purge` takes both away and leaves number, hash and the hash before.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from orchestrator import canonical
from orchestrator.errors import IntegrityError, NotAllowedError
from orchestrator.storage import schema
from orchestrator.storage.kinds import KINDS, PROSE, PURGED
from orchestrator.storage.prose import personal
from orchestrator.storage.store import Store

START = "sha256:" + "0" * 64  # what the first entry names as the hash before it
BLANK: Mapping[str, Any] = {
    "at": "",
    "request": "",
    "kind": "",
    "key": None,
    "by": "",
    "payload": "",
    "salt": None,
}  # what stands in an entry whose content was purged
_SALT = 16  # bytes
_PAGE = 500  # entries read at a time: no transaction stays open while a caller thinks
_COLUMNS = schema.entries.c


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of a chain at some moment. Remembered elsewhere, it proves later truncation."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened. `key`, if any, is unique among entries of its kind."""

    seq: int
    at: datetime
    request: str
    kind: str
    key: str | None
    by: str
    payload: Mapping[str, Any]
    hash: str


def append(
    connection: Connection,
    at: datetime,
    request: str,
    kind: str,
    by: str,
    payload: Mapping[str, Any],
    key: str | None = None,
    names: Collection[str] = (),
) -> Entry:
    """Add an entry; the connection must have its turn (`Store.write`).

    With a `key`, the same payload again is a no-op that returns the entry there is; another
    payload is an IntegrityError. NotAllowedError if the payload has fields its kind does not
    list, or a person's words in it name somebody: `names` are the identifiers of whom it is about.
    """
    _admit(kind, payload)
    screen({name: payload[name] for name in PROSE & set(payload)}, names)
    text = canonical.encode(payload).decode()
    if key is not None and (found := find(connection, kind, key)):
        if canonical.encode(found.payload).decode() == text:
            return found
        raise IntegrityError(f"{kind} was recorded before as entry {found.seq}, and differently")
    last = head(connection)
    row = {
        "seq": last.seq + 1,
        "at": canonical.plain(at),
        "request": request,
        "kind": kind,
        "key": key,
        "by": by,
        "payload": text,
        "prev": last.hash,
        "salt": secrets.token_hex(_SALT),
    }
    row["hash"] = hash_of_row(row)
    connection.execute(insert(schema.entries).values(row))
    moved = {"seq": row["seq"], "hash": row["hash"]}
    if last.seq:
        connection.execute(update(schema.head).values(moved))
    else:
        connection.execute(insert(schema.head).values(id=1, **moved))
    return _entry(row)


def head(connection: Connection) -> Head:
    """The last entry's number and hash; 0 and `START` of an empty chain."""
    row = connection.execute(select(schema.head.c.seq, schema.head.c.hash)).one_or_none()
    return Head(row.seq, row.hash) if row else Head(0, START)


def find(connection: Connection, kind: str, key: str) -> Entry | None:
    """The entry of that kind and key."""
    row = connection.execute(select(schema.entries).where(_COLUMNS.kind == kind, _COLUMNS.key == key)).one_or_none()
    return _entry(row._asdict()) if row else None


def request_of(connection: Connection, kind: str, key: str) -> str:
    """Whose entry of that kind and key it is, without reading what it says; empty if there is none."""
    query = select(_COLUMNS.request).where(_COLUMNS.kind == kind, _COLUMNS.key == key)
    return connection.execute(query).scalar() or ""


def of_kind(connection: Connection, kind: str) -> list[Entry]:
    """All entries of a kind, in order, as a transaction sees them."""
    rows = connection.execute(select(schema.entries).where(_COLUMNS.kind == kind).order_by(_COLUMNS.seq)).all()
    return [_entry(row._asdict()) for row in rows]


def read(store: Store, request: str | None = None, kind: str | None = None) -> Iterator[Entry]:
    """Entries in order, but those that were purged; of one request or kind if given."""
    for row in _rows(store, request, kind):
        if row.kind:
            yield _entry(row._asdict())


def verify(store: Store, remembered: Iterable[Head] = ()) -> Head:
    """Walk the whole chain; IntegrityError naming the first entry that is not what was written.

    An entry may lack its content if a later one says that it was purged: its hash is then held by those
    around it.
    `remembered`: heads kept outside the journal, such as those in receipts. Returns the head.
    """
    due = {h.seq: h.hash for h in remembered if h.seq}
    last = Head(0, START)
    blank, purged = set[int](), set[int]()
    for row in _rows(store):
        number = last.seq + 1
        if row.seq != number:
            raise IntegrityError(f"journal entry {number} is missing")
        values = row._asdict()
        stored = values.pop("hash")
        if all(values[name] == nothing for name, nothing in BLANK.items()):
            blank.add(number)
        elif stored != hash_of_row(values):
            raise IntegrityError(f"journal entry {number} was changed after it was written")
        elif row.kind == PURGED:
            purged.update(covered(_entry(row._asdict())))
        if values["prev"] != last.hash:
            raise IntegrityError(f"journal entry {number} was changed after it was written")
        if due.pop(number, stored) != stored:
            raise IntegrityError(
                f"journal entry {number} is not the one that was remembered: the journal was rewritten"
            )
        last = Head(number, stored)
    with store.read() as connection:
        expected = head(connection)
    if due:
        raise IntegrityError(f"journal entry {min(due)} is missing: the journal was cut off after entry {last.seq}")
    if expected.seq > last.seq:
        raise IntegrityError(f"journal entry {last.seq + 1} is missing: the journal was cut off")
    if expected != last:
        raise IntegrityError(f"the journal's head does not name its last entry {last.seq}")
    if blank != purged:
        first = min(blank ^ purged)
        raise IntegrityError(
            f"journal entry {first} was changed after it was written: "
            + ("its content is gone, and no purge says so" if first in blank else "it was purged, and is there again")
        )
    return last


def covered(purge: Entry) -> Iterator[int]:
    """The numbers of the entries whose content a purge took away."""
    for first, last in purge.payload["entries"]:
        yield from range(first, last + 1)


def screen(words: Mapping[str, object], names: Collection[str] = ()) -> None:
    """NotAllowedError, saying which field, if words that are to be kept name somebody. The value is not repeated."""
    for field, said in sorted(words.items()):
        for text in said if isinstance(said, list | tuple) else [said]:
            if what := personal(str(text), names):
                raise NotAllowedError(f"the {field} names {what}, and the journal holds none: leave it out")


def _admit(kind: str, payload: Mapping[str, Any]) -> None:
    allowed = KINDS.get(kind)
    if allowed is None:
        raise NotAllowedError(
            f"the journal knows no entries of kind {kind!r}; they are listed in orchestrator.storage.kinds"
        )
    if unknown := set(payload) - allowed:
        raise NotAllowedError(
            f"a {kind} entry has no field {', '.join(sorted(unknown))}; see orchestrator.storage.kinds"
        )


def _rows(store: Store, request: str | None = None, kind: str | None = None) -> Iterator[Row[Any]]:
    query = select(schema.entries).order_by(_COLUMNS.seq).limit(_PAGE)
    if request is not None:
        query = query.where(_COLUMNS.request == request)
    if kind is not None:
        query = query.where(_COLUMNS.kind == kind)
    last: int | None = None
    while True:
        with store.read() as connection:
            page = connection.execute(query if last is None else query.where(_COLUMNS.seq > last)).all()
        yield from page
        if len(page) < _PAGE:
            return
        last = page[-1].seq


def hash_of_row(row: Mapping[str, Any]) -> str:
    """Over the stored text itself, so that not even its spacing can change unseen.

    Entries made before schema 2 have no salt, and are hashed without one.
    """
    left_out = ("hash",) if row["salt"] is not None else ("hash", "salt")
    try:
        return canonical.digest({name: row[name] for name in row if name not in left_out})
    except (ValueError, TypeError):
        return "sha256:" + hashlib.sha256(b"not what this program writes").hexdigest()


def _entry(row: Mapping[str, Any]) -> Entry:
    try:
        at, payload = datetime.fromisoformat(row["at"]), json.loads(row["payload"])
    except (ValueError, TypeError):
        raise IntegrityError(f"journal entry {row['seq']} was changed after it was written") from None
    return Entry(row["seq"], at, row["request"], row["kind"], row["key"], row["by"], payload, row["hash"])
