"""Where copies are, and until when: one `Place` for each app or database and kind of copy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from connectors.heroku import instructions as say
from connectors.heroku.api import HerokuApi, instant
from connectors.heroku.backups import is_scheduled
from connectors.heroku.estate import ROLLBACK, SCHEDULED, App, Database, Estate, Tier
from connectors.heroku.settings import Settings
from connectors.model import Obstacle, ObstacleKind

_LOGPLEX = timedelta(days=7)  # 1,500 lines or a week: https://devcenter.heroku.com/articles/logging#log-history-limits
_LAG = timedelta(days=1)  # a follower is seconds to minutes behind


@dataclass(frozen=True, slots=True)
class Place:
    """Copies of one kind in one app or database. `obstacle` says until when, or what a person does."""

    collection: str
    key: str  # "app" or "app/add-on"
    count: int
    obstacle: Obstacle
    oldest: datetime | None = None
    newest: datetime | None = None


@dataclass(frozen=True, slots=True)
class Looking:
    """One look at an estate for copies made until `bound`, when the sources held the person at the latest."""

    api: HerokuApi
    settings: Settings
    estate: Estate
    bound: datetime
    now: datetime

    def places(self) -> Iterator[Place]:
        """Every place, those of apps before those of databases."""
        for app in self.estate.apps:
            yield from self._backups(app)
            yield from self._logs(app)
        for database in self.estate.databases:
            yield from self._database(database)
        if unlisted := self.estate.unlisted:
            yield Place("unseen", "", unlisted, _by_word(say.UNSEEN_DATABASES))
        for app_name, count in sorted(self.estate.other_stores.items()):
            yield Place("other_stores", app_name, count, _by_word(say.OTHER_STORES))
        if self.estate.databases and not all(d.shielded for d in self.estate.databases):
            yield Place("dataclips", "", 1, _by_word(say.DATACLIPS))
        if self.estate.databases:
            yield Place("downloads", "", 1, _by_word(say.DOWNLOADS))

    # Backups

    def _backups(self, app: App) -> Iterator[Place]:
        databases = [d for d in self.estate.of(app) if d.tier is not Tier.UNCOVERED]
        transfers = [t for t in self.api.transfers(app.name) if self._before(instant(t.get("created_at")))]
        # A deletion that was accepted is no purge: what is deleted stays until its file is shown as gone.
        there = [t for t in transfers if _is_backup(t) and not t.get("purged_at")]
        yield from self._scheduled(app, databases, [t for t in there if is_scheduled(t)])
        manual = [t for t in there if not is_scheduled(t)]
        deleted = all(t.get("deleted_at") for t in manual)
        obstacle = _by_word(say.UNPURGED_BACKUPS) if deleted else _by_hand(say.MANUAL_BACKUPS)
        yield from _dated("manual_backups", app.name, manual, obstacle)
        known = frozenset(name.casefold() for d in self.estate.of(app) for name in (*d.names, d.name))
        written = [t for t in transfers if t.get("to_type") == "pg_restore" and _name(t) not in known]
        yield from _dated("transfers", app.name, written, _by_word(say.TRANSFERS))

    def _scheduled(self, app: App, databases: list[Database], there: list[dict[str, Any]]) -> Iterator[Place]:
        """A schedule goes on making backups that hold the person until the sources are clean."""
        mine = [d for d in databases if d.app == app.name]
        schedules = {str(s.get("uuid") or s): s for d in mine for s in self.api.schedules(d.id)}
        running = bool(schedules) and self.now < self.bound
        made = [at for t in there if (at := instant(t.get("created_at"))) is not None]
        kept = self.kept(databases)
        last = self.bound if running or not made else max(made)
        late = [at for at in made if at + kept < self.now]
        obstacle = _by_hand(say.OVERDUE) if late else self._until(last + kept, say.SCHEDULED_BACKUPS)
        if there:
            yield from _dated("scheduled_backups", app.name, there, obstacle)
        elif running:
            yield Place("scheduled_backups", app.name, len(schedules), obstacle)

    def kept(self, databases: Iterable[Database]) -> timedelta:
        """How long scheduled backups are kept: as the inventory says, and not less than the plans do."""
        stated = timedelta(days=self.settings.scheduled_days)
        return max([stated, *(SCHEDULED[d.tier] for d in databases)], default=stated) or max(SCHEDULED.values())

    # Logs

    def _logs(self, app: App) -> Iterator[Place]:
        if app.generation != "fir" and self.now < self.bound + _LOGPLEX:  # Fir has no Logplex
            yield Place("logplex", app.name, 1, self._until(self.bound + _LOGPLEX, say.LOGPLEX))
        drains = self.api.drains(app.name)
        if drains is None:
            yield Place("log_drains", app.name, 1, _by_word(say.UNREADABLE_DRAINS))
        elif others := [d for d in drains if not self._covered(d)]:
            yield Place("log_drains", app.name, len(others), _by_word(say.LOG_DRAINS))

    def _covered(self, drain: dict[str, Any]) -> bool:
        """Whether the inventory says that another system looks into what this drain receives."""
        addon = str((drain.get("addon") or {}).get("name") or "")
        target = str(drain.get("url") or (drain.get("exporter") or {}).get("endpoint") or "")
        host = urlsplit(target if "://" in target else f"//{target}").hostname or ""
        return bool({addon.casefold(), host} & self.settings.covered_drains)

    # Databases

    def _database(self, database: Database) -> Iterator[Place]:
        key = f"{database.app}/{database.name}"
        if database.tier is Tier.UNCOVERED:
            yield Place("uncovered", key, 1, _by_word(say.UNCOVERED), database.created, database.created)
        else:
            yield from self._rollback(database, key)
        if database in self.estate.independent and self._before(database.created):
            yield Place("forks", key, 1, _by_word(say.FORKS), database.created, database.created)
        if database.follows and database.name not in self.estate.sources:
            if self.now < self.bound + _LAG:
                yield Place("followers", key, 1, self._until(self.bound + _LAG, say.FOLLOWERS))
            elif database.behind:
                yield Place("followers", key, 1, _by_hand(say.FOLLOWERS_BEHIND))
        if elsewhere := database.attached - {a.name for a in self.estate.apps}:
            yield Place("unseen", key, len(elsewhere), _by_word(say.UNSEEN_APPS))

    def _rollback(self, database: Database, key: str) -> Iterator[Place]:
        reach = database.rollback
        if reach is not None:
            if reach <= self.bound:
                window = max(self.now - reach, ROLLBACK[database.tier], timedelta(days=self.settings.rollback_days))
                yield Place("rollback", key, 1, self._until(self.bound + window, say.ROLLBACK), reach)
        elif database.protected or ROLLBACK[database.tier]:
            yield Place("rollback", key, 1, _by_word(say.ROLLBACK_UNSAID))

    def _before(self, made: datetime | None) -> bool:
        return made is None or made <= self.bound

    def _until(self, end: datetime, reason: str) -> Obstacle:
        return Obstacle(ObstacleKind.LOCKED, reason, end) if end > self.now else _by_hand(say.OVERDUE)


def _by_hand(reason: str) -> Obstacle:
    """What has no end, and is there until somebody removes it."""
    return Obstacle(ObstacleKind.BY_HAND, reason)


def _by_word(reason: str) -> Obstacle:
    """What stays when the person is out of it, for nothing here can look into it."""
    return Obstacle(ObstacleKind.BY_HAND, reason, opaque=True)


def _is_backup(transfer: dict[str, Any]) -> bool:
    """Into a store rather than into a database; a backup that failed may have left half a file."""
    return transfer.get("to_type") != "pg_restore"


def _name(transfer: dict[str, Any]) -> str:
    return str(transfer.get("to_name") or "").casefold().removesuffix("_url")


def _dated(collection: str, key: str, transfers: list[dict[str, Any]], obstacle: Obstacle) -> Iterator[Place]:
    if transfers:
        made = sorted(at for t in transfers if (at := instant(t.get("created_at"))) is not None)
        oldest, newest = (made[0], made[-1]) if made else (None, None)
        yield Place(collection, key, len(transfers), obstacle, oldest, newest)
