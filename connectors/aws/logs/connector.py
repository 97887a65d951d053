"""The connector to CloudWatch Logs: lines are located, exported and waited for; the API deletes none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from connectors import settings
from connectors.aws import backups
from connectors.aws.answers import watch
from connectors.aws.backups import Copy
from connectors.aws.logs import retention, survey
from connectors.aws.logs.group import Description, Group, Line
from connectors.aws.logs.inspect import inspect
from connectors.aws.logs.lines import FIELDS, Tally, inside, kept, record, shown
from connectors.aws.logs.patterns import patterns
from connectors.aws.session import client
from connectors.errors import ChangedError, ConfigError
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
    Trust,
)
from connectors.surveys import Found
from connectors.traces import Traces, identities, require_searchable, traces_of
from connectors.vendor_retention import Setting

COPIES = "copies"
CLAIMED = "claimed"  # Locator.key
_OPTIONS = frozenset({"group", "patterns", "retention_days"})
_CHANGES_NOTHING = "a line cannot be changed: it expires with the group's retention"


class CloudWatchLogsConnector:
    """Lines that name one person, in the log groups of one account and region."""

    def __init__(self, spec: SystemSpec) -> None:
        """Raises ConfigError naming the setting or option that is wrong; makes no call."""
        self._spec = spec
        self.system = spec.system
        self._copies = backups.described(spec, COPIES)
        self._collections = {c.name: _checked(spec.system, c) for c in spec.collections if c.name != COPIES}
        page_size = settings.whole(spec, "page_size", 10_000, 1, 10_000)
        self._logs = logs = client(spec, "logs", frozenset({"page_size"}))
        watch(logs, spec.system)
        self._groups = {
            name: Group(spec.system, str(c.options.get("group", name)), logs, page_size)
            for name, c in self._collections.items()
        }
        matching = (i for c in self._collections.values() for i in c.identities if i.match)
        self.capabilities = Capabilities(
            needs=frozenset(i.kind for i in matching if i.trust is not Trust.CLAIMED), actions=frozenset()
        )

    def check(self) -> None:
        """Read the groups' descriptions and where they are copied to, which names nobody."""
        for group in self._groups.values():
            group.describe()
            list(group.listed_copies())

    def inspect(self) -> Iterator[Probe]:
        """Groups and their retention against the inventory, and what the credentials may read."""
        yield from inspect(self.system, self._groups, self._collections)

    def locate(self, subject: Subject) -> Iterator[Record]:
        """The lines, group by group, then the copies of them elsewhere."""
        elsewhere: list[Copy] = []
        copied: Group | None = None
        for name, spec in self._collections.items():
            group, said = self._groups[name], self._groups[name].describe()
            mine, hinted, every = self._tallied(subject, spec, said)
            for (since, before), tally in mine.items():
                if tally.last is not None:
                    yield record(Locator(self.system, name, "", since, before), spec, tally, kept(said, tally.last))
            if hinted.count:
                claimed = Obstacle(ObstacleKind.CLAIMED, "found only through an identifier that proves nothing")
                yield record(Locator(self.system, name, CLAIMED), spec, hinted, claimed)
            if every.first is not None and every.last is not None:
                copied = group
                elsewhere += group.copies(every.first, every.last)
        if copied is not None:
            elsewhere += copied.account_copies()
        yield from backups.records(self.system, backups.gathered(elsewhere), COPIES)

    def survey(self) -> Iterator[Found]:
        """The log groups of the region."""
        yield from survey.survey(self.system, self._logs, self._groups)

    def mentions(self) -> Mapping[str, str]:
        return survey.mentions(self._groups)

    def sample(self, found: Found, most: int) -> Iterator[tuple[str, str]]:
        """The first lines that come."""
        yield from survey.sample(self.system, self._logs, found, most)

    def kept(self, collection: str, period: timedelta) -> Setting:
        """How long the log group keeps its lines."""
        return retention.kept(self._groups, collection, period)

    def keep(self, planned: Setting, period: timedelta) -> Setting:
        return retention.keep(self._groups, planned, period, self._spec.gate)

    def _tallied(
        self, subject: Subject, spec: CollectionSpec, said: Description
    ) -> tuple[dict[tuple[datetime | None, datetime | None], Tally], Tally, Tally]:
        """What names the person by window of age, what only may, and all of the former together."""
        proven, claimed = traces_of(subject, spec)
        windows = list(pairwise([None, *spec.cutoffs, None]))
        mine, hinted, every = {window: Tally() for window in windows}, Tally(), Tally()
        for line in self._read(spec.name, said, proven, claimed):
            if proven.in_line(line.message):
                mine[next(w for w in windows if inside(line.at, *w))].add(line)
                every.add(line)
            elif claimed.in_line(line.message):
                hinted.add(line)
        return mine, hinted, every

    def _read(self, name: str, said: Description, *wanted: Traces) -> Iterator[Line]:
        """Each line once in which the traces may stand: the caller looks at it."""
        seen: set[str] = set()
        for pattern in patterns(*(t for t in wanted if t)):
            for line in self._groups[name].lines(pattern, said):
                if line.id not in seen and any(t.may_be_in(line.message) for t in wanted if t):
                    seen.add(line.id)
                    yield line

    def export(self, subject: Subject, at: Locator) -> Iterator[Artifact]:
        """The disclosed fields of the lines that name the person, other people's addresses masked."""
        if at.collection == COPIES:
            yield from backups.export(self._copies, at)
        elif at.key != CLAIMED:
            spec = self._known(at)
            proven, _ = traces_of(subject, spec)
            withheld = spec.withheld(FIELDS)
            chunks = (shown(line, spec.disclosed, proven) for line in self._mine(subject, at))
            name = "".join(c if c.isalnum() else "-" for c in at.collection)
            yield Artifact(f"{name}.jsonl", "application/jsonl", chunks, withheld)

    def delete(self, subject: Subject, orders: Sequence[Order]) -> Iterator[Outcome]:
        """Answer when a read can prove that the lines have expired. Nothing is written."""
        for order in orders:
            if spared := order.spared():
                yield spared
            elif order.at.collection == COPIES:
                yield backups.outcome(order, {})
            elif order.action is Action.REDACT or order.at.key == CLAIMED:
                yield Outcome(order.at, Status.FAILED, reason=_CHANGES_NOTHING)
            else:
                yield self._awaited(subject, order)

    def _awaited(self, subject: Subject, order: Order) -> Outcome:
        tally = Tally()
        for line in self._mine(subject, order.at):
            tally.add(line)
        if tally.last is None:
            return Outcome(order.at, Status.ABSENT)
        held = kept(self._groups[order.at.collection].describe(), tally.last)
        status = Status.ACCEPTED if held.kind is ObstacleKind.LOCKED else Status.MANUAL
        return Outcome(order.at, status, tally.count, held.until, held.reason)

    def _mine(self, subject: Subject, at: Locator) -> Iterator[Line]:
        proven, _ = traces_of(subject, self._known(at))
        said = self._groups[at.collection].describe()
        for line in self._read(at.collection, said, proven):
            if proven.in_line(line.message) and inside(line.at, at.since, at.before):
                yield line

    def _known(self, at: Locator) -> CollectionSpec:
        if at.collection not in self._collections:
            raise ChangedError(self.system, f"{at.collection}: the inventory has no such collection any more")
        return self._collections[at.collection]


def _checked(system: str, spec: CollectionSpec) -> CollectionSpec:
    """A collection with its patterns as identities. Raises ConfigError naming what is wrong."""
    where = f"collections.{spec.name}"
    if unknown := sorted(set(spec.options) - _OPTIONS):
        raise ConfigError(system, f"{where}.options.{unknown[0]}: unknown; known: {', '.join(sorted(_OPTIONS))}")
    if not isinstance(spec.options.get("group", ""), str):
        raise ConfigError(system, f"{where}.options.group: the name of a log group")
    if not isinstance(spec.options.get("retention_days", 1), int):
        raise ConfigError(system, f"{where}.options.retention_days: a number of days")
    found = replace(spec, identities=tuple(identities(system, spec)))
    if not any(i.match and i.trust is not Trust.CLAIMED for i in found.identities):
        raise ConfigError(system, f"{where}.found_by: say which identifiers name a person in a line")
    for identity in found.identities:
        require_searchable(system, identity)
    return found
