"""Whose an identifier was: under several keys, of several people, and of nobody else."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime

from connectors.memory import connect
from connectors.model import CollectionSpec, Identifier, IdentitySpec, SystemSpec, Trust
from connectors.protocol import Enumerates
from orchestrator.ledger import Erasure, Index, Tagger
from orchestrator.replay import _matches

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def tagger(key: str) -> Tagger:
    return lambda kind, value: hashlib.sha256(f"{key} {kind} {value}".encode()).hexdigest()


def erased(first: str, key: str, **known: str) -> Erasure:
    tags = tuple((kind, (tagger(key)(kind, value),)) for kind, value in sorted(known.items()))
    return Erasure(first, "sha256:0", key, "db", ("users",), tags, NOW, NOW, None)


def matched(ledger: list[Erasure], *rows: Mapping[str, str]) -> dict[str, set[tuple[str, str]]]:
    borne = [tuple(Identifier(kind, value, Trust.ASSIGNED) for kind, value in row.items()) for row in rows]
    count, found = _matches(borne, Index(ledger, tagger), lambda kind, value: value.strip().lower())
    assert count == len(rows)
    return {first: {(i.kind, i.value) for i in mine} for first, mine in found.items()}


def test_every_key_is_asked_and_kinds_are_kept_apart() -> None:
    ledger = [erased("r-1", "old", email="a@example.com", user_id="7"), erased("r-2", "new", email="b@example.com")]
    found = matched(ledger, {"email": " A@Example.com ", "user_id": "9"}, {"phone": "7"}, {"email": "b@example.com"})
    assert found == {"r-1": {("email", "a@example.com")}, "r-2": {("email", "b@example.com")}}


def test_a_row_is_whose_it_fits_best() -> None:
    """An address that two erased people had in turn."""
    ledger = [erased("r-1", "k", email="a@example.com", user_id="1"),
              erased("r-2", "k", email="a@example.com", user_id="2")]  # fmt: skip
    account = {"email": "a@example.com", "user_id": "2"}
    assert set(matched(ledger, account)) == {"r-2"}
    assert set(matched(ledger, account, {"email": "a@example.com"})) == {"r-2"}, "and what only bears the address, too"
    assert set(matched(ledger, {"email": "a@example.com"})) == {"r-1", "r-2"}, "nobody can tell: both stop later"


def test_a_tag_made_with_one_key_is_nothing_under_another() -> None:
    entry = erased("r-1", "old", email="a@example.com")
    moved = Erasure(entry.first, entry.plan, "new", entry.system, entry.collections, entry.tags, NOW, NOW, None)
    assert matched([moved], {"email": "a@example.com"}) == {}


def test_the_reference_connector_lists_everybody_but_claims_and_placeholders() -> None:
    identities = (IdentitySpec("email", "email", Trust.PROVEN), IdentitySpec("email", "other", Trust.CLAIMED))
    rows = {"users": [{"email": "a@example.com", "other": "c@example.com"}, {"email": "[redacted]"}, {}]}
    connector = connect(SystemSpec("db", "memory", {"rows": rows}, {}, (CollectionSpec("users", identities),)))
    assert isinstance(connector, Enumerates)
    assert [[i.value for i in row] for row in connector.identities()] == [["a@example.com"]]
