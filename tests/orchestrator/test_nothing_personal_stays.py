"""Journal, vault and receipt through a whole life: nothing of the person is left in any file."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

from orchestrator import canonical
from orchestrator.journal import Journal
from orchestrator.model import Confirmation, Right, Signed
from orchestrator.receipt import (
    Fulfilment,
    build,
    hash_of,
    head_of,
    html,
    verify_file,
)
from orchestrator.signing import SigningKey, envelope_bytes
from orchestrator.vault import MasterKey, Vault
from tests.orchestrator.cases import LATER, NOW, case, done, plan, searched, step

CANARY = "ann.lee@example.org"


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
