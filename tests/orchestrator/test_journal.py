"""The journal: what it keeps, in what order, and that nobody changes it unseen."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from connectors.model import Status
from orchestrator.errors import IntegrityError, NotAllowedError, OrchestratorError, UnknownError
from orchestrator.journal import Journal, State
from orchestrator.model import Attested, Confirmation, Hold, Right, Signed, StepResult
from orchestrator.storage import schema
from tests.orchestrator import cases, databases
from tests.orchestrator.cases import NOW


def begun(journal: Journal, *refs: str) -> str:
    """A request with a saved plan of those steps; the plan's digest."""
    journal.create_request("r-1", right=Right.DELETE, channel="email", received=NOW, by="s1")
    return journal.save_plan(cases.plan(*(cases.step(ref) for ref in refs)))


def test_requests_and_their_state(journal: Journal) -> None:
    digest = begun(journal, "a")
    assert journal.request("r-1").received == NOW
    assert [r.id for r in journal.requests()] == ["r-1"]
    assert journal.state("r-1") is State.PLANNED
    journal.append("r-1", "run_started", "s1", {"plan": digest})
    assert journal.state("r-1") is State.RUNNING
    for missing in (lambda: journal.request("r-2"), lambda: journal.state("r-2"), lambda: journal.plan("sha256:0")):
        with pytest.raises(UnknownError):
            missing()


def test_an_end_stays_until_reopened(journal: Journal) -> None:
    digest = begun(journal, "a")
    journal.append("r-1", "cancelled", "s1", {"reason": "withdrawn"})
    journal.append("r-1", "run_ended", "s1", {"plan": digest, "systems": []})
    assert journal.state("r-1") is State.CANCELLED
    journal.append("r-1", "reopened", "s1", {"reason": "asked again"})
    assert journal.state("r-1") is State.RECEIVED


def test_plans_come_back_and_the_latest_counts(journal: Journal) -> None:
    first = begun(journal, "a")
    assert journal.save_plan(journal.plan(first)) == first  # saving again adds nothing
    second = journal.save_plan(cases.plan(cases.step("b")))
    assert journal.latest_plan("r-1") == second
    assert journal.plan(first) == cases.plan(cases.step("a"))
    assert journal.latest_plan("r-2") is None
    assert len(list(journal.entries("r-1", "planned"))) == 2


def test_decisions_belong_to_their_plan(journal: Journal) -> None:
    digest = begun(journal, "a")
    other = journal.save_plan(cases.plan(cases.step("b")))
    for made in (Signed("approve", digest, "s2", NOW), Signed("approve", other, "s3", NOW)):
        journal.append("r-1", "approved", made.by, vars_of(made))
    journal.append("r-1", "overridden", "s2", vars_of(Signed("override:too_many", digest, "s2", NOW, "known")))
    assert [s.by for s in journal.approvals(digest)] == ["s2"]
    assert [s.reason for s in journal.overrides(digest)] == ["known"]
    assert journal.overrides(other) == ()


def vars_of(signed: Signed) -> dict[str, object]:
    return {name: getattr(signed, name) for name in Signed.__slots__}


def test_one_outcome_per_step(journal: Journal) -> None:
    digest = begun(journal, "a", "b")
    journal.intend(digest, "a", {"action": "delete", "count": 3})
    journal.intend(digest, "a", {"action": "delete", "count": 3})  # a second run begins again
    assert journal.intended(digest) == {"a"}
    result = StepResult("a", Status.DONE, 3, NOW)
    journal.outcome(digest, "a", result)
    journal.outcome(digest, "a", result)
    assert journal.outcomes(digest) == {"a": result}
    with pytest.raises(IntegrityError, match="differently"):
        journal.outcome(digest, "a", StepResult("a", Status.ABSENT, 0, NOW))
    assert len(list(journal.entries("r-1", "done"))) == 1
    for how in ("in the vendor's console", "again"):  # a word may be given again
        journal.attest(digest, Attested("b", "s2", NOW, how))
    assert [a.reason for _, a in journal.attestations("r-1")] == ["in the vendor's console", "again"]


def test_the_latest_confirmation_counts(journal: Journal) -> None:
    digest = begun(journal, "a")
    assert journal.confirmation(digest) is None
    for left in (2, 0):
        journal.save_confirmation(digest, Confirmation(NOW, (cases.done("a", left=left),), ()))
    latest = journal.confirmation(digest)
    assert latest is not None
    assert latest.results[0].left == 0


def test_receipts_are_a_chain_and_a_final_one_may_be_followed(journal: Journal) -> None:
    digest = begun(journal, "a")
    assert journal.last_receipt_hash() == ""
    journal.save_receipt("r-1", "{}", "sha256:a", "", plan=digest, final=False)
    assert journal.last_receipt_hash() == "sha256:a"
    with pytest.raises(NotAllowedError, match="meanwhile"):
        journal.save_receipt("r-1", "{}", "sha256:b", "", plan=digest, final=True)
    journal.save_receipt("r-1", "{}", "sha256:b", "sha256:a", plan=digest, final=True)
    journal.save_receipt("r-1", "{}", "sha256:b", "sha256:a", plan=digest, final=True)  # the same again
    with pytest.raises(NotAllowedError, match="meanwhile"):
        journal.save_receipt("r-1", "{}", "sha256:c", "sha256:a", plan=digest, final=True)
    journal.save_receipt("r-1", "{}", "sha256:c", "sha256:b", plan=digest, final=True)
    assert [r["hash"] for r in journal.receipts("r-1")] == ["sha256:a", "sha256:b", "sha256:c"]
    assert journal.last_receipt_hash() == "sha256:c"


