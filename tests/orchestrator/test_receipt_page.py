"""The receipt's page: stands alone, and says to people what the receipt says."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.model import Action, Status
from orchestrator.model import Confirmation, Coverage, Right, Signed, StepResult
from orchestrator.receipt import (
    Answer,
    Case,
    Letter,
    Vendor,
    html,
)
from tests.orchestrator.cases import LATER, NOW, RESULTS, TAX, built, case, done, kept, plan, searched, step

DONE = case(plan(step("a")), done("a"))


class _Page(HTMLParser):
    """What a page is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("meta", "br", "wbr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def full() -> Case:
    """A case in which every part of the page has something to say."""
    steps = (
        step("a"), step("b", note="<script>alert(1)</script>"), kept("c"),
        step("d", Action.MANUAL, owner="privacy team"), step("e", Action.MANUAL, 0, system="crm", collection="*"),
        step("f"),
    )  # fmt: skip
    coverage = (searched(), searched("crm", Coverage.MANUAL_OPEN), searched("web", Coverage.NOT_SEARCHABLE, "no id"))
    results = (
        done("a", attempted=2), StepResult("b", Status.ACCEPTED, 3, NOW, LATER + timedelta(days=3)),
        StepResult("c", Status.RETAINED), StepResult("d", Status.MANUAL), StepResult("e", Status.MANUAL),
        done("f", confirmed=None, left=0),
    )  # fmt: skip
    made = case(replace(plan(*steps, coverage=coverage), claimed=(("phone", "shop/users.phone"),)), *results)
    digest = made.approvals[0].digest
    return replace(
        made,
        rules=(TAX,),
        extended=LATER,
        confirmation=Confirmation(LATER, results, coverage, (("shop", "orders", 2),)),
        overrides=(Signed("override:too_many", digest, "s3", NOW, "known"),),
        vendors=(Vendor("Example Payments", NOW, Answer.ACCEPTED, LATER), Vendor("Example Mail", NOW)),
        letters=(Letter("acknowledgement", "sha256:0d", NOW),),
        withheld=("password hash",),
    )


def test_the_page_stands_alone_and_is_sound() -> None:
    page = html(built(full()), "sha256:" + "ab" * 32)
    seen = _Page()
    seen.feed(page)
    assert seen.open == []
    assert not {"script", "link", "img", "iframe", "form", "object"} & set(seen.tags)
    assert not [a for a in seen.attributes if a[0] in ("src", "href", "action") or a[0].startswith("on")]
    assert ("lang", "en") in seen.attributes
    assert "default-src 'none'" in page
    assert "url(" not in page
    assert "@import" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert seen.tags.count("h1") == 1
    assert seen.tags.count("table") == seen.tags.count("caption")


def test_the_page_says_what_the_receipt_says() -> None:
    text = " ".join(
        re.sub(r"<style>.*?</style>|<wbr>|<[^>]+>", " ", html(built(full()), "ab" * 32), flags=re.DOTALL).split()
    )
    for said in (
        "Not finished", "interim", "Deletion of personal data", "Received 1 March 2026", "Extended to 3 March 2026",
        "15 records", "counts differ", "26 U.S.C. 6001", "only to prove tax returns", "11 June 2026",
        "accepted by the vendor, who does it later, by 6 March 2026", "with privacy team", "no id",
        "done; the system has no search that could prove it", "Example Payments , 2 March 2026: has accepted",
        "Example Mail , 2 March 2026: has not answered yet", "password hash", "shop / orders: 2",
        "another approved it", "“too many”", "ab" * 32, "1 further detail", "sha256:0d",
    ):  # fmt: skip
        assert said in text, said
    assert "Done" in html(built(DONE), "0" * 64)
    assert "No records in 1 system." in html(built(case(plan())), "0" * 64)
    alone = replace(DONE, mode="single_person", approvals=(replace(DONE.approvals[0], by="s1"),))
    assert "no second pair of eyes" in html(built(alone), "0" * 64)
    assert "Nobody has approved" in html(built(replace(DONE, approvals=())), "0" * 64)


@settings(max_examples=40, deadline=None)
@given(RESULTS, st.sampled_from(Action), st.sampled_from(Coverage), st.sampled_from(Right), st.booleans())
def test_every_receipt_has_a_page(
    result: StepResult, action: Action, reach: Coverage, right: Right, read_back: bool
) -> None:
    made = case(plan(step("a", action), coverage=(searched(coverage=reach),), right=right), result)
    assert "Fulfilment receipt" in html(built(made if read_back else replace(made, confirmation=None)), "0" * 64)
