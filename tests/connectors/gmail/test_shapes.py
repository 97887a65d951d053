"""The fake against the official discovery document: paths, methods, scopes, parameters and fields.

`shapes.json` holds what of https://gmail.googleapis.com/$discovery/rest?version=v1 is used here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.gmail.settings import SCOPES
from connectors.sandbox.gmail import GmailFake, Message
from connectors.sandbox.gmail.calls import CALLS
from connectors.testing.harness import orders_for
from tests.connectors.gmail.conftest import Connect
from tests.connectors.gmail.office import ANN, DESK, SUBJECT

OFFICIAL: dict[str, Any] = json.loads((Path(__file__).parent / "shapes.json").read_text())
METHODS: dict[str, Any] = OFFICIAL["methods"]
METADATA = "https://www.googleapis.com/auth/gmail.metadata"


@pytest.mark.parametrize("name", METHODS)
def test_each_call_takes_the_scopes_it_officially_takes(name: str) -> None:
    method = METHODS[name]
    path = re.sub(r"\{\w+\}", "x", method["path"])
    (allowed,) = [scopes for verb, pattern, scopes, *_ in CALLS
                  if verb == method["httpMethod"] and re.fullmatch(pattern, path)]  # fmt: skip
    known = {*SCOPES.values(), "https://www.googleapis.com/auth/gmail.readonly", METADATA}
    assert allowed == known & set(method["scopes"])


def test_the_fake_has_no_call_that_does_not_exist() -> None:
    official = [(m["httpMethod"], re.sub(r"\{\w+\}", "x", m["path"])) for m in METHODS.values()]
    for verb, pattern, *_ in CALLS:
        assert [path for method, path in official if method == verb and re.fullmatch(pattern, path)], pattern


def test_the_connector_sends_official_parameters_only(fake: GmailFake, connected: Connect) -> None:
    for _ in range(3):
        fake.deliver(DESK, ANN, DESK)
    for deletion in ("trash", "permanent"):
        connector = connected(page_size=2, deletion=deletion)
        records = list(connector.locate(SUBJECT))
        for record in records:
            for artifact in connector.export(SUBJECT, record.at):
                list(artifact.chunks)
        list(connector.delete(SUBJECT, orders_for(records)))
    general = {"fields"}  # every method of Google's APIs takes it
    mail = [(verb, path.partition("/gmail/v1/users/")[2].partition("/")[2], names) for verb, path, names in fake.asked]
    assert len([m for m in mail if m[1]]) > 20
    for verb, path, names in mail:
        if path:
            (method,) = [
                m for m in METHODS.values()
                if m["httpMethod"] == verb and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", m["path"]), path)
                and not (path.endswith("/batchDelete") and "{" in m["path"])
            ]  # fmt: skip
            assert names <= {*method["parameters"], *general}, path
    assert not [path for verb, path, _ in mail if path.startswith("threads/") and verb != "GET"]


@pytest.mark.parametrize("form", ["minimal", "metadata", "full", "raw"])
def test_messages_have_official_fields_only(form: str) -> None:
    raw = b"From: a@example.org\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b--\r\n"
    shown = Message("1", "1", raw, datetime.now(UTC)).shown(form)
    assert shown.keys() <= set(OFFICIAL["schemas"]["Message"])
    assert isinstance(shown["internalDate"], str)
    parts = [shown["payload"], *shown["payload"].get("parts", ())] if "payload" in shown else []
    for part in parts:
        assert part.keys() <= set(OFFICIAL["schemas"]["MessagePart"])
        assert part.get("body", {}).keys() <= set(OFFICIAL["schemas"]["MessagePartBody"])


@pytest.mark.parametrize(
    ("path", "schema", "rows", "row"),
    [
        ("messages", "ListMessagesResponse", "messages", "Message"),
        ("drafts", "ListDraftsResponse", "drafts", "Draft"),
        ("labels", "ListLabelsResponse", "labels", "Label"),
        ("profile", "Profile", "", ""),
    ],
)
def test_answers_have_official_fields_only(
    fake: GmailFake, connected: Callable[..., Any], path: str, schema: str, rows: str, row: str
) -> None:
    fake.deliver(DESK, ANN, DESK)
    fake.draft(DESK, ANN)
    http = connected()._company().mailbox(DESK).http
    _, answer = http.request("GET", f"gmail/v1/users/{DESK}/{path}", doing="reading", params={"maxResults": 1})
    assert answer.keys() <= set(OFFICIAL["schemas"][schema])
    for found in answer[rows] if rows else ():
        assert found.keys() <= set(OFFICIAL["schemas"][row])
