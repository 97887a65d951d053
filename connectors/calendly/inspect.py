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
_NOT_AS_SAID = (
    "setting 'enterprise' says that the plan has the activity log, and it is refused: correct it, or use a token of "
    "an owner or administrator"
)
_MORE_THAN_SAID = "the plan has the activity log, and {setting} says not: it is not searched"
_ONE_BY_ONE = "are asked for one by one: whether they may be read is seen with the first"
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
        if organization.rstrip("/") != own.rstrip("/"):
            yield Probe(Aspect.INVENTORY, False, "setting 'organization' names another than the token's own")
            return
        yield Probe(Aspect.INVENTORY, True, "the organisation is the token's own")
        for names, ask in self._asks(organization):
            yield self._list(names, ask)
        # Notes are listed for a contact only, and of each member's own alone.
        nobodys = {"contact": f"https://api.calendly.com/contacts/{NOBODY}"}
        yield self._list((NOTES,), ("notes", nobodys), refusals_tell=False)
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

    def _list(self, names: tuple[str, ...], ask: _Ask, refusals_tell: bool = True) -> Probe:
        what, lacking = ", ".join(names), self._settings.not_in_plan.issuperset(names)
        try:
            may = self._api.may_list(*ask, _DOING)
        except RefusedError as error:
            if not refusals_tell and not lacking:
                return Probe(Aspect.LOCATE, None, f"{what} {_ONE_BY_ONE}")
            if not lacking:
                return Probe(Aspect.LOCATE, False, f"{what}: {said(self._system, error)}; {_WAY}")
            may = False
        if may and lacking:
            says = f"{what}: can be listed, and not_in_plan says that the plan lacks it: it is not searched"
            return Probe(Aspect.INVENTORY, False, says)
        if lacking:
            return Probe(Aspect.PLAN, True, f"{what}: not in the plan, as the inventory says")
        return Probe(Aspect.LOCATE, may, f"{what}: {'can be listed' if may else f'not allowed; {_WAY}'}")

    def _log(self, organization: str) -> Iterator[Probe]:
        """Whether the plan is Enterprise, whose mark is the activity log."""
        stated, lacking = self._settings.enterprise, LOG in self._settings.not_in_plan
        asked = {"organization": organization, "search_term": f'"{NOBODYS_ADDRESS}"'}
        there = self._api.may_list("activity_log_entries", asked, _DOING)
        if there and (stated is False or lacking):
            says = _MORE_THAN_SAID.format(setting="not_in_plan" if lacking else "setting 'enterprise'")
            yield Probe(Aspect.INVENTORY, False, says)
        elif stated and not there:
            yield Probe(Aspect.PLAN, False, _NOT_AS_SAID)
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
            return
        except RefusedError:
            pass  # an id that it does not like is no answer either
        yield Probe(Aspect.EXPORT, None, f"transcripts {_ONE_BY_ONE}")
