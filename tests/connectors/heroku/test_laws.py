"""The connector obeys the laws: copies of everybody, and an account that names people."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import ClassVar

from connectors.model import Identifier, Secret, Subject, SystemSpec, Trust
from connectors.sandbox.faults import Fault
from connectors.sandbox.heroku import TOKEN, HerokuSandbox
from connectors.sandbox.serve import Server
from connectors.testing import conformance
from tests.connectors.heroku.account import ANN, JO, PEOPLE, entry, person, plant

_NO_WRITE = "no verb writes: the gate before the deletion of one backup is in test_backups.py"
_NO_LIE = "no verb deletes anything, so no answer to a deletion can be a lie; every record has an obstacle"


class HerokuHarness:
    exempt: ClassVar[Mapping[str, str]] = {
        "a_closed_gate_lets_no_write_through": _NO_WRITE,
        "a_vendor_that_lies_is_caught": _NO_LIE,
    }
    subject = person(ANN)
    bystander = person(JO)
    canaries = (ANN, "ann.lee%40example.com", TOKEN, "p5andbox", "k3y")
    never: tuple[str, ...] = ("deploy", "k3y", "p5andbox")
    disclosed: tuple[str, ...] = (ANN,)

    def start(self) -> None:
        self.heroku = HerokuSandbox()
        self.server = Server(self.heroku).__enter__()

    def stop(self) -> None:
        self.server.__exit__(None, None, None)

    def plant(self) -> Mapping[str, int]:
        return plant(self.heroku)

    def spec(self) -> SystemSpec:
        return entry(self.server, *PEOPLE)

    def spec_refused(self) -> SystemSpec:
        return replace(self.spec(), secrets={"token": Secret("wrong")}, sandbox=False)

    def untouched(self) -> object:
        heroku = self.heroku
        assert heroku.writes == []
        state = (heroku.addons, heroku.attachments, heroku.collaborators, heroku.teams, heroku.releases)
        return copy.deepcopy((state, heroku.data.transfers, heroku.data.schedules, heroku.data.facts))

    def fault(self, fault: Fault, after: int = 0, times: int = 1_000_000) -> AbstractContextManager[None]:
        return self.server.faults.inject(fault, after=after, times=times)

    def settle(self) -> None:
        pass


class CopiesHarness(HerokuHarness):
    """An entry of copies alone, opened by what the source's search has shown and by nothing else."""

    subject = Subject.of(*(i for i in person(ANN).identifiers if i.kind != "email"))
    bystander = Subject.of(Identifier("email", JO, Trust.PROVEN), *person(JO).identifiers)
    disclosed: tuple[str, ...] = ()

    def plant(self) -> Mapping[str, int]:
        people = {"collaborators", "team_members", "config_vars"}
        return {name: count for name, count in plant(self.heroku).items() if name not in people}

    def spec(self) -> SystemSpec:
        return entry(self.server)


TestHeroku = conformance(HerokuHarness)
TestHerokuCopies = conformance(CopiesHarness)
