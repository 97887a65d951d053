"""The customer relations: what the sandbox's Hatchbuck account holds."""

from __future__ import annotations

import copy
from datetime import datetime
from typing import Any

from connectors.sandbox.hatchbuck import API_KEY, HatchbuckSandbox
from connectors.sandbox.store import VendorStore
from connectors.sandbox.training_tracker.crowd import person
from connectors.sandbox.training_tracker.people import PEOPLE, USERS, Person

CROWD = range(14, USERS, 40)


class Relations(VendorStore):
    """The store: Hatchbuck."""

    url_variable, secret_variable = "DSR_SANDBOX_HATCHBUCK_URL", "DSR_SANDBOX_HATCHBUCK_API_KEY"
    path = "/api/v1"
    secret = API_KEY
    fake: HatchbuckSandbox

    def make(self) -> HatchbuckSandbox:
        return HatchbuckSandbox()

    def plant(self, now: datetime) -> None:
        self.fake.clear()
        for who in (*PEOPLE, *map(person, CROWD)):
            self._enter(who)
        # The search brings more than was asked for: the bystander, each time.
        self.fake.near_match = next(iter(self._of(PEOPLE.bystander)))["contactId"]

    def _enter(self, who: Person) -> None:
        typed = "Ann.Lee@Example.com" if who == PEOPLE.subject else who.email
        first, _, last = who.name.partition(" ")
        row = self.fake.contact(
            typed,
            first=first,
            last=last,
            title="Safety manager",
            company=f"Organisation {who.organisation_id}",
            phones=[{"number": f"+1 608 555 {who.user_id:04d}", "type": "Work"}],
            addresses=[{"street": f"{who.user_id} Oak St", "city": "Madison", "zip": "53703", "type": "Work"}],
            customFields=[{"name": "Seats", "type": "Integer", "value": "200"}],
            subscribed=who != PEOPLE.bystander,
        )
        self.fake.tag(row, "asked-for-a-demo")
        self.fake.campaign(row, "Brochure Request Followup")
        self.fake.page(row, notes=[f"{who.name} called about seats"], deals=["200 seats"])

    def of(self, person: Person) -> object:
        rows = self._of(person)
        return copy.deepcopy([(row, self.fake.pages.get(row["contactId"])) for row in rows])

    def _of(self, person: Person) -> list[dict[str, Any]]:
        email = person.email.casefold()
        held = self.fake.contacts.values()
        return [row for row in held if any(e["address"].casefold() == email for e in row["emails"])]
