"""A system whose API empties and cannot delete, over a whole request: what waits for a person is
found again until it is gone, also after its address has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orchestrator.errors import IncompleteError
from orchestrator.manual import Progress
from orchestrator.model import Right
from tests.office import Office

STORES = ("hatchbuck",)


def standings(payload: dict[str, Any]) -> dict[str, str]:
    return {s["collection"]: s["standing"] for s in payload["steps"] if s["system"] == "hatchbuck"}


def planned(office: Office, request: str) -> set[str]:
    return {s.collection for s in office.service.plan(request).plan.steps if s.system == "hatchbuck"}


def page_of(office: Office) -> str:
    """The contact that was emptied."""
    (found,) = [r for r in office.sandbox.stores["hatchbuck"].fake.contacts.values() if r["firstName"] == "erased"]
    return str(found["contactId"])


def test_a_contact_is_emptied_and_its_page_waits_until_a_search_shows_that_it_is_gone(office: Office) -> None:
    subject = office.sandbox.people.subject
    before = [office.sandbox.untouched(p) for p in office.sandbox.people if p != subject]
    done = office.erase(subject.email).payload
    request = done["request"]
    emptied = {"campaigns": "gone", "tags": "gone", "contacts": "gone"}
    assert standings(done) == emptied | {"contact_pages": "by_hand", "api_log": "by_hand"}
    assert [(v["name"], v["answer"]) for v in done["vendors"]] == [("hatchbuck", "none")]
    again = office.service.run(request).payload
    assert standings(again)["contact_pages"] == "by_hand"
    office.sandbox.stores["hatchbuck"].fake.delete_in_console(page_of(office))
    last = office.service.run(request).payload
    assert standings(last) == emptied | {"contact_pages": "gone", "api_log": "by_hand"}
    assert [office.sandbox.untouched(p) for p in office.sandbox.people if p != subject] == before


def test_a_new_plan_still_knows_the_page(office: Office) -> None:
    """The address leads nowhere any more, and a plan from the request's words alone would find nothing."""
    request = office.erase(office.sandbox.people.subject.email).payload["request"]
    assert planned(office, request) == {"contact_pages", "api_log"}
    office.sandbox.stores["hatchbuck"].fake.delete_in_console(page_of(office))
    assert planned(office, request) == set()


def test_a_plan_that_was_never_run_leaves_nothing_behind(office: Office) -> None:
    request = office.request(office.sandbox.people.subject.email)
    office.service.plan(request)
    fake = office.sandbox.stores["hatchbuck"].fake
    for row in [r for r in fake.contacts.values() if r["firstName"] == "Ann"]:
        row["emails"] = []
    assert planned(office, request) == set()


def test_a_word_alone_does_not_settle_it(office: Office, tmp_path: Path) -> None:
    proof = tmp_path / "screenshot.png"
    proof.write_bytes(b"a picture")
    request = office.erase(office.sandbox.people.subject.email).payload["request"]
    ref = next(s.ref for s in office.service.manual_steps() if s.collection == "contact_pages")
    office.service.manual_done(ref, "marketing", proof)
    assert standings(office.service.run(request).payload)["contact_pages"] == "still_there"
    office.sandbox.stores["hatchbuck"].fake.delete_in_console(page_of(office))
    assert standings(office.service.run(request).payload)["contact_pages"] == "gone"
    (step,) = [s for s in office.service.manual_steps() if s.collection == "contact_pages"]
    assert step.progress is Progress.VERIFIED


def test_the_person_is_opted_out_before_the_contact_goes(office: Office) -> None:
    subject = office.sandbox.people.subject
    done = office.erase(subject.email).payload
    fake = office.sandbox.stores["hatchbuck"].fake
    assert done["opt_outs"] == [{"system": "hatchbuck", "kept": True}]
    assert office.service.opted_out([subject.email]) == (1,)
    assert fake.contacts[page_of(office)]["subscribed"] is False


def test_nothing_is_emptied_while_the_opt_out_does_not_take_effect(office: Office) -> None:
    """Whether the API can unsubscribe is not documented: where it cannot, a person does, and it goes on."""
    subject = office.sandbox.people.subject
    fake = office.sandbox.stores["hatchbuck"].fake
    fake.ignores = {"subscribed"}
    request = office.approved(subject.email)
    before = office.sandbox.untouched(subject)
    with pytest.raises(IncompleteError, match="unsubscribe it on its page, and run again"):
        office.service.run(request)
    assert office.sandbox.untouched(subject) == before
    for row in fake.contacts.values():
        row["subscribed"] = row["subscribed"] and row["emails"][0]["address"] != "Ann.Lee@Example.com"
    assert standings(office.service.run(request).payload)["contacts"] == "gone"


def test_a_campaign_that_the_vendor_keeps_listing_is_never_gone(office: Office) -> None:
    fake = office.sandbox.stores["hatchbuck"].fake
    fake.campaigns_stay = True
    done = office.erase(office.sandbox.people.subject.email).payload
    assert standings(done)["campaigns"] == "still_there"
    assert done["outcome"] == "open"


def test_a_contact_that_may_be_others_is_left_to_a_person(office: Office) -> None:
    subject = office.sandbox.people.subject
    fake = office.sandbox.stores["hatchbuck"].fake
    (row,) = [r for r in fake.contacts.values() if r["emails"][0]["address"] == "Ann.Lee@Example.com"]
    row["emails"].append({"id": "second", "address": "the.lees@example.org", "type": "Home"})
    request = office.request(subject.email)
    first = office.service.plan(request)
    assert [(s.collection, s.action) for s in first.plan.steps if s.system == "hatchbuck"] == [("contacts", "manual")]
    assert ("email", "hatchbuck/contacts.emails") in first.plan.claimed
    office.service.confirm_identifier(request, "email", "the.lees@example.org", "named by the person")
    assert planned(office, request) == {"campaigns", "tags", "contacts", "contact_pages", "api_log"}


def test_an_access_package_says_what_is_to_be_added(office: Office, tmp_path: Path) -> None:
    request = office.request(office.sandbox.people.subject.email, Right.ACCESS)
    made = office.service.plan(request)
    package = office.service.export(request, tmp_path / "package")
    assert not {"notes", "deals", "e-mail history"} & set(package.withheld), "no law lets us keep these back"
    assert "hatchbuck/contact_pages" in dict(package.left_out)
    office.service.approve(request, made.digest)
    assert "contact_pages" in {s.collection for s in office.service.manual_steps(request)}, "people gather them"
    text = "".join(p.read_text() for p in package.folder.rglob("*") if p.is_file())
    assert "Organisation 5" in text
    assert "called about seats" not in text
