"""Whose a mail is: the traps of Gmail's search, of headers, and of conversations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connectors.errors import RefusedError, TransientError
from connectors.model import Identifier, ObstacleKind, Subject, Trust
from connectors.sandbox.gmail import GmailFake
from tests.connectors.gmail.conftest import Connect, only
from tests.connectors.gmail.office import ADMIN, ANN, BILLING, DESK, NEAR, OFFICE, ROB, SUBJECT

Locate = Callable[..., dict[tuple[str, str], int]]
MINE = {("messages", DESK): 1}
SHARED = {("messages", f"shared {DESK}"): 1}
REPLY = [("In-Reply-To", "<r-1@requests.office.example>")]
LETTER = [("To", ANN), ("Message-ID", "<2@requests.office.example>")]
MENTION = {("mentions", f"shared {DESK}"): 1}


def test_every_store_is_found(fake: GmailFake, connected: Connect) -> None:
    box = fake.boxes[DESK]
    box.labels["Label_7"] = "Privacy request"
    for name in ("From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Delivered-To", "Return-Path", "Resent-To"):
        fake.deliver(DESK, ANN if name == "From" else DESK, DESK, headers=() if name == "From" else [(name, ANN)])
    for label in ("SPAM", "TRASH", "SENT", "Label_9"):
        fake.deliver(DESK, ANN, DESK, labels=(label,))
    fake.deliver(DESK, ANN, DESK, labels=("Label_7",))
    fake.deliver(DESK, ROB, DESK, text=f"have you heard of {ANN}?")
    fake.draft(DESK, ANN)
    box.settings = {
        "filters": {"filter": [{"id": "f", "criteria": {"query": f"from:{ANN}"}, "action": {"forward": ANN}}]},
        "forwardingAddresses": {"forwardingAddresses": [{"forwardingEmail": ANN}]},
        "autoForwarding": {"enabled": True, "emailAddress": ANN},
        "delegates": {"delegates": [{"delegateEmail": ANN}]},
        "sendAs": {"sendAs": [{"sendAsEmail": DESK, "replyToAddress": ANN, "signature": f"<b>{ANN}</b>"}]},
        "vacation": {"responseBodyHtml": f"<p>Write to {ANN}</p>"},
    }
    fake.group(f"course@{OFFICE}", ANN)
    fake.user(f"temp@{OFFICE}", recoveryEmail=ANN)
    fake.user(f"old@{OFFICE}", suspended=True)
    fake.silent_headers = True
    records = list(connected(request_label="privacy request", vault=True).locate(SUBJECT))
    assert {r.at.collection: r.count for r in records} == {
        "messages": 13,
        "request_correspondence": 1,
        "mentions": 1,
        "drafts": 1,
        "mailbox_settings": 8,
        "group_memberships": 1,
        "directory_accounts": 1,
        "vault": 0,
        "unsearched_mailboxes": 1,
    }
    settings = only(records, "mailbox_settings")
    assert [o.kind for o in settings.obstacles] == [ObstacleKind.BY_HAND]


@pytest.mark.parametrize("switch", [True, False])
@pytest.mark.parametrize("every", [True, False])
def test_headers_that_no_operator_is_documented_for(
    fake: GmailFake, located: Locate, switch: bool, every: bool
) -> None:
    """Whether Gmail's search looks there is unknown; reading every header does not depend on it."""
    fake.silent_headers = switch
    fake.deliver(DESK, f"forms@{OFFICE}", DESK, headers=[("Reply-To", ANN)])
    fake.deliver(DESK, ROB, DESK)
    assert located(read_every_header=every) == (MINE if switch or every else {})


@pytest.mark.parametrize("drafts_are_messages", [True, False])
def test_a_draft_is_found_once_whether_or_not_it_is_listed_as_a_message(
    fake: GmailFake, located: Locate, drafts_are_messages: bool
) -> None:
    fake.drafts_are_messages = drafts_are_messages
    fake.draft(DESK, ANN)
    fake.draft(DESK, ROB, text=f"about {ANN}")
    assert located() == {("drafts", DESK): 1, ("drafts", f"shared {DESK}"): 1}


