"""Acme's connector obeys the laws; the kit comes from the package, the connector by its entry point."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import ClassVar

from acme_dsr.sandbox import TOKEN, AcmeSandbox

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
from connectors.sandbox.serve import Server
from connectors.testing import conformance

ANN, JO = "ann.lee@example.com", "joann.lee@example.com"


class AcmeHarness:
    exempt: ClassVar[Mapping[str, str]] = {}
    subject = Subject.of(Identifier("email", "Ann.Lee@example.com", Trust.PROVEN))
    bystander = Subject.of(Identifier("email", JO, Trust.PROVEN))
    canaries = (ANN, "ann.lee%40example.com", "Ann Lee", TOKEN)
    never = ("risk of",)
    disclosed = (ANN, "Ann Lee")

    def start(self) -> None:
        self.app = AcmeSandbox()
        self.server = Server(self.app).__enter__()

    def stop(self) -> None:
        self.server.__exit__(None, None, None)

    def plant(self) -> Mapping[str, int]:
        self.app.members.clear()
        for _ in range(3):
            self.app.join(ANN, "Ann Lee")
            self.app.join(JO, "Joann Lee")
        return {"members": 3}

    def spec(self) -> SystemSpec:
        shown = tuple(FieldSpec(name, "A", Disclosure.DISCLOSE) for name in ("email", "name"))
        fields = (*shown, FieldSpec("risk", "K", Disclosure.NEVER, "internal score"))
        members = CollectionSpec("members", (IdentitySpec("email", "email", Trust.PROVEN),), (), fields)
        settings = {"base_url": self.server.url, "timeout": 1.2}
        return SystemSpec("loyalty", "acme", settings, {"token": Secret(TOKEN)}, (members,), sandbox=True)

    def spec_refused(self) -> SystemSpec:
        return replace(self.spec(), secrets={"token": Secret("wrong")}, sandbox=False)

    def untouched(self) -> object:
        return copy.deepcopy([m for m in self.app.members.values() if m["email"] == JO])

    def fault(self, fault: Fault, after: int = 0, times: int = 1_000_000) -> AbstractContextManager[None]:
        return self.server.faults.inject(fault, after=after, times=times)

    def settle(self) -> None: ...


TestAcme = conformance(AcmeHarness)
