"""What the inventory leaves out on purpose, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase


@dataclass(frozen=True, slots=True)
class Exemption:
    """A place left out on purpose: "system", "system/collection" or "system/collection.field"."""

    what: str
    reason: str
    owner: str = ""
    until: date | None = None  # the last day on which it counts

    def covers(self, place: str) -> bool:
        """Whether it is about this place, in force or not."""
        return fnmatchcase(place, self.what.replace("[", "[[]").replace("?", "[?]"))

    def ended(self, today: date) -> bool:
        return self.until is not None and self.until < today
