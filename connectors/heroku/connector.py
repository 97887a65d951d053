"""The connector: what is found, and that nothing is changed but by a plan of its own for one backup."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connectors import copies, settings
from connectors.backups import Backup, State
from connectors.errors import ConfigError, RefusedError
from connectors.heroku import retention
from connectors.heroku.account import Account
from connectors.heroku.api import HerokuApi
from connectors.heroku.backups import Logical
from connectors.heroku.estate import ROLLBACK, SCHEDULED, Database, Estate, Tier, survey
from connectors.heroku.places import Looking, Place
from connectors.heroku.settings import ACCOUNT, COPIES, Settings
from connectors.model import Artifact, Aspect, Capabilities, Locator, Order, Outcome, Probe, Record, Subject, SystemSpec
from connectors.vendor_retention import Setting


@dataclass(frozen=True, slots=True)
class Limits:
    """What the vendor keeps of one database, as it says today. Names nobody."""

    app: str
    database: str
    plan: str
    covered: bool  # False: the advanced tier, whose copies are looked up by hand
    rollback_from: datetime | None
    rollback: timedelta
    scheduled: timedelta
    schedules: tuple[str, ...]  # "02:00 UTC"

    @property
    def says(self) -> str:
        place = f"{self.app}/{self.database} ({self.plan.partition(':')[2]})"
        if not self.covered:
            return f"{place}: the calls for backups do not cover it; looked up by hand"
        made = ", ".join(self.schedules) or "not scheduled"
        window = f"rollback {self.rollback.days} days" if self.rollback_from else "no rollback window said"
        return f"{place}: {window}, backups {made}, kept up to {self.scheduled.days} days"


class HerokuConnector:
    """Copies of databases in one Heroku account, and the people its apps name."""

    def __init__(self, spec: SystemSpec) -> None:
        self._spec = spec
        self.system = spec.system
        self._settings = Settings.of(spec)
        self._collections = settings.collections_of(spec, (*COPIES, *ACCOUNT))
        token = settings.secret(spec, "token", "an API token that may read (scope read-protected, for config vars)")
        self._api = HerokuApi(spec.system, self._settings, token.reveal(), spec.pace)
        self._logical = Logical(spec, self._api, self._settings)
        self.capabilities = Capabilities(needs=self._settings.needs, actions=frozenset())

    def check(self) -> None:
        """Read apps, databases and schedules. Raises ConfigError if the vendor keeps something longer than the
        inventory says, or an app or database of the inventory is not there."""
        for probe in self.inspect():
            if probe.ok is False:
                raise ConfigError(self.system, probe.says)

    def inspect(self) -> Iterator[Probe]:
        """What every database's plan keeps until when, and whether the inventory says so, too."""
        left = self._api.remaining()
        yield Probe(Aspect.REACH, True, f"{left} calls left of this hour's")
        limits = self.limits()
        yield Probe(
            Aspect.LOCATE, True, "apps, add-ons and backups are listed; config vars need a read-protected token"
        )
        for limit in limits:
            yield Probe(Aspect.PLAN, True if limit.covered else None, limit.says)
        wrong = list(self._shorter(limits))
        yield from (Probe(Aspect.INVENTORY, False, says) for says in wrong)
        if not wrong:
            yield Probe(Aspect.INVENTORY, True, "retention is not shorter than the vendor's")

    def limits(self) -> tuple[Limits, ...]:
        """What the vendor keeps of every database, and the schedules by which backups are made."""
        estate = survey(self.system, self._api, self._settings)
        return tuple(self._limits(database) for database in estate.databases)

    def kept(self, collection: str, period: timedelta) -> Setting:
        """How long the plans of the databases keep scheduled backups, or the rollback window."""
        return retention.kept(self.system, _longest(self.limits()), collection, period)

    def keep(self, planned: Setting, period: timedelta) -> Setting:
        """No call changes it. Raises RefusedError with what a person does."""
        raise RefusedError(self.system, planned.by_hand)

    def _limits(self, database: Database) -> Limits:
        covered = database.tier is not Tier.UNCOVERED
        schedules = self._api.schedules(database.id) if covered else []
        reach = database.rollback
        window = datetime.now(UTC) - reach if reach else timedelta(0)
        return Limits(
            app=database.app,
            database=database.name,
            plan=database.plan,
            covered=covered,
            rollback_from=reach,
            rollback=max(window, ROLLBACK.get(database.tier, timedelta(0))),
            scheduled=SCHEDULED.get(database.tier, timedelta(0)),
            schedules=tuple(f"{int(s.get('hour', 0)):02d}:00 {s.get('timezone', '')}" for s in schedules),
        )

    def _shorter(self, limits: Sequence[Limits]) -> Iterator[str]:
        """Where the inventory states a shorter retention than the vendor has."""
        stated = {"rollback_days": self._settings.rollback_days, "scheduled_days": self._settings.scheduled_days}
        longest = _longest(limits)
        kept = {"rollback_days": longest["rollback"], "scheduled_days": longest["scheduled_backups"]}
        for name, days in stated.items():
            if days and timedelta(days=days + 1) <= kept[name]:
                yield f"setting {name!r} is {days}, and the vendor keeps copies {kept[name].days} days; correct it"

    def locate(self, subject: Subject) -> Iterator[Record]:
        """Copies that hold the person, if the person was found in their source; then what names them.

        Raises ConfigError if an app or database of the inventory is not there.
        """
        bound = copies.held_until(subject, self._settings.sources)
        named = any(subject.values(kind) for kind in self._settings.kinds)
        if bound is None and not named:
            return
        estate = survey(self.system, self._api, self._settings)
        if bound is not None:
            looking = Looking(self._api, self._settings, estate, bound, datetime.now(UTC))
            yield from map(self._record, looking.places())
        yield from map(self._record, self._account(estate).places(subject))

    def _record(self, place: Place) -> Record:
        at = Locator(self.system, place.collection, place.key)
        return Record(at, place.count, place.oldest, place.newest, obstacles=(place.obstacle,))

    def _account(self, estate: Estate) -> Account:
        return Account(self._api, self._settings, estate.apps)

    def export(self, subject: Subject, at: Locator) -> Iterator[Artifact]:
        """Of copies nothing: the data is exported from its source. Of the account what may be disclosed."""
        if at.collection in COPIES:
            yield from copies.export(at)
            return
        account = self._account(survey(self.system, self._api, self._settings))
        lines, withheld = account.lines(subject, self._collections[at.collection], at.key)
        yield Artifact(f"{at.collection}.jsonl", "application/jsonl", iter(lines), withheld)

    def delete(self, subject: Subject, orders: Sequence[Order]) -> Iterator[Outcome]:
        """Leave everything as it is; makes no call. A plan that orders a deletion is answered FAILED."""
        for order in orders:
            yield copies.answer(order)

    # What a plan of its own for one backup needs (`connectors.backups.KeepsBackups`)

    def backups(self) -> tuple[Backup, ...]:
        """Logical backups of every listed app, oldest first."""
        return self._logical.listed(survey(self.system, self._api, self._settings))

    def download(self, backup: Backup) -> Iterator[bytes]:
        """The dump, streamed."""
        return self._logical.download(backup)

    def standing(self, backup: Backup) -> State:
        """How a backup stands now."""
        return self._logical.standing(backup)

    def remove(self, backup: Backup) -> State:
        """Delete one backup, and read back how it stands."""
        return self._logical.remove(backup)


def _longest(limits: Sequence[Limits]) -> dict[str, timedelta]:
    """How long copies are kept at most, by collection; without a schedule no backup is made by one."""
    return {
        "rollback": max((limit.rollback for limit in limits), default=timedelta(0)),
        "scheduled_backups": max((limit.scheduled for limit in limits if limit.schedules), default=timedelta(0)),
    }
