"""The connector: what is located, exported and deleted, and what only a person can do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from connectors.calendly import survey
from connectors.calendly.api import CalendlyApi, Row
from connectors.calendly.erasure import NOT_ENTERPRISE, Erasure
from connectors.calendly.export import artifact
from connectors.calendly.inspect import Inspection
from connectors.calendly.search import Search, instant
from connectors.calendly.selection import COLLEAGUES, SHARED, bookings_at, rows_at
from connectors.calendly.settings import (
    BOOKINGS,
    COLLECTIONS,
    CONTACTS,
    GUEST,
    HOSTED,
    INVITATIONS,
    LOG,
    MEMBERS,
    NOTES,
    RECAPS,
    SUBMISSIONS,
    UPCOMING,
    Settings,
    kinds_of,
)
from connectors.errors import ConfigError
from connectors.http import HttpClient
from connectors.model import (
    Action,
    Artifact,
    Capabilities,
    Locator,
    Obstacle,
    ObstacleKind,
    Order,
    Outcome,
    Probe,
    Record,
    Subject,
    SystemSpec,
)
from connectors.settings import collections_of
from connectors.surveys import Found

_SHARED = {
    UPCOMING: "others take part: remove the person from the booking in the web console, without cancelling it",
    RECAPS: "others took part: edit the recap by hand, or delete it with their consent",
    GUEST: "the person is a guest in somebody else's booking: ask that booking's host to remove them",
    SUBMISSIONS: "somebody else's answers name the person: delete the submission in the web console if it is theirs",
    LOG: "the entries name other people too: ask the vendor's support",
    HOSTED: "the person is the host of other people's bookings: settle it with their membership",
}
_BY_HAND = {
    SUBMISSIONS: "no call deletes answers to a routing form: delete the submission in the web console",
    NOTES: "no call deletes notes: the member who wrote them does so in the web console, before the contact goes",
    LOG: "no call changes the activity log: ask the vendor's support",
    INVITATIONS: "an owner revokes the invitation in the web console",
    MEMBERS: "the person is a member: an owner hands over their bookings and removes them in the web console",
}
_COLLEAGUES = "notes are private to who wrote them: every member looks for own notes about the contact"
_CANCELS = "cancels the meeting; the vendor tells invitee and host by e-mail"


class CalendlyConnector:
    """One organisation at Calendly."""

    def __init__(self, spec: SystemSpec) -> None:
        self.system = spec.system
        self._spec = spec
        self._settings = settings = Settings.of(spec)
        self._collections = collections_of(spec, COLLECTIONS)
        self._kinds = kinds_of(spec)
        if "token" not in spec.secrets:
            raise ConfigError(spec.system, "secret 'token' is missing: the token of an owner or administrator")
        headers = {"Authorization": f"Bearer {spec.secrets['token'].reveal()}"}
        http = HttpClient(spec.system, settings.base_url, headers, settings.timeout, pace=spec.pace)
        self._api = CalendlyApi(spec.system, http, settings.page_size)
        self.capabilities = Capabilities(
            needs=self._kinds, actions=frozenset({Action.DELETE}), settles_within=settings.settles_within
        )

    def check(self) -> None:
        """Prove that the token may list what only owners and administrators may."""
        organization = self._settings.organization or self._api.organization()
        self._api.rows("routing_forms", {"organization": organization}, "listing routing forms")

    def inspect(self) -> Iterator[Probe]:
        """Which lists the token may read, and whether the plan is what the inventory says."""
        yield from Inspection(self.system, self._api, self._settings).probes()

    def survey(self) -> Iterator[Found]:
        """Bookings and answers to routing forms, with the questions that are asked."""
        organization = self._settings.organization or self._api.organization()
        yield from survey.survey(self.system, self._api, organization, self._collections, self._settings.not_in_plan)

    def mentions(self) -> Mapping[str, str]:
        return {}

    def sample(self, found: Found, most: int) -> Iterator[tuple[str, str]]:
        """Nothing: what a question asks says what is answered."""
        yield from ()

    def _search(self, subject: Subject) -> Search:
        emails = [value for kind in self._kinds for value in subject.values(kind)]
        return Search(self.system, self._api, self._settings, emails)

    def locate(self, subject: Subject) -> Iterator[Record]:
        """What goes first comes first: upcoming bookings, what hangs on them, then invitee data.

        Raises AuthError if a list is refused and the inventory does not say that the plan lacks it.
        """
        search = self._search(subject)
        if not search.emails:
            return
        for name, age, note in ((UPCOMING, "start_time", _CANCELS), (RECAPS, "created_at", "")):
            own, shared = Locator(self.system, name), Locator(self.system, name, SHARED)
            if rows := self._rows(search, own):
                yield self._record(own, rows, age, note=note)
            if rows := self._rows(search, shared):
                yield self._record(shared, rows, age, Obstacle(ObstacleKind.SHARED, _SHARED[name]))
        for name in (GUEST, HOSTED):
            if rows := search.rows(name):
                obstacle = Obstacle(ObstacleKind.SHARED, _SHARED[name])
                yield self._record(Locator(self.system, name), rows, "event.start_time", obstacle)
        yield from self._by_hand(search, SUBMISSIONS)
        yield from self._by_hand(search, NOTES)
        if contacts := search.rows(CONTACTS):
            if NOTES not in self._settings.not_in_plan:
                obstacle = Obstacle(ObstacleKind.BY_HAND, _COLLEAGUES)
                yield Record(Locator(self.system, NOTES, COLLEAGUES), 0, obstacles=(obstacle,))
            yield self._record(Locator(self.system, CONTACTS), contacts, "created_at")
        yield from self._invitee_data(search)
        for name in (LOG, INVITATIONS, MEMBERS):
            yield from self._by_hand(search, name)

    def _rows(self, search: Search, at: Locator) -> list[Row]:
        if at.collection == UPCOMING:
            return [{**invitee, **booking.event} for booking in bookings_at(search, at) for invitee in booking.mine[:1]]
        return rows_at(search, at)

    def _by_hand(self, search: Search, name: str) -> Iterator[Record]:
        own, shared = Locator(self.system, name), Locator(self.system, name, SHARED)
        if rows := rows_at(search, own):
            yield self._record(own, rows, "created_at", Obstacle(ObstacleKind.BY_HAND, _BY_HAND[name]))
        if rows := rows_at(search, shared):
            yield self._record(shared, rows, "created_at", Obstacle(ObstacleKind.SHARED, _SHARED[name]))

    def _invitee_data(self, search: Search) -> Iterator[Record]:
        spec = self._collections[BOOKINGS]
        for since, before in pairwise([None, *spec.cutoffs, None]):
            at = Locator(self.system, BOOKINGS, "", since, before)
            found = bookings_at(search, at)
            if not found:
                continue
            starts = sorted(start for b in found if (start := b.start))
            rows = [invitee for b in found for invitee in b.mine]
            yield Record(
                at,
                len(rows),
                starts[0] if starts else None,
                starts[-1] if starts else None,
                fields=self._borne(BOOKINGS, rows),
                obstacles=() if search.enterprise else (Obstacle(ObstacleKind.BY_HAND, NOT_ENTERPRISE),),
                takes=(CONTACTS,),  # whether the deletion of invitee data clears contacts is not documented
            )

    def _record(self, at: Locator, rows: Sequence[Row], age: str, *obstacles: Obstacle, note: str = "") -> Record:
        ages = sorted(found for row in rows if (found := instant(row.get(age))))
        return Record(
            at,
            len(rows),
            ages[0] if ages else None,
            ages[-1] if ages else None,
            fields=self._borne(at.collection, rows),
            obstacles=obstacles,
            note=note,
        )

    def _borne(self, name: str, rows: Sequence[Row]) -> tuple[tuple[str, int], ...]:
        return tuple((f.name, sum(bool(row.get(f.name)) for row in rows)) for f in self._collections[name].fields)

    def export(self, subject: Subject, at: Locator) -> Iterator[Artifact]:
        """The disclosed fields of the person's own rows; what others said or who they are stays."""
        search = self._search(subject)
        if at.key == SHARED and at.collection in (SUBMISSIONS, LOG):
            return
        if at.key != COLLEAGUES and search.emails:
            yield artifact(search, self._collections[at.collection], at)

    def delete(self, subject: Subject, orders: Sequence[Order]) -> Iterator[Outcome]:
        """Cancel, delete and read back; ask for invitee data to be deleted, which takes up to 7 days."""
        for order in orders:
            # Each order is a search of its own: the one before has changed what there is.
            yield Erasure(self._spec, self._api, self._settings, self._search(subject)).carry_out(order, orders)
