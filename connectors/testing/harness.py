"""What the kit needs of a system under test, and how it looks at what came back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import ClassVar, Protocol

from connectors.model import (
    Action,
    Locator,
    ObstacleKind,
    Order,
    Record,
    Status,
    Subject,
    SystemSpec,
)
from connectors.sandbox.faults import Fault

WIRE_FAULTS = tuple(f for f in Fault if f not in (Fault.LYING, Fault.DUPLICATE))
GONE = {Status.DONE, Status.ABSENT}


class Harness(Protocol):
    """What the kit needs of a system under test. One instance per test class."""

    exempt: ClassVar[Mapping[str, str]]  # law -> why this system cannot obey it
    subject: Subject
    bystander: Subject
    canaries: tuple[str, ...]  # the subject's personal values: never in a repr, message or log
    never: tuple[str, ...]  # planted values that must not be exported
    disclosed: tuple[str, ...]  # planted values that must be exported

    # Of a connector that corrects: (collection, field) -> the right value, where another one stands, in rows
    # of the bystander's too; and values that the system does not take.
    #   corrections: Mapping[tuple[str, str], str]
    #   refused: Mapping[tuple[str, str], str]

    def start(self) -> None:
        """Bring the sandbox up (once per class)."""

    def stop(self) -> None:
        """Take it down."""

    def plant(self) -> Mapping[str, int]:
        """Empty the sandbox; plant subject and bystander, over two or more pages of results;
        return how many rows or objects of the subject locate must count per collection."""

    def spec(self) -> SystemSpec:
        """The inventory entry of the running sandbox, with its own credentials."""

    def spec_refused(self) -> SystemSpec | None:
        """The same with credentials the system refuses; None if it has none."""

    def untouched(self) -> object:
        """Everything of the bystander's, read behind the connector's back, comparable by ==."""

    def fault(self, fault: Fault, after: int = 0, times: int = 1_000_000) -> AbstractContextManager[None]:
        """While inside, calls of the system misbehave so."""

    def settle(self) -> None:
        """Let the vendor's own time pass, until what it accepted has taken effect."""


def orders_for(records: Sequence[Record], action: Action | None = None) -> list[Order]:
    """Orders as a plan would give them: records with an obstacle are not touched, and rows that only
    name the person are unlinked."""

    def what(record: Record) -> Action:
        if record.obstacles:
            return Action.MANUAL
        return Action.REDACT if record.mentions else action or Action.DELETE

    return [Order(r.at, what(r), count=r.count) for r in records]


def live(records: Sequence[Record]) -> list[Record]:
    return [r for r in records if not r.obstacles]


def totals(records: Sequence[Record]) -> dict[str, int]:
    totals: dict[str, int] = {}
    for record in records:
        if not any(o.kind is ObstacleKind.CLAIMED for o in record.obstacles):
            totals[record.at.collection] = totals.get(record.at.collection, 0) + record.count
    return totals


class HeldError(Exception):
    """Raised by a closed gate."""


def key(at: Locator) -> tuple[str, ...]:
    return (at.collection, at.key, str(at.since), str(at.before))


def unlike(kind: str) -> str:
    return "nobody.else@example.net" if "email" in kind else "0-000-nobody"


def no_canary(harness: Harness, *texts: str) -> None:
    for text in texts:
        for canary in harness.canaries:
            assert canary.casefold() not in text.casefold(), (
                f"a personal value shows in {len(text)} characters of output"
            )
