"""The connector to S3: reads the inventory, and puts searching, exporting and erasing together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from connectors.aws.s3 import lifecycle, survey
from connectors.aws.s3.bucket import Bucket, Kind, watch
from connectors.aws.s3.erase import BY_DEVICE, Eraser
from connectors.aws.s3.export import archived, export
from connectors.aws.s3.inspect import inspect
from connectors.aws.s3.rules import Rules
from connectors.aws.s3.search import BESIDE, FREE, HOLD, LOCKED, SHARED, UPLOADS, Held, Holding, search
from connectors.aws.session import CONNECTIONS, client
from connectors.errors import ChangedError, ConfigError
from connectors.model import (
    Action,
    Artifact,
    Capabilities,
    Locator,
    Obstacle,
    ObstacleKind,
    Order,
    Outcome,
    Probe,
    Record,
    Subject,
    SystemSpec,
)
from connectors.surveys import Found
from connectors.vendor_retention import Setting

_KNOWN = frozenset({"page_size", "parallel", "account_id"})

SHARED_REASON = (
    "holds other people's data too, or cannot be told from a neighbour's by its key, tag or metadata: "
    "a person must take this one's data out"
)


class S3Connector:
    """Objects of one person in the buckets of one account."""

    def __init__(self, spec: SystemSpec) -> None:
        """Raises ConfigError naming the setting or option that is wrong; makes no call."""
        self._spec = spec
        self._rules = {c.name: Rules.of(spec.system, c) for c in spec.collections}
        self.system = spec.system
        needs = frozenset[str]().union(*(r.kinds for r in self._rules.values()))
        self.capabilities = Capabilities(needs, frozenset({Action.DELETE}))
        page_size = _number(spec, "page_size", 1000, 1000)
        self._parallel = _number(spec, "parallel", 8, CONNECTIONS)
        account = spec.settings.get("account_id")
        if account is not None and not (isinstance(account, str) and len(account) == 12 and account.isdigit()):
            raise ConfigError(spec.system, "settings.account_id: the twelve digits, in quotes")
        owner = {"ExpectedBucketOwner": account} if account else {}
        self._s3: Any = client(spec, "s3", _KNOWN)
        watch(self._s3)
        self._buckets = {n: Bucket(spec.system, r.bucket, self._s3, page_size, owner) for n, r in self._rules.items()}

    def check(self) -> None:
        for bucket in {b.name: b for b in self._buckets.values()}.values():
            bucket.prove()

    def inspect(self) -> Iterator[Probe]:
        """What the policy allows in each bucket, as far as reading tells, and what the bucket keeps."""
        yield from inspect(self.system, self._buckets, self._rules)

    def locate(self, subject: Subject) -> Iterator[Record]:
        for spec in self._spec.collections:
            holding = self._search(subject, spec.name)
            if not holding.held:
                continue
            device = self._buckets[spec.name].needs_device()
            for since, before in pairwise([None, *spec.cutoffs, None]):
                side = Locator(self.system, spec.name, FREE, since, before)
                held = list(holding.within(side))
                for fate in sorted({h.fate for h in held}, key=_in_order):
                    yield self._record(side, fate, [h for h in held if h.fate == fate], holding, device)

    def export(self, subject: Subject, at: Locator) -> Iterator[Artifact]:
        self._known(at)
        spec = self._spec.collection(at.collection)
        held = self._search(subject, at.collection).at(at)
        yield from export(self._buckets[at.collection], spec, at, held)

    def delete(self, subject: Subject, orders: Sequence[Order]) -> Iterator[Outcome]:
        for order in orders:
            self._known(order.at)
        eraser = Eraser(self.system, self._buckets, lambda name: self._search(subject, name), self._spec.gate)
        return eraser.run(orders)

    def survey(self) -> Iterator[Found]:
        """Buckets, and what no entry reaches at the top of those that the inventory names."""
        yield from survey.survey(self.system, self._s3, self._buckets, self._rules)

    def mentions(self) -> Mapping[str, str]:
        return survey.mentions(self._buckets)

    def sample(self, found: Found, most: int) -> Iterator[tuple[str, str]]:
        """Nothing: what is in a file is not told by its first lines."""
        yield from ()

    def kept(self, collection: str, period: timedelta) -> Setting:
        """What the bucket's lifecycle says of the collection's folders."""
        return lifecycle.kept(self._buckets, self._rules, self._of(collection), period)

    def keep(self, planned: Setting, period: timedelta) -> Setting:
        return lifecycle.keep(self._buckets, self._rules, planned, period, self._spec.gate)

    def _of(self, collection: str) -> str:
        if collection not in self._rules:
            raise ConfigError(self.system, f"{collection}: the inventory has no such collection")
        return collection

    def _search(self, subject: Subject, name: str) -> Holding:
        return search(self._buckets[name], self._rules[name].for_(subject), self._parallel)

    def _record(self, side: Locator, fate: str, held: list[Held], holding: Holding, device: bool) -> Record:
        kept = holding.kept_beside(side) if fate == FREE else 0
        at = Locator(self.system, side.collection, f"{BESIDE}{kept}" if kept else fate, side.since, side.before)
        ages = sorted(h.entry.at for h in held)
        obstacles = list(_obstacles(fate, held))
        if device and any(h.entry.kind is not Kind.UPLOAD for h in held):
            obstacles.append(Obstacle(ObstacleKind.BY_HAND, BY_DEVICE))
        notes = [f"{n} archived: restore them before an export"] if (n := archived(held)) else []
        if fate == UPLOADS:
            notes.append("unfinished uploads, which are aborted; their parts cannot be exported")
        return Record(
            at,
            len(held),
            ages[0],
            ages[-1],
            obstacles=tuple(obstacles),
            total=holding.scanned if holding.whole else None,
            note="; ".join(notes),
        )

    def _known(self, at: Locator) -> None:
        if at.collection not in self._rules:
            raise ChangedError(self.system, f"{at.collection}: the inventory has no such collection any more")


def _obstacles(fate: str, held: Sequence[Held]) -> Iterator[Obstacle]:
    if fate == SHARED:
        yield Obstacle(ObstacleKind.SHARED, SHARED_REASON)
    if fate == HOLD:
        yield Obstacle(ObstacleKind.LOCKED, "under a legal hold in S3, until someone removes it")
    if fate.startswith(LOCKED):
        until = max(h.until for h in held if h.until is not None)
        if until > datetime.now(UTC):
            yield Obstacle(ObstacleKind.LOCKED, "under retention in S3 (Object Lock)", until)


def _in_order(fate: str) -> tuple[int, str]:
    """Unfinished uploads first: one that is completed meanwhile would become a version."""
    first = {UPLOADS: 0, FREE: 1}
    return first.get(fate, 2), fate


def _number(spec: SystemSpec, name: str, otherwise: int, most: int) -> int:
    value = spec.settings.get(name, otherwise)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise ConfigError(spec.system, f"settings.{name}: a whole number from 1 to {most}")
    return value
