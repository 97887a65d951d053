"""Journal, vault and receipt through a whole life: nothing of the person is left in any file."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from orchestrator import canonical
from orchestrator.denial import Because
from orchestrator.errors import UnknownError
from orchestrator.journal import Journal, State
from orchestrator.model import Confirmation, Level, Right, Signed
from orchestrator.receipt import (
    Fulfilment,
    build,
    hash_of,
    head_of,
    html,
    verify_file,
)
from orchestrator.service import Service
from orchestrator.signing import SigningKey, envelope_bytes
from orchestrator.staff import identify
from orchestrator.storage import schema
from orchestrator.vault import MasterKey, Vault
from orchestrator.workspace import Workspace
from tests.office import inventory
from tests.orchestrator.cases import LATER, NOW, case, done, plan, searched, step

CANARY = "ann.lee@example.org"
CANARIES = (CANARY, "ann.lee", "canary-id-4711", "canary-locator")


def readable(state: Path, canary: bytes | str) -> bool:
    """Whether something stands in any file of a state directory."""
    text = canary.encode() if isinstance(canary, str) else canary
    return any(text in file.read_bytes() for file in state.rglob("*") if file.is_file())


def test_after_a_whole_life_nothing_of_the_person_is_in_the_files(tmp_path: Path) -> None:
    state = tmp_path / "state"
    key = SigningKey.ensure(state / "receipt.key")
    with Journal.open(state / "journal.sqlite", now=lambda: NOW) as journal:
        vault = Vault(journal, MasterKey.ensure(state / "master.key"))
        opened = vault.open("r-1")
        opened.put_json("identifiers", [["email", CANARY], ["user_id", "canary-id-4711"]])
        tags = (vault.person_tag("email", CANARY),)
        journal.create_request("r-1", right=Right.DELETE, channel="email", received=NOW, by="s1", tags=tags)
        made = plan(step("a"))
        digest = journal.save_plan(made)
        journal.append("r-1", "approved", "s2", canonical.plain(Signed("approve", digest, "s2", NOW)))
        journal.intend(digest, "a", {"action": "delete", "count": 3})
        journal.outcome(digest, "a", done("a", reason=f"deleted {CANARY}"))
        journal.save_confirmation(digest, Confirmation(LATER, (done("a", reason=f"gone {CANARY}"),), (searched(),)))
        confirmation = journal.confirmation(digest)
        final = replace(
            case(made, *journal.outcomes(digest).values()), request=journal.request("r-1"),
            approvals=journal.approvals(digest), confirmation=confirmation, journal=journal.head(),
        )  # fmt: skip
        payload = build(final, vault.pseudonym, [CANARY])
        envelope = envelope_bytes(key.sign(payload))
        journal.save_receipt("r-1", envelope.decode(), hash_of(envelope), "", plan=digest, final=payload["final"])
        assert payload["outcome"] == Fulfilment.COMPLETE
        vault.destroy("r-1", "s2")
        (state / "r-1.json").write_bytes(envelope)
        (state / "r-1.html").write_text(html(payload, hash_of(envelope)))
        journal.verify([head_of(verify_file(state / "r-1.json", [key.public]))])
        for canary in (CANARY, "ann.lee", "canary-id-4711"):
            found = subprocess.run(["grep", "-ralF", canary, str(state)], capture_output=True, text=True, check=False)
            assert found.stdout == ""
        found = subprocess.run(["grep", "-ralF", "things_a", str(state)], capture_output=True, text=True, check=False)
        assert "journal.sqlite" in found.stdout  # what is searched for could be found


@pytest.mark.parametrize("ends", ["cancelled", "denied"])
def test_a_request_that_ends_without_being_carried_out_is_forgotten(tmp_path: Path, ends: str) -> None:
    """Its key and its sealed bytes are gone from every file, and with them what could be read of the person."""
    state, held, letter = tmp_path / "state", inventory(), tmp_path / "letter"
    letter.write_text("we are sorry")
    with Workspace.open(state, held, {}) as workspace:
        service = Service(workspace, identify(held, "", None))
        request = service.new_request(Right.DELETE, [("email", CANARY), ("user_id", "canary-id-4711")], "email")
        stays = service.new_request(Right.DELETE, [("email", "max.stone@example.com")], "email")
        service.verify(request, Level.REASONABLY_HIGH, "reply from the address on file", ["email"], ["email"], "a call")
        workspace.vault.open(request).put_json("plan:sha256:0", {"locators": {"a": "canary-locator"}})
        with workspace.journal.store.read() as connection:
            keys, blobs = schema.vault_keys.c, schema.vault_blobs.c
            sealed = list(connection.execute(select(blobs.sealed).where(blobs.request == request)).scalars())
            sealed += connection.execute(select(keys.wrapped).where(keys.request == request)).scalars()
        assert len(sealed) == 3
        assert all(readable(state, secret) for secret in sealed), "what is searched for can be found"
        if ends == "cancelled":
            service.cancel(request, "withdrawn")
        else:
            service.deny(request, Because.UNVERIFIED, "no answer to three letters", letter)
        assert not any(readable(state, secret) for secret in (*sealed, *CANARIES))
        assert [e.kind for e in workspace.journal.entries(request)][-2:] == [ends, "vault_destroyed"]
        assert workspace.journal.state(request) == ends
        with pytest.raises(UnknownError, match="was destroyed"):
            workspace.vault.open(request)
        assert workspace.vault.names(stays) == {"max.stone@example.com"}
        # What people still ask of it is answered, and a second time changes nothing.
        assert (service.due(request), service.manual_steps(request)) == ((), ())
        assert not service.clocked(request).open
        before = workspace.journal.head()
        service.cancel(request, "again")
        assert (workspace.journal.head(), workspace.journal.state(request)) == (before, ends)
        workspace.journal.verify()


def test_what_an_interruption_left_of_a_vault_is_destroyed_later(tmp_path: Path) -> None:
    held = inventory()
    with Workspace.open(tmp_path / "state", held, {}) as workspace:
        service = Service(workspace, identify(held, "", None))
        request = service.new_request(Right.DELETE, [("email", CANARY)], "email")
        workspace.journal.append(request, "denied", "s", {"code": "other", "reason": "none"})  # and then the power went
        service.cancel(request, "see that nothing is left")
        assert workspace.vault.names(request) == frozenset()
        assert workspace.journal.state(request) is State.DENIED
