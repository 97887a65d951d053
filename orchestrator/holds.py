"""Legal holds as values: whom or what, of which time, for whom, until when somebody looks again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold. Exactly one of the scopes is given; `person` is a keyed hash, not a name.

    `since` (inclusive) and `before` narrow it to rows of that time; of unknown age are all. `case` is told to staff
    only. `preservation`: at the request of law enforcement, for 90 days at a time (18 U.S.C. 2703(f)).
    """

    id: str
    reason: str
    by: str
    placed: datetime
    review: datetime
    person: str = ""
    organisation: str = ""
    collection: str = ""  # "system/collection" or "system"
    released: datetime | None = None
    case: str = ""
    owner: str = ""  # who decides about it
    since: datetime | None = None
    before: datetime | None = None
    preservation: bool = False

    def reaches(self, oldest: datetime | None, newest: datetime | None) -> bool:
        """Whether rows between these ages may lie in its time."""
        starts = self.since is None or newest is None or newest >= self.since
        return starts and (self.before is None or oldest is None or oldest < self.before)
