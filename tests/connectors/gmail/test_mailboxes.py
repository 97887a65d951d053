"""Which mailboxes are searched, what the settings must say, and what cannot be opened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connectors.errors import AuthError, ConfigError
from connectors.model import CollectionSpec, IdentitySpec, Trust
from connectors.sandbox.gmail import GmailFake
from connectors.sandbox.serve import Server
from tests.connectors.gmail.conftest import Connect, only
from tests.connectors.gmail.office import ADMIN, ANN, BILLING, DESK, OFFICE, SUBJECT

Locate = Callable[..., dict[tuple[str, str], int]]
BOTH = {("messages", DESK): 1, ("messages", BILLING): 1}


@pytest.fixture
def one_each(fake: GmailFake) -> None:
    for box in (DESK, BILLING):
        fake.deliver(box, ANN, box)


@pytest.mark.parametrize("page", [1, 2, 500])
def test_all_mailboxes_that_the_directory_lists(fake: GmailFake, one_each: None, located: Locate, page: int) -> None:
    fake.directory_page = page
    assert located() == BOTH


def test_mailboxes_that_the_inventory_lists(one_each: None, located: Locate, server: Server) -> None:
    assert located(mailboxes=[DESK], directory_admin="") == {("messages", DESK): 1}
    assert not [path for _, path in server.faults.calls if "directory" in path]
    assert located(mailboxes=[BILLING.upper()]) == {("messages", BILLING): 1}


def test_an_alias_and_its_address_are_one_mailbox(one_each: None, located: Locate) -> None:
    assert located(mailboxes=[f"help@{OFFICE}", DESK]) == {("messages", DESK): 1}


def test_mailboxes_left_out(one_each: None, located: Locate) -> None:
    assert located(leave_out=[BILLING]) == {("messages", DESK): 1}


@pytest.mark.parametrize("state", ["suspended", "archived"])
@pytest.mark.parametrize("refused", [True, False])
def test_a_mailbox_nobody_can_act_for_is_told(fake: GmailFake, connected: Connect, state: str, refused: bool) -> None:
    """Whether a suspended user can be acted for is not documented: it is tried."""
    gone = f"gone@{OFFICE}"
    fake.user(gone, **{state: True})
    fake.deliver(gone, ANN, gone)
    fake.suspended_refused = refused
    records = list(connected().locate(SUBJECT))
    assert [r.at.collection for r in records] == (["unsearched_mailboxes"] if refused else ["messages"])
    assert records[0].count == 1
    assert [o.opaque for o in records[0].obstacles] == [True] * refused


def test_a_mailbox_that_is_switched_off_is_told_and_one_never_set_up_is_not(
    fake: GmailFake, connected: Connect
) -> None:
    fake.user(f"off@{OFFICE}").enabled = False
    fake.user(f"new@{OFFICE}", setup=False)
    assert only(list(connected().locate(SUBJECT)), "unsearched_mailboxes").count == 1


def test_a_mailbox_that_does_not_exist_is_an_auth_error(located: Locate) -> None:
    """Not one of a suspended user: it would be a hole in the search that nobody sees."""
    with pytest.raises(AuthError, match="invalid_grant"):
        located(mailboxes=[f"mistyped@{OFFICE}"])


def test_a_directory_that_may_not_be_read_is_an_auth_error(fake: GmailFake, connected: Connect) -> None:
    fake.admins = set()
    with pytest.raises(AuthError):
        connected().check()
    with pytest.raises(AuthError):
        list(connected().locate(SUBJECT))


@pytest.mark.parametrize(
    "settings",
    [
        {"domains": []},
        {"domains": ["office"]},
        {"domains": "office.example"},
        {"mailboxes": [], "directory_admin": ""},
        {"mailboxes": ["desk"]},
        {"directory_admin": "admin"},
        {"deletion": "shred"},
        {"trash_days": 1},
        {"page_size": 501},
        {"vault": "no"},
        {"mailbox": [DESK]},
        {"base_url": "http://gmail.example.com"},
        {"directory_url": "http://admin.example.com"},
    ],
    ids=str,
)
def test_wrong_settings(connected: Connect, settings: Any) -> None:
    with pytest.raises(ConfigError):
        connected(**settings)


def test_only_addresses_find_anything(connected: Connect) -> None:
    by_number = CollectionSpec("messages", (IdentitySpec("user_id", "headers", Trust.ASSIGNED),))
    with pytest.raises(ConfigError, match="user_id"):
        connected((by_number,))
    with pytest.raises(ConfigError, match="threads"):
        connected((CollectionSpec("threads"),))
    other = CollectionSpec("messages", (IdentitySpec("work_email", "headers", Trust.PROVEN),))
    with pytest.raises(ConfigError):
        connected((other,))
    other = CollectionSpec("messages", (IdentitySpec("work.email", "headers", Trust.PROVEN),))
    assert connected((other,)).capabilities.needs == {"work.email"}


def test_check_reads_no_mail(fake: GmailFake, server: Server, connected: Connect) -> None:
    connected(directory_admin=ADMIN).check()
    connected(directory_admin="", mailboxes=[DESK]).check()
    assert not [path for _, path in server.faults.calls if "messages" in path or "drafts" in path]


def test_what_is_missing_is_told_before_a_request_needs_it(fake: GmailFake, connected: Connect) -> None:
    def told(**settings: Any) -> dict[str, set[bool | None]]:
        found: dict[str, set[bool | None]] = {}
        for probe in connected(**settings).inspect():
            found.setdefault(str(probe.aspect), set()).add(probe.ok)
        return found

    every = {"reach": {True}, "locate": {True}, "delete": {True}, "inventory": {True}}
    assert told() == every
    assert told(directory_admin="", mailboxes=[DESK]).keys() == {"reach", "locate", "delete"}
    fake.user(f"old@{OFFICE}", suspended=True)
    assert told() == {**every, "inventory": {True, False}}
    fake.admins = set()
    assert told()["locate"] == {True, False}
    before = fake.tokens.delegated
    fake.tokens.delegated = before - {"https://mail.google.com/"}
    try:
        assert told(deletion="permanent")["delete"] == {False}
    finally:
        fake.tokens.delegated = before
