"""The apps and databases of an account, as far as they hold copies: reads only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from connectors.errors import ConfigError
from connectors.heroku.api import HerokuApi, instant
from connectors.heroku.settings import Settings

_POSTGRES = "heroku-postgresql"
_FROM = re.compile(r"from (\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*)")


class Tier(StrEnum):
    """Classes of plans that keep copies for different times."""

    ESSENTIAL = "essential"
    STANDARD = "standard"
    PREMIUM = "premium"
    UNCOVERED = "uncovered"  # the advanced tier, whose databases the calls for backups do not know, and new plans


_TIERS = {
    **dict.fromkeys(("essential", "mini", "basic", "dev", "hobby"), Tier.ESSENTIAL),
    **dict.fromkeys(("standard",), Tier.STANDARD),
    **dict.fromkeys(("premium", "private", "shield", "enterprise"), Tier.PREMIUM),
}


@dataclass(frozen=True, slots=True)
class App:
    """One app. `generation` is "cedar" or "fir"."""

    id: str
    name: str
    generation: str


@dataclass(frozen=True)
class Database:
    """One Heroku Postgres add-on. `facts` None: the API of databases does not know it."""

    id: str
    name: str
    app: str
    plan: str
    created: datetime | None
    facts: Mapping[str, tuple[str, ...]] | None = field(repr=False)  # may hold addresses with credentials
    follows: bool
    attached: frozenset[str]  # apps
    names: frozenset[str]  # of attachments
    address: str = field(repr=False, default="")  # host and path, without credentials

    @cached_property
    def tier(self) -> Tier:
        """By the plan's name, "heroku-postgresql:standard-0"."""
        word = re.split(r"[-.]", self.plan.partition(":")[2])[0]
        return _TIERS.get(word, Tier.UNCOVERED) if self.facts is not None else Tier.UNCOVERED

    @property
    def shielded(self) -> bool:
        return "shield" in self.plan

    @property
    def rollback(self) -> datetime | None:
        """The earliest instant the database can be rolled back to; None if none is said."""
        found = _FROM.search(self.said("Rollback"))
        return instant(found[1]) if found else None

    @property
    def protected(self) -> bool:
        """Whether the vendor keeps physical copies, of which a rollback window need not speak."""
        return self.said("Continuous Protection").casefold().startswith("on") or self.rollback is not None

    @property
    def behind(self) -> bool:
        """Whether a follower says that it lags: "Behind By: 125 commits"."""
        lag = self.said("Behind By").split()
        return bool(lag) and lag[0] != "0"

    @property
    def offspring(self) -> frozenset[str]:
        """Followers and forks that the vendor names: by add-on, or by address."""
        named = [v for name in ("Followers", "Forks") for v in (self.facts or {}).get(name, ())]
        return frozenset(host_and_path(value) or value for value in named)

    def said(self, name: str) -> str:
        return ", ".join((self.facts or {}).get(name, ()))


@dataclass(frozen=True, slots=True)
class Estate:
    """What is there. Databases that systems of the inventory search themselves are `sources`."""

    apps: tuple[App, ...]
    databases: tuple[Database, ...]
    sources: frozenset[str]  # names of add-ons
    other_stores: Mapping[str, int]  # app -> add-ons that keep data in another way

    @property
    def independent(self) -> tuple[Database, ...]:
        """Databases on their own, which nothing that happens in a source reaches."""
        return tuple(
            d for d in self.databases if d.name not in self.sources and not d.follows and d.tier is not Tier.UNCOVERED
        )

    @property
    def unlisted(self) -> int:
        """How many followers and forks the vendor names that none of the apps has."""
        known = {text for d in self.databases for text in (d.name, d.address, *d.names)}
        return len({child for d in self.databases for child in d.offspring} - known)

    def of(self, app: App) -> tuple[Database, ...]:
        return tuple(d for d in self.databases if app.name == d.app or app.name in d.attached)


