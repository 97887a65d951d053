"""The connector obeys the laws, under Enterprise and under a plan that cannot delete invitee data."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

from connectors.model import (
    CollectionSpec,
    Disclosure,
    FieldSpec,
    Identifier,
    IdentitySpec,
    Secret,
    Subject,
    SystemSpec,
    Trust,
)
from connectors.sandbox.calendly import TOKEN, CalendlySandbox
from connectors.sandbox.faults import Fault
from connectors.sandbox.serve import Server
from connectors.testing import conformance

ANN, JO = "ann.lee@example.com", "joann.lee@example.com"
_NO_REDACTION = "no call takes the person out of a row that stays; the deletion of invitee data spares no field"
_EMAIL = (IdentitySpec("email", "email", Trust.PROVEN),)


def _fields(*names: str, never: str = "") -> tuple[FieldSpec, ...]:
    seen = tuple(FieldSpec(name, "A", Disclosure.DISCLOSE) for name in names)
    return (*seen, FieldSpec(never, "A", Disclosure.NEVER, "internal")) if never else seen


class CalendlyHarness:
    exempt: ClassVar[Mapping[str, str]] = {"redacting_keeps_the_row_and_loses_the_person": _NO_REDACTION}
    enterprise: ClassVar[bool] = True
    subject = Subject.of(Identifier("email", "Ann.Lee@example.com", Trust.PROVEN))
    bystander = Subject.of(Identifier("email", JO, Trust.PROVEN))
    canaries = (ANN, "ann.lee%40example.com", f"Name of {ANN}", TOKEN)
    never = ("+1 555-010-0199", f"answer of {JO}", f"summary for {ANN} and {JO}", "bo@example.org")
    disclosed = (
        f"Name of {ANN}",
        f"answer of {ANN}",
        f"summary for {ANN}",
        "note on her",
        f"transcript summary for {ANN}",
    )

    def start(self) -> None:
        self.app = CalendlySandbox()
        self.server = Server(self.app).__enter__()

    def stop(self) -> None:
        self.server.__exit__(None, None, None)

    def plant(self) -> Mapping[str, int]:
        app = self.app
        app.clear()
        app.enterprise = self.enterprise
        for number in range(4):  # pages hold three rows
            app.book(ANN, days=-10 - number)
            app.book(JO, days=-10 - number)
            app.book(ANN, days=-20, status="canceled")
        app.book(ANN, days=10)
        app.book(JO, days=10)
        app.book(ANN, JO, days=11)
        app.book(JO, days=-5, guests=[ANN, "bo@example.org"])
        app.book(JO, days=-5, host=ANN)
        for email in (ANN, JO):
            app.note(app.contact(email), "note on her")
            for status in ("available", "processing", "unavailable"):
                app.recap(email, "colleague@example.net", status=status)
            for number in range(4):
                app.submission(email, form=f"form {number % 2}")
            app.invitation(email)
        app.recap(ANN, JO)
        for number in range(5):
            app.member(f"colleague{number or ''}@example.net")
        found = {
            "bookings_upcoming": 2,
            "bookings": 9,
            "guest_bookings": 1,
            "hosted_bookings": 1,
            "recaps": 4,
            "routing_form_submissions": 4,
            "notes": 1,
            "contacts": 1,
            "invitations": 1,
        }
        if self.enterprise:
            for _ in range(4):
                app.logged(ANN)
                app.logged(JO)
            found["activity_log"] = 4
        return found

    def spec(self) -> SystemSpec:
        summary = ("attendees", "summary_md", "transcript")
        person = ("name", "email", "questions_and_answers", "event.start_time")
        collections = (
            CollectionSpec("bookings", _EMAIL, (), _fields(*person, never="text_reminder_number")),
            CollectionSpec("bookings_upcoming", _EMAIL, (), _fields("email", "event.start_time")),
            CollectionSpec("guest_bookings", _EMAIL, (), _fields("email", "event.start_time")),
            CollectionSpec("recaps", _EMAIL, (), _fields(*summary)),
            CollectionSpec("notes", _EMAIL, (), _fields("content")),
            CollectionSpec("contacts", _EMAIL, (), _fields("name", "email")),
            CollectionSpec("routing_form_submissions", _EMAIL, (), _fields("questions_and_answers")),
            CollectionSpec("members", _EMAIL, (), _fields("email", "role")),
            CollectionSpec("invitations", _EMAIL, (), _fields("email")),
            CollectionSpec("activity_log", _EMAIL, (), _fields("action")),
        )
        settings = {"base_url": self.server.url, "timeout": self.server.faults.patience, "page_size": 3}
        return SystemSpec("calendar", "calendly", settings, {"token": Secret(TOKEN)}, collections, sandbox=True)

    def spec_refused(self) -> SystemSpec:
        return replace(self.spec(), secrets={"token": Secret("wrong")}, sandbox=False)

    def untouched(self) -> object:
        app = self.app
        theirs = [i for rows in app.invitees.values() for i in rows if i["email"] == JO]
        rows = [*app.contacts, *app.recaps, *app.submissions, *app.members, *app.invitations, *app.log]
        events = [e for e in app.events if any(i["email"] == JO for i in app.invitees[e["uri"]])]
        told = [email for email in app.mails if email == JO]
        return copy.deepcopy((theirs, [r for r in rows if JO in str(r).casefold()], events, told, app.period_deleted))

    def fault(self, fault: Fault, after: int = 0, times: int = 1_000_000) -> AbstractContextManager[None]:
        return self.server.faults.inject(fault, after=after, times=times)

    def settle(self) -> None:
        self.app.advance(timedelta(days=8))


class SmallPlanHarness(CalendlyHarness):
    enterprise = False


TestCalendly = conformance(CalendlyHarness)
TestCalendlyWithoutEnterprise = conformance(SmallPlanHarness)
