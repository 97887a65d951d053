"""What names somebody is refused before it is written, whoever writes it; ordinary words are not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from connectors.model import Identifier, Subject, Trust
from orchestrator import canonical
from orchestrator.errors import NotAllowedError
from orchestrator.inventory import Inventory
from orchestrator.model import Level, Right
from orchestrator.service import Service
from orchestrator.staff import identify
from orchestrator.storage import schema
from orchestrator.storage.prose import personal, without_personal
from orchestrator.workspace import Workspace
from tests.office import inventory

HERS = ("ann.lee@example.com", "42", "cus_Sandbox0042", "+12025550142")


@pytest.mark.parametrize(("text", "what"), [
    ("she wrote from ann@example.org", "an e-mail address"),
    ("asked as ANN.LEE@example.com", "an e-mail address"),
    ("called from +1 202 555 0142", "a telephone number"),
    ("called from +49 (0)30 901820", "a telephone number"),
    ("called from 0049 30 901820", "a telephone number"),
    ("call 202-555-0142 back", "a telephone number"),
    ("call 202.555.0142 back", "a telephone number"),
    ("call (202) 555-0142 back", "a telephone number"),
    ("call 555-0142 back", "a telephone number"),
    ("paid with 4242 4242 4242 4242", "a card number"),
    ("paid with 378282246310005", "a card number"),
    ("paid with 4242-4242-4242-4242.", "a card number"),
    ("is cus_sandbox0042 at the vendor", "an identifier of the person's"),
    ("user 42 is hers", "an identifier of the person's"),
    ("account no. 42", "an identifier of the person's"),
    ("see #42", "an identifier of the person's"),
    ("id=42", "an identifier of the person's"),
])  # fmt: skip
def test_what_names_somebody_is_seen(text: str, what: str) -> None:
    assert personal(text, HERS) == what
    cleaned = without_personal(text, HERS)
    assert personal(cleaned, HERS) == ""
    assert "removed]" in cleaned


@pytest.mark.parametrize("text", [
    "", "reply from the address on file", "42 rows of an import, answered within 45 days", "user 420 is another",
    "cus_Sandbox00420 is another", "tax books, 26 U.S.C. 6501; 26 CFR 1.6001-1(e); Cal. Civ. Code 1798.105(d)(8)",
    "11 CCR 7062-7063", "on 2026-11-24 at 10:15:30", "since 2026-11-20T03:00:00+00:00", "between 2020-2024",
    "ticket 1234567890", "paid 4242 4242 4242 4243", "invoice 2026-000123", "r-7k3q9m2a4b", "0000 0000 0000 0000",
    "sha256:4242424242424242aaaa", "version 1.2.3, build 20261124", "+1 more",
])  # fmt: skip
def test_ordinary_words_are_let_through(text: str) -> None:
    assert personal(text, HERS) == ""
    assert without_personal(text, HERS) == text


@pytest.fixture(scope="module")
def held() -> Inventory:
    return inventory()


@pytest.fixture
def service(tmp_path: Path, held: Inventory) -> Service:
    workspace = Workspace.open(tmp_path / "state", held, {})
    return Service(workspace, identify(held, "", None))


def vaults(service: Service) -> int:
    with service.journal.store.read() as connection:
        wanted = select(func.count()).where(schema.vault_keys.c.request.like("r-%"))
        return int(connection.execute(wanted).scalar_one())


def test_each_use_case_refuses_and_says_which_field(service: Service, tmp_path: Path) -> None:
    """The request's own identifiers are known by its vault: those given, vouched for, and found by a plan."""
    request = service.new_request(Right.DELETE, [("email", "ann.lee@example.com"), ("user_id", "u-4711")], "email")

    def verify(method: str, points: list[str], basis: str) -> object:
        return service.verify(request, Level.REASONABLE, method, points, ["email"], basis)

    refusals: dict[str, Callable[[], object]] = {
        "channel": lambda: service.new_request(Right.DELETE, [("user_id", "u-4711")], "letter of u-4711"),
        "method": lambda: verify("as U-4711", ["email"], "a call"),
        "matched": lambda: verify("reply", ["email", "555-0142"], "a call"),
        "basis": lambda: verify("reply", ["email"], "she is u-4711"),
    }
    for field, refused in refusals.items():
        with pytest.raises(NotAllowedError, match=rf"^the {field} names an? .*: leave it out$") as raised:
            refused()
        assert "4711" not in str(raised.value).casefold()
    assert vaults(service) == 1, "what is refused leaves no vault behind"
    service.verify(request, Level.REASONABLY_HIGH, "reply", ["email"], ["email"], "a call")
    with pytest.raises(NotAllowedError, match="the reason names an identifier"):
        service.confirm_identifier(request, "stripe.customer", "cus_Other", "cus_Other is on her invoice")
    vault = service.workspace.vault.open(request)
    assert "vouched" not in vault.slots(), "what is refused has not begun"
    found = Subject.of(Identifier("stripe.customer", "cus_Found", Trust.ASSIGNED))
    vault.put_json("plan:sha256:0", {"subject": canonical.plain(found), "locators": {}})
    for said in ("she is cus_found", "wrote from +1 202 555 0142", "card 4242424242424242"):
        with pytest.raises(NotAllowedError, match=r"^the reason names"):
            service.cancel(request, said)
    with pytest.raises(NotAllowedError, match=r"^the reason names an identifier"):
        service.place_hold("Doe v. u-9000", service.now(), {"user_id": "u-9000"})
    assert {e.kind for e in service.journal.entries()} == {"requested", "verified"}


def test_the_name_that_letters_go_to_is_known_too(service: Service) -> None:
    request = service.new_request(Right.DELETE, [("email", "ann.lee@example.com")], "email")
    service.letter_address(request, "Ann Lee", ("1 Oak St",), "")
    with pytest.raises(NotAllowedError, match="the reason names an identifier"):
        service.cancel(request, "ann lee withdrew")
    service.cancel(request, "withdrawn by Annabel")


def test_when_the_vault_is_gone_nothing_is_known_and_none_is_made(service: Service) -> None:
    request = service.new_request(Right.DELETE, [("user_id", "u-4711")], "email")
    assert service.workspace.vault.names(request) == {"u-4711"}
    service.workspace.vault.destroy(request)
    assert service.workspace.vault.names(request) == frozenset()
    assert service.workspace.vault.names("r-never") == frozenset()
    service.journal.append(request, "cancelled", "s", {"reason": "withdrawn"})
