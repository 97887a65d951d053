"""The logs: what the sandbox's Papertrail account holds."""

from __future__ import annotations

import copy
from datetime import datetime

from connectors.sandbox.papertrail import TOKEN, PapertrailSandbox
from connectors.sandbox.store import VendorStore
from connectors.sandbox.training_tracker.crowd import person
from connectors.sandbox.training_tracker.people import PEOPLE, USERS, Person

CROWD = range(13, USERS, 50)
DAYS = (1, 2, 3, 5, 40, 200)  # the search reaches back a week, the archives a year


class Logs(VendorStore):
    """The store: Papertrail."""

    url_variable, secret_variable = "DSR_SANDBOX_PAPERTRAIL_URL", "DSR_SANDBOX_PAPERTRAIL_TOKEN"
    path = "/api/v1"
    secret = TOKEN
    fake: PapertrailSandbox

    def make(self) -> PapertrailSandbox:
        return PapertrailSandbox()

    def plant(self, now: datetime) -> None:
        self.fake.clear()
        self.fake.now = now
        for days in DAYS:
            for who in (*PEOPLE, *map(person, CROWD)):
                self.fake.log(f"at=info sign-in email={who.email} user_id={who.user_id}", days - 0.5)
        self.fake.sender("web-1")
        self.fake.group("All Systems", "web-1", wildcard="*")
        for who in (PEOPLE.subject, PEOPLE.bystander):
            self.fake.search(f"complaint {who.user_id}", f'"{who.email}"')

    def of(self, person: Person) -> object:
        mark = f"email={person.email} user_id={person.user_id}"
        lines = [line for line in self.fake.lines if line.message.endswith(mark)]
        return copy.deepcopy((lines, [s for s in self.fake.searches if f'"{person.email}"' in s["query"]]))
