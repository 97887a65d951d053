"""What can be told of the account and the token before a request needs them.

Lines are searched for a word that no line has; lists that name people are asked for and left unread.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from connectors.errors import AuthError, ConfigError, RefusedError
from connectors.http import HttpClient
from connectors.model import Aspect, Probe
from connectors.papertrail.archives import ArchiveStore
from connectors.papertrail.events import Archive, LogSource
from connectors.papertrail.objects import PATHS
from connectors.papertrail.queries import queries
from connectors.papertrail.settings import Settings
from connectors.probes import NOBODY, said, tried

_TOKEN = "use the token of a member who may read it"  # noqa: S105 (words for people)
_MEMBER = "the token reads what its member may read: see in the web console that this is every group of senders"
_NO_DELETION = "the API deletes no event: lines go with the plan's retention, or are purged in the web console"
_UNTOLD = "no call tells for how long events can be searched: compare search_days with the plan"
_NO_ARCHIVES = "no archives are listed: set archive_days: 0 if the plan has none"
_UNREAD = "archives are listed, and archive_days says that none are kept: none is searched"


class Inspection:
    """One look at an account of either product."""

    def __init__(
        self, system: str, settings: Settings, http: HttpClient, source: LogSource, store: ArchiveStore
    ) -> None:
        self._system = system
        self._settings = settings
        self._http = http
        self._source = source
        self._store = store

    def probes(self) -> Iterator[Probe]:
        """Raises AuthError if the token is refused."""
        self._source.check()
        yield Probe(Aspect.REACH, True, "the API answers and takes the token")
        yield tried(self._system, Aspect.LOCATE, "events can be searched", self._search, way=_TOKEN)
        if self._settings.api == "papertrail":
            for name, path in PATHS.items():
                yield tried(self._system, Aspect.LOCATE, f"{name} can be listed", self._list, path, way=_TOKEN)
        yield Probe(Aspect.LOCATE, None, _MEMBER)
        yield from self._archives()
        if self._settings.search_days > self._settings.archive_days:
            yield Probe(Aspect.INVENTORY, None, _UNTOLD)
        yield Probe(Aspect.PLAN, None, _NO_DELETION)
        if self._settings.api == "papertrail":
            says = "saved searches are deleted: whether the token may is seen when one is"
            yield Probe(Aspect.DELETE, None, says)

    def _search(self) -> None:
        for _ in self._source.events(queries(self._system, [NOBODY])):
            return

    def _list(self, path: str) -> None:
        doing = f"listing {path.removesuffix('.json')}"
        if (status := self._http.status("GET", path, doing=doing)) != 200:
            raise RefusedError(self._system, f"{doing}: refused (HTTP {status})")

    def _archives(self) -> Iterator[Probe]:
        """Whether archives reach as far back as stated, and lie where they are fetched from."""
        try:
            archives = self._source.archives()
        except AuthError as error:
            yield Probe(Aspect.LOCATE, False, f"{said(self._system, error)}; {_TOKEN}")
            return
        if not archives and not self._settings.archive_days:
            yield Probe(Aspect.INVENTORY, True, "no archives are listed, as the inventory says")
        elif not archives:
            yield Probe(Aspect.INVENTORY, None, _NO_ARCHIVES)
        elif not self._settings.archive_days:
            yield Probe(Aspect.INVENTORY, False, _UNREAD)
        else:
            yield self._age(archives)
            newest = max(archives, key=lambda archive: archive.name)
            what = "the newest archive lies on a listed host"
            wrong = (AuthError, ConfigError, RefusedError)
            yield tried(self._system, Aspect.EXPORT, what, self._store.address, newest, wrong=wrong)

    def _age(self, archives: list[Archive]) -> Probe:
        days = [day for archive in archives if (day := archive.day)]
        if not days:
            return Probe(Aspect.INVENTORY, None, "no archive's name tells its day: compare archive_days with the plan")
        age, stated = (datetime.now(UTC).date() - min(days)).days, self._settings.archive_days
        says = f"the oldest of {len(archives)} archives is {age} days old, and archive_days says {stated}"
        if age > stated + self._settings.margin_days:
            return Probe(Aspect.INVENTORY, False, f"{says}: correct it, or dates are promised that do not hold")
        return Probe(Aspect.INVENTORY, True, says)
