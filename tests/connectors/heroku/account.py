"""A Heroku account with copies of a database in every place there is, and an entry that looks for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors import copies
from connectors.heroku import HerokuConnector, connect
from connectors.model import (
    CollectionSpec,
    Disclosure,
    FieldSpec,
    Identifier,
    IdentitySpec,
    Record,
    Secret,
    Subject,
    SystemSpec,
    Trust,
)
from connectors.sandbox.heroku import TOKEN, HerokuSandbox
from connectors.sandbox.serve import Server

ANN, JO = "ann.lee@example.com", "joann.lee@example.com"
SOURCE, SHOP, STAGING = "postgresql-round-1001", "shop", "shop-staging"
REVIEW, REPORTS = "shop-pr-7", "reports"
LASTING = timedelta(days=4)
SETTINGS = {
    "apps": [SHOP, STAGING],
    "pipelines": ["pipe-1"],
    "teams": ["makers"],
    "copies_of": ["app_db"],
    "databases": [SOURCE],
    "covered_drains": ["logs.example.com"],
    "page_size": 2,
}
_EMAIL = (IdentitySpec("email", "email", Trust.PROVEN),)
_SHOWN = (FieldSpec("email", "A", Disclosure.DISCLOSE), FieldSpec("role", "I", Disclosure.NEVER, "role in the team"))
PEOPLE = tuple(CollectionSpec(name, _EMAIL, (), _SHOWN) for name in ("collaborators", "team_members", "config_vars"))


def person(email: str, until: timedelta | None = LASTING) -> Subject:
    """Somebody with a proven address; `until`: how long from now the source may hold them, if it does."""
    known = [Identifier("email", email, Trust.PROVEN)]
    if until is not None:
        known.append(copies.held("app_db", datetime.now(UTC) + until))
    return Subject.of(*known)


def entry(server: Server, *collections: CollectionSpec, **changed: Any) -> SystemSpec:
    settings = {**SETTINGS, "base_url": server.url, "data_url": server.url, "timeout": server.faults.patience} | changed
    settings = {name: value for name, value in settings.items() if value is not None}
    return SystemSpec("copies", "heroku", settings, {"token": Secret(TOKEN)}, collections, sandbox=True)


def plant(heroku: HerokuSandbox) -> dict[str, int]:
    """Copies of every kind. Returns how many of the subject's are to be found by collection."""
    heroku.clear()
    heroku.app(SHOP)
    heroku.app(STAGING)
    heroku.app(REVIEW, "fir", pipeline="pipe-1")
    heroku.app(REPORTS)
    gone = "postgres://gone.db.example.com:5432/d9"
    relatives: dict[str, Any] = {"followers": ("postgresql-oval-1002",), "forks": ("postgresql-flat-1003", gone)}
    heroku.addon(SHOP, SOURCE, "heroku-postgresql:standard-0", as_="DATABASE", **relatives)
    heroku.addon(SHOP, "postgresql-oval-1002", "heroku-postgresql:standard-0", follows=SOURCE)
    heroku.addon(SHOP, "postgresql-flat-1003", "heroku-postgresql:premium-0", forked_from=SOURCE)
    heroku.addon(STAGING, "postgresql-cubed-1004", "heroku-postgresql:essential-0", as_="DATABASE")
    heroku.addon(REVIEW, "postgresql-steep-1005", "heroku-postgresql:mini", protection=False)
    heroku.addon(STAGING, "postgresql-long-1006", "heroku-postgresql:advanced-beta")
    heroku.addon(SHOP, "redis-fast-1007", "heroku-redis:premium-0")
    heroku.addon(SHOP, "kafka-slow-1008", "heroku-kafka:basic-0")
    heroku.attach(SOURCE, REPORTS, "SHOP_DATABASE")
    for days in range(6):
        heroku.data.take(SHOP, days, scheduled=True)
    heroku.data.take(SHOP, 200)
    heroku.data.take(SHOP, 800, options={"pgbackups_name": "b001"}, schedule={"uuid": "schedule-1"})
    heroku.data.take(STAGING, 30, succeeded=False)
    heroku.data.take(SHOP, 3, deleted_at=heroku.data.stamp(heroku.now))
    heroku.data.take(SHOP, 400, deleted_at=heroku.data.stamp(heroku.now), purged_at=heroku.data.stamp(heroku.now))
    heroku.data.take(SHOP, 90, to="IVORY")
    heroku.data.take(SHOP, 91, to="DATABASE", from_type="gof3r")
    heroku.data.schedule(SOURCE)
    heroku.drain(SHOP, "syslog+tls://logs.example.com:4242")
    heroku.drain(SHOP, "https://warehouse.example.net/in")
    heroku.drain(REVIEW, "https://traces.example.net/in")
    for days in range(5, 0, -1):
        heroku.release(SHOP, days, {"ADMINS": f"root@example.com,{JO if days % 2 else ANN}", "KEY": "k3y"})
    for email in (JO, ANN, *(f"colleague{n}@example.net" for n in range(4))):
        heroku.collaborator(SHOP, email)
        heroku.member("makers", email)
    return {
        "scheduled_backups": 6, "manual_backups": 4, "transfers": 1, "rollback": 4,
        "followers": 1, "forks": 3, "uncovered": 1, "unseen": 2, "other_stores": 2, "logplex": 2, "log_drains": 2,
        "dataclips": 1, "downloads": 1, "collaborators": 1, "team_members": 1, "config_vars": 2,
    }  # fmt: skip


class Account:
    """A running fake with a connector to it."""

    def __init__(self, heroku: HerokuSandbox, server: Server) -> None:
        self.heroku, self.server, self.faults = heroku, server, server.faults

    def connector(self, **changed: Any) -> HerokuConnector:
        return connect(entry(self.server, *PEOPLE, **changed))

    def found(self, until: timedelta | None = LASTING, email: str = ANN, **changed: Any) -> dict[str, list[Record]]:
        """What is located, by collection."""
        found: dict[str, list[Record]] = {}
        for record in self.connector(**changed).locate(person(email, until)):
            found.setdefault(record.at.collection, []).append(record)
        return found

    def refused(self, name: str, value: object) -> SystemSpec:
        return replace(entry(self.server, **{name: value}))
