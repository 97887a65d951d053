"""Copies that hold everybody: what a connector to backups, snapshots and forks must know of a person.

Nothing tells whom a backup holds. What can be known is that a person was in its source, and until when
they may be: whoever searched the source says so with an identifier of the kind `SOURCE.held_until`.
Its value is an instant. Copies made later were made without the person; all others are theirs too.
The identifier outlives the erasure in the source, which no copy notices.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

from connectors.model import Artifact, Identifier, Locator, Order, Outcome, Status, Subject, Trust

_SUFFIX = ".held_until"
EVERYBODY = "a copy that holds everybody is not changed or deleted for one person"
WITHHELD = "copies in backups, which hold everybody"


def kind(source: str) -> str:
    """The kind of identifier that opens copies of a system."""
    return f"{source}{_SUFFIX}"


def is_kind(name: str) -> bool:
    """Whether an identifier of this kind says until when a person was held somewhere."""
    return name.endswith(_SUFFIX)


def held(source: str, until: datetime) -> Identifier:
    """That a system holds the person, and at the latest until when."""
    value = until.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return Identifier(kind(source), value, Trust.ASSIGNED, f"{source}/*")


def held_until(subject: Subject, sources: Iterable[str]) -> datetime | None:
    """Until when any of the sources may hold the person; None if nobody has seen the person there.

    A value that is no instant with a time zone says nothing.
    """
    found = [_instant(value) for source in sources for value in subject.values(kind(source))]
    return max((instant for instant in found if instant is not None), default=None)


def answer(order: Order, until: datetime | None = None) -> Outcome:
    """The outcome of an order on a copy: what was left is left, and nothing else is ever done."""
    if spared := order.spared():
        return replace(spared, until=until) if spared.status is Status.RETAINED else spared
    return Outcome(order.at, Status.FAILED, reason=EVERYBODY)


def export(at: Locator) -> Iterator[Artifact]:
    """Nothing, and that it is withheld: a copy is not read for one person, who gets the data from its source."""
    yield Artifact(f"{at.collection}.jsonl", "application/jsonl", iter(()), (WITHHELD,))


def _instant(value: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