@pytest.mark.parametrize("prefixes", [True, False])
def test_neighbours_that_the_search_hits_are_nobody_of_hers(fake: GmailFake, located: Locate, prefixes: bool) -> None:
    fake.prefixes = prefixes
    for near in (NEAR, f"{ANN}.au", "joann.lee@example.com", "ann-lee@example.com", f"x+{ANN}", "ann.lee@example.org"):
        fake.deliver(DESK, f"Ann Lee <{near}>", DESK, text=f"I am {near}")
    assert located() == {}


def test_plus_tags_and_aliases_are_hers_only_if_identifiers_say_so(fake: GmailFake, located: Locate) -> None:
    tagged = "ann.lee+course@example.com"
    fake.deliver(DESK, tagged, DESK)
    assert located() == {}
    more = Subject.of(*SUBJECT.identifiers, Identifier("email", tagged, Trust.PROVEN))
    assert located(more) == MINE
    fake.deliver(DESK, ANN, DESK)
    assert located(more) == {("messages", DESK): 2}


@pytest.mark.parametrize("name", ["To", "Cc", "Bcc"])
def test_other_recipients_make_it_others_mail_too(fake: GmailFake, located: Locate, name: str) -> None:
    fake.deliver(DESK, ANN, DESK, headers=[(name, f"Rob <{ROB}>")])
    assert located() == SHARED


def test_the_companys_own_people_are_not_others(fake: GmailFake, located: Locate) -> None:
    fake.user("desk@branch.example", aliases=["hello@branch.example"])
    fake.deliver(DESK, ANN, f"{DESK}, billing+invoices@{OFFICE}, hello+x@branch.example")
    assert located() == MINE


def test_a_conversation_of_several_is_not_hers_alone(fake: GmailFake, located: Locate) -> None:
    fake.deliver(DESK, ANN, DESK, thread="t1")
    assert located() == MINE
    fake.deliver(DESK, DESK, ROB, thread="t1", text="see below")
    assert located() == SHARED


def test_a_mail_to_a_group(fake: GmailFake, located: Locate) -> None:
    group = f"support@{OFFICE}"
    rewritten = [("X-Original-From", f"Ann <{ANN}>"), ("List-ID", f"<support.{OFFICE}>")]
    fake.silent_headers = True
    fake.deliver(DESK, f"'Ann' via Support <{group}>", group, headers=rewritten)
    assert located() == MINE
    assert located(open_groups=[group]) == SHARED


def test_a_mailing_list_of_others_has_other_readers(fake: GmailFake, located: Locate) -> None:
    fake.deliver(DESK, ANN, DESK, headers=[("List-ID", "Runners <runners.lists.example.org>")])
    assert located() == SHARED


def test_a_machine_is_nobody_if_the_inventory_says_so(fake: GmailFake, located: Locate) -> None:
    fake.silent_headers = True
    fake.deliver(DESK, "bookings@calendar.example.org", DESK, headers=[("Reply-To", ANN)])
    assert located() == SHARED
    assert located(machines=["calendar.example.org"]) == MINE
    assert located(machines=["bookings@calendar.example.org"]) == MINE


@pytest.mark.parametrize(
    "sender", [f'"{ANN}" <{ROB}>', f"=?utf-8?q?{ANN.replace('@', '=40')}?= <{ROB}>", f"Rob ({ANN}) <{ROB}>"]
)
def test_a_display_name_proves_nothing(fake: GmailFake, located: Locate, sender: str) -> None:
    fake.prefixes = True
    fake.deliver(DESK, sender, DESK, text=f"regards, {ANN}")
    assert located() == MENTION


def test_a_name_alone_finds_nothing(fake: GmailFake, located: Locate) -> None:
    fake.deliver(DESK, f"Ann Lee <{ROB}>", DESK, text="Ann Lee was here")
    assert located() == {}


@pytest.mark.parametrize("value", [f"{ANN} <{ROB}>", f"{ANN} {DESK}"])
def test_a_header_that_says_several_things_is_left_to_a_person(fake: GmailFake, located: Locate, value: str) -> None:
    fake.deliver(DESK, value, DESK)
    assert located() == SHARED


def test_what_is_only_mentioned_is_by_hand(fake: GmailFake, connected: Connect) -> None:
    fake.deliver(DESK, ROB, DESK, text=f"<p>Ask ann.lee&#64;example.com</p> {ANN.replace('@', ' ')} {ANN}")
    record = only(list(connected().locate(SUBJECT)), "mentions")
    assert [o.kind for o in record.obstacles] == [ObstacleKind.SHARED]


