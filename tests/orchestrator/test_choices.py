"""Which steps an opt-out, opt-in, limit or Shine the Light has; who is told, by when; and our own list."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.model import Action, Locator
from orchestrator.choices import (
    BY_LAW,
    NOTICE,
    OUR_LIST,
    Age,
    By,
    Setting,
    not_confirmed,
    purposes,
    sells,
    steps,
    suppresses,
    to_tell,
)  # fmt: skip
from orchestrator.clock import Facts, answer_ends, deadlines
from orchestrator.inventory import Inventory
from orchestrator.inventory.flows import Capacity, Flow, Recipient, Whether
from orchestrator.journal import Journal
from orchestrator.law import Purpose, asked_by
from orchestrator.model import Request, Right
from orchestrator.preferences import LIFTED, LISTED, Preferences, places
from orchestrator.regimes import holidays, law_of

ROOT = Path(__file__).parent.parent.parent
TRACKER = Inventory.load(ROOT / "inventory.yaml")
DAY = date(2026, 3, 2)
NOON = datetime.combine(DAY, time(12), UTC)
SETTING = Setting(NOON, DAY, DAY, 1, mailing=("hatchbuck", "mail", "sendgrid"))
LAWS = ["ccpa", "gdpr", "va", "co", "ct", "tx"]
CHOICES = [r for r in Right if not r.reaches_data]
WHETHER = st.sampled_from(Whether)


def asked(right: Right, *only: str) -> Request:
    return Request("r-1", right, "email", NOON, "desk", only=only)


def buyer(capacity: Capacity = Capacity.THIRD_PARTY, contract: Whether = Whether.YES, **flow: Whether) -> Recipient:
    said = {"sold": Whether.NO, "shared": Whether.NO, "direct_marketing": Whether.NO} | flow
    flows = (Flow(("app_db",), "Broker", ("Theirs",), **said),)  # type: ignore[arg-type]
    return Recipient("buyer", "Buyer", capacity, contract, "marketing", "mail", flows)


def having(*recipients: Recipient) -> Inventory:
    return replace(TRACKER, recipients=recipients)


def ref(at: Locator) -> str:
    return f"{at.system}/{at.collection}"


def made(request: Request, inventory: Inventory = TRACKER, setting: Setting = SETTING) -> list[tuple[str, Action]]:
    return [(s.ref, s.action) for s in steps(request, inventory, setting, ref)]


def test_an_opt_out_that_names_nothing_is_of_sale_and_sharing() -> None:
    assert purposes(asked(Right.OPT_OUT)) == BY_LAW == (Purpose.SALE, Purpose.SHARING)
    assert purposes(asked(Right.OPT_OUT, "marketing")) == (Purpose.MARKETING,)
    assert purposes(asked(Right.LIMIT)) == (Purpose.SENSITIVE,)
    assert made(asked(Right.OPT_OUT)) == [("our_list/sale", Action.RETAIN), ("our_list/sharing", Action.RETAIN)]


def test_marketing_stops_by_machine_where_nothing_else_stops_with_it() -> None:
    request = asked(Right.OPT_OUT, "marketing")
    assert suppresses(request, TRACKER, SETTING.mailing) == ("hatchbuck",)
    assert made(request)[1:] == [("mail/marketing", Action.MANUAL), ("sendgrid/marketing", Action.MANUAL)]
    for other in (asked(Right.OPT_OUT), asked(Right.OPT_IN, "marketing"), asked(Right.LIMIT)):
        assert suppresses(other, TRACKER, SETTING.mailing) == ()


@pytest.mark.parametrize(
    ("recipient", "told", "sure"),
    [
        (buyer(sold=Whether.YES), True, True),
        (buyer(Capacity.SERVICE_PROVIDER, shared=Whether.UNKNOWN), True, False),
        (buyer(Capacity.SERVICE_PROVIDER), False, False),
        (buyer(Capacity.CONTRACTOR, Whether.NO), True, True),  # without the contract it is a third party
        (buyer(Capacity.SERVICE_PROVIDER, Whether.UNKNOWN), False, False),
        (buyer(), True, True),
    ],
)
def test_who_is_told_of_an_opt_out(recipient: Recipient, told: bool, sure: bool) -> None:
    inventory = having(recipient)
    assert [(r.id, s) for r, s in to_tell(inventory, BY_LAW, DAY, DAY)] == [("buyer", sure)] * told
    assert sells(inventory, DAY) is told
    assert ("buyer/notice" in dict(made(asked(Right.OPT_OUT), inventory))) is told
    assert "buyer/notice" not in dict(made(asked(Right.OPT_OUT, "marketing"), inventory)), "of mail nobody is told"


def test_who_got_nothing_any_more_is_not_told() -> None:
    past = buyer(sold=Whether.YES)
    ended = replace(past, flows=(replace(past.flows[0], until=DAY - timedelta(1)),))
    assert list(to_tell(having(ended), BY_LAW, DAY, DAY)) == []
    between = [r.id for r, _ in to_tell(having(ended), BY_LAW, DAY - timedelta(1), DAY)]
    assert between == ["buyer"], "between the request and its being complied with"


@given(st.lists(st.tuples(st.sampled_from(Capacity), WHETHER, WHETHER, WHETHER), max_size=4))
def test_nobody_who_may_buy_or_share_is_left_untold(drawn: list[tuple[Capacity, Whether, Whether, Whether]]) -> None:
    everybody = tuple(
        replace(buyer(capacity, contract, sold=sold, shared=shared), id=f"r{i}")
        for i, (capacity, contract, sold, shared) in enumerate(drawn)
    )
    told = {s.system for s in steps(asked(Right.OPT_OUT), having(*everybody), SETTING, ref) if s.collection == NOTICE}
    for r in everybody:
        harmless = (r.flows[0].sold, r.flows[0].shared) == (Whether.NO, Whether.NO)
        assert (r.id in told) is not (harmless and r.counts_as is not Capacity.THIRD_PARTY)


@settings(deadline=None)  # the first reads the laws' files
@given(st.sampled_from(LAWS), st.sampled_from(Right), st.dates(date(2026, 1, 1), date(2029, 6, 1)))
def test_no_request_ever_lacks_a_due_date(law: str, right: Right, received: date) -> None:
    found = deadlines(Facts(asked_by(right), received), law_of(law, TRACKER.promises), holidays(), received)
    assert found
    assert all(received < d.due <= d.last and d.citations for d in found)


@settings(deadline=None)
@given(
    st.sampled_from(CHOICES), st.sets(st.sampled_from(["sale", "sharing", "marketing"])),
    st.dates(date(2026, 1, 1), date(2029, 6, 1)), WHETHER, WHETHER,
)  # fmt: skip
def test_every_step_left_to_people_has_an_owner_and_a_day(
    right: Right, only: set[str], received: date, sold: Whether, shared: Whether
) -> None:
    law, parts = law_of("ccpa", ()), only if right in (Right.OPT_OUT, Right.OPT_IN) else set()
    ends = answer_ends(Facts(asked_by(right), received), law, holidays(), received)
    setting = replace(SETTING, due=datetime.combine(ends.strict, time(12), UTC), entered=("hatchbuck", "gone"))
    drawn = steps(asked(right, *sorted(parts)), having(buyer(sold=sold, shared=shared)), setting, ref)
    assert drawn
    assert len({s.ref for s in drawn}) == len(drawn)
    for step in drawn:
        assert step.action in (Action.RETAIN, Action.MANUAL), "nothing is deleted or redacted"
        if step.action is Action.MANUAL:
            assert step.owner
            assert step.note
            assert step.due == setting.due


def test_an_opt_in_leaves_vendors_to_people_and_only_those_where_we_entered_something() -> None:
    request = asked(Right.OPT_IN, "marketing", "sale")
    assert made(request) == [("our_list/sale", Action.RETAIN), ("our_list/marketing", Action.RETAIN)]
    entered = replace(SETTING, entered=("hatchbuck", "no longer in the inventory"))
    assert made(request, setting=entered)[2:] == [("hatchbuck/marketing", Action.MANUAL)]


@pytest.mark.parametrize(
    ("age", "by", "good"),
    [
        (Age.SIXTEEN, By.PERSON, True), (Age.THIRTEEN, By.PERSON, True), (Age.CHILD, By.PARENT, True),
        (Age.SIXTEEN, By.PARENT, False), (Age.THIRTEEN, By.PARENT, False), (Age.CHILD, By.PERSON, False),
    ],
)  # fmt: skip
def test_who_confirms_an_opt_in(age: Age, by: By, good: bool) -> None:
    assert (not_confirmed(age, by) == "") is good


def test_a_limit_names_the_uses_that_end_and_tells_who_gets_the_data() -> None:
    profiles = replace(TRACKER.systems["app_db"].collections["public.profiles"], sensitive_uses=("Advertising",))
    system = replace(TRACKER.systems["app_db"], collections={"public.profiles": profiles})
    inventory = replace(TRACKER, systems={"app_db": system})
    assert made(asked(Right.LIMIT), inventory) == [
        ("our_list/sensitive", Action.RETAIN), ("app_db/public.profiles", Action.MANUAL),
        ("heroku/notice", Action.MANUAL),
    ]  # fmt: skip
    assert made(asked(Right.LIMIT)) == [("our_list/sensitive", Action.RETAIN)]
    assert made(asked(Right.SHINE_THE_LIGHT))[0][0].startswith(OUR_LIST)


class TestOurList:
    """Entries, what lifts them, and twelve months of silence."""

    def journal(self, tmp_path: Path, *said: tuple[str, str, str, datetime]) -> Journal:
        journal = Journal.open(tmp_path / "journal.sqlite", lambda: self.now)
        for kind, tag, purpose, at in said:
            self.now = at
            told = {"tag": tag, "purpose": purpose} if purpose else {"tag": tag}
            journal.append("", kind, "desk", told)
        return journal

    def test_the_last_word_counts_and_an_entry_without_a_purpose_is_marketing(self, tmp_path: Path) -> None:
        later = NOON + timedelta(days=40)
        with self.journal(
            tmp_path, (LISTED, "a", "sale", NOON), (LISTED, "a", "sale", later), (LISTED, "b", "", NOON),
            (LISTED, "c", "sale", NOON), (LIFTED, "c", "sale", later), (LISTED, "c", "sale", later + timedelta(1)),
            (LIFTED, "d", "sale", NOON), (LISTED, "e", "sharing", NOON), (LIFTED, "e", "sharing", later),
        ) as journal:  # fmt: skip
            listed = Preferences(journal)
        (sale,) = listed.of(["a"])
        assert (sale.since, sale.said) == (NOON, later), "honoured since the first time"
        assert [c.purpose for c in listed.of(["a", "b"])] == [Purpose.SALE, Purpose.MARKETING]
        assert listed.of(["c"])[0].since == later + timedelta(1)
        assert listed.of(["d", "e", "nobody"]) == ()
        assert places(["", "a", "d", "a"], lambda tag: listed.keeps(tag, Purpose.SALE)) == (2, 4)

    @pytest.mark.parametrize(
        ("said", "today", "silent"),
        [
            (date(2026, 3, 2), date(2026, 3, 2), True),
            (date(2026, 3, 2), date(2027, 3, 1), True),
            (date(2026, 3, 2), date(2027, 3, 2), False),
            (date(2028, 2, 29), date(2029, 2, 27), True),  # a leap day ends on the last of February
            (date(2028, 2, 29), date(2029, 2, 28), False),
            (date(2026, 12, 31), date(2027, 12, 30), True),
            (date(2026, 12, 31), date(2027, 12, 31), False),
        ],
    )
    def test_twelve_months_without_an_invitation(self, tmp_path: Path, said: date, today: date, silent: bool) -> None:
        at = datetime.combine(said, time(12), UTC)
        with self.journal(
            tmp_path, (LISTED, "a", "sale", at - timedelta(days=900)), (LISTED, "a", "sale", at),
            (LISTED, "m", "marketing", at),
        ) as journal:  # fmt: skip
            listed = Preferences(journal)
        assert listed.silent("a", today, datetime.date) is silent, "counted from the last time it was said"
        assert not listed.silent("m", today, datetime.date)
