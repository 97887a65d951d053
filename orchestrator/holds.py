"""Legal holds: nothing under one is written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold. Exactly one of the scopes is given; `person` is a keyed hash, not a name."""

    id: str
    reason: str
    by: str
    placed: datetime
    review: datetime
    person: str = ""
    organisation: str = ""
    collection: str = ""  # "system/collection" or "system"
    released: datetime | None = None