def test_a_hit_in_an_attachment_is_listed_and_never_touched(fake: GmailFake, connected: Connect) -> None:
    fake.deliver(DESK, ROB, DESK, attached=f"form of {ANN}".encode())
    fake.deliver(DESK, ANN, DESK, attached=b"her own form")
    records = list(connected().locate(SUBJECT))
    assert [o.kind for o in only(records, "mentions").obstacles] == [ObstacleKind.CLAIMED]
    assert only(records, "messages").count == 1
    assert list(connected().export(SUBJECT, only(records, "mentions").at)) == []


@pytest.mark.parametrize(
    ("settings", "sender", "mailbox", "headers"),
    [
        ({"privacy_addresses": [f"privacy@{OFFICE}"]}, ANN, DESK, [("Cc", f"privacy@{OFFICE}")]),
        ({"privacy_addresses": [BILLING]}, ANN, BILLING, []),
        ({"request_message_ids": "requests.office.example"}, ANN, DESK, REPLY),
        ({"request_message_ids": "requests.office.example"}, DESK, DESK, LETTER),
        ({"request_label": "Privacy request"}, ANN, DESK, []),
    ],
    ids=["address", "mailbox", "reply", "letter", "label"],
)  # fmt: skip
def test_correspondence_of_a_request_is_a_collection_of_its_own(
    fake: GmailFake, located: Locate, settings: Any, sender: str, mailbox: str, headers: Any
) -> None:
    fake.boxes[DESK].labels["Label_7"] = "privacy REQUEST"
    labels = ("INBOX", "Label_7") if "request_label" in settings else ("INBOX",)
    fake.deliver(mailbox, sender, mailbox, labels=labels, headers=headers)
    assert located(**settings) == {("request_correspondence", mailbox): 1}
    assert located() == {("messages", mailbox): 1}


def test_a_mark_that_looks_alike_is_none(fake: GmailFake, located: Locate) -> None:
    fake.deliver(DESK, ANN, DESK, headers=[("In-Reply-To", "<r-1@not.requests.office.example.org>")])
    assert located(request_message_ids="requests.office.example") == MINE


def test_a_person_of_the_company_has_colleagues(fake: GmailFake, located: Locate) -> None:
    """To an employee the others in the company are other people; her account is found as well."""
    employee = f"ann@{OFFICE}"
    fake.user(employee)
    fake.deliver(employee, DESK, employee)
    fake.deliver(employee, employee, employee, text="note to myself")
    subject = Subject.of(Identifier("email", employee, Trust.PROVEN))
    assert located(subject) == {
        ("messages", employee): 1,
        ("messages", f"shared {employee}"): 1,
        ("directory_accounts", ""): 1,
    }


@pytest.mark.parametrize("size", [1, 2, 500])
@pytest.mark.parametrize("empty", [True, False])
def test_pages_and_empty_pages(fake: GmailFake, located: Locate, size: int, empty: bool) -> None:
    fake.empty_pages = empty
    for number in range(5):
        fake.deliver(DESK, ANN, DESK, days=number)
    assert located(page_size=size) == {("messages", DESK): 5}


def test_no_mail_at_all_is_a_page_without_the_key(fake: GmailFake, located: Locate) -> None:
    assert located() == {}


@pytest.mark.parametrize("left", [0, 1, 8, 40, 60])
def test_quota_that_is_used_up_is_transient(fake: GmailFake, located: Locate, left: int) -> None:
    for _ in range(3):
        fake.deliver(DESK, ANN, DESK)
    fake.units_left = left
    with pytest.raises(TransientError, match="userRateLimitExceeded"):
        located()


@pytest.mark.parametrize("email", ['"ann lee"@example.com', "ann{x}@example.com", "ann@example.com OR from:bob@x.org"])
def test_an_address_that_would_change_the_query_is_refused(located: Locate, email: str) -> None:
    with pytest.raises(RefusedError) as raised:
        located(Subject.of(Identifier("email", email, Trust.PROVEN)))
    assert email not in str(raised.value)


def test_nobody_is_searched_for_without_an_address(fake: GmailFake, connected: Connect) -> None:
    fake.user(f"old@{OFFICE}", suspended=True)
    assert list(connected().locate(Subject.of(Identifier("user_id", "42", Trust.PROVEN)))) == []
    assert connected(directory_admin=ADMIN).capabilities.needs == {"email"}
