"""A stateful fake of Calendly's API v2 for one organisation, with a clock of its own.

What the vendor leaves undocumented is an attribute to switch. The call that deletes everybody's
data of a period exists here too, and remembers that it was used: nobody should.
Source of the shapes: https://developer.calendly.com/api-docs/calendly-api
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException, TooManyRequests, Unauthorized
from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

TOKEN = "calendly-sandbox-token"
ORGANIZATION = "https://api.calendly.com/organizations/ORG1"
Row = dict[str, Any]


class CalendlySandbox:
    """One organisation. `book`, `contact`, `recap`, … put something in; `advance` moves time."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Empty the organisation and set every switch back."""
        self.now = datetime.now(UTC)
        self.number = 0
        self.events: list[Row] = []
        self.invitees: dict[str, list[Row]] = {}
        self.contacts: list[Row] = []
        self.notes: list[Row] = []  # "author": only the token's own user ("me") sees theirs
        self.recaps: list[Row] = []
        self.forms: list[Row] = []
        self.event_types: list[Row] = []
        self.submissions: list[Row] = []
        self.members: list[Row] = []
        self.invitations: list[Row] = []
        self.log: list[Row] = []
        self.pending: list[tuple[datetime, str]] = []
        self.mails: list[str] = []  # e-mail addresses that were told of a cancellation
        self.period_deleted = False  # POST /data_compliance/deletion/events was used
        self.asked: list[list[str]] = []  # bodies of deletion requests
        # Switches for the plan, and for what the vendor does not document.
        self.enterprise = True
        self.paid = True
        self.admin = True  # whether the token is an owner's or administrator's
        self.denied: set[str] = set()  # first parts of paths that the token has no scope for
        self.notes_need_a_contact = False  # a list of notes for a contact that does not exist is refused
        self.guests_match_filter = False
        self.loose_filters = False  # an address is found inside another
        self.upcoming_survive_deletion = True
        self.deletion_clears_contacts = False
        self.deletion_clears_recaps = False
        self.deletion_clears_guests = False
        self.contact_deletion_status = 204
        self.most_emails = 100
        self.deletion_days = 7
        self.rate_left: int | None = None

    def _new(self, path: str, **fields: Any) -> Row:
        self.number += 1
        stamp = self.now.isoformat()
        return {
            "uri": f"https://api.calendly.com/{path}/ID{self.number:05}",
            "created_at": stamp,
            "updated_at": stamp,
            **fields,
        }

    def book(
        self,
        *emails: str,
        days: float = -10,
        guests: Iterable[str] = (),
        host: str = "host@example.net",
        status: str = "active",
    ) -> Row:
        """A booking `days` from now (negative: past) by these invitees."""
        start = self.now + timedelta(days=days)
        event = self._new(
            "scheduled_events",
            name="Course advice",
            status=status,
            start_time=start.isoformat().replace("+00:00", "Z"),
            end_time=(start + timedelta(hours=1)).isoformat().replace("+00:00", "Z"),
            event_guests=[{"email": g, "created_at": self.now.isoformat()} for g in guests],
            event_memberships=[{"user": "https://api.calendly.com/users/HOST", "user_email": host}],
        )
        self.events.append(event)
        self.invitees[event["uri"]] = [
            self._new(
                f"scheduled_events/{_last(event)}/invitees",
                email=email,
                name=f"Name of {email}",
                status=status,
                timezone="America/New_York",
                text_reminder_number="+1 555-010-0199",
                questions_and_answers=[{"question": "Why?", "answer": f"answer of {email}"}],
                payment=None,
            )
            for email in emails
        ]
        return event

    def contact(self, email: str) -> Row:
        self.contacts.append(self._new("contacts", email=email, name=f"Name of {email}"))
        return self.contacts[-1]

    def note(self, contact: Row, text: str, author: str = "me") -> None:
        self.notes.append(self._new("notes", contact=contact["uri"], content=text, author=author))

    def recap(self, *attendees: str, status: str = "available") -> None:
        people = [{"email": email} for email in attendees]
        text = f"summary for {' and '.join(attendees)}"
        self.recaps.append(self._new("meeting_recaps", status=status, attendees=people, summary_md=text))

    def event_type(self, name: str, *questions: str, active: bool = True) -> None:
        """One kind of event that can be booked, with what it asks beside name and address."""
        shown = {"slug": name.lower().replace(" ", "-"), "duration": 30, "kind": "solo", "type": "StandardEventType"}
        asked = [_question(n, q) for n, q in enumerate(questions)]
        self.event_types.append(
            self._new("event_types", name=name, active=active, custom_questions=asked, secret=False, **shown)
        )

    def ask(self, form: str, *questions: str) -> None:
        """Put questions on a routing form, which is made if there is none of that name."""
        if not any(f["name"] == form for f in self.forms):
            self.forms.append(self._new("routing_forms", name=form, organization=ORGANIZATION))
        row = next(f for f in self.forms if f["name"] == form)
        row["questions"] = [
            {"uuid": f"Q{n}", "name": q, "type": "text", "required": False, "answer_choices": None}
            for n, q in enumerate(questions)
        ]

    def submission(self, answer: str, submitter: str | None = None, form: str = "intake") -> None:
        if not any(f["name"] == form for f in self.forms):
            self.ask(form)
        uri = next(f["uri"] for f in self.forms if f["name"] == form)
        answers = [{"question": "E-mail?", "answer": answer}]
        self.submissions.append(
            self._new("routing_form_submissions", routing_form=uri, questions_and_answers=answers, submitter=submitter)
        )

    def member(self, email: str) -> None:
        user = {"uri": f"https://api.calendly.com/users/U{len(self.members)}", "email": email, "name": "A member"}
        self.members.append(self._new("organization_memberships", role="user", user=user, organization=ORGANIZATION))

    def invitation(self, email: str) -> None:
        self.invitations.append(self._new("organizations/ORG1/invitations", email=email, status="pending"))

    def logged(self, email: str) -> None:
        self.log.append(self._new("activity_log_entries", action="Added", details={"email": email}))

    def advance(self, by: timedelta) -> None:
        """Let time pass; deletion requests take effect when they are due."""
        self.now += by
        due = [email for at, email in self.pending if at <= self.now]
        self.pending = [(at, email) for at, email in self.pending if at > self.now]
        for email in due:
            self._anonymise(email)

    def cancel_pending(self) -> None:
        """What an owner can do in the web console: withdraw deletion requests."""
        self.pending.clear()

    def _anonymise(self, email: str) -> None:
        blank = f"{hashlib.sha256(email.encode()).hexdigest()[:32]}@deleted.calendly.com"
        for event in self.events:
            upcoming = event["status"] == "active" and datetime.fromisoformat(event["start_time"]) > self.now
            if upcoming and self.upcoming_survive_deletion:
                continue
            for invitee in self.invitees[event["uri"]]:
                if invitee["email"].casefold() == email.casefold():
                    invitee |= {"email": blank, "name": "", "questions_and_answers": [], "text_reminder_number": None}
            if self.deletion_clears_guests:
                event["event_guests"] = [g for g in event["event_guests"] if g["email"] != email]
        if self.deletion_clears_contacts:
            self.contacts = [c for c in self.contacts if c["email"] != email]
        if self.deletion_clears_recaps:
            self.recaps = [r for r in self.recaps if [a["email"] for a in r["attendees"]] != [email]]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        from connectors.sandbox.calendly_calls import answer

        request = Request(environ)
        response: WSGIApplication
        try:
            if "sandbox" not in request.headers.get("Authorization", ""):
                raise Unauthorized
            if self.rate_left is not None:
                self.rate_left -= 1
                if self.rate_left < 0:
                    raise TooManyRequests
            response = answer(self, request)
        except HTTPException as refusal:
            request.get_data()
            body = {"title": refusal.name, "message": refusal.name, "details": []}
            response = Response(json.dumps(body), refusal.code or 500, mimetype="application/json")
            if isinstance(refusal, TooManyRequests):
                response.headers.update({"X-RateLimit-Limit": "50", "X-RateLimit-Remaining": "0"})
                response.headers["X-RateLimit-Reset"] = "31"
        return response(environ, start_response)


def _question(position: int, name: str) -> Row:
    said = {"name": name, "type": "text", "position": position, "enabled": True, "required": False}
    return {**said, "answer_choices": [], "include_other": False}


def _last(row: Row) -> str:
    return str(row["uri"]).rpartition("/")[2]
