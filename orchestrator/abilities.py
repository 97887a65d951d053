"""What some connectors can do besides the four verbs, each under the one retry policy."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TypeVar

from connectors.backups import Backup, KeepsBackups, State
from connectors.model import (
    Aged,
    Aspect,
    Correction,
    Held,
    Identifier,
    Locator,
    Outcome,
    Probe,
    Subject,
)
from connectors.protocol import (
    AppliesRetention,
    Connector,
    Corrects,
    Enumerates,
    Inspects,
    Suppresses,
    Surveys,
    TellsAges,
)
from connectors.surveys import Found
from connectors.vendor_retention import Setting
from orchestrator.wrap import Retried, opened

T = TypeVar("T")


class Suppressing:
    """A connector's opt-outs under the one retry policy: entering one again changes nothing."""

    def __init__(self, inside: Suppresses, policy: Retried) -> None:
        self._inside, self._policy = inside, policy

    def suppress(self, subject: Subject) -> Iterator[Outcome]:
        yield from self._policy.again(lambda: list(self._inside.suppress(subject)))

    def suppressed(self, subject: Subject) -> bool:
        return self._policy.again(lambda: self._inside.suppressed(subject))


def suppressing(connector: Connector) -> Suppresses | None:
    """The connector's ability to keep a person from being written to, if it has it."""
    inside, policy = opened(connector)
    return Suppressing(inside, policy) if isinstance(inside, Suppresses) else None


class Enumerating:
    """A connector's listing of everybody under the one retry policy: cut short, it is read anew."""

    def __init__(self, inside: Enumerates, policy: Retried) -> None:
        self._inside, self._policy = inside, policy

    def read(self, take: Callable[[Iterator[tuple[Identifier, ...]]], T]) -> T:
        """What `take` makes of all rows' identifiers. It is called again, from the beginning, after a fault."""
        return self._policy.again(lambda: take(self._inside.identities()))


def enumerating(connector: Connector) -> Enumerating | None:
    """The connector's ability to name everybody it holds, if it has it."""
    inside, policy = opened(connector)
    return Enumerating(inside, policy) if isinstance(inside, Enumerates) else None


class Keeping:
    """A connector's backups under the one retry policy. Removing one again looks first, and then does nothing.

    A download is not repeated: whoever takes it would have to begin anew.
    """

    def __init__(self, inside: KeepsBackups, policy: Retried) -> None:
        self._inside, self._policy = inside, policy
        self.download = inside.download

    def backups(self) -> tuple[Backup, ...]:
        return self._policy.again(self._inside.backups)

    def standing(self, backup: Backup) -> State:
        return self._policy.again(lambda: self._inside.standing(backup))

    def remove(self, backup: Backup) -> State:
        return self._policy.again(lambda: self._inside.remove(backup))


def keeping(connector: Connector) -> Keeping | None:
    """The connector's ability to list backups and delete one, if it has it."""
    inside, policy = opened(connector)
    return Keeping(inside, policy) if isinstance(inside, KeepsBackups) else None


class Aging:
    """A connector's word on people's ages under the one retry policy: cut short, it is read anew."""

    def __init__(self, inside: TellsAges, policy: Retried) -> None:
        self._inside, self._policy = inside, policy

    def read(self, take: Callable[[Iterator[Aged]], T]) -> T:
        """What `take` makes of all rows. It is called again, from the beginning, after a fault."""
        return self._policy.again(lambda: take(self._inside.ages()))


def aging(connector: Connector) -> Aging | None:
    """The connector's ability to say how old people are, if it has it."""
    inside, policy = opened(connector)
    return Aging(inside, policy) if isinstance(inside, TellsAges) else None


class Listing:
    """A connector's listing of what exists under the one retry policy. A sample is taken once: it may be had or not."""

    def __init__(self, inside: Surveys, policy: Retried) -> None:
        self._inside, self._policy = inside, policy
        self.mentions, self.sample = inside.mentions, inside.sample

    def survey(self) -> tuple[Found, ...]:
        return self._policy.again(lambda: tuple(self._inside.survey()))


def listing(connector: Connector) -> Listing | None:
    """The connector's ability to list what exists in a system, if it has it."""
    inside, policy = opened(connector)
    return Listing(inside, policy) if isinstance(inside, Surveys) else None


def unlisted(connector: Connector) -> str:
    """What exists in a system besides its collections although no call lists it, and who looks; empty: nothing."""
    return connector.capabilities.unlisted


class Settled:
    """A connector's word on the vendor's own retention under the one retry policy: applying again changes nothing."""

    def __init__(self, inside: AppliesRetention, policy: Retried) -> None:
        self._inside, self._policy = inside, policy

    def kept(self, collection: str, period: timedelta) -> Setting:
        return self._policy.again(lambda: self._inside.kept(collection, period))

    def keep(self, planned: Setting, period: timedelta) -> Setting:
        return self._policy.again(lambda: self._inside.keep(planned, period))


def settled(connector: Connector) -> Settled | None:
    """The connector's ability to read and change the vendor's own retention, if it has it."""
    inside, policy = opened(connector)
    return Settled(inside, policy) if isinstance(inside, AppliesRetention) else None


class Correcting:
    """A connector's corrections under the one retry policy: asked again for those that have no outcome yet."""

    def __init__(self, inside: Corrects, policy: Retried) -> None:
        self._inside, self._policy = inside, policy

    def held(self, subject: Subject, at: Locator, fields: Collection[str]) -> Iterator[Held]:
        yield from self._policy.again(lambda: list(self._inside.held(subject, at, fields)))

    def correct(self, subject: Subject, corrections: Sequence[Correction]) -> Iterator[Outcome]:
        answered = 0
        for attempt in self._policy.attempts():
            with attempt:
                for outcome in self._inside.correct(subject, corrections[answered:]):
                    answered += 1
                    yield outcome


def correcting(connector: Connector) -> Corrects | None:
    """The connector's ability to put single fields right, if it has it."""
    inside, policy = opened(connector)
    return Correcting(inside, policy) if isinstance(inside, Corrects) else None


def mailing(systems: Mapping[str, Connector]) -> dict[str, Suppresses]:
    """The systems that can keep a person from being written to."""
    return {name: able for name, connector in systems.items() if (able := suppressing(connector))}


def probes(connector: Connector) -> tuple[Probe, ...]:
    """What can be told of a connector before a request needs it. Raises as `check` does."""
    inside, policy = opened(connector)
    if isinstance(inside, Inspects):
        return tuple(policy.again(lambda: list(inside.inspect())))
    connector.check()
    return (Probe(Aspect.REACH, True, "reachable; its permissions are not told apart"),)
