"""The two lists of the statute and that of Shine the Light, from a plan's steps and the inventory."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.model import Action, Obstacle, ObstacleKind
from orchestrator.disclosures import FOR_OTHERS, Categories, categories, direct_marketing
from orchestrator.inventory import Inventory
from orchestrator.inventory.categories import CATEGORIES, SENSITIVE
from orchestrator.inventory.flows import Capacity, Flow, Recipient, Sensitive, Whether
from orchestrator.model import Coverage, Right, Role, Step
from orchestrator.telling import categories_text, direct_marketing_text
from tests.orchestrator.cases import plan, searched, step

TRACKER = Inventory.load(Path(__file__).parent.parent.parent / "inventory.yaml")
FIRST, LAST = date(2025, 3, 2), date(2026, 3, 2)


def held(collection: str = "public.leads", **more: Any) -> Step:
    drawn: dict[str, Any] = {
        "system": "app_db",
        "collection": collection,
        "categories": ("A",),
        "fields": ("email",),
    }
    return replace(step("a", Action.RETAIN), **(drawn | more))


def recipient(**flow: object) -> Recipient:
    said = {"sold": Whether.NO, "shared": Whether.NO, "direct_marketing": Whether.NO} | flow
    flows = (Flow(("app_db/public.leads",), "Broker", ("Their advertising",), **said),)  # type: ignore[arg-type]
    return Recipient(
        "buyer", "Buyer Inc", Capacity.THIRD_PARTY, Whether.YES, "marketing", "mail", flows, "buyer.example"
    )


def told(*steps: Step, among: tuple[Recipient, ...] = TRACKER.recipients, **more: object) -> Categories:
    made = plan(*steps, right=Right.KNOW, **more)  # type: ignore[arg-type]
    return categories(made, replace(TRACKER, recipients=among), FIRST, LAST)


def test_a_category_is_told_with_its_sources_purposes_and_who_gets_it() -> None:
    answer = told(held(), held("public.page_views", categories=("F",), fields=("path",)))
    one, other = answer.collected
    assert (one.category, one.name) == ("A", "Identifiers")
    assert (one.sources, one.purposes) == (
        ("The person", "The company's website"),
        ("Answering enquiries", "Marketing"),
    )
    assert (other.category, other.purposes) == ("F", ("Analytics",))
    assert one.third_parties == ()
    assert [(g.category, g.to, g.purposes) for g in answer.disclosed] == [
        ("A", ("Cloud hosting provider",), ("Hosting the service",)),
        ("F", ("Cloud hosting provider",), ("Hosting the service",)),
    ]  # fmt: skip
    assert answer.complete


def test_sold_and_disclosed_are_lists_apart_and_what_ended_before_the_period_is_in_neither() -> None:
    answer = told(held(), among=(recipient(sold=Whether.YES),))
    assert [(g.category, g.to) for g in answer.sold_or_shared] == [("A", ("Broker",))]
    assert answer.disclosed == ()
    assert answer.collected[0].third_parties == ("Broker",)
    ended = told(held(), among=(recipient(sold=Whether.YES, until=date(2025, 3, 1)),))
    assert (ended.sold_or_shared, ended.collected[0].third_parties) == ((), ())
    last_day = told(held(), among=(recipient(sold=Whether.YES, until=date(2025, 3, 2)),))
    assert last_day.sold_or_shared
    elsewhere = told(held("public.page_views"), among=(recipient(sold=Whether.YES),))
    assert elsewhere.sold_or_shared == (), "it got another collection"


def test_sensitive_data_is_named_in_the_terms_of_the_statute_if_it_is_there() -> None:
    users = held("public.users", fields=("email", "password_digest"))
    (_, sensitive) = told(users).collected
    assert (sensitive.category, sensitive.kinds) == ("L", (SENSITIVE[Sensitive.ACCOUNT_ACCESS],))
    assert [c.category for c in told(held("public.users", fields=("email",))).collected] == ["A"]
    uncounted = told(held("public.users", fields=())).collected
    assert [c.category for c in uncounted] == ["A", "L"], "what nobody counted may be there"


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"role": Role.SERVICE_PROVIDER}, FOR_OTHERS),
        ({"obstacles": (Obstacle(ObstacleKind.CLAIMED, "claimed"),)}, "not clearly this person's alone"),
        ({"obstacles": (Obstacle(ObstacleKind.SHARED, "shared"),)}, "not clearly this person's alone"),
    ],
)
def test_what_is_not_surely_ours_and_theirs_is_left_out_and_said(more: dict[str, Any], why: str) -> None:
    answer = told(held(**more))
    assert answer.collected == ()
    assert answer.left_out == (("app_db/public.leads", why),)
    assert told(held(obstacles=(Obstacle(ObstacleKind.LOCKED, "locked"),))).collected
    assert told(held(count=0)).collected == ()


def test_what_was_not_searched_is_said() -> None:
    reached = (searched("app_db"), searched("billing", Coverage.UNREACHABLE, "timed out"))
    assert told(held(), coverage=reached).not_searched == (("billing", "timed out"),)


@given(st.sampled_from(Whether), st.sampled_from(Whether))
def test_what_nobody_said_is_never_taken_for_a_no(sold: Whether, shared: Whether) -> None:
    answer = told(held(), among=(recipient(sold=sold, shared=shared),))
    assert answer.complete is (Whether.UNKNOWN not in (sold, shared))
    assert bool(answer.sold_or_shared) is (Whether.YES in (sold, shared))


def test_an_inventory_without_recipients_answers_nothing() -> None:
    assert not told(held(), among=()).complete
    assert not direct_marketing(replace(TRACKER, recipients=()), 2025).complete


def test_the_text_has_both_lists_in_words_and_says_none_where_there_is_none() -> None:
    text = categories_text(told(held(), held(role=Role.SERVICE_PROVIDER)))
    assert "A. Identifiers\n   from: The person, The company's website\n" in text
    assert "Sold, or shared for advertising across contexts, from 2025-03-02 to 2026-03-02\nnone\n" in text
    assert "Disclosed for a business purpose, from 2025-03-02 to 2026-03-02\nA. Identifiers\n" in text
    assert "held for a customer organisation" in text
    assert "collected about you\nnone\n" in categories_text(told())
    assert "not known yet: Buyer Inc" in categories_text(told(held(), among=(recipient(sold=Whether.UNKNOWN),)))


@pytest.mark.parametrize(
    ("since", "until", "year", "given_out"),
    [
        (date(2025, 12, 31), None, 2025, True),
        (date(2026, 1, 1), None, 2025, False),
        (None, date(2024, 12, 31), 2025, False),
        (None, date(2025, 1, 1), 2025, True),
    ],
)
def test_shine_the_light_is_of_the_calendar_year_before(
    since: date | None, until: date | None, year: int, given_out: bool
) -> None:
    partner = recipient(direct_marketing=Whether.YES, since=since, until=until)
    answer = direct_marketing(replace(TRACKER, recipients=(partner,)), year)
    assert bool(answer.given) is given_out
    text = direct_marketing_text(answer)
    assert ("Buyer Inc (buyer.example), Broker: A. Identifiers" in text) is given_out
    assert ("no personal information was disclosed" in text) is not given_out


def test_training_tracker_gives_nothing_for_direct_marketing_as_its_policy_says() -> None:
    answer = direct_marketing(TRACKER, 2025)
    assert answer.complete
    assert direct_marketing_text(answer) == (
        "In 2025 no personal information was disclosed to third parties for their direct marketing purposes.\n"
    )
    unsaid = direct_marketing(replace(TRACKER, recipients=(recipient(direct_marketing=Whether.UNKNOWN),)), 2025)
    assert (unsaid.says, unsaid.complete) == ("", False)


def test_every_category_and_every_sensitive_kind_has_its_term() -> None:
    assert set(CATEGORIES) == set("ABCDEFGHIJKL")
    assert set(SENSITIVE) == set(Sensitive)
