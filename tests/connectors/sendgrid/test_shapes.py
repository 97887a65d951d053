"""The sandbox answers in the shapes of the vendor's OpenAPI description.

shapes.json holds the bare schemas of the answers used here, out of https://github.com/twilio/sendgrid-oai
(MIT License, Copyright (C) Twilio SendGrid).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import requests

from connectors.sandbox.sendgrid import API_KEY, SendGridSandbox
from connectors.sandbox.serve import Server
from tests.connectors.sendgrid.conftest import ANN

_SHAPES: dict[str, Any] = json.loads(Path(__file__).with_name("shapes.json").read_text())
_BODIES: dict[str, Any] = {
    "/v3/marketing/contacts/search/emails": {"emails": [ANN, "nobody@example.com"]},
    "/v3/marketing/contacts/search/identifiers/external_id": {"identifiers": ["u-1"]},
    "/v3/recipients/erasejob": {"email_addresses": [ANN]},
    "/v3/logs": {"query": f"to_email = '{ANN}'"},
    "/v3/asm/suppressions/global": {"recipient_emails": [ANN]},
}


@pytest.fixture
def answered(fake: SendGridSandbox, server: Server) -> Any:
    """Calls the sandbox with everything planted."""
    contact = fake.contact(ANN, external_id="u-1")
    fake.legacy(ANN)
    fake.subuser("shop")
    fake.accounts[""].marketing_lists.append("Webinar")
    fake.accounts[""].segments.append("Lapsed")
    fake.accounts[""].legacy_lists.append("Old")
    fake.accounts[""].legacy_segments.append("Older")
    fake.teammate(ANN)
    fake.teammate(ANN, pending=True)
    for name in ("bounces", "blocks", "invalid_emails", "spam_reports", "unsubscribes", "news"):
        fake.suppress(name, ANN)
    message = fake.message(ANN)
    queries = {
        "/v3/messages": {"query": f'to_email="{ANN}"'},
        "/v3/marketing/contacts": {"ids": contact["id"]},
        "/v3/contactdb/recipients/search": {"email": ANN},
    }

    def call(shape: str) -> requests.Response:
        method, path, status = shape.split()
        for name, value in (("email", ANN), ("identifier_type", "external_id")):
            path = path.replace(f"{{{name}}}", value)
        path = path.replace("{msg_id}", message).replace("{sg_message_id}", message)
        fake.invalid = {ANN} if status == "400" else set()
        headers = {"Authorization": f"Bearer {API_KEY}"}
        url, query, body = f"{server.url}{path}", queries.get(path), _BODIES.get(path)
        return requests.request(method, url, params=query, json=body, headers=headers, timeout=5)

    return call


@pytest.mark.parametrize("shape", _SHAPES)
def test_an_answer_has_the_vendors_shape(answered: Any, shape: str) -> None:
    response = answered(shape)
    assert response.status_code == int(shape.split()[2])
    answer = response.json()
    if shape.startswith("DELETE /v3/marketing/contacts "):  # the description calls the job's id an object
        assert isinstance(answer["job_id"], str)
        return
    jsonschema.validate(answer, _SHAPES[shape])
    assert answer not in ([], {}, {"result": []}, {"messages": []}, {"recipients": []})
