"""The connector obeys the laws, where mail is moved to Trash and where it is deleted for good."""

from __future__ import annotations

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
from connectors.sandbox.faults import Fault
from connectors.sandbox.gmail import GmailFake
from connectors.sandbox.serve import Server
from connectors.testing import conformance
from tests.connectors.gmail.office import ADMIN, ANN, BILLING, DESK, NEAR, OFFICE, ROB

_EMAIL = (IdentitySpec("email", "headers", Trust.PROVEN),)


class GmailHarness:
    exempt: ClassVar[Mapping[str, str]] = {}
    deletion: ClassVar[str] = "trash"
    subject = Subject.of(Identifier("email", "Ann.Lee@example.com", Trust.PROVEN))
    bystander = Subject.of(Identifier("email", NEAR, Trust.PROVEN))
    canaries = (ANN, "ann.lee%40example.com", "my knee", DESK, "PRIVATE KEY")
    never = ("between us three", "thank you, Rob", "says ann.lee2", "what Rob drafts")
    disclosed = ("my knee", "from the bill", "spam or not", "your letter", "filters", "criteria.from")

    def start(self) -> None:
        self.app = GmailFake()
        self.server = Server(self.app).__enter__()

    def stop(self) -> None:
        self.server.__exit__(None, None, None)

    def plant(self) -> Mapping[str, int]:
        app = self.app
        app.clear()
        app.admins = {ADMIN}
        app.user(ADMIN, setup=False)
        app.user(f"colleague@{OFFICE}")
        for address in (DESK, BILLING):
            box = app.user(address)
            for number in range(3):  # pages hold two rows
                app.deliver(address, f"Ann <{ANN}>", address, text=f"my knee {number}", days=3 + number)
                app.deliver(address, f"Ann <{NEAR}>", address, text=f"says ann.lee2 {number}", days=3 + number)
            app.deliver(address, address, ANN, text="from the bill", labels=("SENT",), days=2)
            app.deliver(address, ANN, f"{address}, {ROB}", text="between us three")
            app.deliver(address, ROB, address, text=f"thank you, Rob. PS: {ANN} knows")
            app.deliver(address, ROB, address, text=f"thank you, Rob. PS: {NEAR} knows")
            app.draft(address, ANN, "what Rob drafts")
            app.draft(address, NEAR, "says ann.lee2 in a draft")
            filters = [{"id": "f1", "criteria": {"from": who}} for who in (ANN, NEAR)]
            box.settings["filters"] = {"filter": filters}
        app.deliver(DESK, ANN, DESK, text="spam or not", labels=("SPAM",))
        app.deliver(DESK, ANN, f"privacy@{OFFICE}", text="your letter", days=1)
        app.group(f"course@{OFFICE}", ANN, NEAR, DESK)
        app.group(f"staff@{OFFICE}", DESK)
        return {
            "messages": 11,
            "request_correspondence": 1,
            "mentions": 2,
            "drafts": 2,
            "mailbox_settings": 2,
            "group_memberships": 1,
            "vault": 0,
        }

    def spec(self) -> SystemSpec:
        content = (FieldSpec("content", "D", Disclosure.DISCLOSE),)
        rows = tuple(FieldSpec(name, "D", Disclosure.DISCLOSE) for name in ("setting", "field", "value"))
        collections = (
            CollectionSpec("messages", _EMAIL, (), content),
            CollectionSpec("request_correspondence", _EMAIL, (), content),
            CollectionSpec("mentions", _EMAIL, (), content),
            CollectionSpec("drafts", _EMAIL),
            CollectionSpec("mailbox_settings", _EMAIL, (), rows),
        )
        settings = {
            "base_url": self.server.url,
            "directory_url": self.server.url,
            "timeout": self.server.faults.patience,
            "page_size": 2,
            "domains": [OFFICE],
            "directory_admin": ADMIN,
            "deletion": self.deletion,
            "privacy_addresses": [f"privacy@{OFFICE}"],
        }
        secrets = {"service_account": Secret(self.app.tokens.service_account(self.server.url))}
        return SystemSpec("mail", "gmail", settings, secrets, collections, sandbox=True)

    def spec_refused(self) -> SystemSpec:
        spec = self.spec()
        return replace(spec, settings={**spec.settings, "directory_admin": f"nobody@{OFFICE}"})

    def untouched(self) -> object:
        app = self.app
        mails = app.naming(NEAR, ROB)
        return (mails, app.groups, app.members, [box.settings for box in app.boxes.values()], app.threads_deleted)

    def fault(self, fault: Fault, after: int = 0, times: int = 1_000_000) -> AbstractContextManager[None]:
        return self.server.faults.inject(fault, after=after, times=times)

    def settle(self) -> None:
        self.app.advance(timedelta(days=31))


class PermanentHarness(GmailHarness):
    deletion = "permanent"


TestGmail = conformance(GmailHarness)
TestGmailForGood = conformance(PermanentHarness)
