"""The connector obeys the laws where an audience can be looked into.

Without one nobody can be looked up, and a stranger cannot be told from a visitor: see test_unseen.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

from connectors.model import Identifier, Secret, Subject, SystemSpec, Trust
from connectors.sandbox.faults import Fault
from connectors.sandbox.google_analytics import AnalyticsSandbox
from connectors.sandbox.serve import Server
from connectors.testing import conformance

ANN, ANNS = "42", ("104200001.1690000042", "104200002.1700000042")
APP, SHARED = "0123456789abcdef0123456789abcdef", "104200009.1710000000"
JO, JOS = "420", "104200003.1690000420"
EMAIL, PHONE = "ann.lee@example.com", "+1 608 555 0042"
_NO_REDACTION = "no call takes the person out of an event that stays; deletion is for all events of an identifier"


class AudienceHarness:
    exempt: ClassVar[Mapping[str, str]] = {"redacting_keeps_the_row_and_loses_the_person": _NO_REDACTION}
    switches: ClassVar[Mapping[str, Any]] = {}
    subject = Subject.of(
        Identifier("user_id", ANN, Trust.ASSIGNED),
        *(Identifier("ga.client_id", client, Trust.ASSIGNED) for client in (*ANNS, SHARED)),
        Identifier("ga.app_instance_id", APP, Trust.ASSIGNED),
        Identifier("email", EMAIL, Trust.PROVEN),
        Identifier("phone", PHONE, Trust.PROVEN),
    )
    bystander = Subject.of(
        Identifier("user_id", JO, Trust.ASSIGNED), Identifier("ga.client_id", JOS, Trust.ASSIGNED)
    )  # fmt: skip
    canaries = (*ANNS, APP, SHARED, EMAIL, PHONE, "+16085550042")
    never = ()
    disclosed = ()

    def start(self) -> None:
        self.app = AnalyticsSandbox()
        self.server = Server(self.app).__enter__()

    def stop(self) -> None:
        self.server.__exit__(None, None, None)

    def plant(self) -> Mapping[str, int]:
        app = self.app
        app.clear()
        app.takes_provided_data = True
        for name, value in self.switches.items():
            setattr(app, name, value)
        for number in range(4):  # pages hold three members
            app.visit(f"90000000{number}.1600000000", str(number))
        for client in ANNS:
            app.visit(client, ANN, EMAIL)
            app.visit(client)
        app.visit(APP, ANN, "+16085550042")
        app.visit(SHARED, ANN)
        app.visit(SHARED, "77")
        app.visit(JOS, JO, "ann.lee2@example.com")
        app.visit(JOS, text=f"/users/{EMAIL}")
        app.link()
        app.export()
        return {
            "bigquery_links": 1,
            "event_parameters": 0,
            "client_ids": 3,
            "app_instances": 1,
            "user_ids": 1,
            "user_provided_data": 2,
        }

    def spec(self) -> SystemSpec:
        settings = {
            "property": 1001,
            "audience": 5,
            "event_data_retention": "14 months",
            "user_data_retention": "14 months",
            "reset_user_data_on_new_activity": False,
            "base_url": self.server.url,
            "data_url": self.server.url,
            "timeout": self.server.faults.patience,
            "page_size": 3,
        }
        secret = Secret(self.app.tokens.service_account(self.server.url))
        return SystemSpec("visits", "google_analytics", settings, {"service_account": secret}, sandbox=True)

    def spec_refused(self) -> SystemSpec:
        other = self.app.tokens.service_account(self.server.url).replace("dsr@sandbox", "who@sandbox")
        return replace(self.spec(), secrets={"service_account": Secret(other)})

    def untouched(self) -> object:
        deleted = [d for d in self.app.deletions if d.value == SHARED]
        return self.app.of(JO, JOS, "ann.lee2@example.com", "77"), deleted

    def fault(self, fault: Fault, after: int = 0, times: int = 1_000_000) -> AbstractContextManager[None]:
        return self.server.faults.inject(fault, after=after, times=times)

    def settle(self) -> None:
        """The two-monthly run, and the export of a day after it."""
        self.app.advance(timedelta(days=63))
        self.app.export()


class OtherwiseHarness(AudienceHarness):
    """What is not documented, the other way."""

    switches: ClassVar[Mapping[str, Any]] = {"once_per_user": True, "listed_until_purge": True}


TestAnalytics = conformance(AudienceHarness)
TestAnalyticsOtherwise = conformance(OtherwiseHarness)
