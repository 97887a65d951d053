"""Finding: which account a row is in, what only looks like absence, and what an answer leaves out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.errors import AuthError, ConfigError, RefusedError, TransientError
from connectors.model import (
    CollectionSpec,
    Identifier,
    IdentitySpec,
    ObstacleKind,
    Subject,
    Trust,
)
from connectors.sandbox.faults import Fault
from connectors.sandbox.sendgrid import SendGridSandbox
from connectors.sandbox.serve import Server
from tests.connectors.sendgrid.conftest import ANN, JO, SUBJECT, Connect, known_by, located


def test_suppressions_are_asked_by_exact_address_and_never_by_the_filter(
    server: Server, fake: SendGridSandbox, connected: Connect
) -> None:
    for name in ("bounces", "blocks", "invalid_emails", "spam_reports", "unsubscribes", "news"):
        fake.suppress(name, ANN + ".example.org")  # begins with the person's address
        fake.suppress(name, JO)
    assert located(connected()) == {}
    assert not any(
        path in ("/v3/suppression/bounces", "/v3/suppression/unsubscribes") for _, path in server.faults.calls
    )
    assert not any("email=" in query for query in fake.queries if "%" not in query.partition("=")[0] and "to_" in query)


def test_an_address_is_one_part_of_the_path(fake: SendGridSandbox, connected: Connect) -> None:
    strange = "a/b+c%41?x#y@example.com"
    for email in (strange, "a", ANN):
        fake.suppress("bounces", email)
        fake.suppress("unsubscribes", email)
    records = located(connected(messages=False, email_logs=False), known_by("email", strange))
    assert {name: r.count for name, r in records.items() if "supp" in name} == {
        "suppressions.bounces": 1,
        "suppressions.unsubscribes": 1,
    }


def test_every_group_is_listed_and_only_suppressed_ones_count(fake: SendGridSandbox, connected: Connect) -> None:
    fake.suppress("news", JO)
    fake.suppress("offers", ANN)
    assert located(connected())["suppressions.asm_groups"].count == 1


@pytest.mark.parametrize("apart", [False, True])
def test_both_spellings_are_found_whether_cases_are_told_apart_or_not(
    fake: SendGridSandbox, connected: Connect, apart: bool
) -> None:
    fake.tells_cases_apart = apart
    for email in ("Ann.Lee@Example.com", ANN):
        fake.message(email)
        fake.legacy(email)
        fake.suppress("bounces", email)
    records = located(connected(), known_by("email", "Ann.Lee@Example.com"))
    counts = {name: r.count for name, r in records.items() if not r.obstacles}
    assert counts == {"messages": 2, "email_logs": 2, "legacy_contacts": 2, "suppressions.bounces": 2}


def test_not_found_is_absence_only_as_the_vendor_says_it(fake: SendGridSandbox, connected: Connect) -> None:
    fake.contact(JO)
    two = Subject.of(*(Identifier("email", e, Trust.PROVEN) for e in (ANN, JO)))
    assert located(connected(), two)["contacts"].count == 1  # the other is an error in place of a contact
    assert "contacts" not in located(connected())  # 404


def _plain(status: str, body: bytes = b"<html>Not Found</html>", *headers: tuple[str, str]) -> Server:
    def app(environ: object, start_response: object) -> list[bytes]:
        start_response(status, [("Content-Type", "text/html"), *headers])  # type: ignore[operator]
        return [body]

    return Server(app)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        ("404 X", b"<html>Not Found</html>"),
        ("404 X", b"[]"),
        ("200 X", b'{"result": {"x": {"error": "try later"}}}'),
        ("200 X", b'{"result": []}'),
    ],
)
def test_what_only_looks_like_absence(connected: Connect, status: str, body: bytes) -> None:
    with _plain(status, body) as other, pytest.raises(TransientError, match="searching contacts"):
        list(connected(base_url=other.url, subusers=[]).locate(SUBJECT))


def test_an_error_that_is_cut_off_is_transient(server: Server, fake: SendGridSandbox, connected: Connect) -> None:
    cut = server.faults.inject(Fault.CUT, match=lambda method, path: path.endswith("/search/emails"))
    with cut, pytest.raises(TransientError, match="searching contacts"):
        list(connected().locate(SUBJECT))


def test_messages_to_an_address_that_contains_the_persons_are_not_theirs(
    fake: SendGridSandbox, connected: Connect
) -> None:
    fake.loose_queries = True
    fake.message("jo" + ANN)
    assert located(connected()) == {}


@pytest.mark.parametrize(
    ("status", "error"),
    [
        ("408 X", TransientError),
        ("409 X", TransientError),
        ("502 X", TransientError),
        ("418 X", RefusedError),
        ("413 X", RefusedError),
        ("403 X", AuthError),
    ],
)
def test_statuses_that_the_sdk_has_no_name_for(connected: Connect, status: str, error: type[Exception]) -> None:
    with _plain(status) as other, pytest.raises(error) as raised:
        connected(base_url=other.url).check()
    assert "html" not in str(raised.value)


def test_the_key_does_not_follow_a_redirect(server: Server, connected: Connect) -> None:
    with _plain("302 X", b"", ("Location", f"{server.url}/v3/scopes")) as other, pytest.raises(RefusedError):
        connected(base_url=other.url, subusers=[]).check()
    assert server.faults.calls == []


def test_the_environments_proxy_is_not_used(
    fake: SendGridSandbox, connected: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    connected().check()


@pytest.mark.parametrize("after", [0, 2, 6])
def test_a_rate_limit_says_how_long_to_wait(fake: SendGridSandbox, connected: Connect, after: int) -> None:
    fake.rate_left = after
    with pytest.raises(TransientError) as raised:
        list(connected().locate(SUBJECT))
    assert raised.value.retry_after == pytest.approx(23, abs=3)  # told as unix time


@pytest.mark.parametrize("store", ["messages", "email_logs"])
def test_more_messages_than_an_answer_holds(fake: SendGridSandbox, connected: Connect, store: str) -> None:
    for number in range(7):
        fake.message(ANN, ago=timedelta(days=number / 4))
        fake.message(JO, ago=timedelta(days=number / 4))
    assert located(connected(page_size=2))[store].count == 7
    fake.message(ANN)
    fake.message(ANN)
    with pytest.raises(RefusedError, match="one second"):
        located(connected(page_size=2))


@pytest.mark.parametrize("email", ['a"b@example.com', "o'brien@example.com"])
def test_an_address_that_no_query_can_carry_is_looked_for_by_hand(
    fake: SendGridSandbox, connected: Connect, email: str
) -> None:
    fake.message(email)
    records = located(connected(), known_by("email", email))
    by_hand = {"messages", "email_logs"} if '"' in email else {"email_logs"}
    assert {n for n, r in records.items() if [o.kind for o in r.obstacles] == [ObstacleKind.BY_HAND]} == by_hand


@pytest.mark.parametrize("under", ["result", "results"])
@pytest.mark.parametrize("nested", [False, True])
def test_shapes_that_the_reference_gives_in_two_ways(
    fake: SendGridSandbox, connected: Connect, under: str, nested: bool
) -> None:
    fake.lists_under, fake.nested_recipients = under, nested
    fake.teammate(ANN)
    fake.legacy(ANN)
    records = located(connected())
    assert records["teammates"].count == records["legacy_contacts"].count == 1


class TestSubusers:
    def test_each_account_holds_its_own(self, fake: SendGridSandbox, connected: Connect) -> None:
        for name in ("shop", "news"):
            fake.subuser(name)
            fake.contact(ANN, name)
            fake.message(ANN, name)
        fake.contact(ANN)
        records = located(connected())
        assert {name for name in records if "contacts" in name} == {"contacts/news", "contacts/shop", "contacts"}
        assert {name for name in records if "email_logs" in name} == {"email_logs/news", "email_logs/shop"}
        named = located(connected(subusers=["shop"]))
        assert "contacts/news" not in named
        assert "contacts/shop" in named
        assert "contacts/shop" not in located(connected(subusers=[]))

    def test_what_the_parent_sees_of_them_counts_once(self, fake: SendGridSandbox, connected: Connect) -> None:
        fake.parent_sees_subusers = True
        fake.subuser("shop")
        fake.message(ANN, "shop")
        fake.message(ANN)
        records = located(connected())
        assert (records["messages/shop"].count, records["messages"].count) == (1, 1)

    def test_an_answer_not_given_on_their_behalf_is_refused(self, fake: SendGridSandbox, connected: Connect) -> None:
        fake.honours_on_behalf_of = False
        fake.subuser("shop")
        fake.contact(ANN)
        with pytest.raises(RefusedError, match="on its behalf"):
            list(connected().locate(SUBJECT))

    def test_one_that_is_not_there_is_a_mistake_in_the_inventory(self, connected: Connect) -> None:
        with pytest.raises(ConfigError, match="subusers"):
            list(connected(subusers=["gone"]).locate(SUBJECT))


def test_the_check_names_missing_scopes(fake: SendGridSandbox, connected: Connect) -> None:
    fake.scopes -= {"marketing.read", "suppression.blocks.read"}
    with pytest.raises(AuthError, match=r"marketing\.read, suppression\.blocks\.read or suppression\.read"):
        connected().check()
    connected(not_in_plan=["contacts", "senders", "suppressions.blocks"]).check()


def test_a_refused_list_is_no_empty_one(fake: SendGridSandbox, connected: Connect) -> None:
    fake.not_in_plan = {"marketing/contacts", "logs"}
    with pytest.raises(AuthError):
        list(connected().locate(SUBJECT))
    assert list(connected(not_in_plan=["contacts"], email_logs=False).locate(SUBJECT)) == []


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"base_url": "http://api.example.com"}, "base_url"),
        ({"timeout": 0}, "timeout"),
        ({"timeout": True}, "timeout"),
        ({"settle_days": 30}, "settle_days"),
        ({"settle_days": 0}, "settle_days"),
        ({"subusers": "shop"}, "subusers"),
        ({"not_in_plan": ["mail"]}, "not_in_plan"),
        ({"messages": "yes"}, "messages"),
        ({"require_suppression": 1}, "require_suppression"),
    ],
)
def test_wrong_settings_are_named(connected: Connect, settings: dict[str, object], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        connected(**settings)


def test_wrong_collections_and_fields_are_named(connected: Connect) -> None:
    with pytest.raises(ConfigError, match="'mail'"):
        connected((CollectionSpec("mail"),))
    identity = (IdentitySpec("phone", "phone_number_id", Trust.CLAIMED),)
    with pytest.raises(ConfigError, match=r"teammates\.phone_number_id"):
        connected((CollectionSpec("teammates", identity),))
