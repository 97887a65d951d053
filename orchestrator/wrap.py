"""What is wanted around every connector: each class here takes a Connector and is a Connector."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, stop_any
from tenacity.stop import stop_base
from tenacity.wait import wait_exponential_jitter

from connectors.errors import TransientError
from connectors.model import (
    Action,
    Artifact,
    Capabilities,
    Locator,
    Order,
    Outcome,
    Record,
    Subject,
)  # fmt: skip
from connectors.protocol import Connector
from orchestrator.telemetry import telemetry

T = TypeVar("T")
LONGEST_WAIT = 120.0  # seconds; a vendor that asks for more is left for a later run
_log = logging.getLogger("dsr.connector")


class _Around:
    """Passes everything through to the connector inside."""

    def __init__(self, inside: Connector) -> None:
        self.inside = inside

    @property
    def system(self) -> str:
        return self.inside.system

    @property
    def capabilities(self) -> Capabilities:
        return self.inside.capabilities

    def check(self) -> None:
        self.inside.check()

    def locate(self, subject: Subject) -> Iterator[Record]:
        return self.inside.locate(subject)

    def export(self, subject: Subject, at: Locator) -> Iterator[Artifact]:
        return self.inside.export(subject, at)

    def delete(self, subject: Subject, orders: Sequence[Order]) -> Iterator[Outcome]:
        return self.inside.delete(subject, orders)


class Retried(_Around):
    """The one retry policy: only TransientError, the vendor's own waiting time first, then
    exponential with jitter. A search is repeated whole; a deletion for unanswered orders, told along
    with what stays: a connector refuses what would take that along, and can only do so if it knows."""

    def __init__(
        self, inside: Connector, attempts: int = 4, first_wait: float = 0.5,
        asked_to_wait: Callable[[float], None] = lambda seconds: None,
    ) -> None:  # fmt: skip
        super().__init__(inside)
        self._asked_to_wait = asked_to_wait  # told what a vendor asks for: it holds for every request
        self._attempts = attempts
        self._backoff = wait_exponential_jitter(initial=first_wait, max=30, jitter=first_wait)

    def check(self) -> None:
        self.again(self.inside.check)

    def locate(self, subject: Subject) -> Iterator[Record]:
        yield from self.again(lambda: list(self.inside.locate(subject)))

    def delete(self, subject: Subject, orders: Sequence[Order]) -> Iterator[Outcome]:
        answered: set[Locator] = set()
        for attempt in self.attempts():
            with attempt:
                before = frozenset(answered)
                left = [o for o in orders if o.at not in before or o.action in (Action.RETAIN, Action.MANUAL)]
                for outcome in self.inside.delete(subject, left):
                    if outcome.at not in before:
                        answered.add(outcome.at)
                        yield outcome

    def again(self, call: Callable[[], T]) -> T:
        """The call's answer, asked for again as the policy says. For what is safe to repeat."""
        return self.attempts()(call)

    def attempts(self) -> Retrying:
        """The policy itself, for what answers piece by piece."""
        return Retrying(
            stop=stop_any(stop_after_attempt(self._attempts), _AsksTooMuch()),
            wait=self._wait,
            retry=retry_if_exception_type(TransientError),
            reraise=True,
        )

    def _wait(self, state: RetryCallState) -> float:
        telemetry.count("dsr.retries", system=self.system)
        asked = _asked(state)
        if asked is None:
            return self._backoff(state)
        if _for_all(state):
            self._asked_to_wait(asked)
        return asked


def _for_all(state: RetryCallState) -> bool:
    error = state.outcome.exception() if state.outcome else None
    return isinstance(error, TransientError) and error.for_all


def _asked(state: RetryCallState) -> float | None:
    error = state.outcome.exception() if state.outcome else None
    return error.retry_after if isinstance(error, TransientError) else None


class _AsksTooMuch(stop_base):
    """Gives up at once when the vendor asks for a longer wait than a run should take."""

    def __call__(self, state: RetryCallState) -> bool:
        return (_asked(state) or 0) > LONGEST_WAIT


class Admitted(_Around):
    """Calls the system only when it may be called: not while it is paused, and so many at a time.

    `admit` is entered around each verb; it raises what `connectors.errors` names.
    """

    def __init__(self, inside: Connector, admit: Callable[[], AbstractContextManager[None]]) -> None:
        super().__init__(inside)
        self._admit = admit

    def check(self) -> None:
        with self._admit():
            self.inside.check()

    def locate(self, subject: Subject) -> Iterator[Record]:
        with self._admit():
            yield from self.inside.locate(subject)

    def export(self, subject: Subject, at: Locator) -> Iterator[Artifact]:
        with self._admit():
            yield from self.inside.export(subject, at)

    def delete(self, subject: Subject, orders: Sequence[Order]) -> Iterator[Outcome]:
        with self._admit():
            yield from self.inside.delete(subject, orders)


class Traced(_Around):
    """Spans and measurements of each verb, as parts of what was under way when it was made; see `telemetry`."""

    def __init__(self, inside: Connector) -> None:
        super().__init__(inside)
        self._within = telemetry.here()

    def check(self) -> None:
        with telemetry.span("check", self._within, system=self.system, verb="check"):
            self.inside.check()

    def locate(self, subject: Subject) -> Iterator[Record]:
        with telemetry.span("locate", self._within, system=self.system, verb="locate") as counts:
            records = list(self.inside.locate(subject))  # whole, as the retry policy has it: nobody waits inside
            counts["records"] = sum(record.count for record in records)
        yield from records

    def export(self, subject: Subject, at: Locator) -> Iterator[Artifact]:
        with telemetry.span("export", self._within, system=self.system, verb="export"):
            yield from self.inside.export(subject, at)

    def delete(self, subject: Subject, orders: Sequence[Order]) -> Iterator[Outcome]:
        with telemetry.span("delete", self._within, system=self.system, verb="delete") as counts:
            counts["orders"] = len(orders)
            for outcome in self.inside.delete(subject, orders):
                telemetry.count("dsr.steps", system=self.system, status=str(outcome.status))
                yield outcome


class Logged(_Around):
    """Says what was asked of which system, with counts; never a value."""

    def locate(self, subject: Subject) -> Iterator[Record]:
        found = 0
        for record in self.inside.locate(subject):
            found += record.count
            yield record
        _log.info("%s: located %d", self.system, found)

    def delete(self, subject: Subject, orders: Sequence[Order]) -> Iterator[Outcome]:
        _log.info("%s: %d orders", self.system, len(orders))
        for outcome in self.inside.delete(subject, orders):
            _log.info("%s/%s: %s %d", self.system, outcome.at.collection, outcome.status, outcome.count)
            yield outcome


def opened(connector: Connector) -> tuple[Connector, Retried]:
    """The connector without what is around it, and the retry policy that was."""
    policy = Retried(connector)
    while isinstance(connector, _Around):
        policy = connector if isinstance(connector, Retried) else policy
        connector = connector.inside
    return connector, policy
