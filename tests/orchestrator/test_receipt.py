"""Receipts: what they claim is true, what they hold is nobody's, and what they say verifies."""

from __future__ import annotations

import json
import random
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.model import Action, Status
from orchestrator import canonical
from orchestrator.errors import IntegrityError, InvalidReceiptError, UnknownError
from orchestrator.model import Attested, Confirmation, Coverage, Right, Searched, Signed, StepResult
from orchestrator.receipt import (
    Case,
    Disclosed,
    Fulfilment,
    Standing,
    hash_of,
    head_of,
    html,
    verify_file,
)
from orchestrator.signing import SigningKey, envelope_bytes
from tests.orchestrator.cases import LATER, NOW, RESULTS, TAX, built, case, done, kept, plan, searched, step

DONE = case(plan(step("a")), done("a"))


@pytest.mark.parametrize(
    ("outcome", "made"),
    [
        (Fulfilment.COMPLETE, DONE),
        (Fulfilment.COMPLETE, case(plan(step("a")), done("a", status=Status.ABSENT, attempted=0))),
        (Fulfilment.COMPLETE, case(plan(step("a", Action.REDACT)), done("a"))),
        (Fulfilment.COMPLETE, case(plan(step("a")), done("a", confirmed=None, left=0))),
        (
            Fulfilment.COMPLETE_WITH_RETENTION,
            case(plan(step("a"), kept("b")), done("a"), StepResult("b", Status.RETAINED)),
        ),
        (Fulfilment.COMPLETE_WITH_RETENTION, case(plan(step("a", Action.REDACT, keep=("amount",))), done("a"))),
        (Fulfilment.ACCEPTED_PENDING, replace(DONE, confirmation=None, results=(StepResult("a", Status.DONE, 3),))),
        (
            Fulfilment.ACCEPTED_PENDING,
            case(plan(step("a")), StepResult("a", Status.ACCEPTED, 3, NOW, LATER + timedelta(days=7), left=2)),
        ),
        (Fulfilment.ACCEPTED_PENDING, case(plan(step("a")), StepResult("a", Status.ACCEPTED, 3))),
        (Fulfilment.NOTHING_FOUND, case(plan())),
        (
            Fulfilment.NOTHING_FOUND_IN_SEARCHED,
            case(plan(coverage=(searched(), searched("web", Coverage.NOT_SEARCHABLE, "no identifier for it")))),
        ),
        # not done, though it may look so
        (Fulfilment.OPEN, case(plan(step("a")))),
        (Fulfilment.OPEN, case(plan(step("a")), done("a", confirmed=False, left=1))),
        (Fulfilment.OPEN, case(plan(step("a")), StepResult("a", Status.FAILED))),
        (Fulfilment.OPEN, case(plan(step("a", Action.MANUAL)), StepResult("a", Status.MANUAL))),
        (Fulfilment.OPEN, case(plan(step("a", Action.RETAIN)), StepResult("a", Status.RETAINED))),
        (Fulfilment.OPEN, case(plan(step("a")), StepResult("a", Status.ACCEPTED, 3, NOW, NOW, left=2))),
        (Fulfilment.NOTHING_FOUND_IN_SEARCHED, case(plan(coverage=(searched(coverage=Coverage.UNREACHABLE),)))),
        (
            Fulfilment.OPEN,
            case(plan(step("a"), coverage=(searched(), searched("crm", Coverage.MANUAL_OPEN))), done("a")),
        ),
        (Fulfilment.OPEN, replace(DONE, approvals=())),
        (
            Fulfilment.OPEN,
            replace(DONE, confirmation=Confirmation(LATER, (done("a"),), (searched(),), (("shop", "new", 1),))),
        ),
    ],
)
def test_the_outcome_is_what_the_evidence_shows(outcome: Fulfilment, made: Case) -> None:
    payload = built(made)
    assert payload["outcome"] == outcome
    unsearched = any(s.coverage is Coverage.UNREACHABLE for s in made.plan.coverage)
    assert payload["final"] is (outcome.final and not unsearched)


@given(st.sampled_from([Action.DELETE, Action.REDACT]), RESULTS, st.sampled_from(Coverage))
def test_nothing_is_called_complete_that_is_not_gone(action: Action, result: StepResult, reach: Coverage) -> None:
    payload = built(case(plan(step("a", action), coverage=(searched(coverage=reach),)), result))
    if payload["outcome"] == Fulfilment.COMPLETE:
        seen_gone = bool(result.confirmed) and result.left == 0
        assert seen_gone or result.status in (Status.DONE, Status.ABSENT, Status.ACCEPTED)
        assert not result.left
        assert result.confirmed is not False
        assert result.confirmed or result.left == 0
        assert reach in (Coverage.SEARCHED, Coverage.NOT_SEARCHABLE)


