"""Who asks: recorded, refused, kept, forgotten, on dated cases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.denial import Because
from orchestrator.due import Owed
from orchestrator.errors import NotAllowedError
from orchestrator.model import Level, Right
from tests.orchestrator.proof_desks import RECEIVED, Desk, asked, desk_at, matched, on, verified

AGENTS = """\
promises:
  - {id: agents, topic: acts, rights: [access, delete], among: [registered_with_secretary_of_state], citation: Policy}
"""
HIGH, REASONABLE = Level.REASONABLY_HIGH, Level.REASONABLE


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_at(tmp_path, more=AGENTS) as desk:
        yield desk


def test_a_level_that_was_not_shown_needs_its_reasons(desk: Desk, paper: Path) -> None:
    request = asked(desk)
    with pytest.raises(NotAllowedError, match=r"lacks 2 more points .*7062\(b\)"):
        verified(desk, request)
    matched(desk, request, phone="matched", name="matched")
    verified(desk, request)
    with pytest.raises(NotAllowedError, match=r"lacks 1 more points .* and a declaration"):
        verified(desk, request, level=HIGH)
    desk(RECEIVED).keep_paper(request, "declaration", paper)
    done = desk(RECEIVED).verify(request, HIGH, "points", ["mailbox"], ["email"])
    assert done.matched == ("mailbox", "name", "phone")
    other = asked(desk, email="b@example.com")
    done = desk(RECEIVED).verify(other, HIGH, "a video call", ["face"], ["email"], "staff have known them for years")
    assert done.basis
    with pytest.raises(NotAllowedError, match="names an e-mail address"):
        desk(RECEIVED).verify(other, HIGH, "a call", ["face"], ["email"], "known as a@example.com")


def test_what_is_refused_is_refused_with_reasons_too(desk: Desk) -> None:
    request = asked(desk)
    matched(desk, request, phone="not matched")
    for name, says in [("ssn", "is not asked of anybody"), ("phone", "was compared and is not matched")]:
        with pytest.raises(NotAllowedError, match=says):
            desk(RECEIVED).verify(request, REASONABLE, "points", [name], ["email"], "we are sure")


def test_a_new_sign_in_counts_for_a_day_and_a_session_does_not(desk: Desk) -> None:
    request = asked(desk)
    with pytest.raises(NotAllowedError, match="a session is not one"):
        desk(RECEIVED).signed_in_again(request, RECEIVED - timedelta(hours=1))
    desk(RECEIVED).signed_in_again(request)
    assert desk(RECEIVED + timedelta(hours=23)).shown(request).level is HIGH
    assert desk(RECEIVED + timedelta(hours=25)).shown(request).level is None


def test_an_agent_shows_the_signed_permission_and_the_person_confirms(desk: Desk, paper: Path) -> None:
    request = asked(desk)
    matched(desk, request, name="matched")
    desk(RECEIVED).act(request, "natural_person", {"signed_permission": paper})
    with pytest.raises(NotAllowedError, match="natural_person has not shown person_confirmed or person_verified"):
        verified(desk, request)
    desk(RECEIVED).act(request, "natural_person", {"person_confirmed": paper})
    with pytest.raises(NotAllowedError, match="lacks"):
        verified(desk, request)
    matched(desk, request, phone="matched")
    verified(desk, request)
    kept = {p.kind for p in desk(RECEIVED).papers(request)}
    assert kept == {"signed_permission"}, "the person's reply only verified; the permission is part of the record"


def test_what_another_agent_showed_says_nothing_of_this_one(desk: Desk, paper: Path) -> None:
    request = asked(desk)
    desk(RECEIVED).act(request, "natural_person", {"signed_permission": paper, "person_confirmed": paper})
    desk(RECEIVED).act(request, "business_entity", {})
    matched(desk, request, name="matched", phone="matched")
    with pytest.raises(NotAllowedError, match="business_entity has not shown signed_permission"):
        verified(desk, request)


def test_a_power_of_attorney_is_enough_and_nothing_more_may_be_asked(desk: Desk, paper: Path) -> None:
    request = asked(desk, Right.ACCESS)
    with pytest.raises(NotAllowedError, match=r"may not be asked of power_of_attorney \(11 CCR 7063\(b\)"):
        desk(RECEIVED).act(request, "power_of_attorney", {"power_of_attorney": paper, "person_confirmed": paper})
    desk(RECEIVED).act(request, "power_of_attorney", {"power_of_attorney": paper})
    verified(desk, request, level=HIGH)


def test_the_policys_narrower_clause_keeps_no_agent_out(desk: Desk, paper: Path) -> None:
    request = asked(desk)
    for acts in ("natural_person", "business_entity", "registered_with_secretary_of_state"):
        desk(RECEIVED).act(request, acts, {"signed_permission": paper})
    with pytest.raises(NotAllowedError, match="nobody acts as 'neighbour'"):
        desk(RECEIVED).act(request, "neighbour", {})


@pytest.mark.parametrize("way", ["signed_form", "toll_free_call", "government_id", "video_conference"])
def test_a_parent_asks_for_a_child_under_thirteen(desk: Desk, paper: Path, way: str) -> None:
    request = asked(desk)
    desk(RECEIVED).note_minor(request, "under_13")
    matched(desk, request, name="matched", phone="matched")
    with pytest.raises(NotAllowedError, match="at that age parent asks"):
        verified(desk, request)
    with pytest.raises(NotAllowedError, match="in which way"):
        desk(RECEIVED).act(request, "parent", {"parenthood": paper})
    with pytest.raises(NotAllowedError, match="in which way"):
        desk(RECEIVED).act(request, "parent", {"parenthood": paper}, "a feeling")
    desk(RECEIVED).act(request, "parent", {"parenthood": paper}, way)
    verified(desk, request)
    kept = [p.kind for p in desk(RECEIVED).papers(request)]
    assert kept == (["parental_form"] if way == "signed_form" else []), "an identification is forgotten at once"


def test_a_minor_of_thirteen_asks_by_themselves_or_by_a_parent(desk: Desk) -> None:
    request = asked(desk)
    desk(RECEIVED).note_minor(request, "13_15")
    matched(desk, request, name="matched", phone="matched")
    verified(desk, request)
    with pytest.raises(NotAllowedError, match="under_13, 13_15"):
        desk(RECEIVED).note_minor(request, "7")


# Papers


def test_what_only_verified_is_forgotten_and_a_declaration_stays_24_months_after_the_end(
    desk: Desk, paper: Path, tmp_path: Path
) -> None:
    request = asked(desk)
    identity = desk(RECEIVED).keep_paper(request, "identity_document", paper)
    declared = desk(RECEIVED).keep_paper(request, "declaration", paper)
    assert (declared.until, declared.due, identity.due) == (None, False, False)
    matched(desk, request, name="matched", phone="matched")
    verified(desk, request)
    assert [p.kind for p in desk(RECEIVED).papers(request)] == ["declaration"]
    with pytest.raises(Exception, match="was destroyed"):
        desk(RECEIVED).workspace.vault.open(f"evidence:{identity.id}")
    desk(on(3, 20)).answer(request, paper)
    desk(on(3, 20)).workspace.vault.destroy(request)
    (kept,) = desk(on(3, 21)).papers()
    assert kept.until == date(2028, 3, 20)
    assert desk(on(3, 19, 2028)).purge_papers() == ()
    assert not [o for o in desk(on(3, 19, 2028)).due(request) if o.owed is Owed.FORGET]
    assert [o.overdue for o in desk(on(3, 20, 2028)).due(request) if o.owed is Owed.FORGET] == [True]
    assert [p.kind for p in desk(on(3, 20, 2028)).purge_papers()] == ["declaration"]
    assert desk(on(3, 20, 2028)).papers() == ()
    kinds = [e.payload["kind"] for e in desk(on(3, 20, 2028)).journal.entries(request, "evidence_destroyed")]
    assert kinds == ["identity_document", "declaration"]
    assert b"penalty of perjury" not in b"".join(p.read_bytes() for p in (tmp_path / "state").rglob("*") if p.is_file())


def test_the_end_of_the_record_takes_its_papers_along(desk: Desk, paper: Path) -> None:
    request = asked(desk)
    kept = desk(RECEIVED).keep_paper(request, "declaration", paper)
    desk(on(3, 20)).deny(request, Because.FRAUD, "the address was taken over", paper)
    late = desk(on(3, 22, 2028))
    assert [p.request for p in late.purge()] == [request]
    assert late.papers() == ()
    with pytest.raises(Exception, match="was destroyed"):
        late.workspace.vault.open(f"evidence:{kept.id}")


def test_papers_of_a_request_that_ended_unverified_are_due(desk: Desk, paper: Path) -> None:
    request = asked(desk)
    desk(RECEIVED).keep_paper(request, "identity_document", paper)
    with pytest.raises(NotAllowedError, match="no rule says how long"):
        desk(RECEIVED).keep_paper(request, "diary", paper)
    desk(on(3, 5)).cancel(request, "withdrawn")
    assert [p.kind for p in desk(on(3, 5)).purge_papers()] == ["identity_document"]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kinds=st.lists(st.sampled_from(["identity_document", "declaration", "other", "signed_permission"]), max_size=4))
def test_nothing_that_only_verified_outlives_the_verification(desk: Desk, paper: Path, kinds: list[str]) -> None:
    request = asked(desk)
    for kind in kinds:
        desk(RECEIVED).keep_paper(request, kind, paper)
    matched(desk, request, name="matched", phone="matched")
    verified(desk, request)
    kept = sorted(p.kind for p in desk(RECEIVED).papers(request))
    assert kept == sorted(k for k in kinds if k in ("declaration", "signed_permission"))
