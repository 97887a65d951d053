"""What the inventory says about the Heroku account, checked before any call is made."""

from __future__ import annotations

from dataclasses import dataclass

from connectors import copies, settings
from connectors.errors import ConfigError
from connectors.model import SystemSpec, Trust

PLATFORM, DATA = "https://api.heroku.com", "https://api.data.heroku.com"
# Copies that hold everybody, in the order of a plan: those with an end first.
COPIES = (
    "scheduled_backups", "rollback", "followers", "logplex", "manual_backups", "forks", "transfers",
    "uncovered", "unseen", "other_stores", "log_drains", "dataclips", "downloads",
)  # fmt: skip
# Places in which a person is searched by address.
ACCOUNT = ("collaborators", "team_members", "config_vars")
_KNOWN = {
    "base_url", "data_url", "timeout", "page_size", "apps", "pipelines", "teams", "copies_of", "databases",
    "covered_drains", "scheduled_days", "rollback_days", "releases",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one inventory entry."""

    base_url: str
    data_url: str
    timeout: float
    page_size: int
    apps: tuple[str, ...]
    pipelines: tuple[str, ...]
    teams: tuple[str, ...]
    sources: tuple[str, ...]  # systems of the inventory whose copies are looked for
    databases: frozenset[str]  # add-ons that systems of the inventory search themselves
    covered_drains: frozenset[str]  # hosts or add-ons whose logs other systems search
    scheduled_days: int  # 0: as the plan says
    rollback_days: int
    releases: int  # how many of an app's latest releases have their config vars read
    searched: tuple[str, ...]  # of ACCOUNT: those that the inventory says how to search
    kinds: frozenset[str]  # kinds of identifiers by which those are searched

    @classmethod
    def of(cls, spec: SystemSpec) -> Settings:
        """Raises ConfigError naming the setting or collection that is wrong."""
        settings.known(spec, _KNOWN)
        found = settings.collections_of(spec, (*COPIES, *ACCOUNT))
        matching = {n: [i for i in found[n].identities if i.match and i.trust is not Trust.CLAIMED] for n in ACCOUNT}
        sources = settings.names(spec, "copies_of")
        if not sources and not any(matching.values()):
            raise ConfigError(spec.system, "give 'copies_of', or say in found_by how account and config are searched")
        apps, pipelines = settings.names(spec, "apps"), settings.names(spec, "pipelines")
        if not apps and not pipelines:
            raise ConfigError(spec.system, "setting 'apps' must be a list of names: every app that has a database")
        databases = settings.names(spec, "databases")
        if sources and not databases:
            raise ConfigError(spec.system, "setting 'databases' must name the add-ons that are the sources themselves")
        return cls(
            base_url=settings.base_url(spec, PLATFORM),
            data_url=settings.base_url(spec, DATA, "data_url"),
            timeout=settings.number(spec, "timeout", 30, 0.1, 600),
            page_size=settings.whole(spec, "page_size", 1000, 1, 1000),
            apps=apps,
            pipelines=pipelines,
            teams=settings.names(spec, "teams"),
            sources=sources,
            databases=frozenset(databases),
            covered_drains=frozenset(n.casefold() for n in settings.names(spec, "covered_drains")),
            scheduled_days=settings.whole(spec, "scheduled_days", 0, 0, 3660),
            rollback_days=settings.whole(spec, "rollback_days", 0, 0, 3660),
            releases=settings.whole(spec, "releases", 50, 0, 10_000),
            searched=tuple(n for n in ACCOUNT if matching[n]),
            kinds=frozenset(i.kind for those in matching.values() for i in those),
        )

    @property
    def needs(self) -> frozenset[str]:
        """Kinds of identifiers that open the account or the copies."""
        return self.kinds | {copies.kind(source) for source in self.sources}
