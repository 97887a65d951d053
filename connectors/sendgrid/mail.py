"""Messages of one person: Email Activity and e-mail logs, neither of which has pages.

Where an answer is full, time is split until none is; what the first answer had must be among it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from connectors.errors import RefusedError, TransientError
from connectors.sendgrid.api import Account, Api, Row
from connectors.sendgrid.settings import LOGS, MESSAGES

TIMES = {MESSAGES: "last_event_time", LOGS: "sg_message_id_created_at"}
IDS = {MESSAGES: "msg_id", LOGS: "sg_message_id"}
_UNQUOTABLE = {MESSAGES: '"\\', LOGS: "'\"\\"}  # no escape is documented for either query language
_SINCE = datetime(2009, 1, 1, tzinfo=UTC)  # before the vendor kept anything
_SECOND = timedelta(seconds=1)

Span = tuple[datetime, datetime]
Ask = Callable[[Span | None], list[Row]]


def askable(store: str, email: str) -> bool:
    """Whether a query can name the address at all, and can name nobody else with it."""
    return not any(c in email for c in _UNQUOTABLE[store]) and email.isprintable() and " " not in email


def spellings(email: str) -> tuple[str, ...]:
    """As given and in lower case: whether the queries tell the cases apart is not documented."""
    return tuple(sorted({email, email.lower()}))


class Mail:
    """One of the two stores, asked for all messages to one address."""

    def __init__(self, system: str, api: Api, size: int, store: str) -> None:
        self._system = system
        self._api = api
        self._size = size
        self._store = store
        self._doing = "searching messages" if store == MESSAGES else "searching e-mail logs"

    def to(self, email: str, account: Account, parent: Account) -> Iterator[Row]:
        """Messages to exactly this address, whatever else the query brings."""
        for spelling in spellings(email):
            for row in self._all(lambda span, s=spelling: self._ask(s, span, account, parent)):  # type: ignore[misc]
                if str(row.get("to_email", "")).strip().casefold() == email.casefold():
                    yield row

    def detail(self, row: Row, account: Account, parent: Account) -> Row:
        """One message with its events; empty if it has gone meanwhile."""
        number = str(row[IDS[self._store]])
        if self._store == MESSAGES:
            _, answer = self._api.get("messages", number, doing="reading a message", account=account, accept=(200, 404))
        else:
            query = {"subuser": account.id} if account.id else None
            _, answer = self._api.get(
                "logs", number, doing="reading a log entry", account=parent, query=query, accept=(200, 404)
            )
        return answer if isinstance(answer, dict) and "errors" not in answer else {}

    def _ask(self, email: str, span: Span | None, account: Account, parent: Account) -> list[Row]:
        if self._store == MESSAGES:
            query = f'to_email="{email}"'
            if span:
                query += f' AND last_event_time BETWEEN TIMESTAMP "{_at(span[0])}" AND TIMESTAMP "{_at(span[1])}"'
            asked = {"query": query, "limit": self._size}
            _, answer = self._api.get("messages", doing=self._doing, account=account, query=asked)
        else:
            query, name = f"to_email = '{email}'", TIMES[LOGS]
            if span:
                query += f' AND {name} >= TIMESTAMP "{_at(span[0])}" AND {name} <= TIMESTAMP "{_at(span[1])}"'
            # A subuser's logs are asked for by its number, not on its behalf.
            body = {"query": query, "limit": self._size, **({"subusers": [account.id]} if account.id else {})}
            _, answer = self._api.post("logs", doing=self._doing, account=parent, body=body, accept=(200,))
        rows = answer.get("messages") if isinstance(answer, dict) else None
        if not isinstance(rows, list) or not all(isinstance(r, dict) and r.get(IDS[self._store]) for r in rows):
            raise TransientError(self._system, f"{self._doing}: the answer is not a list of messages")
        return rows

    def _all(self, ask: Ask) -> Sequence[Row]:
        first = ask(None)
        if len(first) < self._size:
            return first
        found: dict[str, Row] = {}
        now = datetime.now(UTC).replace(microsecond=0)
        for row in self._within((_SINCE, now + timedelta(days=1)), ask):
            found[str(row[IDS[self._store]])] = row
        if any(str(row[IDS[self._store]]) not in found for row in first):
            raise TransientError(self._system, f"{self._doing}: the answers do not fit together")
        return list(found.values())

    def _within(self, span: Span, ask: Ask) -> Iterator[Row]:
        rows = ask(span)
        times = sorted(self._time(row) for row in rows)
        if any(not span[0] - _SECOND <= time <= span[1] + _SECOND for time in times):
            raise TransientError(self._system, f"{self._doing}: an answer belongs to another time")
        if len(rows) < self._size:
            yield from rows
            return
        start, end = span
        if end - start <= _SECOND:
            raise RefusedError(self._system, f"{self._doing}: {self._size} or more in one second cannot be told apart")
        # Split where the messages are. The halves overlap at their border, so that nothing falls
        # between two seconds.
        middle = times[len(times) // 2].replace(microsecond=0)
        if not start < middle < end:
            middle = start + timedelta(seconds=(end - start) // timedelta(seconds=2))
        yield from self._within((start, middle), ask)
        yield from self._within((middle, end), ask)

    def _time(self, row: Row) -> datetime:
        if (found := instant(row.get(TIMES[self._store]))) is None:
            raise TransientError(self._system, f"{self._doing}: a message has no time")
        return found


def instant(value: object) -> datetime | None:
    """An ISO 8601 string or a unix time as an instant; None for neither."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        at = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _at(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
