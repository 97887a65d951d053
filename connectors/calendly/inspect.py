"""What can be told of the token and the plan before a request needs them.

Every list is asked for one row that is nobody's. Source of what a plan has:
https://developer.calendly.com/docs/getting-started/frequently-asked-questions
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from connectors.calendly.api import CalendlyApi, uuid_of
from connectors.calendly.erasure import NOT_ENTERPRISE
from connectors.calendly.settings import (
    BOOKINGS,
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
)
from connectors.errors import AuthError, RefusedError
from connectors.model import Aspect, Probe
from connectors.probes import NOBODY, NOBODYS_ADDRESS, said

_DOING = "inspecting the account"
_WAY = (
    "use a token of an owner or administrator with every scope to read, or list it under not_in_plan if the plan "
    "lacks it"
)
_ENTERPRISE = "the plan has the call that deletes invitee data"
_NOT_AS_SAID = "setting 'enterprise' says that the plan has the activity log, and it is refused: correct it, or {way}"
_MORE_THAN_SAID = "the plan has the activity log, and setting 'enterprise' says not: it is not searched"
_WRITES = (
    "the scopes scheduled_events:write, contacts:write, meeting_recaps:write and data_compliance:write cannot be "
    "tried without writing"
)
_Ask = tuple[str, Mapping[str, str]]


class Inspection:
    """One look at an organisation with one token."""

    def __init__(self, system: str, api: CalendlyApi, settings: Settings) -> None:
        self._system = system
        self._api = api
        self._settings = settings

    def probes(self) -> Iterator[Probe]:
        """Raises AuthError if the token is refused."""
        own = self._api.organization()
        yield Probe(Aspect.REACH, True, "Calendly answers and takes the token")
        organization = self._settings.organization or own
        agree = organization.rstrip("/") == own.rstrip("/")
        says = "the organisation is the token's own"
        yield Probe(Aspect.INVENTORY, agree, says if agree else "setting 'organization' is not the token's own")
        for names, ask in self._asks(organization):
            yield self._list(names, ask)
        yield from self._notes()
        yield from self._log(organization)
        yield from self._transcripts()
        yield Probe(Aspect.DELETE, None, _WRITES)

    def _asks(self, organization: str) -> Iterator[tuple[tuple[str, ...], _Ask]]:
        """Collections, and the list that they are read from."""
        whole, who = {"organization": organization}, {"email": NOBODYS_ADDRESS}
        yield (UPCOMING, BOOKINGS, GUEST, HOSTED), ("scheduled_events", {**whole, "invitee_email": NOBODYS_ADDRESS})
        yield (RECAPS,), ("meeting_recaps", {"attendee": NOBODYS_ADDRESS})
        yield (SUBMISSIONS,), ("routing_forms", whole)
        yield (CONTACTS,), ("contacts", who)
        yield (INVITATIONS,), (f"organizations/{uuid_of({'uri': organization})}/invitations", who)
        yield (MEMBERS,), ("organization_memberships", {**whole, **who})

    def _list(self, names: tuple[str, ...], ask: _Ask) -> Probe:
        what, lacking = ", ".join(names), self._settings.not_in_plan.issuperset(names)
        try:
            may = self._api.may_list(*ask, _DOING)
        except AuthError as error:
            return Probe(Aspect.LOCATE, False, f"{what}: {said(self._system, error)}; {_WAY}")
        if may and lacking:
            says = f"{what}: can be listed, and not_in_plan says that the plan lacks it: it is not searched"
            return Probe(Aspect.INVENTORY, False, says)
        if lacking:
            return Probe(Aspect.PLAN, True, f"{what}: not in the plan, as the inventory says")
        return Probe(Aspect.LOCATE, may, f"{what}: {'can be listed' if may else f'not allowed; {_WAY}'}")

    def _notes(self) -> Iterator[Probe]:
        """Notes are listed for contacts only, and every member sees their own alone."""
        ask = ("notes", {"contact": f"https://api.calendly.com/contacts/{NOBODY}"})
        try:
            yield self._list((NOTES,), ask)
        except RefusedError:
            if NOTES not in self._settings.not_in_plan:
                yield Probe(Aspect.LOCATE, None, "notes: listed for a contact only: seen when one is searched for")

    def _log(self, organization: str) -> Iterator[Probe]:
        """Whether the plan is Enterprise, whose mark is the activity log."""
        stated, lacking = self._settings.enterprise, LOG in self._settings.not_in_plan
        asked = {"organization": organization, "search_term": f'"{NOBODYS_ADDRESS}"'}
        there = self._api.may_list("activity_log_entries", asked, _DOING)
        if there and (stated is False or lacking):
            yield Probe(Aspect.INVENTORY, False, _MORE_THAN_SAID.replace("setting 'enterprise'", _which(lacking)))
        elif stated and not there:
            yield Probe(Aspect.PLAN, False, _NOT_AS_SAID.format(way=_WAY.partition(", or")[0]))
        else:
            yield Probe(Aspect.PLAN, True if there else None, _ENTERPRISE if there else NOT_ENTERPRISE)

    def _transcripts(self) -> Iterator[Probe]:
        """Recaps are exported with their transcripts, which are asked for one by one."""
        if RECAPS in self._settings.not_in_plan:
            yield Probe(Aspect.EXPORT, True, "hands out what is found, by no other scope")
            return
        try:
            self._api.resource(f"meeting_recaps/{NOBODY}/transcript", _DOING)
        except AuthError as error:
            yield Probe(Aspect.EXPORT, False, f"transcripts: {said(self._system, error)}; {_WAY}")
        except RefusedError:
            yield Probe(Aspect.EXPORT, None, "transcripts: whether they may be read is seen with the first recap")
        else:
            yield Probe(Aspect.EXPORT, None, "transcripts: whether they may be read is seen with the first recap")


def _which(lacking: bool) -> str:
    return "not_in_plan" if lacking else "setting 'enterprise'"
