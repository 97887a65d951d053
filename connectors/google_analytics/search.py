"""What of a person deletion is asked for: seen among an audience's members, or unseen.

A member is listed by user id where there is one and by device otherwise, perhaps once for several
devices. So whoever is seen by one identifier is asked to be deleted by all of theirs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from connectors.google_analytics.admin import Admin
from connectors.google_analytics.audience import require_everybody
from connectors.google_analytics.exports import Members
from connectors.google_analytics.identifiers import APPS, CLIENTS, PROVIDED, SEEN, USERS, Name
from connectors.google_analytics.settings import Settings
from connectors.model import Obstacle, ObstacleKind

_SHARED = (
    "another user number was seen on this device, or the person's own is not known: deleting by the device would take "
    "somebody else's events along; what was done signed in goes by the user number, and a person decides on the rest"
)


@dataclass(frozen=True, slots=True)
class Found:
    """One identifier that deletion can be asked for, or why it must not be."""

    name: Name
    obstacle: Obstacle | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What the members' list says of the person."""

    mine: bool  # somebody is listed who is the person and nobody else
    shared: frozenset[str] = field(default=frozenset(), repr=False)  # devices on which others signed in
    more: frozenset[str] = field(default=frozenset(), repr=False)  # further devices of the person's user ids only


class Search:
    """What a subject's names lead to, looked at once. `members` is None where nobody can be looked up."""

    def __init__(
        self, system: str, admin: Admin, members: Members | None, settings: Settings, names: Iterable[Name]
    ) -> None:
        self._system = system
        self._admin = admin
        self._members = members
        self._settings = settings
        self._names = list(names)
        self._devices = {n.value for n in self._names if n.collection in (CLIENTS, APPS)}
        self._users = {n.value for n in self._names if n.collection == USERS}

    @cached_property
    def found(self) -> list[Found]:
        """Every identifier of the person's that may stand in the property."""
        if not self._names or (self._members and not self._devices | self._users):
            return []
        seen = self.seen
        names = [n for n in self._names if seen.mine or (n.collection in SEEN and n.value in seen.shared)]
        if any(n.collection == PROVIDED for n in names) and not self._provided:
            names = [n for n in names if n.collection != PROVIDED]
        return [Found(n, self._obstacle(n)) for n in names]

    def _obstacle(self, name: Name) -> Obstacle | None:
        if name.collection in (CLIENTS, APPS) and name.value in self.seen.shared:
            return Obstacle(ObstacleKind.SHARED, _SHARED)
        return Obstacle(ObstacleKind.BY_HAND, name.doubt) if name.doubt else None

    @cached_property
    def links(self) -> int:
        """BigQuery links that no system of the inventory answers for."""
        return 0 if self._settings.bigquery_system else self._admin.links()

    @property
    def _provided(self) -> bool:
        return self._settings.user_provided_data or self._admin.collects_provided_data()

    @cached_property
    def seen(self) -> Seen:
        """Whom the members' list shows; without one, everything is taken for the person's."""
        if self._members is None:
            return Seen(mine=True)
        most = require_everybody(self._system, self._admin)
        rows = self._rows(most, self._devices)
        hers = {device for device, user in rows if device and user in self._users}
        if hers - self._devices:  # whether somebody else was seen on these takes another look
            rows = self._rows(most, self._devices | hers)
        others = {device for device, user in rows if user and user not in self._users}
        mine = any(user in self._users or (device in self._devices - others and not user) for device, user in rows)
        return Seen(mine, frozenset(self._devices & others), frozenset(hers - self._devices - others))

    def _rows(self, most: int, devices: set[str]) -> list[tuple[str, str]]:
        assert self._members is not None
        return [row for row in self._members.rows(most) if row[0] in devices or row[1] in self._users]
