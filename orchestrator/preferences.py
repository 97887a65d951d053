"""Our own list: from what people have opted out, as keyed hashes of what names them, each with its purpose.

Kept under Cal. Civ. Code 1798.105(c)(2) and 1798.135(c): it names nobody, is asked by imports, campaigns and
sales, and forgets an entry only by an opt-in that was asked for and separately confirmed (11 CCR 7028(a)).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from orchestrator.days import months_after
from orchestrator.journal import Journal
from orchestrator.law import Purpose

LISTED, LIFTED = "opted_out", "opted_in"  # kinds of journal entries
ENTRY = "entry of our list"  # what is tagged to make an entry a request's own, once
SILENCE = 12  # months without an invitation to opt in (Cal. Civ. Code 1798.135(c)(4))
_INVITED = frozenset({Purpose.SALE, Purpose.SHARING, Purpose.SENSITIVE})  # what nobody may be asked to take back


@dataclass(frozen=True, slots=True)
class Choice:
    """One opt-out in force: honoured since when, and when it was last said."""

    purpose: Purpose
    since: datetime
    said: datetime


class Preferences:
    """The list at one moment. Reading it goes through all its entries once."""

    def __init__(self, journal: Journal) -> None:
        self._held: dict[str, dict[Purpose, Choice]] = {}
        entries = (e for kind in (LISTED, LIFTED) for e in journal.entries(kind=kind))
        for entry in sorted(entries, key=lambda e: e.seq):
            purpose = Purpose(entry.payload.get("purpose", Purpose.MARKETING))
            mine = self._held.setdefault(entry.payload["tag"], {})
            if entry.kind == LIFTED:
                mine.pop(purpose, None)
            else:
                before = mine.get(purpose)
                mine[purpose] = Choice(purpose, before.since if before else entry.at, entry.at)

    def of(self, tags: Iterable[str]) -> tuple[Choice, ...]:
        """What the person with these tags has opted out of, each once, with its first day."""
        found: dict[Purpose, Choice] = {}
        for tag in tags:
            for purpose, choice in self._held.get(tag, {}).items():
                other = found.get(purpose, choice)
                found[purpose] = Choice(purpose, min(choice.since, other.since), max(choice.said, other.said))
        return tuple(sorted(found.values(), key=lambda c: list(Purpose).index(c.purpose)))

    def keeps(self, tag: str, purpose: Purpose) -> bool:
        return purpose in self._held.get(tag, {})

    def silent(self, tag: str, today: date, day: Callable[[datetime], date]) -> bool:
        """Whether the person must not be invited to opt in again yet; `day` is the local date of an instant."""
        said = [day(c.said) for p, c in self._held.get(tag, {}).items() if p in _INVITED]
        return bool(said) and today < months_after(max(said), SILENCE)


def places(tags: Sequence[str], stops: Callable[[str], bool]) -> tuple[int, ...]:
    """Which of these stop, by their place, counted from 1; an empty tag is of an empty line."""
    return tuple(n for n, tag in enumerate(tags, 1) if tag and stops(tag))