def test_holds_are_in_force_until_released(journal: Journal) -> None:
    review = NOW + timedelta(days=30)
    journal.place_hold(Hold("h-1", "claim", "s1", NOW, review, person="tag:x"))
    journal.place_hold(Hold("h-2", "audit", "s1", NOW, review, collection="billing/invoices"))
    journal.release_hold("h-1", "s2", NOW)
    assert [h.id for h in journal.holds()] == ["h-2"]
    assert {h.id: h.released for h in journal.holds(active=False)} == {"h-1": NOW, "h-2": None}
    with pytest.raises(UnknownError):
        journal.release_hold("h-3", "s2", NOW)
    with pytest.raises(NotAllowedError, match="exactly one"):
        journal.place_hold(Hold("h-4", "claim", "s1", NOW, review, person="tag:x", organisation="o"))


def test_only_listed_kinds_and_fields_are_written(journal: Journal) -> None:
    digest = begun(journal, "a")
    with pytest.raises(NotAllowedError, match="no entries of kind"):
        journal.append("r-1", "gossip", "s1", {})
    with pytest.raises(NotAllowedError, match="no field email"):
        journal.append("r-1", "closed", "s1", {"email": "ann@example.org"})
    with pytest.raises(NotAllowedError, match="e-mail address"):
        journal.append("r-1", "cancelled", "s1", {"reason": "ann@example.org withdrew"})
    with pytest.raises(NotAllowedError, match="without key"):
        journal.intend(digest, "a", {"action": "delete", "key": "ann@example.org"})
    with pytest.raises(NotAllowedError, match="e-mail address"):
        journal.attest(digest, Attested("a", "s1", NOW, "wrote to ann@example.org"))
    journal.outcome(digest, "a", StepResult("a", Status.FAILED, reason="no customer ann@example.org"))
    assert journal.outcomes(digest)["a"].reason == "no customer [e-mail address removed]"
    assert "example.org" not in "".join(str(e.payload) for e in journal.entries())


def test_many_writers_make_one_chain(where: str, journal: Journal) -> None:
    def write(writer: int) -> None:
        for n in range(10):
            journal.append(f"r-{writer}", "closed", "s1", {"outcome": str(n)})

    writers = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    others = [databases.process(_WRITE, where, f"p-{n}") for n in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [other.wait() for other in others] == [0, 0]
    assert journal.verify().seq == 60
    for number in range(4):
        assert [e.payload["outcome"] for e in journal.entries(f"r-{number}")] == [str(n) for n in range(10)]


_WRITE = """
for n in range(10):
    journal.append(name, "closed", "s1", {"outcome": str(n)})
"""


def test_two_processes_may_create_the_same_journal(tmp_path: Path) -> None:
    where = str(tmp_path / "journal.sqlite")
    workers = [databases.process(_WRITE, where, f"p-{n}") for n in range(3)]
    assert [worker.wait() for worker in workers] == [0, 0, 0]
    with Journal.open(where) as journal:
        assert journal.verify().seq == 30


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "state" / "journal.sqlite"
    with Journal.open(path) as journal:
        journal.append("r-1", "closed", "s1", {"outcome": "x"})
        with journal.lease("r-1"):
            files = list(path.parent.iterdir())
            assert {f.stat().st_mode & 0o777 for f in files} == {0o600}
            assert len(files) == 4  # the journal, its write-ahead log and index, the lease
    assert path.parent.stat().st_mode & 0o777 == 0o700
    path.chmod(0o640)
    with pytest.raises(NotAllowedError, match="chmod 600"):
        Journal.open(path)
    path.chmod(0o600)
    path.parent.chmod(0o770)
    with pytest.raises(NotAllowedError, match="chmod 700"):
        Journal.open(path)


def test_a_newer_journal_is_refused(where: str) -> None:
    with Journal.open(where) as journal, journal.store.write() as connection:
        connection.execute(update(schema.schema_version).values(version=99))
    with pytest.raises(OrchestratorError, match="schema 99 and this program knows 2: use the newer version"):
        Journal.open(where)


def test_what_is_no_journal_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear all, " * 500)
    path.chmod(0o600)
    with pytest.raises(IntegrityError, match="not a journal"):
        Journal.open(path)
    with pytest.raises(OrchestratorError, match="SQLite or PostgreSQL"):
        Journal.open("mysql://example.org/x")
    with pytest.raises(OrchestratorError, match="cannot open") as failed:
        Journal.open("postgresql://ann:hunter2@127.0.0.1:1/x")
    assert "hunter2" not in str(failed.value)
