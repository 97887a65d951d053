"""Which requests are to be driven on, and when: one row each, in the journal's database.

The agenda is the truth of what is due; whatever wakes a worker is a hint only and may come twice or be lost.
It is no evidence and holds nothing personal.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import delete, select, text, update

from orchestrator.storage import schema
from orchestrator.storage.store import Store

_ROWS = schema.agenda.c
_PUT = text("""
    INSERT INTO dsr_agenda (request, at, attempts, stuck) VALUES (:request, :at, 0, '')
    ON CONFLICT (request) DO UPDATE SET at = :at, attempts = 0, stuck = ''""")


@dataclass(frozen=True, slots=True)
class Row:
    """One request on the agenda. `stuck`: why nobody goes on with it by himself."""

    request: str
    at: datetime
    attempts: int
    stuck: str


class Agenda:
    """The agenda of one installation."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(self, request: str, at: datetime) -> None:
        """Enter a request, or move it; it counts as never tried."""
        with self._store.write() as connection:
            connection.execute(_PUT, {"request": request, "at": at.timestamp()})

    def hurry(self, request: str, at: datetime) -> None:
        """Move a request that is there."""
        self._set(request, at=at.timestamp())

    def take(self, request: str, now: datetime) -> int | None:
        """Count an attempt before it is made, so that one which ends the process counts too; its number.

        None if the request is not due, or stuck, or not there.
        """
        due = (_ROWS.request == request, _ROWS.at <= now.timestamp(), _ROWS.stuck == "")
        query = update(schema.agenda).where(*due).values(attempts=_ROWS.attempts + 1).returning(_ROWS.attempts)
        with self._store.write() as connection:
            found: int | None = connection.execute(query).scalar()
            return found

    def settle(self, request: str, attempt: int, at: datetime | None, *, again: bool = False) -> None:
        """After an attempt: when the next one is, or None for never. `again`: the last one counts.

        Nothing if the request was entered anew meanwhile.
        """
        mine = (_ROWS.request == request, _ROWS.attempts == attempt)
        with self._store.write() as connection:
            if at is None:
                connection.execute(delete(schema.agenda).where(*mine))
            else:
                values = {"at": at.timestamp(), "attempts": attempt if again else 0}
                connection.execute(update(schema.agenda).where(*mine).values(values))

    def stop(self, request: str, why: str) -> None:
        """Leave a request until a person has looked."""
        self._set(request, stuck=why)

    def drop(self, request: str) -> None:
        with self._store.write() as connection:
            connection.execute(delete(schema.agenda).where(_ROWS.request == request))

    def ripe(self, now: datetime, but: Collection[str] = ()) -> list[str]:
        """The requests that are due, the longest first."""
        query = select(_ROWS.request).where(_ROWS.at <= now.timestamp(), _ROWS.stuck == "").order_by(_ROWS.at)
        with self._store.read() as connection:
            return [r for r in connection.execute(query).scalars() if r not in but]

    def next(self) -> datetime | None:
        """When the next request falls due."""
        query = select(_ROWS.at).where(_ROWS.stuck == "").order_by(_ROWS.at).limit(1)
        with self._store.read() as connection:
            at = connection.execute(query).scalar()
            return None if at is None else _instant(at)

    def rows(self) -> dict[str, Row]:
        """Everything on the agenda, by request."""
        with self._store.read() as connection:
            found = connection.execute(select(schema.agenda).order_by(_ROWS.at)).all()
        return {r.request: Row(r.request, _instant(r.at), r.attempts, r.stuck) for r in found}

    def _set(self, request: str, **values: object) -> None:
        with self._store.write() as connection:
            connection.execute(update(schema.agenda).where(_ROWS.request == request).values(values))


def _instant(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
