"""What accounts at vendors have made up themselves: lists, segments, groups, senders, questions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.sandbox.world import Sandbox
from orchestrator.inventory import Inventory
from orchestrator.inventory.exemption import Exemption
from orchestrator.survey import Gap, Kind
from tests.office import ROOT, Office, inventory

LISTED = ("sendgrid", "papertrail", "calendly", "hatchbuck", "gmail")


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(only=LISTED) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Iterator[Sandbox]:
    yield running
    for name in LISTED:
        running.stores[name].plant(running.now)


def office(sandbox: Sandbox, state: Path, *exemptions: Exemption, held: Inventory | None = None) -> Office:
    whole = held or inventory()
    some = {n: s for n, s in whole.systems.items() if n in LISTED}
    return Office(sandbox, state, replace(whole, systems=some, exemptions=(*whole.exemptions, *exemptions)))


def gaps(over: Office) -> dict[str, Gap]:
    return {f"{gap.system}/{gap.name}": gap for gap in over.service.survey().failing}


def wrong(over: Office) -> list[str]:
    return [p.says for row in over.service.check() for p in row.probes if p.ok is False]


def made_up(sandbox: Sandbox) -> None:
    """Somebody goes on working in the vendors' consoles."""
    mail, logs, appointments = (sandbox.stores[n].fake for n in ("sendgrid", "papertrail", "calendly"))
    mail.accounts[""].marketing_lists.append("Webinar attendees")
    mail.accounts["shop"].segments.append("Lapsed")
    mail.accounts["shop"].marketing_lists.append("ann.lee@example.com asked")
    mail.suppress("product news", "someone@example.net")
    logs.sender("payroll")
    logs.group("Payroll", "payroll")
    appointments.event_type("Interview", "Why?", "When were you born?", active=False)
    appointments.ask("intake", "E-mail?", "Do you have a disability?")


def test_of_what_is_there_everything_is_named(sandbox: Sandbox, tmp_path: Path) -> None:
    over = office(sandbox, tmp_path / "state")
    assert wrong(over) == []
    found = over.service.survey()
    assert found.failing == ()
    listed = {s.system: s.listed for s in found.systems}
    assert listed == {"sendgrid": 3, "papertrail": 4 + 1, "calendly": 2, "hatchbuck": None, "gmail": None}
    says = {s.system: s.message for s in found.systems}
    assert "custom fields and tags: no call lists those of an account" in says["hatchbuck"]
    assert "labels" in says["gmail"]


def test_what_is_new_fails_the_check_by_name(sandbox: Sandbox, tmp_path: Path) -> None:
    made_up(sandbox)
    over = office(sandbox, tmp_path / "state")
    says = wrong(over)
    assert len(says) == 5
    for name in ("list_ids->Webinar attendees", "group->product news", "source_name->payroll",
                 "questions_and_answers->When were you born?", "segment_ids->Lapsed"):  # fmt: skip
        assert any(name in line for line in says), name
    assert not any("ann.lee" in line for line in says)  # a name that is somebody's address
    found = gaps(over)
    contacts = found["sendgrid/contacts"]
    assert contacts.kind is Kind.FIELDS
    assert set(contacts.names) == {"list_ids->Webinar attendees", "segment_ids->Lapsed", "list_ids->{…}"}
    born = found["calendly/bookings"]
    assert '"questions_and_answers->When were you born?": {category: C}' in born.proposal
    assert born.categories == ("C",)
    assert found["calendly/routing_form_submissions"].categories == ("C",)
    shown = [g.name for s in over.service.survey().systems for g in s.gaps if not g.fails]
    assert "groups->Payroll" in shown  # it holds nothing: it shows what its senders send


def test_an_exemption_covers_many_by_a_pattern(sandbox: Sandbox, tmp_path: Path) -> None:
    made_up(sandbox)
    good = [
        Exemption("sendgrid/contacts.*_ids->*", "Marketing names its lists by campaign", "marketing"),
        Exemption("sendgrid/suppressions.asm_groups.group->*", "What somebody wants no mail about", "marketing"),
        Exemption("papertrail/events.source_name->pay*", "Sends no line about people", "engineering"),
        Exemption("calendly/*.questions_and_answers->*", "Looked through by sales every month", "sales"),
    ]
    assert wrong(office(sandbox, tmp_path / "state", *good)) == []


def test_what_is_proposed_loads_as_it_is_pasted(sandbox: Sandbox, tmp_path: Path) -> None:
    made_up(sandbox)
    pasted = (ROOT / "inventory.yaml").read_text()
    for gap in gaps(office(sandbox, tmp_path / "a")).values():
        before, after = pasted.split(f"\n  {gap.system}:\n", 1)
        into, rest = after.split(f"\n      {gap.name}:\n", 1)
        at = rest.index("        fields:\n") + len("        fields:\n")
        pasted = f"{before}\n  {gap.system}:\n{into}\n      {gap.name}:\n{rest[:at]}{gap.proposal}\n{rest[at:]}"
    file = tmp_path / "inventory.yaml"
    file.write_text(pasted)
    assert wrong(office(sandbox, tmp_path / "b", held=Inventory.load(file).sandboxed())) == []


def test_a_store_that_the_inventory_leaves_out(sandbox: Sandbox, tmp_path: Path) -> None:
    held = inventory()
    logs = held.systems["papertrail"]
    left = {name: c for name, c in logs.collections.items() if name not in ("saved_searches", "members")}
    systems = {**held.systems, "papertrail": replace(logs, collections=left)}
    found = gaps(office(sandbox, tmp_path / "state", held=replace(held, systems=systems)))
    assert found.keys() == {"papertrail/saved_searches"}  # there are no members to describe
    assert (found["papertrail/saved_searches"].kind, found["papertrail/saved_searches"].rows) == (Kind.UNMENTIONED, 2)


def test_what_may_not_be_listed_is_told_and_the_rest_is_listed(sandbox: Sandbox, tmp_path: Path) -> None:
    made_up(sandbox)
    sandbox.stores["sendgrid"].fake.scopes.discard("asm.groups.read")
    sandbox.stores["calendly"].fake.denied = {"event_types"}
    over = office(sandbox, tmp_path / "state")
    unknown = [p.says for row in over.service.check() for p in row.probes if p.ok is None and "is not known" in p.says]
    assert len(unknown) == 2
    assert any("asm.groups.read" in says for says in unknown)
    surveyed = {s.system: s for s in over.service.survey().systems}
    assert (surveyed["sendgrid"].failed, surveyed["calendly"].failed) == (True, True)
    assert "list_ids->Webinar attendees" in surveyed["sendgrid"].gaps[0].names


def test_pages_of_lists_and_both_names_of_segments(sandbox: Sandbox, tmp_path: Path) -> None:
    fake = sandbox.stores["sendgrid"].fake
    fake.most_lists, fake.segments_under = 2, "results"
    fake.accounts[""].marketing_lists += [f"List {n}" for n in range(5)]
    fake.accounts[""].segments.append("Lapsed")
    names = gaps(office(sandbox, tmp_path / "state"))["sendgrid/contacts"].names
    assert names == (*(f"list_ids->List {n}" for n in range(5)), "segment_ids->Lapsed")