def survey(system: str, api: HerokuApi, settings: Settings) -> Estate:
    """Read all apps, their add-ons and databases. ConfigError if a database of the inventory is not there."""
    apps = _apps(api, settings)
    addons: dict[str, dict[str, Any]] = {}
    for app in apps:
        for addon in api.listed(f"apps/{app.name}/addons", "listing add-ons"):
            addons[str(addon["id"])] = addon
    databases = tuple(_database(api, a) for a in addons.values() if _service(a) == _POSTGRES)
    if missing := sorted(settings.databases - {d.name for d in databases}):
        named = ", ".join(missing)
        raise ConfigError(system, f"setting 'databases' names {named}, which no app of 'apps' has; correct it")
    stores: dict[str, int] = {}
    for addon in addons.values():
        if _service(addon) in ("heroku-redis", "heroku-kafka", "heroku-connect"):
            owner = str(addon.get("app", {}).get("name", ""))
            stores[owner] = stores.get(owner, 0) + 1
    return Estate(apps, databases, settings.databases, stores)


def _apps(api: HerokuApi, settings: Settings) -> tuple[App, ...]:
    """The named apps and those of pipelines, which have review apps that come and go."""
    named = list(settings.apps)
    for pipeline in settings.pipelines:
        couplings = api.listed(f"pipelines/{pipeline}/pipeline-couplings", "listing the apps of a pipeline")
        named += [str(c["app"]["id"]) for c in couplings]
    found: dict[str, App] = {}
    for name in named:
        if any(name in (a.name, a.id) for a in found.values()):
            continue
        said = api.app(name)
        generation = said.get("generation") or {}
        app = App(str(said["id"]), str(said["name"]), str(generation.get("name") or "cedar"))
        found[app.id] = app
    return tuple(sorted(found.values(), key=lambda a: a.name))


def _service(addon: Mapping[str, Any]) -> str:
    return str((addon.get("addon_service") or {}).get("name") or _plan(addon).partition(":")[0])


def _plan(addon: Mapping[str, Any]) -> str:
    return str((addon.get("plan") or {}).get("name") or "")


def _database(api: HerokuApi, addon: Mapping[str, Any]) -> Database:
    attachments = api.listed(f"addons/{addon['id']}/addon-attachments", "listing attachments")
    said = api.database(str(addon["id"]))
    facts = None if said is None else _facts(said.get("info") or ())
    return Database(
        id=str(addon["id"]),
        name=str(addon["name"]),
        app=str((addon.get("app") or {}).get("name") or ""),
        plan=_plan(addon),
        created=instant(addon.get("created_at")),
        facts=facts,
        follows=bool((said or {}).get("following") or (facts or {}).get("Following")),
        attached=frozenset(str(a["app"]["name"]) for a in attachments if a.get("app")),
        names=frozenset(str(a.get("name", "")) for a in attachments),
        address=host_and_path(str((said or {}).get("resource_url") or "")),
    )


def host_and_path(text: str) -> str:
    """Host and path of a database's address, which may hold credentials; "" for anything else."""
    url = urlsplit(text if "://" in text else "")
    return f"{url.hostname}{url.path}" if url.hostname else ""


def _facts(info: Iterable[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    return {str(i.get("name")): tuple(str(v) for v in i.get("values") or ()) for i in info}


# How long the vendor keeps scheduled backups: daily ones a week; of the weekly ones 1, 4 or 8; of the monthly
# ones, in the premium class, 12. A week more, because the table is of 2017 and expiry has been late before.
# https://devcenter.heroku.com/articles/heroku-postgres-backups#scheduled-backups-retention-limits
SCHEDULED = {Tier.ESSENTIAL: timedelta(14), Tier.STANDARD: timedelta(35), Tier.PREMIUM: timedelta(373)}
# https://devcenter.heroku.com/articles/heroku-postgres-data-safety-and-continuous-protection
ROLLBACK = {Tier.ESSENTIAL: timedelta(0), Tier.STANDARD: timedelta(4), Tier.PREMIUM: timedelta(7)}
