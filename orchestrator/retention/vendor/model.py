"""The nouns of vendors' own retention: frozen values without personal data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.vendor_retention import Setting


@dataclass(frozen=True, slots=True)
class VendorStep:
    """One collection whose period a setting of the vendor's is to keep. `setting` is None where none can be read."""

    system: str
    collection: str
    days: int  # the inventory's period
    rule: str  # digest of everything that decides about these rows
    basis: str
    owner: str
    setting: Setting | None = None
    unread: str = ""  # why no setting was read
    how: str = "unknown"  # "read" of the vendor, "stated" by a person, or "unknown"
    stated: str = ""  # what was said, by whom, and when it is to be looked at again
    agrees: bool | None = None  # what was said with the inventory's period
    overdue: bool = False  # what was said is too old to count
    stops: tuple[str, ...] = ()  # why it cannot be applied, beside what the setting itself says

    @property
    def ref(self) -> str:
        return f"{self.system}/{self.collection}"

    @property
    def period(self) -> timedelta:
        return timedelta(days=self.days)

    @property
    def fits(self) -> bool | None:
        """Whether vendor and inventory agree; None if that cannot be told."""
        if self.setting:
            return self.setting.fits
        return False if self.overdue else self.agrees

    @property
    def due(self) -> bool:
        """Whether it could be applied as it is."""
        setting = self.setting
        return bool(setting and not (setting.fits or setting.stops or setting.by_hand or self.stops))

    @property
    def says(self) -> str:
        """One line for people, with the way out."""
        if self.setting is None and self.stated:
            if self.fits:
                return f"{self.collection}: {self.stated}"
            why = "their word is too old" if self.overdue else f"the inventory says {self.days} days"
            return f"{self.collection}: {self.stated}, and {why}: {self.owner} looks, and corrects `stated`"
        if self.setting is None:
            return f"{self.collection}: its period is kept by hand: {self.owner}: {self.unread}"
        said = f"{self.collection}: {self.setting.what}: {self.setting.now}"
        if self.setting.fits:
            return said
        way = self.setting.by_hand or "; ".join((*self.stops, *filter(None, (self.setting.stops,))))
        return f"{said}, and the inventory says {self.setting.wanted}: {way or 'dsr retention settings plan'}"


@dataclass(frozen=True, slots=True)
class VendorPlan:
    """Frozen, approved by digest, applied exactly."""

    made_by: str
    made_at: datetime
    steps: tuple[VendorStep, ...]
    inventory: str
    code: str

    @property
    def to_do(self) -> tuple[VendorStep, ...]:
        return tuple(s for s in self.steps if s.due)
