"""How long a vendor's own setting keeps the data of a collection, beside how long the inventory says."""

from __future__ import annotations

from dataclasses import dataclass

FOR_EVER = "for ever"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a vendor's as it was read, and what it has to be. Nothing in it is personal.

    `also`: other collections of the inventory that the same setting ends; it spares nobody in any of them.
    """

    collection: str
    what: str  # "retention of the log group /aws/lambda/reports"
    now: str  # "365 days", "for ever"
    wanted: str
    fits: bool
    shortens: bool = True  # whether anything goes sooner once it is applied
    also: tuple[str, ...] = ()
    mark: str = ""  # another one as soon as the setting, or what stands beside it, is another
    stops: str = ""  # why it cannot be applied as it is, with the way out
    by_hand: str = ""  # the vendor has no call for it: what a person does
    before: str = ""  # what stands there whole, to put back if something of it gets lost: JSON, configuration only
    note: str = ""  # what applying it means, for people
