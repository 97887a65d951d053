"""A stateful fake of Papertrail's API and of its successor's, with a clock of its own.

`PapertrailSandbox` is a WSGI application: `/api/v1` is Papertrail, `/v1` SolarWinds Observability,
`/storage` the host that archives are downloaded from (served under the name `localhost`, so that it
is another host than 127.0.0.1). What the vendor leaves undocumented is an attribute to switch.
"""

from __future__ import annotations

import gzip
import json
from collections import deque
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import (
    BadRequest,
    Forbidden,
    HTTPException,
    MethodNotAllowed,
    NotFound,
    TooManyRequests,
    Unauthorized,
)
from werkzeug.wrappers import Request, Response

from connectors.sandbox.loglines import Line, as_event, as_json, as_tsv, matches

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

TOKEN = "papertrail-sandbox-token"
_FIRST_ID = 1 << 60  # a float cannot hold the last digits of such a number
_FLOOR = timedelta(days=30)  # before which the successor's database deletes nothing


class PapertrailSandbox:
    """One account. `log`, `search`, `sender` and `member` put something in; `advance` moves time."""

    def __init__(self, search_days: int = 7, archive_days: int = 365) -> None:
        self._plan = search_days, archive_days
        self.clear()

    def clear(self) -> None:
        """Empty the account and set every switch back."""
        self.now = datetime.now(UTC)
        self.search_days, self.archive_days = self._plan
        self.lines: list[Line] = []
        self.searches: list[dict[str, Any]] = []
        self.systems: list[dict[str, Any]] = []
        self.users: list[dict[str, Any]] = []
        self.groups: list[dict[str, Any]] = []
        self.storage_saw_token = False
        self.answers = 0  # searches answered
        # Switches for what the vendor does not document, or does only at times.
        self.ids_as_numbers = False
        self.max_id_inclusive = False
        self.tsv_escapes = False
        self.hourly_archives = False
        self.sender_removal_erases = False
        self.scan_limit: int | None = None  # events examined before the time is up; the page may be empty
        self.stuck = False  # the search never gets anywhere
        self.rate_limit: int | None = None  # calls in 5 seconds
        self.archive_as_array = False
        self.bomb = 0  # bytes of zeros that every archive additionally unpacks to
        self.storage_host = ""  # empty: this server under the name localhost
        self.denied: set[str] = set()  # first parts of paths that the token may not read
        self._calls: deque[datetime] = deque()

    def log(self, message: str, days_ago: float = 0.0, sender: str = "web-1", program: str = "app/web.1") -> int:
        number = _FIRST_ID + 7 * (len(self.lines) + 1)
        self.lines.append(Line(number, self.now - timedelta(days=days_ago), sender, program, message))
        self.lines.sort(key=lambda line: line.id)
        return number

    def search(self, name: str, query: str) -> None:
        self.searches.append({"id": 100 + len(self.searches), "name": name, "query": query})

    def sender(self, name: str) -> None:
        number = 3000 + len(self.systems)
        self.systems.append({"id": number, "name": name, "hostname": None, "ip_address": "192.0.2.1"})

    def group(self, name: str, *senders: str, wildcard: str | None = None) -> None:
        within = [row for row in self.systems if row["name"] in senders]
        number = 40 + len(self.groups)
        self.groups.append({"id": number, "name": name, "system_wildcard": wildcard, "systems": within})

    def member(self, email: str) -> None:
        self.users.append({"id": 500 + len(self.users), "email": email})

    def advance(self, by: timedelta) -> None:
        """Let time pass: lines leave the search and then the archives, and are then forgotten."""
        self.now += by
        kept = timedelta(days=max(self.search_days, self.archive_days))
        self.lines = [line for line in self.lines if line.at > self.now - max(kept, _FLOOR)]

    def purge(self) -> None:
        """What a member permitted to purge logs does in the web console; there is no call for it."""
        self.lines = []

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        try:
            response = self._answer(request)
        except HTTPException as refusal:
            response = _json({"message": refusal.name}, refusal.code or 500)
            if isinstance(refusal, TooManyRequests):
                response.headers.update({"X-Rate-Limit-Limit": str(self.rate_limit), "X-Rate-Limit-Remaining": "0"})
                response.headers["X-Rate-Limit-Reset"] = "5"
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        parts = request.path.strip("/").split("/")
        if parts[0] == "storage":
            return self._storage(request, parts[1])
        self._limit()
        if parts[:2] == ["api", "v1"]:
            if "sandbox" not in request.headers.get("X-Papertrail-Token", ""):
                raise Unauthorized
            return self._papertrail(request, parts[2:])
        if parts[:1] == ["v1"]:
            if "sandbox" not in request.headers.get("Authorization", ""):
                raise Unauthorized
            return self._observability(request, parts[1:])
        raise NotFound

    def _limit(self) -> None:
        now = datetime.now(UTC)
        while self._calls and self._calls[0] < now - timedelta(seconds=5):
            self._calls.popleft()
        if self.rate_limit is not None and len(self._calls) >= self.rate_limit:
            raise TooManyRequests
        self._calls.append(now)

    def _papertrail(self, request: Request, parts: list[str]) -> Response:
        lie = bool(request.environ.get("sandbox.lie"))
        lists = {"searches": self.searches, "systems": self.systems, "users": self.users, "groups": self.groups}
        name = parts[0].removesuffix(".json")
        if name in self.denied:
            raise Forbidden
        if parts == ["events", "search.json"]:
            _only(request, "GET")
            return _json(self._page(request))
        if parts == ["accounts.json"]:
            return _json({"log_data_transfer_used": 1, "log_data_plan_limit": 2})
        if name == "archives":
            _only(request, "GET")
            if len(parts) == 3:
                self._archive(parts[1])
                return Response(status=302, headers={"Location": self._storage_url(request, parts[1])})
            return _json([self._archive_entry(request, key) for key in self._archive_keys()])
        if name in lists and len(parts) == 1:
            return _json(lists[name])
        if name in lists:
            number = parts[1].removesuffix(".json")
            found = next((row for row in lists[name] if str(row["id"]) == number), None)
            if found is None:
                raise NotFound
            if request.method == "GET":
                return _json(found)
            _only(request, "DELETE")
            if not lie:
                self._remove(name, lists[name], found)
            return _json({"message": "deleted"})
        raise NotFound

    def _remove(self, kind: str, rows: list[dict[str, Any]], row: dict[str, Any]) -> None:
        rows.remove(row)
        if kind == "systems" and self.sender_removal_erases:
            self.lines = [line for line in self.lines if line.sender != row["name"]]

    def _searchable(self) -> list[Line]:
        return [line for line in self.lines if line.at > self.now - timedelta(days=self.search_days)]

    def _page(self, request: Request) -> dict[str, Any]:
        """Backward from `max_id`: the newest events before it, oldest first on the page."""
        self.answers += 1
        asked = request.args
        limit = min(int(asked.get("limit", 1000)), 10_000)
        top = int(asked["max_id"]) if "max_id" in asked else None
        tail = asked.get("tail", "true" if "min_id" in asked and top is None else "false") == "true"
        pool = [
            line
            for line in self._searchable()
            if (top is None or line.id < top or (self.max_id_inclusive and line.id == top))
            and ("min_id" not in asked or line.id > int(asked["min_id"]))
        ]
        if self.stuck:
            return {"events": [], "min_id": str(top or _FIRST_ID), "max_id": None, "reached_time_limit": True}
        examined = pool[-self.scan_limit :] if self.scan_limit else pool
        hits = [line for line in examined if matches(asked.get("q", ""), line)]
        lowest: int | None
        page: dict[str, Any] = {"events": [as_event(line, self._id(line.id)) for line in hits[-limit:]]}
        if len(hits) > limit and not tail:
            flag, lowest = "reached_record_limit", hits[-limit].id
        elif len(examined) < len(pool):
            lowest, flag = examined[0].id, "reached_time_limit"
        else:
            lowest, flag = (hits[0].id if hits else None), "reached_beginning"
        page |= {flag: True, "min_id": self._id(lowest), "max_id": self._id(hits[-1].id if hits else None)}
        return page

    def _id(self, number: int | None) -> int | str | None:
        return number if number is None or self.ids_as_numbers else str(number)

    def _archived(self) -> dict[str, list[Line]]:
        """By day or hour: what the nightly run has stored and the retention has not removed."""
        today = self.now.replace(hour=0, minute=0, second=0, microsecond=0)
        stored: dict[str, list[Line]] = {}
        for line in self.lines:
            if self.now - timedelta(days=self.archive_days) < line.at < today:
                stored.setdefault(line.at.strftime("%Y-%m-%d-%H" if self.hourly_archives else "%Y-%m-%d"), []).append(
                    line
                )
        return stored

    def _archive_keys(self) -> list[str]:
        return sorted(self._archived())

    def _archive(self, key: str) -> list[Line]:
        try:
            return self._archived()[key]
        except KeyError:
            raise NotFound from None

    def _storage_url(self, request: Request, key: str, suffix: str = ".tsv.gz") -> str:
        host = self.storage_host or f"localhost:{request.environ['SERVER_PORT']}"
        return f"http://{host}/storage/{key}{suffix}?X-Amz-Signature=0123"

    def _archive_entry(self, request: Request, key: str) -> dict[str, Any]:
        href = f"{request.host_url}api/v1/archives/{key}/download"
        return {
            "start": f"{key[:10]}T00:00:00Z",
            "filename": f"{key}.tsv.gz",
            "filesize": "11502",
            "_links": {"download": {"href": href}},
        }

    def _storage(self, request: Request, name: str) -> Response:
        """The storage host: it refuses a request that is signed and bears a token besides."""
        if {"X-Papertrail-Token", "Authorization"} & set(request.headers.keys()):
            self.storage_saw_token = True
            raise BadRequest
        key = name.partition(".")[0]
        stored = self._archive(key)
        if name.endswith(".json.gz"):
            entries = [as_json(line) for line in stored]
            text = json.dumps(entries) if self.archive_as_array else "\n".join(map(json.dumps, entries))
        else:
            text = "".join(as_tsv(line, self.tsv_escapes) for line in stored)
        packed = gzip.compress(text.encode())
        if self.bomb:  # a second member of the file
            packed += gzip.compress(b"\n" + bytes(self.bomb))
        return Response(packed, mimetype="application/gzip")

    def _observability(self, request: Request, parts: list[str]) -> Response:
        _only(request, "GET")
        if parts[-1] in self.denied:
            raise Forbidden
        start, end = (_instant(request.args[name]) for name in ("startTime", "endTime"))
        size = int(request.args.get("pageSize", 100))
        skip = int(request.args.get("skipToken", "0"))
        if parts == ["logs"]:
            query = request.args.get("filter", "")
            hits = [line for line in reversed(self._searchable()) if start <= line.at <= end]
            hits = [line for line in hits if matches(query, line)]
            return _paged(request, "logs", [as_json(line) for line in hits], size, skip)
        if parts == ["logs", "archives"]:
            keys = [k for k in self._archive_keys() if self._archive(k)[-1].at >= start]
            found = [{"id": k, "name": k, "downloadUrl": self._storage_url(request, k, ".json.gz")} for k in keys]
            return _paged(request, "logArchives", found, size, skip)
        raise NotFound

    def stored(self, text: str) -> int:
        """How many lines the vendor's disks hold that contain a text, shown or not."""
        return sum(text in line.message for line in self.lines)


def _paged(request: Request, key: str, entries: list[dict[str, Any]], size: int, skip: int) -> Response:
    more = f"/v1/{key}?skipToken={skip + size}" if skip + size < len(entries) else ""
    return _json({key: entries[skip : skip + size], "pageInfo": {"prevPage": "", "nextPage": more}})


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _json(value: object, status: int = 200) -> Response:
    headers = {"X-Rate-Limit-Limit": "25", "X-Rate-Limit-Remaining": "24", "X-Rate-Limit-Reset": "5"}
    return Response(json.dumps(value), status, headers, mimetype="application/json")


def _only(request: Request, method: str) -> None:
    if request.method != method:
        raise MethodNotAllowed