def test_a_person_may_settle_what_was_left_to_people() -> None:
    made = plan(
        step("a"), step("b", Action.MANUAL, 0, system="crm", collection="*"),
        coverage=(searched(), searched("crm", Coverage.MANUAL_OPEN)),
    )  # fmt: skip
    open_case = case(made, done("a"), StepResult("b", Status.MANUAL))
    assert built(open_case)["outcome"] == Fulfilment.OPEN
    payload = built(replace(open_case, attested=(Attested("b", "s2", NOW),)))
    assert payload["outcome"] == Fulfilment.COMPLETE
    assert payload["steps"][1]["standing"] == Standing.ATTESTED
    assert payload["steps"][1]["attested"] == {
        "by": "staff-s2", "at": "2026-03-02T09:30:00.000000Z", "evidence": "", "recorded_by": "",
    }  # fmt: skip
    assert payload["steps"][1]["confirmed"] is None


def test_a_persons_word_does_not_outweigh_what_is_still_found() -> None:
    made = case(plan(step("a")), done("a", confirmed=False, left=1), attested=(Attested("a", "s2", NOW),))
    payload = built(made)
    assert payload["steps"][0]["standing"] == Standing.STILL_THERE
    assert payload["outcome"] == Fulfilment.OPEN


def test_a_system_reached_later_counts_as_searched() -> None:
    made = case(plan(coverage=(searched(coverage=Coverage.UNREACHABLE),)))
    later = replace(made, confirmation=Confirmation(LATER, (), (Searched("shop", Coverage.SEARCHED, LATER),)))
    assert built(later)["outcome"] == Fulfilment.NOTHING_FOUND


def test_counts_stand_side_by_side_and_differences_show() -> None:
    made = case(
        plan(step("a"), step("b"), step("c"), kept("d", count=9)),
        done("a"),
        done("b", attempted=2),
        done("c", attempted=3, confirmed=False, left=1),
        StepResult("d", Status.RETAINED),
    )
    rows = [
        tuple(s[k] for k in ("planned", "attempted", "confirmed", "left", "mismatch")) for s in built(made)["steps"]
    ]
    assert rows == [(3, 3, 3, 0, False), (3, 2, 2, 0, True), (3, 3, 2, 1, True), (9, 0, None, None, False)]


def test_what_is_kept_is_named_with_its_reason_and_end() -> None:
    steps = (
        kept("a"),
        step("b", Action.REDACT, rule="tax", keep=("amount",), until=LATER),
        step("c", Action.RETAIN, rule="hold", basis="legal hold", until=LATER),
    )
    results = (StepResult("a", Status.RETAINED), done("b"), StepResult("c", Status.RETAINED))
    retained = built(replace(case(plan(*steps), *results), rules=(TAX,)))["retained"]
    assert [r["fields"] for r in retained] == [["name"], ["amount"], []]
    assert retained[0] | {"until": ""} == {
        "system": "shop", "collection": "things_a", "fields": ["name"], "count": 3, "exception": "tax", "statute": "",
        "basis": "records needed to compute tax", "citation": "26 U.S.C. 6001",
        "use_limit": "only to prove tax returns", "until": "",
    }  # fmt: skip
    assert retained[2]["use_limit"] == "only to comply with law, or to exercise or defend legal claims"
    assert all(r["until"] for r in retained)


def test_an_access_request_is_complete_when_all_was_handed_over() -> None:
    made = plan(step("a", Action.RETAIN, rule="access"), step("b", Action.RETAIN, rule="access"), right=Right.ACCESS)
    bare = replace(case(made), approvals=())
    assert built(bare)["outcome"] == Fulfilment.OPEN
    partly = Disclosed(1, 10, "sha256:0", (("shop/things_b", "by hand: privacy team"),))
    assert built(replace(bare, disclosed=partly))["outcome"] == Fulfilment.OPEN
    payload = built(replace(bare, disclosed=Disclosed(2, 20, "sha256:0"), withheld=("password hash",)))
    assert payload["outcome"] == Fulfilment.COMPLETE
    assert payload["disclosed"] == {"files": 2, "bytes": 20, "manifest": "sha256:0"}
    assert payload["withheld"] == ["password hash"]
    assert payload["retained"] == []


def test_what_is_of_another_plan_is_refused() -> None:
    for wrong in (
        replace(DONE, approvals=(Signed("approve", "sha256:00", "s2", NOW),)),
        replace(DONE, results=(done("z"),)),
        replace(DONE, attested=(Attested("z", "s2", NOW),)),
        replace(DONE, request=replace(DONE.request, id="r-2")),
        replace(DONE, request=replace(DONE.request, right=Right.ACCESS)),
    ):
        with pytest.raises(IntegrityError):
            built(wrong)


