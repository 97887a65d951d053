"""Retention schedules as frozen values: how long rows are kept, whoever they are about, and when that is seen to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

DELETE, REDACT, VENDOR_NATIVE = "delete", "redact", "vendor_native"


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long the rows of one collection are kept."""

    period: timedelta
    counted_from: str  # the field; empty if `event` says in words what no field holds
    event: str
    basis: str
    action: str  # delete, redact, or vendor_native: a setting of the vendor's does it
    owner: str
    along: tuple[str, ...] = ()  # collections whose rows belong to these and go with them
    instruction: str = ""  # of the organisation whose data it is, or the term of the contract with it

    @property
    def by_machine(self) -> bool:
        """Whether a run of ours carries it out."""
        return self.action in (DELETE, REDACT) and bool(self.counted_from)


@dataclass(frozen=True, slots=True)
class Timetable:
    """When retention runs by itself, under `dsr work`."""

    cron: str = ""  # five fields, in the company's time zone
    records: int = 100_000  # more rows in one collection and run than this are a person's to decide


@dataclass(frozen=True, slots=True)
class KeyTimes:
    """When the master key of the vaults is replaced, under `dsr work`, and how long the one before is kept."""

    new_after: timedelta | None = None
    kept: timedelta = timedelta(0)

    @property
    def promise(self) -> timedelta | None:
        """After how long at most nobody can open what was forgotten, whatever copies they have."""
        return None if self.new_after is None else self.new_after + self.kept
