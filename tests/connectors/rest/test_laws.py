"""Two described SaaS systems obey the laws, in every dialect of pages and credentials."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, ClassVar

from connectors.model import Identifier, Secret, Subject, SystemSpec, Trust
from connectors.sandbox.faults import Fault
from connectors.sandbox.rest import SECRET, HelpDesk, Newsletter
from connectors.sandbox.rest.newsletter import SETTLES
from connectors.sandbox.serve import Server
from connectors.testing import conformance
from tests.connectors.rest.described import spec_of, with_options

ANN, JO = "ann.lee@example.com", "joann.lee@example.com"
_NO_REDACTION = "this system describes no call that takes the person out of a record"


def _subject(email: str, contact: str = "") -> Subject:
    known = {Identifier("email", email, Trust.PROVEN)}
    return Subject(
        frozenset(known | ({Identifier("help_desk.contact", contact, Trust.ASSIGNED)} if contact else set()))
    )


class _Harness:
    exempt: ClassVar[Mapping[str, str]] = {}
    canaries = (ANN, "ann.lee%40example.com", "Ann Lee", SECRET)
    app: Any
    server: Server

    def start(self) -> None:
        self.server = Server(self.app).__enter__()

    def stop(self) -> None:
        self.server.__exit__(None, None, None)

    def spec(self) -> SystemSpec:
        raise NotImplementedError

    def spec_refused(self) -> SystemSpec:
        refused = {name: Secret("wrong") for name in self.spec().secrets}
        return replace(self.spec(), secrets=refused, sandbox=False)

    def fault(self, fault: Fault, after: int = 0, times: int = 1_000_000) -> AbstractContextManager[None]:
        return self.server.faults.inject(fault, after=after, times=times)

    def settle(self) -> None: ...


class HelpDeskHarness(_Harness):
    exempt: ClassVar[Mapping[str, str]] = {"redacting_keeps_the_row_and_loses_the_person": _NO_REDACTION}
    settings: ClassVar[Mapping[str, Any]] = {}
    switches: ClassVar[Mapping[str, Any]] = {}
    subject = _subject("Ann.Lee@example.com", "c1")
    bystander = _subject(JO, "c11")
    never = ("a difficult one", "of joann")
    disclosed = ("Ann Lee", ANN, "question 3", "help 3", "2026-03-01")

    def __init__(self) -> None:
        self.app = HelpDesk()

    def plant(self) -> Mapping[str, int]:
        app = self.app
        app.clear()
        for name, value in self.switches.items():
            setattr(app, name, value)
        app.contact(ANN, "Ann Lee")
        for number in range(9):
            app.contact(f"someone{number}@example.net", "Someone")
        app.contact(JO, "Joann Lee")  # c11: begins like c1, and her address ends like the subject's
        for number in range(5):
            app.ticket("c1", f"question {number}", f"help {number}", "a difficult one")
            app.ticket("c11", f"question of joann {number}", "help joann", "a difficult one")
        return {"tickets": 5, "contacts": 1}

    def spec(self) -> SystemSpec:
        return spec_of("help_desk", self.server.url, timeout=self.server.faults.patience, **self.settings)

    def untouched(self) -> object:
        mine = [r for rows in self.app.stores.values() for r in rows if "c11" in (r["id"], r.get("requester_id"))]
        return copy.deepcopy((mine, self.app.emptied))


class ByOffset(HelpDeskHarness):
    settings: ClassVar[Mapping[str, Any]] = {
        "pages": {"by": "offset", "send": "offset", "total": "meta.total"},
        "auth": {"by": "basic", "secret": "token"},
    }
    switches: ClassVar[Mapping[str, Any]] = {"paging": "offset", "auth": "basic"}


class ByLink(HelpDeskHarness):
    settings: ClassVar[Mapping[str, Any]] = {
        "pages": {"by": "link", "next": "meta.next"},
        "auth": {"by": "query", "name": "api_key", "secret": "token"},
    }
    switches: ClassVar[Mapping[str, Any]] = {"paging": "link", "auth": "query"}


class ByNumber(HelpDeskHarness):
    """Read until a page is empty; the cursor's place is no help."""

    settings: ClassVar[Mapping[str, Any]] = {"pages": {"by": "page", "send": "page"}}
    switches: ClassVar[Mapping[str, Any]] = {"paging": "page"}


class WholeList(HelpDeskHarness):
    """A vendor that cannot filter contacts, and a record that is handed out by a call of its own."""

    def spec(self) -> SystemSpec:
        everything = {"get": "/contacts", "rows": "contacts", "whole_list": True}
        own = {"get": "/contacts/<id>", "row": "contact"}
        return with_options(super().spec(), "contacts", locate=everything, export=own)


class NewsletterHarness(_Harness):
    subject = _subject("Ann.Lee@example.com")
    bystander = _subject(JO)
    never = ("42 of 100",)
    disclosed = ("Ann Lee", ANN, "answer 3 of ann", "555-0100")

    def __init__(self) -> None:
        self.app = Newsletter()

    def plant(self) -> Mapping[str, int]:
        app = self.app
        app.clear()
        for email, name in ((JO, "Joann Lee"), (ANN, "Ann Lee")):
            app.subscriber(email, name, "555-0100")
            for number in range(5):
                app.response(email, f"answer {number} of {name.partition(' ')[0].lower()}")
        return {"responses": 5, "subscribers": 1}

    def spec(self) -> SystemSpec:
        return spec_of("newsletter", self.server.url, timeout=self.server.faults.patience)

    def untouched(self) -> object:
        rows = [row for held in self.app.stores.values() for row in held]
        return copy.deepcopy([row for row in rows if JO in (row.get("email"), row.get("respondent", {}).get("email"))])

    def settle(self) -> None:
        self.app.advance(SETTLES)


TestHelpDesk = conformance(HelpDeskHarness)
TestHelpDeskByOffset = conformance(ByOffset)
TestHelpDeskByLink = conformance(ByLink)
TestHelpDeskByNumber = conformance(ByNumber)
TestHelpDeskWholeList = conformance(WholeList)
TestNewsletter = conformance(NewsletterHarness)
