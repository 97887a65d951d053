"""The reference connector obeys the laws."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from typing import Any, ClassVar

from connectors.model import (
    CollectionSpec,
    Disclosure,
    FieldSpec,
    Identifier,
    IdentitySpec,
    Redaction,
    Subject,
    SystemSpec,
    Trust,
)
from connectors.sandbox.faults import Fault
from connectors.testing import conformance

_WIRE = "a dictionary has no wire"
_OLD, _NEW, _CUT = datetime(2015, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC)


class MemoryHarness:
    exempt: ClassVar[Mapping[str, str]] = {
        "refused_credentials_are_an_auth_error": _WIRE,
        "a_fault_is_transient_and_never_an_empty_answer": _WIRE,
        "a_fault_during_deletion_is_mended_by_asking_again": _WIRE,
        "a_page_that_comes_twice_is_counted_once": _WIRE,
        "a_vendor_that_lies_is_caught": _WIRE,
        "a_fault_during_a_correction_is_mended_by_asking_again": _WIRE,
        "a_vendor_that_lies_about_a_correction_is_caught": _WIRE,
        "a_value_that_is_refused_is_an_outcome": "a dictionary takes every value",
    }
    subject = Subject.of(Identifier("email", "Ann.Lee@example.com", Trust.PROVEN))
    bystander = Subject.of(Identifier("email", "ann.lee2@example.com", Trust.PROVEN))
    canaries = ("ann.lee@example.com", "555-0100")
    never = ("hash-of-ann",)
    disclosed = ("ann.lee@example.com", "2026-01-01")
    corrections: ClassVar[Mapping[tuple[str, str], str]] = {
        ("orders", "phone"): "+1 555-0177",
        ("users", "phone"): "+1 555-0177",
    }

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {}

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def settle(self) -> None: ...

    def plant(self) -> Mapping[str, int]:
        def person(email: str, phone: str, secret: str) -> dict[str, list[dict[str, Any]]]:
            return {
                "orders": [{"email": email, "phone": phone, "at": at} for at in (_OLD, _NEW, None)],
                "users": [{"email": email, "phone": phone, "password": secret, "at": _NEW}],
            }

        mine = person("ann.lee@example.com", "555-0100", "hash-of-ann")
        other = person("ann.lee2@example.com", "555-0101", "hash-of-other")
        self.rows.clear()
        self.rows.update({name: mine[name] + other[name] for name in mine})
        return {"orders": 3, "users": 1}

    def spec(self) -> SystemSpec:
        email = IdentitySpec("email", "email", Trust.PROVEN)
        seen = Disclosure.DISCLOSE
        dated = FieldSpec("at", "", seen, redaction=Redaction.NONE)
        fields = (FieldSpec("email", "A", seen), FieldSpec("phone", "A", seen), dated)
        secret = FieldSpec("password", "A", Disclosure.NEVER, "password hash")
        return SystemSpec(
            "store",
            "memory",
            {"rows": self.rows},
            {},
            (
                CollectionSpec("orders", (email,), (), fields, age_field="at", cutoffs=(_CUT,)),
                CollectionSpec("users", (email,), (), (*fields, secret), one_per_person=True),
            ),
        )

    def spec_refused(self) -> None:
        return None

    def untouched(self) -> object:
        return copy.deepcopy([r for rows in self.rows.values() for r in rows if r["email"] == "ann.lee2@example.com"])

    def fault(self, fault: Fault, after: int = 0, times: int = 0) -> AbstractContextManager[None]:
        @contextmanager
        def none() -> Iterator[None]:
            yield

        return none()


TestMemory = conformance(MemoryHarness)