def telling(canary: str) -> Case:
    """A case with the canary in every text that someone else words."""
    odd = Signed("approve", "", "s2", NOW, f"I know {canary}", os_user="ann")
    steps = (
        step("a", note=f"of {canary}"),
        step("b", Action.MANUAL, owner=f"ask {canary}", note=f"write {canary}"),
    )
    drawn = plan(
        *steps, coverage=(searched(why=f"no {canary}"), searched("web", Coverage.UNREACHABLE, f"GET {canary}"))
    )
    verified = replace(drawn.verification, method=f"called {canary}", matched=("email", canary))
    drawn = replace(drawn, verification=verified)
    results = (done("a", reason=f"deleted {canary}"), StepResult("b", Status.MANUAL, reason=f"see {canary}"))
    made = case(drawn, *results)
    attested = (Attested("b", "s3", NOW, f"told {canary}"),)
    return replace(made, approvals=(replace(odd, digest=made.approvals[0].digest),), attested=attested)


@pytest.mark.parametrize(
    "canary",
    [
        "ann.lee@example.org",
        "+1 (415) 555-0132",
        "4111 1111 1111 1111",
        "https://example.org/users/ann?token=hunter2",
        "Ann Lee",
        "cus_8aZ",
        "17",
    ],
)
def test_no_personal_data_comes_in(canary: str) -> None:
    known = () if re.search(r"@|https|\d{4}", canary) else (canary.upper(),)
    payload = built(telling(canary), *known)
    text = canonical.encode(payload).decode()
    words = [payload["verification"]["method"], *payload["verification"]["matched"]]
    words += [s[k] for s in payload["steps"] for k in ("note", "owner")] + [s["why"] for s in payload["systems"]]
    assert not [w for w in words if canary.casefold() in w.casefold()]
    assert len([w for w in words if "[removed]" in w]) == 7
    if canary != "17":
        assert canary not in text
        assert canary not in html(payload, "0" * 64)


def test_dates_and_plain_words_stay() -> None:
    made = case(plan(step("a")), done("a", reason="kept by the vendor until 2026-03-09, 44 lines; see ADR-7"))
    assert built(made, "x")["steps"][0]["note"] == "kept by the vendor until 2026-03-09, 44 lines; see ADR-7"


def test_texts_are_one_short_line() -> None:
    made = case(plan(step("a")), done("a", reason="line\n\x00\x1b[31m" + "long " * 200))
    note = built(made)["steps"][0]["note"]
    assert note.isprintable()
    assert len(note) == 300


def test_a_receipts_file_verifies_and_its_hash_chains(tmp_path: Path) -> None:
    key = SigningKey.ensure(tmp_path / "receipt.key")
    envelope = envelope_bytes(key.sign(built(DONE)))
    path = tmp_path / "r-1.json"
    path.write_bytes(envelope)
    payload = verify_file(path, [key.public])
    assert payload == json.loads(canonical.encode(built(DONE)))
    assert head_of(payload) == DONE.journal
    second = built(replace(DONE, previous=hash_of(envelope)))
    assert second["previous"] == hash_of(envelope)
    path.write_bytes(envelope_bytes(key.sign({"type": "another/1"})))
    with pytest.raises(InvalidReceiptError, match="not of the form"):
        verify_file(path, [key.public])
    with pytest.raises(UnknownError, match="cannot read"):
        verify_file(tmp_path / "none.json", [key.public])


def test_any_changed_byte_of_a_long_receipt_shows(tmp_path: Path) -> None:
    key = SigningKey.ensure(tmp_path / "receipt.key")
    steps = [step(f"s{n}") for n in range(300)]
    envelope = envelope_bytes(key.sign(built(case(plan(*steps), *(done(s.ref) for s in steps)))))
    assert len(envelope) > 100_000
    path, chance = tmp_path / "long.json", random.Random(8032)
    for _ in range(150):
        changed = bytearray(envelope)
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
        path.write_bytes(changed)
        with pytest.raises(InvalidReceiptError):
            verify_file(path, [key.public])


@pytest.mark.parametrize(
    ("result", "ending", "final"),
    [
        (StepResult("a", Status.ACCEPTED, 0, NOW, LATER + timedelta(days=9)), Fulfilment.ACCEPTED_PENDING, False),
        (StepResult("a", Status.MANUAL, 0, NOW), Fulfilment.NOTHING_FOUND_IN_SEARCHED, False),
        (StepResult("a", Status.FAILED, 0, NOW), Fulfilment.OPEN, False),
    ],
)
def test_what_counts_nothing_and_is_under_way_or_open_is_no_empty_search(
    result: StepResult, ending: Fulfilment, final: bool
) -> None:
    """Erasures of what no search shows, and places that no search reaches."""
    payload = built(case(plan(step("a", count=0)), result))
    assert (payload["outcome"], payload["final"]) == (ending, final)
