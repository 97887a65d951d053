"""Everything of one person's in one organisation, matched again here: no filter is trusted alone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from connectors.calendly.api import CalendlyApi, Row, uuid_of
from connectors.calendly.settings import (
    CONTACTS,
    GUEST,
    HOSTED,
    INVITATIONS,
    LOG,
    MEMBERS,
    NOTES,
    RECAPS,
    SUBMISSIONS,
    Settings,
)
from connectors.errors import AuthError

_STATUSES = ("active", "canceled")
_RECAP_STATUSES = ("available", "processing", "unavailable")  # only the first is listed by default
_ADDRESS = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_DELETED = "@deleted.calendly.com"  # where the vendor moves an anonymised invitee


@dataclass(frozen=True, slots=True)
class Booking:
    """An event in which the person is an invitee."""

    event: Row
    mine: tuple[Row, ...]  # the person's invitee records
    shared: bool  # whether it has other invitees or guests

    @property
    def start(self) -> datetime | None:
        return instant(self.event.get("start_time"))

    def upcoming(self, now: datetime) -> bool:
        start = self.start
        active = any(invitee.get("status") == "active" for invitee in self.mine)
        return self.event.get("status") == "active" and active and start is not None and start > now


def instant(value: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


class Search:
    """One search for one person. What is read is kept for as long as this object is."""

    def __init__(self, system: str, api: CalendlyApi, settings: Settings, emails: Iterable[str]) -> None:
        self._system = system
        self._api = api
        self._settings = settings
        self.emails = tuple(sorted({email.strip().casefold() for email in emails} - {""}))
        words = "|".join(re.escape(email) for email in self.emails)
        self._in_text = re.compile(rf"(?<![\w.+%-])(?:{words})(?![\w-])(?!\.\w)", re.IGNORECASE)

    @cached_property
    def organization(self) -> str:
        return self._settings.organization or self._api.organization()

    @cached_property
    def enterprise(self) -> bool:
        """Whether the plan deletes invitee data through the API; the activity log has the same plan.

        https://developer.calendly.com/docs/getting-started/frequently-asked-questions
        """
        if self._settings.enterprise is False:
            return False
        doing = "reading the activity log"
        allowed = self._api.may_list("activity_log_entries", {"organization": self.organization}, doing)
        if self._settings.enterprise and not allowed:
            raise AuthError(self._system, f"{doing}: not allowed, although setting 'enterprise' says the plan has it")
        return allowed

    def is_mine(self, email: object) -> bool:
        return isinstance(email, str) and email.strip().casefold() in self.emails

    @cached_property
    def bookings(self) -> list[Booking]:
        events: dict[str, Row] = {}
        for email in self.emails:
            for status in _STATUSES:
                asked = {"organization": self.organization, "invitee_email": email, "status": status}
                for event in self._api.rows("scheduled_events", asked, "listing bookings"):
                    events[event["uri"]] = event
        found = [self._booking(event) for event in events.values()]
        return sorted((b for b in found if b.mine), key=lambda b: (str(b.event.get("start_time")), b.event["uri"]))

    def _booking(self, event: Row) -> Booking:
        path = f"scheduled_events/{uuid_of(event)}/invitees"
        invitees = self._api.rows(path, {}, "listing a booking's invitees")
        mine = tuple(row for row in invitees if self.is_mine(row.get("email")))
        others = [i for i in invitees if i not in mine and not str(i.get("email", "")).endswith(_DELETED)]
        guests = [g for g in event.get("event_guests") or [] if not self.is_mine(g.get("email"))]
        return Booking(event, mine, bool(others or guests))

    @cached_property
    def _all_events(self) -> list[Row]:
        """Every event of the organisation: whether the filter by invitee finds guests is not documented."""
        found: dict[str, Row] = {}
        for status in _STATUSES:
            asked = {"organization": self.organization, "status": status}
            found |= {e["uri"]: e for e in self._api.rows("scheduled_events", asked, "listing all bookings")}
        return list(found.values())

    def rows(self, collection: str) -> list[Row]:
        """The person's rows of a collection that is not made of bookings; none if the plan lacks it."""
        if not self.emails or collection in self._settings.not_in_plan:
            return []
        readers: dict[str, Callable[[], Iterator[Row]]] = {
            GUEST: self._guest,
            HOSTED: self._hosted,
            RECAPS: self._recaps,
            SUBMISSIONS: self._submissions,
            NOTES: self._notes,
            CONTACTS: self._contacts,
            LOG: self._log,
            INVITATIONS: self._invitations,
            MEMBERS: self._members,
        }
        return sorted(readers[collection](), key=lambda row: str(row["uri"]))

    def _guest(self) -> Iterator[Row]:
        for event in self._all_events:
            for guest in event.get("event_guests") or []:
                if self.is_mine(guest.get("email")):
                    yield {"uri": event["uri"], "email": guest["email"], **of_event(event)}

    def _hosted(self) -> Iterator[Row]:
        for event in self._all_events:
            if any(self.is_mine(host.get("user_email")) for host in event.get("event_memberships") or []):
                yield {"uri": event["uri"], **of_event(event)}

    def _recaps(self) -> Iterator[Row]:
        found: dict[str, Row] = {}
        for email in self.emails:
            for status in _RECAP_STATUSES:
                asked = {"attendee": email, "status": status}
                found |= {row["uri"]: row for row in self._api.rows("meeting_recaps", asked, "listing recaps")}
        for row in found.values():
            attendees = addresses(row.get("attendees"))
            if attendees is None or any(self.is_mine(a) for a in attendees):
                yield row

    def recap_is_shared(self, row: Row) -> bool:
        """Whether anybody but the person and the hosts took part, or may have.

        Every member of the organisation counts as a host, unless the person is one of them: then
        nothing tells a host from a colleague whose recap it is as well.
        """
        attendees = addresses(row.get("attendees"))
        if attendees is None:
            return True
        hosts = frozenset[str]() if self._colleagues.intersection(self.emails) else self._colleagues
        return any(not self.is_mine(a) and a.casefold() not in hosts for a in attendees)

    @cached_property
    def _memberships(self) -> list[Row]:
        asked = {"organization": self.organization}
        return self._api.rows("organization_memberships", asked, "listing members")

    @cached_property
    def _colleagues(self) -> frozenset[str]:
        return frozenset(str((row.get("user") or {}).get("email", "")).casefold() for row in self._memberships)

    def _members(self) -> Iterator[Row]:
        for row in self._memberships:
            user = row.get("user") or {}
            if self.is_mine(user.get("email")):
                yield {
                    **{k: v for k, v in row.items() if k != "user"},
                    "email": user["email"],
                    "name": user.get("name"),
                }

    def _invitations(self) -> Iterator[Row]:
        path = f"organizations/{uuid_of({'uri': self.organization})}/invitations"
        for email in self.emails:
            for row in self._api.rows(path, {"email": email}, "listing invitations"):
                if self.is_mine(row.get("email")):
                    yield row

    def _contacts(self) -> Iterator[Row]:
        for email in self.emails:
            for row in self._api.rows("contacts", {"email": email}, "listing contacts"):
                if self.is_mine(row.get("email")):
                    yield row

    def _notes(self) -> Iterator[Row]:
        """Notes that the token's own user wrote: nobody sees those of others."""
        for contact in self.rows(CONTACTS):
            yield from self._api.rows("notes", {"contact": contact["uri"]}, "listing notes")

    def _submissions(self) -> Iterator[Row]:
        forms = self._api.rows("routing_forms", {"organization": self.organization}, "listing routing forms")
        for form in forms:
            asked = {"form": str(form["uri"])}
            for row in self._api.rows("routing_form_submissions", asked, "listing form submissions"):
                if row.get("submitter") in self._invitees or any(map(self._in_text.search, _answers(row))):
                    yield row

    def _log(self) -> Iterator[Row]:
        if not self.enterprise:
            return
        found: dict[str, Row] = {}
        for email in self.emails:
            asked = {"organization": self.organization, "search_term": f'"{email}"'}
            rows = self._api.rows("activity_log_entries", asked, "searching the activity log")
            found |= {row["uri"]: row for row in rows if self._in_text.search(json.dumps(row))}
        yield from found.values()

    def is_shared(self, collection: str, row: Row) -> bool:
        """Whether a row is, or may be, another person's as well: then nothing of it is handed out.

        Anyone can write the person's address into a form. A submission is theirs if they sent it with a booking, or
        if an answer is their address, whole, and no answer has another one; a log entry if it names nobody else.
        """
        if collection == RECAPS:
            return self.recap_is_shared(row)
        if collection == LOG:
            return self._names_others([json.dumps(row.get("details"))])
        if collection != SUBMISSIONS or row.get("submitter") in self._invitees:
            return False
        answers = _answers(row)
        return self._names_others(answers) or not any(self.is_mine(answer) for answer in answers)

    def _names_others(self, texts: Iterable[str]) -> bool:
        return any(not self.is_mine(found.strip(".")) for text in texts for found in _ADDRESS.findall(text))

    @cached_property
    def _invitees(self) -> frozenset[str]:
        return frozenset(str(invitee["uri"]) for booking in self.bookings for invitee in booking.mine)

    def transcript(self, recap: Row) -> Any:
        return self._api.resource(f"meeting_recaps/{uuid_of(recap)}/transcript", "reading a transcript")


def _answers(submission: Row) -> list[str]:
    return [str(qa.get("answer") or "") for qa in submission.get("questions_and_answers") or []]


def of_event(event: Row) -> Row:
    """What of an event is about nobody in particular."""
    return {f"event.{name}": event.get(name) for name in ("name", "status", "start_time", "end_time")}


def addresses(attendees: object) -> list[str] | None:
    """The attendees' e-mail addresses; None if an attendee has none, so that nobody is overlooked."""
    if not isinstance(attendees, list) or not attendees:
        return None
    found = [a.get("email") if isinstance(a, dict) else a for a in attendees]
    return [str(a).strip() for a in found] if all(isinstance(a, str) and "@" in a for a in found) else None
