"""Both APIs obey the laws of connectors."""

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
from connectors.sandbox.papertrail import TOKEN, PapertrailSandbox
from connectors.sandbox.serve import Server
from connectors.testing import conformance

_NO_CHANGE = "neither API can change or delete a stored event, and a saved search without its query is none"
_NO_DELETE = "the successor's API has no verb that deletes or changes anything"
_FOUND_BY = (
    IdentitySpec("email", "message", Trust.PROVEN),
    IdentitySpec("user_id", "user_id={value}", Trust.ASSIGNED),
)
_SEEN = (FieldSpec("received_at", "A", Disclosure.DISCLOSE), FieldSpec("message", "A", Disclosure.DISCLOSE))
_NEVER = FieldSpec("source_ip", "A", Disclosure.NEVER, "server address")


class PapertrailHarness:
    exempt: ClassVar[Mapping[str, str]] = {"redacting_keeps_the_row_and_loses_the_person": _NO_CHANGE}
    subject = Subject.of(
        Identifier("email", "ann.lee@example.com", Trust.PROVEN), Identifier("user_id", "42", Trust.ASSIGNED)
    )
    bystander = Subject.of(
        Identifier("email", "joann.lee@example.com", Trust.PROVEN), Identifier("user_id", "420", Trust.ASSIGNED)
    )
    canaries = ("ann.lee@example.com", "ann.lee%40example.com", "user_id=42", TOKEN)
    never = ("192.0.2.1", "joann.lee")
    disclosed = ("ann.lee@example.com", "user_id=42")

    def start(self) -> None:
        self.app = PapertrailSandbox()
        self.server = Server(self.app).__enter__()

    def stop(self) -> None:
        self.server.__exit__(None, None, None)

    def plant(self) -> Mapping[str, int]:
        self.app.clear()
        for days in (40, 35, 5, 4, 3):
            self.app.log("login ann.lee@example.com ok", days)
            self.app.log("login joann.lee@example.com ok", days)
            self.app.log("GET /tickets?email=ann.lee%40example.com for joann.lee@example.com", days)
            self.app.log("job done user_id=42 in 3 ms", days)
            self.app.log("job done user_id=420 in 3 ms", days)
        self.app.search("complaints", '"ann.lee@example.com" program:app')
        self.app.search("others", '"joann.lee@example.com"')
        self.app.sender("laptop-ann.lee@example.com")
        self.app.sender("ann.lee@example.com laptop")
        self.app.sender("joann.lee@example.com laptop")
        self.app.member("Ann.Lee@example.com")
        self.app.member("joann.lee@example.com")
        return {"saved_searches": 1, "senders": 1, "members": 1, "events": 9, "archives": 15}

    def spec(self) -> SystemSpec:
        port = self.server.url.rpartition(":")[2]
        settings = {
            "base_url": f"{self.server.url}/api/v1",
            "timeout": self.server.faults.patience,
            "search_days": 7,
            "page_size": 4,
            "archive_hosts": [f"localhost:{port}"],
        }
        plain = (FieldSpec("name", "A", Disclosure.DISCLOSE), FieldSpec("query", "A", Disclosure.DISCLOSE))
        collections = (
            CollectionSpec("saved_searches", _FOUND_BY, (), plain),
            CollectionSpec("senders", _FOUND_BY, (), plain),
            CollectionSpec("members", _FOUND_BY, (), (FieldSpec("email", "A", Disclosure.DISCLOSE),)),
            CollectionSpec("events", _FOUND_BY, (), (*_SEEN, _NEVER)),
            CollectionSpec("archives", _FOUND_BY, (), (*_SEEN, _NEVER)),
        )
        return SystemSpec("logs", "papertrail", settings, {"token": Secret(TOKEN)}, collections, sandbox=True)

    def spec_refused(self) -> SystemSpec:
        return replace(self.spec(), secrets={"token": Secret("wrong")}, sandbox=False)

    def untouched(self) -> object:
        rows = [*self.app.searches, *self.app.systems, *self.app.users]
        return (
            [line for line in self.app.lines if "joann" in line.message or "=420" in line.message],
            [dict(row) for row in rows if "joann" in str(row)],
        )

    def fault(self, fault: Fault, after: int = 0, times: int = 1_000_000) -> AbstractContextManager[None]:
        return self.server.faults.inject(fault, after=after, times=times)

    def settle(self) -> None:
        """Nothing that was accepted takes effect by waiting: saved searches are deleted at once."""


class ObservabilityHarness(PapertrailHarness):
    exempt: ClassVar[Mapping[str, str]] = {
        **PapertrailHarness.exempt,
        "a_closed_gate_lets_no_write_through": _NO_DELETE,
        "a_vendor_that_lies_is_caught": _NO_DELETE,
    }

    def plant(self) -> Mapping[str, int]:
        return {k: n for k, n in super().plant().items() if k in ("events", "archives")}

    def spec(self) -> SystemSpec:
        spec = super().spec()
        settings = {**spec.settings, "api": "solarwinds", "base_url": f"{self.server.url}/v1"}
        return replace(spec, settings=settings)


TestPapertrail = conformance(PapertrailHarness)
TestObservability = conformance(ObservabilityHarness)


def test_time_alone_removes_every_line() -> None:
    """What `locked until` promises: after the archives' retention a search proves that all is gone."""
    import connectors

    for harness in (PapertrailHarness(), ObservabilityHarness()):
        harness.start()
        try:
            harness.plant()
            harness.app.advance(timedelta(days=380))
            left = {r.at.collection for r in connectors.build(harness.spec()).locate(harness.subject)}
            assert left <= {"saved_searches", "senders", "members"}
        finally:
            harness.stop()
