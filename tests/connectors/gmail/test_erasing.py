"""Deleting: Trash and for good, what is never touched, and what is said when it did not happen."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.errors import AuthError, ChangedError
from connectors.gmail import connect
from connectors.gmail.api import MOST_IDS
from connectors.model import (
    Action,
    CollectionSpec,
    Disclosure,
    FieldSpec,
    IdentitySpec,
    Locator,
    Order,
    Secret,
    Status,
    SystemSpec,
    Trust,
)
from connectors.sandbox.gmail import GmailFake
from connectors.sandbox.serve import Server
from connectors.testing.harness import HeldError, orders_for
from tests.connectors.gmail.conftest import Connect, only
from tests.connectors.gmail.office import ADMIN, ANN, BILLING, DESK, NEAR, OFFICE, ROB, SUBJECT

EMAIL = (IdentitySpec("email", "headers", Trust.PROVEN),)


def calls(server: Server) -> Counter[str]:
    return Counter(f"{method} {path.rpartition('/')[2]}" for method, path in server.faults.calls if method != "GET")


def test_trash_is_accepted_until_it_is_purged(fake: GmailFake, connected: Connect) -> None:
    fake.deliver(DESK, ANN, DESK)
    connector = connected()
    orders = orders_for(list(connector.locate(SUBJECT)))
    (outcome,) = connector.delete(SUBJECT, orders)
    assert outcome.status is Status.ACCEPTED
    assert outcome.until is not None
    assert timedelta(days=30) < outcome.until - datetime.now(UTC) <= timedelta(days=31)
    assert connector.capabilities.settles_within == timedelta(days=31)
    (record,) = connector.locate(SUBJECT)
    assert (record.count, record.obstacles) == (1, ()), "what can be taken back is not gone"
    assert "1 are there already" in record.note
    fake.advance(timedelta(days=31))
    assert list(connector.locate(SUBJECT)) == []
    assert [o.status for o in connector.delete(SUBJECT, orders)] == [Status.ABSENT]


def test_what_is_in_trash_is_not_moved_there_again(fake: GmailFake, server: Server, connected: Connect) -> None:
    fake.deliver(DESK, ANN, DESK, labels=("TRASH",))
    connector = connected()
    (outcome,) = connector.delete(SUBJECT, orders_for(list(connector.locate(SUBJECT))))
    assert (outcome.status, outcome.count) == (Status.ACCEPTED, 1)
    assert calls(server)["POST trash"] == 0


def test_for_good_takes_batches(fake: GmailFake, server: Server, connected: Connect) -> None:
    fake.most_ids = MOST_IDS
    for _ in range(MOST_IDS + 1):
        fake.deliver(DESK, ANN, DESK, thread="one", labels=())
    connector = connected(deletion="permanent")
    (outcome,) = connector.delete(SUBJECT, [Order(Locator("mail", "messages", DESK), Action.DELETE, MOST_IDS + 1)])
    assert (outcome.status, outcome.count) == (Status.DONE, MOST_IDS + 1)
    assert calls(server)["POST batchDelete"] == 2
    assert list(connector.locate(SUBJECT)) == []


def test_the_scope_for_trash_cannot_delete_for_good(fake: GmailFake, connected: Connect) -> None:
    message = fake.deliver(DESK, ANN, DESK)
    connector = connected()
    list(connector.locate(SUBJECT))
    mailbox = connector._company().mailbox(DESK)
    with pytest.raises(AuthError, match="insufficientPermissions"):
        mailbox.delete([message.id])


def test_a_scope_that_is_not_delegated_is_told_before_anything_else(fake: GmailFake, connected: Connect) -> None:
    before = fake.tokens.delegated
    fake.tokens.delegated = before - {"https://mail.google.com/"}
    try:
        connected().check()
        with pytest.raises(AuthError, match="unauthorized_client"):
            connected(deletion="permanent").check()
    finally:
        fake.tokens.delegated = before


def test_others_mail_is_never_touched(fake: GmailFake, server: Server, connected: Connect) -> None:
    fake.deliver(DESK, ANN, f"{DESK}, {ROB}")
    fake.deliver(DESK, ANN, DESK, thread="t")
    fake.deliver(DESK, ROB, DESK, thread="t")
    fake.deliver(DESK, ROB, DESK, text=f"about {ANN}")
    fake.deliver(DESK, NEAR, DESK, text=f"I am {NEAR}")
    fake.draft(DESK, ANN)
    before = fake.naming("@")
    for deletion in ("trash", "permanent"):
        connector = connected(deletion=deletion)
        orders = [replace(o, action=Action.DELETE) for o in orders_for(list(connector.locate(SUBJECT)))]
        assert {o.status for o in connector.delete(SUBJECT, orders)} == {Status.MANUAL}
    assert fake.naming("@") == before
    assert fake.threads_deleted == 0
    assert not calls(server).keys() - {"POST token"}


@pytest.mark.parametrize("deletion", ["trash", "permanent"])
def test_only_the_mails_of_her_own_go(fake: GmailFake, connected: Connect, deletion: str) -> None:
    mine = [fake.deliver(box, ANN, box) for box in (DESK, BILLING)]
    fake.deliver(DESK, NEAR, DESK)
    before = fake.naming(NEAR)
    connector = connected(deletion=deletion)
    list(connector.delete(SUBJECT, orders_for(list(connector.locate(SUBJECT)))))
    fake.advance(timedelta(days=31))
    assert fake.naming(NEAR) == before
    assert not any(m.id in box.messages for m in mine for box in fake.boxes.values())


def test_correspondence_of_the_request_stays_unless_it_is_ordered(fake: GmailFake, connected: Connect) -> None:
    fake.deliver(DESK, ANN, DESK)
    fake.deliver(DESK, ANN, f"privacy@{OFFICE}")
    connector = connected(privacy_addresses=[f"privacy@{OFFICE}"], deletion="permanent")
    records = list(connector.locate(SUBJECT))
    kept = only(records, "request_correspondence").at
    orders = [replace(o, action=Action.RETAIN) if o.at == kept else o for o in orders_for(records)]
    assert {o.at: o.status for o in connector.delete(SUBJECT, orders)}[kept] is Status.RETAINED
    assert [r.at for r in connector.locate(SUBJECT)] == [kept]
    (outcome,) = connector.delete(SUBJECT, [Order(kept, Action.DELETE, 1)])
    assert outcome.status is Status.DONE


def test_a_message_that_is_still_there_is_reported(fake: GmailFake, connected: Connect) -> None:
    held = fake.deliver(DESK, ANN, DESK)
    fake.deliver(DESK, ANN, DESK)
    fake.held = {held.id}
    connector = connected(deletion="permanent")
    (outcome,) = connector.delete(SUBJECT, orders_for(list(connector.locate(SUBJECT))))
    assert (outcome.status, outcome.count) == (Status.FAILED, 1)
    assert "hold" in outcome.reason


def test_vault_is_looked_into_by_hand(fake: GmailFake, connected: Connect) -> None:
    assert [r.at.collection for r in connected(vault=True).locate(SUBJECT)] == []
    fake.deliver(DESK, ANN, DESK)
    assert [r.at.collection for r in connected(vault=True).locate(SUBJECT)] == ["messages", "vault"]
    assert [r.at.collection for r in connected(vault=False).locate(SUBJECT)] == ["messages"]


def test_more_than_planned_changes_nothing_in_any_mailbox(fake: GmailFake, connected: Connect) -> None:
    for box in (BILLING, DESK):
        fake.deliver(box, ANN, box)
    connector = connected(deletion="permanent")
    orders = orders_for(list(connector.locate(SUBJECT)))
    fake.deliver(DESK, ANN, DESK)
    with pytest.raises(ChangedError):
        list(connector.delete(SUBJECT, orders))
    assert len(fake.naming(ANN)) == 3
    assert len(list(connector.delete(SUBJECT, [replace(o, late=1) for o in orders]))) == 2


def test_a_mail_that_became_others_since_the_plan_stays(fake: GmailFake, connected: Connect) -> None:
    fake.deliver(DESK, ANN, DESK, thread="t")
    connector = connected(deletion="permanent")
    orders = orders_for(list(connector.locate(SUBJECT)))
    fake.deliver(DESK, DESK, ROB, thread="t")
    assert [o.status for o in connector.delete(SUBJECT, orders)] == [Status.ABSENT]
    assert len(fake.naming(ANN)) == 1


@pytest.mark.parametrize(("deletion", "done"), [("trash", "TRASH"), ("permanent", "")])
def test_the_gate_is_asked_before_every_write(fake: GmailFake, connected: Connect, deletion: str, done: str) -> None:
    for _ in range(3):
        fake.deliver(DESK, ANN, DESK)
    asked: list[str] = []

    def gate(collection: str) -> None:
        asked.append(collection)
        if len(asked) > 1:
            raise HeldError(collection)

    orders = orders_for(list(connected().locate(SUBJECT)))
    connector = connected(gate=gate, deletion=deletion)
    if done:
        with pytest.raises(HeldError):
            list(connector.delete(SUBJECT, orders))
        assert sum(done in labels for _, _, labels, _ in fake.naming(ANN)) == 1
    else:
        list(connector.delete(SUBJECT, orders))
        assert asked == ["messages"]


def test_ages_that_must_not_be_mixed_are_apart(fake: GmailFake, connected: Connect) -> None:
    cutoff = datetime.now(UTC) - timedelta(days=365)
    for days in (400, 500, 10):
        fake.deliver(DESK, ANN, DESK, days=days, headers=[("Date", "Thu, 01 Jan 1970 00:00:00 +0000")])
    connector = connected((CollectionSpec("messages", EMAIL, cutoffs=(cutoff,)),), deletion="permanent")
    old, young = connector.locate(SUBJECT)
    assert (old.count, old.at.before, young.count, young.at.since) == (2, cutoff, 1, cutoff)
    assert (old.newest or cutoff) < cutoff < (young.oldest or cutoff)
    list(connector.delete(SUBJECT, orders_for([old])))
    assert [r.at for r in connector.locate(SUBJECT)] == [young.at]


def test_exports_are_the_mails_as_they_were_sent(fake: GmailFake, connected: Connect) -> None:
    mine = fake.deliver(DESK, ANN, DESK, attached=bytes(range(256)) * 2000)
    fake.deliver(DESK, ANN, f"{DESK}, {ROB}", text="what Rob knows")
    content = (FieldSpec("content", "D", Disclosure.DISCLOSE),)
    connector = connected((CollectionSpec("messages", EMAIL, fields=content),))
    artifacts = [a for r in connector.locate(SUBJECT) for a in connector.export(SUBJECT, r.at)]
    bodies = {a.name: b"".join(a.chunks) for a in artifacts}
    assert bodies.keys() == {"messages-00001.eml", "messages.jsonl"}
    assert bodies["messages-00001.eml"] == mine.raw
    assert b"Rob" not in bodies["messages.jsonl"]
    assert b'"sent_by_the_person": true' in bodies["messages.jsonl"]
    assert [a.withheld for a in artifacts] == [(), ("mail that other people take part in",)]


def test_what_the_inventory_does_not_disclose_is_withheld(fake: GmailFake, connected: Connect) -> None:
    fake.deliver(DESK, ANN, DESK)
    fake.group(f"course@{OFFICE}", ANN)
    never = (FieldSpec("content", "D", Disclosure.NEVER, "e-mail"),)
    connector = connected((CollectionSpec("messages", EMAIL, fields=never),))
    withheld = [a.withheld for r in connector.locate(SUBJECT) for a in connector.export(SUBJECT, r.at)]
    assert withheld == [("e-mail",), ("unmarked field",)]


def test_every_mailbox_is_opened_in_its_owners_name(fake: GmailFake, connected: Connect) -> None:
    list(connected().locate(SUBJECT))
    assert {g.subject for g in fake.tokens.grants.values()} >= {DESK, BILLING, ADMIN}


def test_the_metadata_scope_cannot_search(fake: GmailFake, server: Server) -> None:
    """Why that scope is not asked for, although it would read headers only."""
    from connectors.google import GoogleClient, ServiceAccount

    secrets = {"service_account": Secret(fake.tokens.service_account(server.url))}
    account = ServiceAccount.of(SystemSpec("mail", "gmail", {"base_url": server.url}, secrets))
    client = GoogleClient(account, server.url, ("https://www.googleapis.com/auth/gmail.metadata",), DESK)
    path = f"gmail/v1/users/{DESK}/messages"
    assert client.request("GET", path, doing="listing")[0] == 200
    with pytest.raises(AuthError, match="forbidden"):
        client.request("GET", path, doing="listing", params={"q": "from:x"})


def test_connect_is_what_the_registry_calls(connected: Any) -> None:
    assert callable(connect)
    assert connected().system == "mail"
