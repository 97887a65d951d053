"""Discovery over memory connectors: what opens what, and what never does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.errors import TransientError
from connectors.memory import MemoryConnector
from connectors.model import CollectionSpec, FieldSpec, Identifier, IdentitySpec, SystemSpec, Trust
from connectors.protocol import Connector
from orchestrator.discover import discover
from orchestrator.model import Coverage, Discovery

EMAIL = IdentitySpec("email", "email", Trust.PROVEN)
NUMBER = IdentitySpec("user_id", "id", Trust.ASSIGNED)
CUSTOMER = IdentitySpec("customer", "customer", Trust.ASSIGNED)


def system(name: str, rows: list[dict[str, Any]], *identities: IdentitySpec) -> MemoryConnector:
    spec = CollectionSpec("rows", identities, (), (FieldSpec("note", "A"),))
    return MemoryConnector(SystemSpec(name, "memory", {"rows": {"rows": rows}}, {}, (spec,)))


def search(systems: Mapping[str, Connector], *given: Identifier) -> Discovery:
    return discover(
        given or (Identifier("email", "Ann@Example.com", Trust.PROVEN),),
        systems,
        not_connected={"paper": "in a cupboard"},
        authorities={"email": (("accounts", "rows"),)},
        normalise=lambda kind, value: value.strip().lower(),
    )


def accounts(**more: str) -> MemoryConnector:
    mine = {"email": "ann@example.com", "id": "7", "customer": "c7", **more}
    other = {"email": "bob@example.com", "id": "8", "customer": "c8"}
    hint = IdentitySpec("email", "alternate", Trust.CLAIMED, match=False)
    reveal = IdentitySpec("customer", "customer", Trust.ASSIGNED, match=False)
    return system("accounts", [mine, other], EMAIL, NUMBER, hint, reveal)


def test_identifiers_open_further_systems_hop_by_hop() -> None:
    payments = system("payments", [{"customer": "c7", "email": "ann@example.com"}], CUSTOMER)
    found = search({"payments": payments, "accounts": accounts()})
    assert [(hop, r.at.system) for hop, r in found.records] == [(1, "payments"), (0, "accounts")]
    assert {s.system: s.coverage for s in found.coverage} == {
        "payments": Coverage.SEARCHED,
        "accounts": Coverage.SEARCHED,
        "paper": Coverage.MANUAL_OPEN,
    }
    assert found.conflicts == ()


def test_a_claim_is_listed_and_opens_nothing() -> None:
    found = search({"accounts": accounts(alternate="bob@example.com")})
    assert [(i.kind, i.trust) for i in found.claimed] == [("email", Trust.CLAIMED)]
    assert sum(r.count for _, r in found.records) == 1


def test_a_vendor_record_that_names_another_person_is_a_conflict() -> None:
    typed = IdentitySpec("email", "email", Trust.CLAIMED, match=False)
    payments = system("payments", [{"customer": "c7", "email": "bob@example.com"}], CUSTOMER, typed)
    found = search({"accounts": accounts(), "payments": payments})
    assert [(c.system, c.kind) for c in found.conflicts] == [("accounts", "email")]
    assert "bob" not in repr(found.conflicts)


def test_an_unproven_request_searches_nothing() -> None:
    found = search({"accounts": accounts()}, Identifier("email", "ann@example.com", Trust.CLAIMED))
    assert found.records == ()
    assert {s.system: s.coverage for s in found.coverage}["accounts"] is Coverage.NOT_SEARCHABLE


class Broken(MemoryConnector):
    def locate(self, subject: Any) -> Any:
        raise TransientError(self.system, "listing: HTTP 500")


def test_a_system_that_fails_is_unreachable_and_never_empty() -> None:
    spec = SystemSpec("broken", "memory", {"rows": {}}, {}, (CollectionSpec("rows", (EMAIL,)),))
    found = search({"accounts": accounts(), "broken": Broken(spec)})
    reached = {s.system: (s.coverage, s.why) for s in found.coverage}
    assert reached["broken"] == (Coverage.UNREACHABLE, "broken: listing: HTTP 500")
    assert reached["accounts"][0] is Coverage.SEARCHED
