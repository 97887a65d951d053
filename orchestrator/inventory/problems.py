"""Everything wrong with an inventory, gathered first and told at once, each with its line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.errors import InventoryError

Place = tuple[str | int, ...]


def nearest(name: str, candidates: Iterable[str]) -> str:
    """The end of a sentence that says what would have been right: "; did you mean 'email'?"."""
    known = sorted(candidates)
    by_folded = {c.casefold(): c for c in known}
    if found := difflib.get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.6):
        return f"; did you mean {by_folded[found[0]]!r}?"
    if not known:
        return "; there are none"
    return f"; expected one of: {', '.join(known[:12])}{', …' if len(known) > 12 else ''}"


def dotted(place: Place) -> str:
    """`systems.app_db.collections."public.users".age`: a path as people read it."""
    return ".".join(f'"{p}"' if isinstance(p, str) and "." in p else str(p) for p in place)


@dataclass
class Problems:
    """Collects; `stop()` raises one InventoryError that lists them in the order of the file."""

    file: Path
    lines: Mapping[Place, int] = field(default_factory=dict)
    found: list[tuple[int, str]] = field(default_factory=list)

    def add(self, place: Place, message: str) -> None:
        """`place` may name something that is not there: then its parent's line counts."""
        there = place
        while there and there not in self.lines:
            there = there[:-1]
        self.at(self.lines.get(there, 1), place, message)

    def at(self, line: int, place: Place, message: str) -> None:
        name = dotted(place)
        text = f"{self.file}:{line}: {name + ': ' if name else ''}{message}"
        if (line, text) not in self.found:
            self.found.append((line, text))

    def stop(self) -> None:
        """Raise InventoryError if anything was found."""
        if not self.found:
            return
        texts = [text for _, text in sorted(self.found)]
        count = "1 problem" if len(texts) == 1 else f"{len(texts)} problems"
        raise InventoryError("\n".join([f"{self.file}: {count}", *texts]))
