"""The connector: four verbs over the account of one company."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise

from connectors import surveys
from connectors.errors import ConfigError
from connectors.model import (
    Action,
    Artifact,
    Capabilities,
    CollectionSpec,
    Correction,
    Held,
    Identifier,
    Locator,
    Obstacle,
    ObstacleKind,
    Order,
    Outcome,
    Probe,
    Record,
    Subject,
    SystemSpec,
    Trust,
)
from connectors.probes import NOBODYS_ADDRESS
from connectors.stripe import survey
from connectors.stripe.correct import Corrector, held
from connectors.stripe.erase import Eraser
from connectors.stripe.export import artifact
from connectors.stripe.gather import Gatherer
from connectors.stripe.holdings import NOT_THEIRS, Found, Holdings, obstacle
from connectors.stripe.inspect import FALLBACK, Inspection
from connectors.stripe.jobs import PATH, SETTLES
from connectors.stripe.roots import takes
from connectors.stripe.settings import Settings, guest_kinds
from connectors.stripe.transport import Api, StripeRefusedError
from connectors.stripe.values import bears, born
from connectors.stripe.vocabulary import BY_NAME

_EXPORT_TOGETHER = 120.0  # seconds in which exports and readings of one person share one search


def _utc() -> datetime:
    return datetime.now(UTC)


class StripeConnector:
    """Everything of one person in one Stripe account."""

    def __init__(self, spec: SystemSpec, now: Callable[[], datetime] = _utc) -> None:
        self._spec = spec
        self._now = now
        self._settings = Settings.of(spec)
        self._api = Api(spec)
        self._exporting: tuple[Subject, float, Holdings] | None = None
        self._specs = {c.name: c for c in spec.collections}
        self.system = spec.system
        self.capabilities = Capabilities(
            needs=frozenset({"email", "user_id", "stripe.customer"}),
            actions=frozenset({Action.DELETE, Action.REDACT}),
            settles_within=SETTLES if self._settings.jobs else timedelta(days=4),
        )

    def check(self) -> None:
        """Read permissions, by questions whose answers are empty; redaction jobs where chosen."""
        list(self._api.listed("/v1/customers", "checking customers", email=NOBODYS_ADDRESS))
        ahead = {"gte": int((self._now() + timedelta(days=3650)).timestamp())}
        for name in ("charges", "payment_intents"):
            list(self._api.listed(BY_NAME[name].path, f"checking {name}", created=ahead))
        if not self._settings.jobs:
            return
        try:
            self._api.preview(PATH, "checking redaction jobs", self._settings.version, limit=1)
        except StripeRefusedError:
            raise ConfigError(self.system, FALLBACK) from None

    def inspect(self) -> Iterator[Probe]:
        """Which of the account's lists the key may read, and what else can be told without writing."""
        yield from Inspection(self._spec, self._api, self._settings, self._now).probes()

    def survey(self) -> Iterator[surveys.Found]:
        """Objects that bear metadata, of which only a sample shows the keys."""
        yield from survey.survey(self._specs)

    def mentions(self) -> Mapping[str, str]:
        return {}

    def sample(self, found: surveys.Found, most: int) -> Iterator[tuple[str, str]]:
        """Metadata of the youngest objects."""
        yield from survey.sample(self._api, found, most)

    def locate(self, subject: Subject) -> Iterator[Record]:
        self._exporting = None
        held = self._gatherer().holdings(subject)
        for name, grouped in groupby(held.found, key=lambda f: f.collection):
            found = list(grouped)
            for at in self._locators(name, found):
                if chosen := held.select(at):
                    yield self._record(at, chosen, held)

    def export(self, subject: Subject, at: Locator) -> Iterator[Artifact]:
        spec = self._specs.get(at.collection)
        if spec is None or at.key in NOT_THEIRS:
            return
        if found := self._exported(subject).select(at):
            yield artifact(spec, found, _part(at))

    def delete(self, subject: Subject, orders: Sequence[Order]) -> Iterator[Outcome]:
        self._exporting = None
        yield from Eraser(self._spec, self._api, self._settings, self._gatherer(), self._now).run(subject, orders)

    def held(self, subject: Subject, at: Locator, fields: Collection[str]) -> Iterator[Held]:
        yield from held(self._exported(subject), at, fields)

    def correct(self, subject: Subject, corrections: Sequence[Correction]) -> Iterator[Outcome]:
        """Ordinary updates of customers and payment methods; what documents say of a payment stays, see `correct`."""
        self._exporting = None
        yield from Corrector(self._spec, self._api, self._gatherer().holdings(subject)).run(corrections)

    def _exported(self, subject: Subject) -> Holdings:
        """One search for all collections: it reads every payment of the account."""
        if self._exporting is not None:
            who, since, held = self._exporting
            if who == subject and time.monotonic() - since < _EXPORT_TOGETHER:
                return held
        held = self._gatherer().holdings(subject)
        self._exporting = (subject, time.monotonic(), held)
        return held

    def _gatherer(self) -> Gatherer:
        return Gatherer(self._spec, self._api, self._settings, self._now)

    def _locators(self, name: str, found: Sequence[Found]) -> Iterator[Locator]:
        """One per fate and side of each cut-off, oldest first."""
        spec = self._specs.get(name)
        edges = [None, *(spec.cutoffs if spec else ()), None]
        for fate in sorted({f.fate for f in found}):
            for since, before in pairwise(edges):
                yield Locator(self.system, name, fate, since, before)

    def _record(self, at: Locator, found: Sequence[Found], held: Holdings) -> Record:
        spec = self._specs.get(at.collection)
        ages = sorted(age for f in found if (age := born(f.item)) is not None)
        return Record(
            at,
            len(found),
            ages[0] if ages else None,
            ages[-1] if ages else None,
            fields=_fields(spec, found),
            reveals=self._reveals(at, found),
            obstacles=self._obstacles(at, found, spec),
            takes=takes(held, self._settings.jobs) if at.collection == "customers" and at.key == "" else (),
            note=BY_NAME[at.collection].note,
        )

    def _obstacles(self, at: Locator, found: Sequence[Found], spec: CollectionSpec | None) -> tuple[Obstacle, ...]:
        ends = [f.until for f in found]
        known = [end for end in ends if end is not None]
        standing = obstacle(at.key, max(known) if known and len(known) == len(ends) else None)
        unmarked = Obstacle(ObstacleKind.UNMARKED, f"the inventory has no collection {at.collection!r}: describe it")
        return tuple(o for o in (standing, unmarked if spec is None else None) if o is not None)

    def _reveals(self, at: Locator, found: Sequence[Found]) -> tuple[Identifier, ...]:
        if at.key in NOT_THEIRS:
            return ()
        if at.collection != "customers":
            kinds, origin = guest_kinds(self._spec, at.collection), f"{self.system}/{at.collection}.id"
            return tuple(Identifier(kind, f.id, Trust.ASSIGNED, origin) for kind in sorted(kinds) for f in found)
        origin = f"{self.system}/customers"
        ids = {Identifier("stripe.customer", f.id, Trust.ASSIGNED, f"{origin}.id") for f in found}
        emails = {
            Identifier("email", str(f.item["email"]), Trust.CLAIMED, f"{origin}.email")
            for f in found
            if bears(f.item, "email")
        }
        return tuple(sorted(ids | emails, key=lambda i: (i.kind, i.value)))


def _fields(spec: CollectionSpec | None, found: Sequence[Found]) -> tuple[tuple[str, int], ...]:
    if spec is None:
        return ()
    return tuple((s.name, sum(bears(f.item, s.name) for f in found)) for s in spec.fields if s.redactable)


def _part(at: Locator) -> str:
    parts = [at.key] if at.key else []
    parts += [f"from-{at.since:%Y%m%dT%H%M%S}"] if at.since else []
    parts += [f"until-{at.before:%Y%m%dT%H%M%S}"] if at.before else []
    return "".join(f"-{part}" for part in parts)
