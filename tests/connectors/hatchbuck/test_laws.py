"""The connector obeys the laws, where contacts are emptied and where they are ordered deleted."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, ClassVar

from connectors.model import (
    CollectionSpec,
    Disclosure,
    FieldSpec,
    Identifier,
    IdentitySpec,
    Redaction,
    Secret,
    Subject,
    SystemSpec,
    Trust,
)
from connectors.sandbox.faults import Fault
from connectors.sandbox.hatchbuck import API_KEY, HatchbuckSandbox
from connectors.sandbox.serve import Server
from connectors.testing import conformance

ANN, HOME, JO = "ann.lee@example.com", "ann.lee@example.net", "ann.lee2@example.com"
NAMELESS, HERS = "bm8tYWRkcmVzcw", "am8tY29udGFjdA"
_WAITS = (
    "no call deletes a contact: an order to delete it is answered MANUAL, each time, until a person has deleted it "
    "on its page; test_erasing.py holds that a second run writes nothing"
)


def _fields(*names: str, never: str = "") -> tuple[FieldSpec, ...]:
    seen = tuple(FieldSpec(name, "A", Disclosure.DISCLOSE) for name in names)
    return (*seen, FieldSpec(never, "A", Disclosure.NEVER, "a score of our own")) if never else seen


class HatchbuckHarness:
    exempt: ClassVar[Mapping[str, str]] = {"deleting_twice_is_harmless": _WAITS}
    subject = Subject.of(
        Identifier("email", "Ann.Lee@Example.com", Trust.PROVEN),
        Identifier("email", HOME, Trust.PROVEN),
        Identifier("hatchbuck.contact", NAMELESS, Trust.ASSIGNED),
    )
    bystander = Subject.of(Identifier("email", JO, Trust.PROVEN))
    canaries = (ANN, "ann.lee%40example.com", API_KEY, "1 Oak St", NAMELESS)
    never = ("+1 555-010-0199", "internal-score", "Jo of the crowd")
    disclosed = ("Ann", "1 Oak St", HOME, "1990-01-01", "trial-ended", "Brochure")
    corrections: ClassVar[Mapping[tuple[str, str], str]] = {
        ("contacts", "lastName"): "Li of the corrections",
        ("contacts", "website"): "www.example.org/anne",
        ("contacts", "addresses->city"): "Monona",
        ("contacts", "customFields->Birthday"): "1990-02-02",
    }
    refused: ClassVar[Mapping[tuple[str, str], str]] = {("contacts", "emails"): JO}

    def start(self) -> None:
        self.app = HatchbuckSandbox()
        self.server = Server(self.app).__enter__()

    def stop(self) -> None:
        self.server.__exit__(None, None, None)

    def plant(self) -> Mapping[str, int]:
        """Three contacts of the subject's: one search brings one of them, so that they are pages."""
        app = self.app
        app.clear()
        for email, who in ((ANN, "Ann"), (HOME, "Ann"), (JO, "Jo of the crowd")):
            row = app.contact(
                email, first=who, last="Lee", company="Works 5", title="Fitter", **things(who), id=HERS * (email == JO)
            )
            for name in ("trial-ended", "newsletter"):
                app.tag(row, name)
            app.campaign(row, "Brochure")
            app.campaign(row, "Brochure")
            app.page(row, notes=[f"{who} called"])
        app.contact(first="Ann", last="Lee", id=NAMELESS)
        for number in range(5):
            app.contact(f"ann.lee.{number}@example.com", first="Ann", last="Lee")
        app.near_match = HERS
        return {"campaigns": 2, "tags": 4, "contacts": 3, "contact_pages": 3, "api_log": 0}

    def spec(self) -> SystemSpec:
        found_by = (
            IdentitySpec("email", "emails", Trust.ASSIGNED),
            IdentitySpec("hatchbuck.contact", "contactId", Trust.ASSIGNED),
        )
        profile = _fields(
            "firstName", "lastName", "company", "emails", "addresses", "socialNetworks", "instantMessaging", "website",
            "customFields->Birthday", never="customFields->Score",
        )  # fmt: skip
        profile += (FieldSpec("addresses->city", "B", redaction=Redaction.NONE),)
        collections = (
            CollectionSpec("campaigns", (), (), _fields("name")),
            CollectionSpec("tags", (), (), _fields("name")),
            CollectionSpec("contacts", found_by, (), profile),
        )
        settings = {"base_url": f"{self.server.url}/api/v1", "timeout": self.server.faults.patience, "settle_hours": 0}
        return SystemSpec("crm", "hatchbuck", settings, {"api_key": Secret(API_KEY)}, collections, sandbox=True)

    def spec_refused(self) -> SystemSpec:
        return replace(self.spec(), secrets={"api_key": Secret("wrong")}, sandbox=False)

    def untouched(self) -> object:
        """The bystander's contact and page, and everybody's of the crowd."""
        app = self.app
        crowd = [r for r in app.contacts.values() if any("ann.lee." in e["address"] for e in r["emails"])]
        return copy.deepcopy((app.contacts[HERS], app.pages[HERS], crowd))

    def fault(self, fault: Fault, after: int = 0, times: int = 1_000_000) -> AbstractContextManager[None]:
        return self.server.faults.inject(fault, after=after, times=times)

    def settle(self) -> None:
        """What the vendor does, it does at once."""


def things(who: str) -> dict[str, Any]:
    return {
        "phones": [{"number": "+1 555-010-0199", "type": "Work"}, {"number": "+1 555-010-0188", "type": "Home"}],
        "addresses": [{"street": "1 Oak St", "city": "Madison", "state": "WI", "zip": "53703", "country": "US"}],
        "socialNetworks": [{"address": f"@{who}", "type": "Twitter"}],
        "instantMessaging": [{"address": f"{who}.im", "type": "Skype"}],
        "website": [{"websiteUrl": "www.example.com"}],
        "customFields": [
            {"name": "Birthday", "type": "Date", "value": "1990-01-01"},
            {"name": "Score", "type": "String", "value": "internal-score"},
        ],
    }


TestHatchbuck = conformance(HatchbuckHarness)
