"""The connector: what is located, exported and, of the little that can be, deleted."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from connectors.errors import ConfigError, RefusedError
from connectors.http import HttpClient
from connectors.model import (
    Action,
    Artifact,
    Capabilities,
    CollectionSpec,
    Locator,
    Obstacle,
    ObstacleKind,
    Order,
    Outcome,
    Probe,
    Record,
    Status,
    Subject,
    SystemSpec,
)
from connectors.papertrail import retention, survey
from connectors.papertrail.archives import ArchiveStore
from connectors.papertrail.events import EVENT_FIELDS, LogEvent, LogSource, PapertrailApi
from connectors.papertrail.inspect import Inspection
from connectors.papertrail.objects import AccountObjects
from connectors.papertrail.observability import ObservabilityApi
from connectors.papertrail.queries import queries
from connectors.papertrail.settings import ARCHIVES, EVENTS, Settings, collections_of
from connectors.surveys import Found
from connectors.traces import Traces, traces_of
from connectors.vendor_retention import Setting

CLAIMED = "claimed"
_TEXT_FIELDS = frozenset({"message", "program", "source_name"})
_LINES = (EVENTS, ARCHIVES)
_HELD = (
    "the API deletes no event: lines expire from the search and then from the archives; "
    "a member permitted to purge logs can do so sooner in the web console"
)
_OVERDUE = (
    "lines are still there after the retention that the inventory states: correct search_days and "
    "archive_days, and have a member permitted to purge logs do so in the web console"
)


@dataclass
class _Tally:
    count: int = 0
    oldest: datetime | None = None
    newest: datetime | None = None
    fields: dict[str, int] = field(default_factory=dict)

    def add(self, event: LogEvent) -> None:
        self.count += 1
        if at := event.at:
            self.oldest = min(at, self.oldest or at)
            self.newest = max(at, self.newest or at)
        for name in EVENT_FIELDS:
            self.fields[name] = self.fields.get(name, 0) + bool(getattr(event, name))


class PapertrailConnector:
    """One account of Papertrail or SolarWinds Observability."""

    def __init__(self, spec: SystemSpec) -> None:
        self._spec = spec
        self.system = spec.system
        self._settings = settings = Settings.of(spec)
        self._collections = collections_of(spec)
        if "token" not in spec.secrets:
            raise ConfigError(spec.system, "secret 'token' is missing: the API token of a member who reads every log")
        token = spec.secrets["token"].reveal()
        self._source: LogSource
        if settings.api == "solarwinds":
            header = {"Authorization": f"Bearer {token}"}
            http = HttpClient(spec.system, settings.base_url, header, settings.timeout, pace=spec.pace)
            self._source = ObservabilityApi(spec.system, http, settings.page_size, settings.search_days)
        else:
            header = {"X-Papertrail-Token": token}
            http = HttpClient(spec.system, settings.base_url, header, settings.timeout, pace=spec.pace)
            self._source = PapertrailApi(spec.system, http, settings.page_size)
        self._http = http
        self._objects = AccountObjects(spec, http, self._source, self._collections)
        self._store = ArchiveStore(
            spec.system,
            settings.base_url,
            header,
            settings.archive_hosts,
            settings.timeout,
            settings.archive_bytes,
            spec.pace,
        )
        self.capabilities = Capabilities(
            needs=frozenset(i.kind for c in self._collections.values() for i in c.identities if i.match),
            actions=frozenset({Action.DELETE}) if settings.api == "papertrail" else frozenset(),
            settles_within=settings.kept(self._source.floor_days),
        )

    def check(self) -> None:
        """Read the account, which names nobody. Raises AuthError if the token is refused."""
        self._source.check()

    def inspect(self) -> Iterator[Probe]:
        """What the token may read, and whether archives are kept as long and where the inventory says."""
        yield from Inspection(self.system, self._settings, self._http, self._source, self._store).probes()

    def survey(self) -> Iterator[Found]:
        """Senders, groups, saved searches, members and archives; the successor's API lists archives alone."""
        yield from survey.survey(self._source, self._collections, {c.name for c in self._spec.collections})

    def mentions(self) -> Mapping[str, str]:
        return {}

    def sample(self, found: Found, most: int) -> Iterator[tuple[str, str]]:
        """Nothing: which lines a sender sends is seen by searching them."""
        yield from ()

    def kept(self, collection: str, period: timedelta) -> Setting:
        """How far archives reach back."""
        margin = timedelta(days=self._settings.margin_days)
        return retention.kept(self.system, self._source.archives(), collection, period, margin)

    def keep(self, planned: Setting, period: timedelta) -> Setting:
        """No call changes it. Raises RefusedError with what a person does."""
        raise RefusedError(self.system, planned.by_hand)

    def locate(self, subject: Subject) -> Iterator[Record]:
        """Saved searches, senders and members that bear the person, then lines, then archived lines.

        Raises TransientError if a search is cut short, ConfigError if an archive lies on a host
        that is not listed, RefusedError if one is larger than allowed.
        """
        yield from self._objects.locate(subject)
        for name in _LINES:
            yield from self._located_lines(subject, self._collections[name])

    def _located_lines(self, subject: Subject, spec: CollectionSpec) -> Iterator[Record]:
        proven, claimed = traces_of(subject, spec)
        windows = list(pairwise([None, *spec.cutoffs, None]))
        mine = {window: _Tally() for window in windows}
        hinted = _Tally()
        for event in self._read(spec.name, proven, claimed):
            if proven.in_line(*event.texts):
                window = next(w for w in windows if _inside(event.at, *w))
                mine[window].add(event)
            elif claimed.in_line(*event.texts):
                hinted.add(event)
        for (since, before), tally in mine.items():
            if tally.count:
                at = Locator(self.system, spec.name, "", since, before)
                yield _record(at, spec, tally, self._until(tally.newest))
        if hinted.count:
            reason = "found only through an identifier that proves nothing"
            obstacle = Obstacle(ObstacleKind.CLAIMED, reason)
            yield _record(Locator(self.system, spec.name, CLAIMED), spec, hinted, obstacle)

    def _read(self, collection: str, *wanted: Traces) -> Iterator[LogEvent]:
        """The events in which the traces may stand: the caller looks at each."""
        phrases = [phrase for traces in wanted for phrase in traces.phrases]
        if not phrases:
            return
        if collection == EVENTS:
            yield from self._source.events(queries(self.system, phrases))
        elif self._settings.archive_days:
            seen: set[str] = set()  # an hourly archive may repeat lines of a daily one
            for archive in self._source.archives():
                raw = self._store.read(archive)
                for event in self._source.archived(raw, lambda text: any(t.may_be_in(text) for t in wanted)):
                    if event.id not in seen:
                        seen.add(event.id)
                        yield event

    def _until(self, newest: datetime | None) -> Obstacle:
        now = datetime.now(UTC)
        until = (newest or now) + self._settings.kept(self._source.floor_days)
        if until < now:
            return Obstacle(ObstacleKind.BY_HAND, _OVERDUE)
        return Obstacle(ObstacleKind.LOCKED, _HELD, until)

    def export(self, subject: Subject, at: Locator) -> Iterator[Artifact]:
        """The disclosed fields of the lines that name the person, other people's addresses masked."""
        if at.key == CLAIMED:
            return
        if at.collection not in _LINES:
            yield from self._objects.export(subject, at)
            return
        spec = self._collections[at.collection]
        proven, _ = traces_of(subject, spec)
        shown = [name for name in spec.disclosed if name in EVENT_FIELDS]
        withheld = spec.withheld(EVENT_FIELDS)
        chunks = (
            json.dumps(_shown(event, shown, proven), ensure_ascii=False).encode() + b"\n"
            for event in self._mine(proven, at)
        )
        yield Artifact(f"{at.collection}.jsonl", "application/jsonl", chunks, withheld)

    def _mine(self, proven: Traces, at: Locator) -> Iterator[LogEvent]:
        for event in self._read(at.collection, proven):
            if proven.in_line(*event.texts) and _inside(event.at, at.since, at.before):
                yield event

    def delete(self, subject: Subject, orders: Sequence[Order]) -> Iterator[Outcome]:
        """Delete saved searches; answer for lines when a read can prove that they have expired."""
        for order in orders:
            if spared := order.spared():
                yield spared
            elif order.action is Action.REDACT:
                yield Outcome(order.at, Status.FAILED, reason="the API changes nothing that is stored; delete or wait")
            elif order.at.collection in _LINES:
                yield self._awaited(subject, order)
            else:
                yield self._objects.delete(subject, order)

    def _awaited(self, subject: Subject, order: Order) -> Outcome:
        proven, _ = traces_of(subject, self._collections[order.at.collection])
        tally = _Tally()
        for event in self._mine(proven, order.at):
            tally.add(event)
        if tally.count:
            held = self._until(tally.newest)
            status = Status.ACCEPTED if held.kind is ObstacleKind.LOCKED else Status.MANUAL
            return Outcome(order.at, status, tally.count, held.until, held.reason)
        if self._source.floor_days:
            # The search hides lines earlier than the database deletes them: no hit proves nothing yet.
            until = datetime.now(UTC) + self._settings.kept(self._source.floor_days)
            return Outcome(order.at, Status.ACCEPTED, 0, until, "no longer shown, which does not prove deletion")
        return Outcome(order.at, Status.ABSENT)


def _record(at: Locator, spec: CollectionSpec, tally: _Tally, obstacle: Obstacle) -> Record:
    counts = tuple((f.name, tally.fields.get(f.name, 0)) for f in spec.fields)
    return Record(at, tally.count, tally.oldest, tally.newest, counts, obstacles=(obstacle,))


def _shown(event: LogEvent, names: Sequence[str], proven: Traces) -> dict[str, str]:
    values = {name: str(getattr(event, name)) for name in names}
    return {n: proven.without_others(v) if n in _TEXT_FIELDS else v for n, v in values.items()}


def _inside(age: datetime | None, since: datetime | None, before: datetime | None) -> bool:
    """A line of unknown age counts as the youngest."""
    if age is None:
        return before is None
    return (since is None or age >= since) and (before is None or age < before)
