"""The fake answers in the shapes of the vendor's discovery document, and the SDK asks as it says.

shapes.json holds facts of https://analyticsadmin.googleapis.com/$discovery/rest?version=v1alpha: the
fields of what is used here, the paths and the scopes.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import requests

from connectors.google import ServiceAccount
from connectors.model import Secret, SystemSpec
from connectors.sandbox.google_analytics import EDIT, AnalyticsSandbox
from connectors.sandbox.google_analytics_calls import _NUMBERS, USER_FIELDS
from connectors.sandbox.serve import Server

from .conftest import Connect, erase, subject

FACTS: dict[str, Any] = json.loads(Path(__file__).with_name("shapes.json").read_text())
SCHEMAS: dict[str, dict[str, Any]] = FACTS["schemas"]
READ = {
    "Property": "properties/1001",
    "DataRetentionSettings": "properties/1001/dataRetentionSettings",
    "UserProvidedDataSettings": "properties/1001/userProvidedDataSettings",
    "ListBigQueryLinksResponse": "properties/1001/bigQueryLinks?pageSize=1",
    "Audience": "properties/1001/audiences/5",
}
_TYPES = {"string": str, "boolean": bool, "integer": int, "array": list}


@pytest.fixture
def session(server: Server, fake: AnalyticsSandbox) -> requests.Session:
    secret = Secret(fake.tokens.service_account(server.url))
    account = ServiceAccount.of(SystemSpec("visits", "google_analytics", {}, {"service_account": secret}))
    return account.session((EDIT,))


def fits(schema: str, answer: dict[str, Any]) -> None:
    fields = SCHEMAS[schema]
    assert set(answer) <= set(fields), schema
    for name, value in answer.items():
        if values := fields[name].get("enum"):
            assert value in values
        else:
            assert isinstance(value, _TYPES[fields[name]["type"]]), name


@pytest.mark.parametrize("schema", READ)
def test_what_is_read(server: Server, fake: AnalyticsSandbox, session: requests.Session, schema: str) -> None:
    fake.link()
    fake.link()
    fake.excludes = True
    answer = session.get(f"{server.url}/v1alpha/{READ[schema]}").json()
    fits(schema, answer)
    for link in answer.get("bigqueryLinks", []):
        fits("BigQueryLink", link)
    for clause in answer.get("filterClauses", []):
        fits("AudienceFilterClause", clause)


def test_a_deletion_takes_exactly_one_of_the_four(server: Server, session: requests.Session) -> None:
    assert set(USER_FIELDS) == set(SCHEMAS["SubmitUserDeletionRequest"])
    url = f"{server.url}/v1alpha/properties/1001:submitUserDeletion"
    fits("SubmitUserDeletionResponse", session.post(url, json={"userId": "1"}).json())
    for wrong in ({}, {"userId": "1", "clientId": "2"}, {"user_id": "1"}, {"email": "a@example.com"}):
        answer = session.post(url, json=wrong)
        assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")


def test_the_sdk_calls_what_the_document_names(server: Server, connected: Connect) -> None:
    connector = connected(audience=5)
    connector.check()
    erase(connected(), subject(user_id="42", email="ann@example.com"))
    paths = {re.sub(r"\{\w+\}", r"[0-9]+", path): method for method, path, _ in FACTS["methods"].values()}
    called = {(m, p.lstrip("/")) for m, p in server.faults.calls if p.startswith("/v1alpha/")}
    known = {(m, p) for m, p in called if any(re.fullmatch(known, p) and m == how for known, how in paths.items())}
    assert called == known
    assert len(known) == len(FACTS["methods"])


def test_numbers_of_enumerations_are_the_sdks() -> None:
    from google.analytics.admin_v1alpha import types

    kinds: tuple[Any, ...] = (
        types.DataRetentionSettings.RetentionDuration,
        types.ServiceLevel,
        types.PropertyType,
        types.AudienceFilterClause.AudienceClauseType,
    )
    theirs = {member.name: member.value for kind in kinds for member in kind}
    assert {name: theirs[name] for name in _NUMBERS} == _NUMBERS
