"""What is seen in a text: every type of value, whoever else is in it, and nothing besides."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.model import Identifier, Subject, Trust
from orchestrator.package.fieldnames import keyed
from orchestrator.package.people import Own
from orchestrator.package.scan import Found, Scanner
from orchestrator.package.vocabulary import Type
from tests.package.planted import OWN_EMAIL, OWN_PHONE, SENTENCES, TEXT, VALUES

SUBJECT = Subject.of(Identifier("email", OWN_EMAIL, Trust.PROVEN), Identifier("phone", OWN_PHONE, Trust.PROVEN))
SCANNER = Scanner(Own(SUBJECT))


def seen(text: str, context: str = "") -> tuple[str, set[Type]]:
    found = Found()
    return SCANNER.cleaned(text, found, context), set(found)


@pytest.mark.parametrize("kind", SENTENCES)
def test_each_type_is_blacked_out_and_named(kind: Type) -> None:
    sentence, value = SENTENCES[kind]
    clean, types = seen(sentence)
    assert value not in clean
    assert types == {kind}
    assert kind.mark in clean


@pytest.mark.parametrize(
    "text",
    [
        "SSN 219 09 9991",
        "ssn:219099991",
        "social security number is 219 09 9991",
        "Social Security #: 219-09-\n9991",
        "ITIN 912-70-1234",
        "123-45-6789",
        "078-05-1120",
        "ssn １２３-４５-６７８９",
        "SSN 219–09–9991",
        "<ssn>219099991</ssn>",
        "4111111111111111",
        "4111-1111-1111-1111",
        "4111 1111 1111\n1111",
        "5555555555554444",
        "378282246310005",
        "card no 30569309025904",
        "3782 822463 10005",
        "x=12 4111 1111 1111 1111",
        "order 4111 1111 1111 1111",
        "VISA4111111111111111",
        "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
        "GB82WEST12345698765432",
        "account number: 000123456789",
        "routing number 021000021",
        "Acct # 12345678",
        "driver license F255-9210-1035",
        "DL# D1234567",
        "passport: 123456789",
        "Passport Number\nC01X00T47",
        "medicare 1EG4-TE5-MK73",
        "MRN: 445566",
        "policy number HX-123456",
        "NHS number 943 476 5919",
        "pwd=abc123",
        "Password is correct1!",
        'password "letmein"',
        "Password: correct horse battery staple",
        "security question: first pet? answer: Rex",
        "secret answer = blue",
        "Authorization: Bearer abc.def-123456",
        "Cookie: _session=abcdef12345",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc_def",
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "sk_live_abcdefghij0123",
        "postgres://app:hunter2@db.example.com/x",
        "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE",
        "recovery codes: ab12-cd34 ef56-gh78",
        "seed phrase: " + "apple " * 11 + "pear",
        "totp secret: JBSWY3DPEHPK3PXP",
        "face embedding: [0.123, -0.456, 0.789, 0.101]",
        "voiceprint=AAECAwQFBgcICQoLDA0ODw==",
        "+44 20 7946 0958",
        "212.555.0188",
        "1-212-555-0188",
        "tel: 2125550188",
        "Phone 212 5550188",
        "%2B442079460958",
        "ben%40example.net",
        "mailto:ben@example.net?x",
        "Ben&#64;example.net",
        '"Ben O"@example.net',
        "<ben+tag@sub.example.co.uk>",
    ],
)
def test_other_spellings_are_seen_too(text: str) -> None:
    clean, types = seen(text)
    assert types, text
    assert clean != text


@pytest.mark.parametrize(
    "text",
    [
        OWN_EMAIL,
        OWN_EMAIL.upper(),
        f"ann.lee+shop@example.com wrote, email={OWN_EMAIL}",
        "(415) 555-2671",
        "+1 415.555.2671",
        "tel 4155552671",
        "order id 4111111111111111",
        "tracking no: 4111111111111111",
        "4111111111111112",
        "1732500000123",
        "1732500000123456789",
        "2026-11-24 12:30:45",
        "2026-11-24T12:30:45.123456Z",
        "24/11/2026 - 25/11/2026",
        "ISBN 978-3-16-148410-0",
        "10.0.100.200:8080",
        "550e8400-e29b-41d4-a716-446655440000",
        "sha 4111111111111111aabbccddeeff00112233",
        "lat 37.7749295123, -122.4194155",
        "invoice 2026-000123 of 1,234,567.89 USD",
        "Visa ending in 1111",
        "**** **** **** 1111",
        "items 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15",
        "Please reset your password. Your password is required. Forgot your password?",
        "The session was held, a signature is required.",
        "We seed the lawn. The template is new. Tokens are counted.",
        "Your passport is needed. The card number field is empty.",
        "v1.2.3, build 20261124.1",
        "5 of 10 (50%)",
        "icon@2x.png",
        "the @mention, a @ b",
        "price per seat $2.50",
        "000-00-0000",
        "member since 2024",
        "account 42",
        "policy of 2026",
        "group number one",
        "1234567890",
    ],
)
def test_what_is_nobody_elses_and_no_secret_stays(text: str) -> None:
    assert seen(text) == (text, set())


def test_only_what_is_proven_is_the_persons_own() -> None:
    claimed = Scanner(Own(Subject.of(Identifier("email", OWN_EMAIL, Trust.CLAIMED))))
    assert claimed.spans(f"write to {OWN_EMAIL}")


def test_a_fields_name_says_what_its_number_is() -> None:
    assert seen("219099991", "ssn")[1] == {Type.SSN}
    assert seen("219099991", "order")[1] == set()
    assert seen("000123456789", "bank_accountNumber")[1] == {Type.ACCOUNT}


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("password", Type.PASSWORD),
        ("userPassword", Type.PASSWORD),
        ("password_digest", Type.HASH),
        ("pin", Type.PASSWORD),
        ("access_token", Type.TOKEN),
        ("apiKey", Type.KEY),
        ("otp_secret", Type.SEED),
        ("securityAnswer", Type.QUESTION),
        ("faceEmbedding", Type.BIOMETRIC),
        ("passport_no", Type.PASSPORT),
        ("ssn", Type.SSN),
        ("mrn", Type.MEDICAL),
        ("password_changed_at", None),
        ("token_count", None),
        ("fingerprint", None),
        ("pinned", None),
        ("account_id", None),
    ],
)
def test_a_fields_name_may_say_that_it_never_leaves(key: str, kind: Type | None) -> None:
    assert keyed(key) is kind


def test_what_is_clean_stays_as_it_is() -> None:
    once, _ = seen(TEXT)
    assert seen(once) == (once, set())


def test_encoded_data_is_looked_into_or_goes() -> None:
    import base64

    picture = base64.b64encode(bytes(range(256)) * 3).decode()
    assert seen(f"data:image/png;base64,{picture}")[1] == {Type.ENCODED}
    hidden = base64.b64encode(("A long letter. " * 20 + "SSN 219-09-9991").encode()).decode()
    assert seen(hidden)[1] == {Type.ENCODED}
    harmless = base64.b64encode(("A long letter. " * 30).encode()).decode()
    assert seen(harmless)[1] == set()


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80), st.sampled_from(list(SENTENCES.values())), st.text(max_size=80))
def test_a_value_is_seen_whatever_stands_around_it(before: str, planted: tuple[str, str], after: str) -> None:
    clean, types = seen(f"{before}\n{planted[0]}\n{after}")
    assert planted[1] not in clean
    assert types
    assert len(VALUES) == len(SENTENCES)
