"""The connector: what is located and deleted, and what only a person can do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from connectors.errors import ChangedError
from connectors.google import ServiceAccount
from connectors.google_analytics import retention
from connectors.google_analytics.admin import Admin
from connectors.google_analytics.exports import Members
from connectors.google_analytics.identifiers import (
    APPS,
    ASKED,
    CLIENTS,
    COLLECTIONS,
    LINKS,
    SEEN,
    TEXTS,
    USERS,
    kinds_of,
    names_of,
)
from connectors.google_analytics.inspection import Inspection
from connectors.google_analytics.search import Found, Search
from connectors.google_analytics.settings import Settings
from connectors.model import (
    Action,
    Artifact,
    Capabilities,
    Identifier,
    Locator,
    Obstacle,
    ObstacleKind,
    Order,
    Outcome,
    Probe,
    Record,
    Status,
    Subject,
    SystemSpec,
    Trust,
)
from connectors.settings import collections_of
from connectors.vendor_retention import Setting

# "Deletion processes are scheduled to occur every two months": 62 days at most, and a day to run.
# https://developers.google.com/analytics/devguides/config/userdeletion/v3
DELETED_WITHIN = timedelta(days=63)
_LINKED = (
    "the property's events are copied into BigQuery, where a user deletion does not reach: delete the rows of these "
    "client ids and user numbers there first, and make the dataset a system of the inventory (bigquery_system)"
)
_TYPED = (
    "text in event parameters (page addresses, search terms) can name the person under other people's ids: look in "
    "the reports; an Editor erases what is found under Admin, Data deletion requests (7 days to withdraw it)"
)
_ANEW = "reaches what was collected until then; a browser that keeps its cookie, or a server that goes on, begins anew"
_NO_REDACTION = "no call takes the person out of an event that stays"
_APP_INSTANCE = re.compile(r"[0-9a-fA-F]{32}")


class AnalyticsConnector:
    """One Google Analytics 4 property."""

    def __init__(self, spec: SystemSpec) -> None:
        self.system = spec.system
        self._spec = spec
        self._settings = settings = Settings.of(spec)
        self._collections = collections_of(spec, COLLECTIONS)
        self._kinds = kinds_of(self._collections)
        account = ServiceAccount.of(spec, settings.timeout)
        self._admin = Admin(account, settings, spec.pace)
        self._members = Members(account, settings) if settings.audience else None
        self._inspection = Inspection(spec.system, settings, self._admin, self._members)
        searched = SEEN if settings.audience else ASKED
        self.capabilities = Capabilities(
            needs=frozenset(kind for name in searched for kind in self._kinds[name]),
            actions=frozenset({Action.DELETE}),
            exports=False,
            verifiable=False,
            searchable=bool(settings.audience),
            settles_within=DELETED_WITHIN,
        )

    def check(self) -> None:
        """Prove that the property is read and is what the inventory says; ConfigError if it is not."""
        self._inspection.check()

    def inspect(self) -> Iterator[Probe]:
        """The same with every finding, and with what cannot be told."""
        yield from self._inspection.probes()

    def kept(self, collection: str, period: timedelta) -> Setting:
        """How long the property keeps events, or the data of users."""
        return retention.kept(self._admin, collection, period, tuple(c.name for c in self._spec.collections))

    def keep(self, planned: Setting, period: timedelta) -> Setting:
        return retention.keep(
            self._admin, self.system, planned, period, tuple(c.name for c in self._spec.collections), self._spec.gate
        )

    def _search(self, subject: Subject) -> Search:
        return Search(self.system, self._admin, self._members, self._settings, names_of(subject, self._kinds))

    def locate(self, subject: Subject) -> Iterator[Record]:
        """Copies outside come first, for they go first; then every identifier by itself, as each is one request.

        Raises TransientError while an export of the audience is being made, ConfigError if the
        audience could not show an absence.
        """
        search = self._search(subject)
        if not search.found:
            return
        if search.links:
            obstacle = Obstacle(ObstacleKind.BY_HAND, _LINKED)
            yield Record(Locator(self.system, LINKS), search.links, obstacles=(obstacle,))
        if self._settings.text_parameters:
            yield Record(Locator(self.system, TEXTS), 0, obstacles=(Obstacle(ObstacleKind.BY_HAND, _TYPED),))
        reveals = tuple(self._revealed(search.seen.more))
        for found in search.found:
            yield Record(
                Locator(self.system, found.name.collection, found.name.value),
                1,
                reveals=reveals if found.name.collection == USERS else (),
                obstacles=(found.obstacle,) if found.obstacle else (),
                note=_ANEW,
            )

    def _revealed(self, devices: frozenset[str]) -> Iterator[Identifier]:
        """Further devices of the person's: claimed only, as somebody may have used them without signing in."""
        for device in sorted(devices):
            name = APPS if _APP_INSTANCE.fullmatch(device) else CLIENTS
            for kind in self._kinds[name]:
                yield Identifier(kind, device, Trust.CLAIMED, f"{self.system}/{name}")

    def export(self, subject: Subject, at: Locator) -> Iterator[Artifact]:
        """Nothing: no call exports a person's events (`exports=False`). User explorer on the web does."""
        return iter(())

    def delete(self, subject: Subject, orders: Sequence[Order]) -> Iterator[Outcome]:
        """Ask for deletion, identifier by identifier. Accepted is all that can be said afterwards.

        Nothing is asked for if anything is more than was planned. What was accepted before a
        TransientError stays accepted; asking for it again would be harmless and cost one of the day's.
        """
        due = [o for o in orders if o.action is Action.DELETE and o.at.collection in ASKED]
        found = {(f.name.collection, f.name.value): f for f in self._search(subject).found} if due else {}
        for order in due:
            if (order.at.collection, order.at.key) in found and order.count + order.late < 1:
                raise ChangedError(self.system, f"{order.at.collection}: one found that the plan does not have")
        for order in orders:
            yield self._answer(order, found)

    def _answer(self, order: Order, found: Mapping[tuple[str, str], Found]) -> Outcome:
        at, name = order.at, order.at.collection
        if spared := order.spared():
            return spared
        if order.action is Action.REDACT:
            return Outcome(at, Status.FAILED, reason=_NO_REDACTION)
        if name not in ASKED:
            return Outcome(at, Status.MANUAL, order.count, reason=_LINKED if name == LINKS else _TYPED)
        mine = found.get((name, at.key))
        if mine is None:
            return Outcome(at, Status.ABSENT)
        if mine.obstacle:
            return Outcome(at, Status.MANUAL, 1, reason=mine.obstacle.reason)
        self._spec.gate(name)
        asked = self._admin.submit(mine.name)
        return Outcome(at, Status.ACCEPTED, 1, asked + DELETED_WITHIN)
