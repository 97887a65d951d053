"""A stateful fake of Heroku's Platform API and of the API of its databases, in one application.

What the vendor leaves unsaid is a switch: `purging` ("at once", "later" or "never": what a deletion of a
backup does to its file), `expiring` (whether scheduled backups expire), `other_drains` (the status with
which an app answers for the kind of drains that its generation does not have), `looping` (whether a page
leads back to itself); and those of `heroku_databases`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException, default_exceptions
from werkzeug.wrappers import Request, Response

from connectors.sandbox.heroku_databases import Databases

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

TOKEN = "HRKU-sandbox-token"
TOKENS = 4500  # calls an hour; 75 come back each minute
Row = dict[str, Any]


class HerokuSandbox:
    """A WSGI application. `writes` are the calls that were to change something, `dump` makes a backup's file."""

    def __init__(self, dump: Callable[[], bytes] | None = None) -> None:
        self.dump = dump
        self.clear()

    def clear(self) -> None:
        self.now = datetime.now(UTC).replace(microsecond=0)
        self.remaining = TOKENS
        self.writes: list[tuple[str, str]] = []
        self.apps: dict[str, Row] = {}
        self.addons: list[Row] = []
        self.attachments: list[Row] = []
        self.drains: dict[str, list[Row]] = {}
        self.releases: dict[str, list[Row]] = {}
        self.collaborators: dict[str, list[Row]] = {}
        self.teams: dict[str, list[Row]] = {}
        self.pipelines: dict[str, list[str]] = {}
        self.other_drains = 404
        self.looping = False
        self.data = Databases(self, self.dump)

    # Planting

    def app(self, name: str, generation: str = "cedar", pipeline: str = "") -> str:
        self.apps[name] = {"id": f"app-{len(self.apps):04d}", "name": name, "generation": {"name": generation}}
        if pipeline:
            self.pipelines.setdefault(pipeline, []).append(name)
        return name

    def addon(self, app: str, name: str, plan: str, days: float = 400, **facts: Any) -> str:
        """An add-on, attached to its app under a name of its own; of Postgres, a database with facts."""
        number = len(self.addons)
        service = plan.partition(":")[0]
        row = {
            "id": f"addon-{number:04d}", "name": name, "addon_service": {"name": service}, "plan": {"name": plan},
            "app": {k: self.apps[app][k] for k in ("id", "name")}, "created_at": self.ago(days),
        }  # fmt: skip
        self.addons.append(row)
        self.attach(name, app, facts.pop("as_", f"{service.upper().replace('-', '_')}_{number}"))
        if service == "heroku-postgresql":
            self.data.make(row, **facts)
        return name

    def attach(self, addon: str, app: str, name: str) -> None:
        row = self.named(addon)
        self.attachments.append(
            {"id": f"att-{len(self.attachments):04d}", "name": name, "addon": {"id": row["id"], "name": addon},
             "app": {"name": app}}
        )  # fmt: skip

    def named(self, addon: str) -> Row:
        return next(row for row in self.addons if addon in (row["name"], row["id"]))

    def drain(self, app: str, url: str, addon: str = "") -> None:
        drains = self.drains.setdefault(app, [])
        drains.append(
            {"id": f"drain-{app}-{len(drains):04d}", "url": url, "addon": {"name": addon} if addon else None,
             "exporter": {"endpoint": url}}
        )  # fmt: skip

    def release(self, app: str, days: float, config: Mapping[str, str]) -> None:
        releases = self.releases.setdefault(app, [])
        version = len(releases) + 1
        releases.append(
            {"id": f"rel-{version:04d}", "version": version, "created_at": self.ago(days), "config": config}
        )

    def collaborator(self, app: str, email: str) -> None:
        people = self.collaborators.setdefault(app, [])
        person = {"id": f"col-{len(people):04d}", "user": {"email": email}, "role": "deploy"}
        people.append({**person, "created_at": self.ago(100)})

    def member(self, team: str, email: str) -> None:
        people = self.teams.setdefault(team, [])
        people.append({"id": f"mem-{len(people):04d}", "email": email, "role": "member", "created_at": self.ago(100)})

    def ago(self, days: float) -> str:
        return (self.now - timedelta(days=days)).isoformat().replace("+00:00", "Z")

    def advance(self, time: timedelta) -> None:
        self.now += time
        self.remaining = min(TOKENS, self.remaining + int(time.total_seconds() / 60 * 75))
        self.data.age()

    # Serving

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        request.get_data()
        return self._answered(request)(environ, start_response)

    def _answered(self, request: Request) -> WSGIApplication:
        parts = request.path.strip("/").split("/")
        if parts[0] == "files":
            return self.data.file(request, parts[1])
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return _problem(401, "unauthorized")
        if "version=3" not in request.headers.get("Accept", ""):
            return _problem(404, "not_found")
        if parts == ["account", "rate-limits"]:
            return _json({"remaining": self.remaining})
        if self.remaining <= 0:
            return _problem(429, "rate_limit")
        self.remaining -= 1
        if request.method not in ("GET", "HEAD"):
            self.writes.append((request.method, request.path))
        try:
            if parts[:1] in (["client"], ["data"]):
                said = self.data.call(request, parts)
                return said if isinstance(said, Response) else _json(said)
            found = self._platform(request, parts)
            answer = self._paged(request, found) if isinstance(found, list) else _json(found)
        except (HTTPException, LookupError, StopIteration) as missing:
            return _problem((missing.code or 500) if isinstance(missing, HTTPException) else 404, "not_found")
        answer.headers["RateLimit-Remaining"] = str(self.remaining)
        return answer

    def _platform(self, request: Request, parts: list[str]) -> Any:
        match parts:
            case ["teams", team, "members"]:
                return self.teams[team]
            case ["pipelines", pipeline, "pipeline-couplings"]:
                apps = [self.apps[name] for name in self.pipelines[pipeline]]
                return [{"id": f"cpl-{a['id']}", "app": {"id": a["id"]}, "stage": "review"} for a in apps]
            case ["addons", addon, "addon-attachments"]:
                return [a for a in self.attachments if addon in a["addon"].values()]
        if parts[0] != "apps":
            raise LookupError
        app = next(a for a in self.apps.values() if parts[1] in (a["id"], a["name"]))
        return self._of(request, app, parts[2:])

    def _of(self, request: Request, app: Row, parts: list[str]) -> Any:
        name = app["name"]
        match parts:
            case []:
                return app if "3.sdk" in request.headers["Accept"] else {k: app[k] for k in ("id", "name")}
            case ["addons"]:
                attached = {a["addon"]["id"] for a in self.attachments if a["app"]["name"] == name}
                return [row for row in self.addons if row["id"] in attached]
            case ["addons", addon] if request.method == "DELETE":
                return self._destroy(request, self.named(addon))
            case ["addon-attachments"]:
                return [a for a in self.attachments if a["app"]["name"] == name]
            case ["log-drains" | "telemetry-drains"]:
                return self._drains(app, parts[0])
            case ["collaborators"]:
                return self.collaborators.get(name, [])
            case ["releases"]:
                return [{k: v for k, v in r.items() if k != "config"} for r in self.releases.get(name, [])]
            case ["releases", version, "config-vars"]:
                return self.releases[name][int(version) - 1]["config"]
            case ["config-vars"]:
                return self.releases[name][-1]["config"] if self.releases.get(name) else {}
        raise LookupError

    def _drains(self, app: Row, kind: str) -> list[Row]:
        if (kind == "telemetry-drains") == (app["generation"]["name"] == "fir"):
            return self.drains.get(app["name"], [])
        if self.other_drains != 200:
            raise default_exceptions[self.other_drains]
        return []

    def _destroy(self, request: Request, addon: Row) -> Row:
        if not request.environ.get("sandbox.lie"):
            self.addons.remove(addon)
            self.attachments = [a for a in self.attachments if a["addon"]["id"] != addon["id"]]
            self.data.facts.pop(addon["id"], None)
        return addon

    def _paged(self, request: Request, rows: list[Row]) -> Response:
        """By `Range: id ]after..; max=n;`, or by version, latest first."""
        wanted = request.headers.get("Range", "id ..")
        order, _, rest = wanted.partition(" ")
        settings = dict(p.strip().split("=") for p in rest.replace(";", ",").split(",") if "=" in p)
        rows = sorted(rows, key=lambda row: row[order], reverse=settings.get("order") == "desc")
        after = rest.partition("]")[2].partition("..")[0]
        rows = [row for row in rows if not after or row[order] > after]
        size = int(settings.get("max", 200))
        answer = _json(rows[:size], 206 if len(rows) > size else 200)
        if len(rows) > size:
            following = f"{order} ]{rows[size - 1][order]}..; max={size};"
            answer.headers["Next-Range"] = wanted if self.looping else following
        return answer


def _json(value: object, status: int = 200) -> Response:
    return Response(json.dumps(value), status, mimetype="application/json")


def _problem(status: int, code: str) -> Response:
    return _json({"id": code, "message": "refused"}, status)
