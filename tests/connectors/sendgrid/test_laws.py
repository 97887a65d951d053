"""The connector obeys the laws: with subusers and every store, and with no store that shows mail."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

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
from connectors.sandbox.sendgrid import API_KEY, SendGridSandbox
from connectors.sandbox.serve import Server
from connectors.testing import conformance

ANN, JO = "ann.lee@example.com", "ann.lee2@example.com"
LISTS = ("bounces", "blocks", "invalid_emails", "spam_reports", "unsubscribes")
SUPPRESSIONS = tuple(f"suppressions.{name}" for name in (*LISTS, "asm_groups"))


def _fields(*names: str, never: str = "") -> tuple[FieldSpec, ...]:
    seen = tuple(FieldSpec(name, "A", Disclosure.DISCLOSE) for name in names)
    return (*seen, FieldSpec(never, "A", Disclosure.NEVER, "internal")) if never else seen


class SendGridHarness:
    exempt: ClassVar[Mapping[str, str]] = {}
    settings: ClassVar[Mapping[str, Any]] = {"messages": True, "legacy_contacts": True}
    subject = Subject.of(
        Identifier("email", "Ann.Lee@example.com", Trust.PROVEN), Identifier("user_id", "u-1", Trust.ASSIGNED)
    )
    bystander = Subject.of(Identifier("email", JO, Trust.PROVEN), Identifier("user_id", "u-2", Trust.ASSIGNED))
    canaries = (ANN, "ann.lee%40example.com", API_KEY, f"Course for {ANN}")
    never = ("city of ann", "Name of " + JO, "token")
    disclosed: tuple[str, ...] = (
        f"Name of {ANN}",
        f"pet of {ANN}",
        f"Course for {ANN}",
        f"550 no mailbox {ANN}",
        "203.0.113.9",
        "news",
    )

    corrections: ClassVar[Mapping[tuple[str, str], str]] = {
        ("contacts", "first_name"): "Anne of the corrections",
        ("contacts", "city"): "Monona",
        ("legacy_contacts", "first_name"): "Anne of the corrections",
    }
    refused: ClassVar[Mapping[tuple[str, str], str]] = {
        ("contacts", "first_name"): "Anne of a very long name " * 3,
        ("legacy_contacts", "first_name"): "Anne of a very long name " * 3,
    }

    def start(self) -> None:
        self.app = SendGridSandbox()
        self.server = Server(self.app).__enter__()

    def stop(self) -> None:
        self.server.__exit__(None, None, None)

    def plant(self) -> Mapping[str, int]:
        app = self.app
        app.clear()
        app.subuser("shop")
        for email, user in ((ANN, "u-1"), (JO, "u-2")):
            app.contact(email, city=f"city of {email[:3]}")
            app.contact("", external_id=user)
            for account in ("", "shop"):
                app.legacy(email, account)
                for number in range(2 if account else 4):  # pages hold three rows
                    app.message(email, account, timedelta(days=number))
                for name in (*LISTS, "news", "offers"):
                    app.suppress(name, email, account)
            app.teammate(email, pending=True)
            app.sender(email)
            app.sender(email, verified=True)
            app.alert(email)
            app.subuser(f"of-{email[:7]}-{user}", email)
        for number in range(4):
            app.teammate(f"mate{number}@example.net")
            app.sender(f"desk{number}@example.net", verified=True)
        app.teammate(ANN)
        app.teammate(JO)
        people = ("teammates", "teammates_pending", "subusers", "senders", "verified_senders", "alerts")
        found = dict.fromkeys(people, 1) | {"contacts": 2, "legacy_contacts": 2, "messages": 6, "email_logs": 6}
        return found | dict.fromkeys(SUPPRESSIONS, 2) | {"suppressions.asm_groups": 4}

    def spec(self) -> SystemSpec:
        email = (IdentitySpec("email", "email", Trust.PROVEN, reveal=False),)
        number = IdentitySpec("user_id", "external_id", Trust.ASSIGNED)
        mail = _fields("to_email", "subject", "from_email", "events")
        person = ("first_name", "email", "custom_fields")
        lists = (
            CollectionSpec(name, email, (), _fields("email", "reason", "name"), options={"erase": True})
            for name in SUPPRESSIONS
        )
        collections = (
            CollectionSpec("contacts", (*email, number), (), _fields(*person, never="city")),
            CollectionSpec("legacy_contacts", email, (), _fields(*person)),
            CollectionSpec("messages", (), (), mail),
            CollectionSpec("email_logs", (), (), mail),
            CollectionSpec("teammates_pending", email, (), _fields("email", never="token")),
            *lists,
        )
        settings = {
            "base_url": self.server.url,
            "timeout": self.server.faults.patience,
            "page_size": 3,
            **self.settings,
        }
        return SystemSpec("mailer", "sendgrid", settings, {"api_key": Secret(API_KEY)}, collections, sandbox=True)

    def spec_refused(self) -> SystemSpec:
        return replace(self.spec(), secrets={"api_key": Secret("SG.wrong")}, sandbox=False)

    def untouched(self) -> object:
        """What bears the bystander's address, and whether anything was deleted in bulk."""
        theirs: list[object] = []
        for name, store in sorted(self.app.accounts.items()):
            kept = [*store.contacts.values(), *store.legacy.values(), *store.messages, *store.logs, *store.teammates]
            kept += [*store.pending, *store.senders, *store.verified, *store.alerts, *store.groups.values()]
            kept += [row for rows in store.lists.values() for row in rows]
            theirs += [(name, _without(row)) for row in kept if JO in str(row)]
            theirs += [(name, email) for email in store.unsubscribes if JO in email]
        return copy.deepcopy((theirs, self.app.bulk, [job for job in self.app.jobs if JO in str(job).casefold()]))

    def fault(self, fault: Fault, after: int = 0, times: int = 1_000_000) -> AbstractContextManager[None]:
        return self.server.faults.inject(fault, after=after, times=times)

    def settle(self) -> None:
        self.app.advance(timedelta(days=7))


def _without(row: dict[str, Any]) -> dict[str, Any]:
    """A group's row without its other members."""
    return {**row, "emails": JO in row["emails"]} if "emails" in row else row


class BlindHarness(SendGridHarness):
    """No Email Activity and no logs: what an erasure comes to cannot be seen."""

    settings: ClassVar[Mapping[str, Any]] = {"email_logs": False, "subusers": [], "not_in_plan": ["alerts"]}
    disclosed = (f"Name of {ANN}", f"550 no mailbox {ANN}")
    corrections: ClassVar[Mapping[tuple[str, str], str]] = {("contacts", "city"): "Monona"}
    refused: ClassVar[Mapping[tuple[str, str], str]] = {("contacts", "city"): "A city of a very long name " * 3}

    def plant(self) -> Mapping[str, int]:
        found = dict.fromkeys((*super().plant(), "recipient_data"), 1) | {"contacts": 2, "recipient_data": 0}
        found["suppressions.asm_groups"] = 2
        return {
            k: n
            for k, n in found.items()
            if k not in ("messages", "email_logs", "legacy_contacts", "alerts", "subusers")
        }


TestSendGrid = conformance(SendGridHarness)
TestSendGridWithoutMail = conformance(BlindHarness)
