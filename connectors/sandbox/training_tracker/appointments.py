"""The appointments: what the sandbox's Calendly organisation holds."""

from __future__ import annotations

import copy
from datetime import datetime
from typing import Any

from connectors.sandbox.calendly import TOKEN, CalendlySandbox
from connectors.sandbox.store import VendorStore
from connectors.sandbox.training_tracker.crowd import person
from connectors.sandbox.training_tracker.people import PEOPLE, USERS, Person

CROWD = range(12, USERS, 60)


class Appointments(VendorStore):
    """The store: Calendly."""

    url_variable, secret_variable = "DSR_SANDBOX_CALENDLY_URL", "DSR_SANDBOX_CALENDLY_TOKEN"
    secret = TOKEN
    fake: CalendlySandbox

    def make(self) -> CalendlySandbox:
        return CalendlySandbox()

    def plant(self, now: datetime) -> None:
        self.fake.clear()
        self.fake.now = now
        subject, bystander = PEOPLE.subject, PEOPLE.bystander
        for who in PEOPLE:
            for days in (-30, -200):
                self.fake.book(who.email, days=days, host="sales@example.com")
            self.fake.contact(who.email)
        for number in CROWD:
            self.fake.book(person(number).email, days=-40, host="sales@example.com")
        self.fake.book(subject.email, days=9, host="sales@example.com")
        self.fake.book(bystander.email, days=9, host="sales@example.com")
        # One booking with both: it is never deleted for one of them.
        self.fake.book(subject.email, bystander.email, days=12, host="sales@example.com")
        self.fake.event_type("Course advice", "Why?")
        self.fake.ask("intake", "E-mail?")
        self.fake.recap(subject.email)
        self.fake.submission(subject.email)
        self.fake.submission(bystander.email)

    def of(self, person: Person) -> object:
        """What bears the person's own address; who else takes part in a meeting is not theirs."""
        fake, email = self.fake, person.email.casefold()
        rows: list[dict[str, Any]] = [i for found in fake.invitees.values() for i in found if i["email"] == email]
        rows += [c for c in fake.contacts if c["email"] == email]
        rows += [r for r in fake.recaps if {a["email"] for a in r["attendees"]} == {email}]
        rows += [s for s in fake.submissions if s["questions_and_answers"][0]["answer"] == email]
        return copy.deepcopy(rows)
