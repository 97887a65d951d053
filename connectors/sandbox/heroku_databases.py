"""The part of the fake that answers for databases: facts, backups, schedules.

Shapes are those of the command line's tests
(https://github.com/heroku/cli/tree/main/packages/cli/test/unit/commands/pg). What they leave unsaid is a switch, too:
`deleted_shown` ("listed", "alone": only when asked for by itself, "nowhere"), `deleted_again` (the status of a second
deletion; 500 has been seen), `url_status`. A backup's file is a real dump of the sandbox's database, made when it is
first asked for, or by `keep`.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import abort
from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from connectors.sandbox.heroku import HerokuSandbox

Row = dict[str, Any]
WINDOWS = {"standard": 4, "premium": 7, "private": 7, "shield": 7}  # days
PURGED_AFTER = timedelta(hours=6)
VANISHES_AFTER = timedelta(days=1)
LINK_LASTS = timedelta(hours=1)
KEPT = timedelta(days=7)  # how long the fake keeps scheduled backups


class Databases:
    """Databases by add-on id, backups by app."""

    def __init__(self, heroku: HerokuSandbox, dump: Callable[[], bytes] | None = None) -> None:
        self._heroku, self._dump = heroku, dump
        self.facts: dict[str, Row] = {}
        self.transfers: dict[str, list[Row]] = {}
        self.schedules: dict[str, list[Row]] = {}
        self.purging = "later"
        self.expiring = True
        self.deleted_shown = "listed"
        self.deleted_again = 500
        self.url_status = 200
        self.storage = ""  # where files are; "": here
        self.files: dict[str, bytes] = {}  # by a transfer's uuid
        self._signed: dict[str, tuple[str, datetime]] = {}  # what an address ends in -> whose file, until when

    def make(
        self, addon: Row, follows: str = "", forked_from: str = "", followers: tuple[str, ...] = (),
        forks: tuple[str, ...] = (), window: float | None = None, protection: bool = True, behind: int = 0,
    ) -> None:  # fmt: skip
        """A database; others are named by add-on, or by an address that nothing here has."""
        plan = addon["plan"]["name"].partition(":")[2]
        usual = WINDOWS.get(plan.partition("-")[0])
        self.facts[addon["id"]] = {
            "plan": plan, "window": usual if window is None else window, "protection": protection,
            "following": follows, "forked_from": forked_from, "followers": followers, "forks": forks,
            "behind": behind,
        }  # fmt: skip

    def address(self, addon: str) -> str:
        """With credentials, as the vendor gives it. A text that names no add-on is an address already."""
        return addon if "://" in addon else f"postgres://u5andbox:p5andbox@{addon}.db.example.com:5432/d1"

    def take(self, app: str, days: float, *, scheduled: bool = False, to: str = "", **more: Any) -> Row:
        """A transfer that began so many days ago; `to` a database it is a copy, otherwise a backup."""
        transfers = self.transfers.setdefault(app, [])
        made = self.stamp(self._heroku.now - timedelta(days=days))
        number = max((t["num"] for t in transfers), default=0) + 1
        row = {
            "uuid": f"transfer-{app}-{number}", "num": number, "from_name": "DATABASE", "from_type": "pg_dump",
            "to_name": to or "BACKUP", "to_type": "pg_restore" if to else "gof3r", "created_at": made,
            "started_at": made, "finished_at": made, "succeeded": True, "warnings": 0, "deleted_at": None,
            "purged_at": None, "from_url": self.address(self._attached(app)), "to_url": self.address("target"),
            "schedule": {"uuid": "schedule-1"} if scheduled else None, "options": {}, "processed_bytes": 1437,
        }  # fmt: skip
        transfers.append(row | more)
        return transfers[-1]

    def _attached(self, app: str) -> str:
        """The add-on that the app knows as DATABASE."""
        rows = (a for a in self._heroku.attachments if (a["app"]["name"], a["name"]) == (app, "DATABASE"))
        return next((str(a["addon"]["name"]) for a in rows), "source")

    def schedule(self, addon: str, hour: int = 2) -> None:
        row = self._heroku.named(addon)
        rows = self.schedules.setdefault(row["id"], [])
        rows.append({"uuid": f"schedule-{len(rows) + 1}", "hour": hour, "timezone": "UTC", "name": "DATABASE_URL"})

    def age(self) -> None:
        """What passing time does: scheduled backups expire, files of deleted ones are purged, entries vanish."""
        now = self._heroku.now
        for app, transfers in self.transfers.items():
            for row in transfers:
                if self.expiring and row["schedule"] and now - _read(row["created_at"]) > KEPT:
                    row["deleted_at"] = row["deleted_at"] or self.stamp(now)
                due = row["deleted_at"] and now - _read(row["deleted_at"]) > PURGED_AFTER
                if self.purging != "never" and due:
                    row["purged_at"] = row["purged_at"] or self.stamp(now)
            gone = [r for r in transfers if r["purged_at"] and now - _read(r["purged_at"]) > VANISHES_AFTER]
            self.transfers[app] = [r for r in transfers if r not in gone]

    def call(self, request: Request, parts: list[str]) -> Any:
        match request.method, parts[2:]:
            case "GET", ["databases", addon]:
                return self._info(addon)
            case "GET", ["databases", addon, "transfer-schedules"]:
                return self.schedules.get(self._known(addon), [])
            case "DELETE", ["databases", addon, "transfer-schedules", uuid]:
                self.schedules[addon] = [s for s in self.schedules[addon] if s["uuid"] != uuid]
                return {}
            case "POST", ["databases", addon, "backups"]:
                app = self._heroku.named(self._known(addon))["app"]["name"]
                return self.take(app, 0, finished_at=None, succeeded=False)
            case "POST", ["apps", app, "transfers", number, "actions", "public-url"]:
                return self._signed_url(request, self._transfer(app, number))
            case "GET", ["apps", app, "transfers"]:
                rows = [r for r in self.transfers.get(self._app(app), []) if self._shown(r, "listed")]
                return [{k: v for k, v in r.items() if k != "logs"} for r in rows]
            case "GET", ["apps", app, "transfers", number]:
                row = self._transfer(app, number)
                return row if self._shown(row, "listed", "alone") else abort(404)
            case "DELETE", ["apps", app, "transfers", number]:
                return self._deleted(request, self._transfer(app, number))
        raise LookupError

    def _shown(self, row: Row, *where: str) -> bool:
        return not row["deleted_at"] or self.deleted_shown in where

    def _deleted(self, request: Request, row: Row) -> Row:
        """200 is an acceptance: the file may go at once, later, or never."""
        if row["deleted_at"] and self.deleted_again != 200:
            abort(self.deleted_again)
        if not request.environ.get("sandbox.lie"):
            row["deleted_at"] = self.stamp(self._heroku.now)
            row["purged_at"] = row["deleted_at"] if self.purging == "at once" else None
            self.files.pop(row["uuid"], None)
        return {}

    def _signed_url(self, request: Request, row: Row) -> Response:
        """An address for whoever knows it, for an hour."""
        if row["deleted_at"] or not row["succeeded"]:
            abort(404)
        sign, until = secrets.token_urlsafe(24), self._heroku.now + LINK_LASTS
        self._signed[sign] = (row["uuid"], until)
        url = f"{self.storage or request.host_url}files/{row['uuid']}?X-Amz-Signature={sign}"
        return Response(json.dumps({"url": url, "expires_at": self.stamp(until)}), self.url_status)

    def file(self, request: Request, uuid: str) -> Response:
        """What the storage serves: to the bearer of the address alone, and to nobody with other credentials besides."""
        whose, until = self._signed.get(request.args.get("X-Amz-Signature", ""), ("", self._heroku.now))
        if "Authorization" in request.headers:
            return Response("<Error><Code>InvalidArgument</Code></Error>", 400)
        if whose != uuid or until <= self._heroku.now:
            return Response("<Error><Code>AccessDenied</Code></Error>", 403)
        return Response(self.keep(uuid), 200, mimetype="binary/octet-stream")

    def keep(self, uuid: str) -> bytes:
        """A backup's file; the database is dumped as it is now, unless it was before."""
        if uuid not in self.files:
            assert self._dump is not None, "this account has no database to dump"
            self.files[uuid] = self._dump()
        return self.files[uuid]

    def _transfer(self, app: str, number: str) -> Row:
        return next(r for r in self.transfers[self._app(app)] if number in (str(r["num"]), r["uuid"]))

    def _app(self, app: str) -> str:
        name: str = self._heroku.apps[app]["name"]
        return name

    def _known(self, addon: str) -> str:
        """An advanced database is not known to these calls."""
        if self.facts[addon]["plan"].startswith(("advanced", "performance")):
            raise LookupError
        return addon

    def _info(self, addon: str) -> Row:
        facts, row = self.facts[self._known(addon)], self._heroku.named(addon)
        info = [{"name": n, "values": v, "resolve_db_name": n in _NAMES} for n, v in self._lines(facts, row)]
        following = self.address(facts["following"]) if facts["following"] else None
        return {"info": info, "resource_url": self.address(row["name"]), "following": following}

    def _lines(self, facts: Row, row: Row) -> Iterator[tuple[str, list[str]]]:
        yield "Plan", [facts["plan"].replace("-", " ").title()]
        yield "Status", ["Available"]
        yield "Empty", []
        yield "Rollback", ["Unsupported" if facts["window"] is None else self._earliest(facts["window"], row)]
        yield "Continuous Protection", ["On" if facts["protection"] else "Off"]
        if facts["following"]:
            yield "Behind By", [f"{facts['behind']} commits"]
        for name, key in _NAMES.items():
            others = [facts[key]] if isinstance(facts[key], str) else list(facts[key])
            if values := [self.address(other) for other in others if other]:
                yield name, values

    def _earliest(self, days: float, row: Row) -> str:
        reach = max(self._heroku.now - timedelta(days=days), _read(row["created_at"]))
        return f"earliest from {reach:%Y-%m-%d %H:%M} UTC"

    def stamp(self, at: datetime) -> str:
        return at.strftime("%Y-%m-%d %H:%M:%S +0000")


_NAMES = {
    "Following": "following", "Followers": "followers", "Forks": "forks", "Forked From": "forked_from",
}  # fmt: skip


def _read(text: str) -> datetime:
    return datetime.fromisoformat(text.replace(" +0000", "+00:00"))
