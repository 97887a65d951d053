"""Clients know only their inventory entry; AWS's errors by our names."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import connectors
from connectors.aws.session import client, named_errors
from connectors.errors import AuthError, ConfigError, ConnectorError, RefusedError, TransientError
from connectors.model import Secret, SystemSpec
from connectors.sandbox.aws import AwsSandbox
from tests.connectors.aws.world import SECRETS, spec, uploads

SPEC = SystemSpec("files", "aws.s3", {"region": "eu-west-1"}, SECRETS)


def test_nothing_in_the_environment_changes_a_client(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A profile that does not exist would raise; the others would redirect or re-sign every call."""
    config = tmp_path / "config"
    config.write_text(
        "[default]\nregion = ap-south-1\nendpoint_url = http://elsewhere.example.com\nretry_mode = legacy\n"
    )
    for name, value in {
        "AWS_PROFILE": "no-such-profile", "AWS_CONFIG_FILE": str(config), "AWS_SHARED_CREDENTIALS_FILE": str(config),
        "AWS_REGION": "ap-south-1", "AWS_DEFAULT_REGION": "ap-south-1", "AWS_ENDPOINT_URL": "http://elsewhere.example.com",
        "AWS_ENDPOINT_URL_S3": "http://elsewhere.example.com", "AWS_ACCESS_KEY_ID": "live", "AWS_MAX_ATTEMPTS": "9",
        "AWS_SECRET_ACCESS_KEY": "live", "AWS_SESSION_TOKEN": "live", "HTTPS_PROXY": "http://elsewhere.example.com",
        "AWS_DEFAULTS_MODE": "auto",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    made = client(SPEC, "s3")
    assert made.meta.endpoint_url == "https://s3.eu-west-1.amazonaws.com"
    assert made.meta.region_name == "eu-west-1"
    credentials = made._request_signer._credentials
    assert (credentials.access_key, credentials.token) == ("sandbox", None)
    assert made.meta.config.retries["total_max_attempts"] == 1
    assert made.meta.config.proxies == {}


@pytest.mark.parametrize(("settings", "secrets", "named"), [
    ({}, SECRETS, "settings.region"),
    ({"region": "mars"}, SECRETS, "settings.region"),
    ({"region": "us-east-1", "regoin": 1}, SECRETS, "unknown setting 'regoin'"),
    ({"region": "us-east-1", "timeout": 0}, SECRETS, "settings.timeout"),
    ({"region": "us-east-1", "endpoint_url": "http://files.example.com"}, SECRETS, "settings.endpoint_url"),
    ({"region": "us-east-1", "page_size": 1001}, SECRETS, "settings.page_size"),
    ({"region": "us-east-1", "account_id": 123456789012}, SECRETS, "settings.account_id"),
    ({"region": "us-east-1"}, {"access_key_id": Secret("sandbox")}, "secrets.secret_access_key: missing"),
    ({"region": "us-east-1"}, {**SECRETS, "api_key": Secret("sandbox")}, "unknown secret 'api_key'"),
])  # fmt: skip
def test_what_is_wrong_is_named(settings: dict[str, Any], secrets: dict[str, Secret], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        connectors.build(SystemSpec("files", "aws.s3", settings, secrets, (uploads(),)))


@pytest.mark.parametrize(("status", "code", "expected"), [
    (503, "SlowDown", TransientError), (400, "ThrottlingException", TransientError),
    (500, "InternalError", TransientError),
    (400, "ProvisionedThroughputExceededException", TransientError), (400, "RequestTimeout", TransientError),
    (403, "AccessDenied", AuthError), (400, "ExpiredToken", AuthError), (400, "UnrecognizedClientException", AuthError),
    (404, "NoSuchBucket", ConfigError), (301, "PermanentRedirect", ConfigError),
    (400, "MalformedXML", RefusedError), (418, "New/Code ann.lee@example.com?", RefusedError),
])  # fmt: skip
def test_errors_are_named_by_what_the_caller_does_next(status: int, code: str, expected: type[ConnectorError]) -> None:
    from botocore.exceptions import ClientError

    meta = {"HTTPStatusCode": status, "HTTPHeaders": {"retry-after": "3"}}
    answer = {"Error": {"Code": code, "Message": "users/1/ann.lee"}, "ResponseMetadata": meta}
    with pytest.raises(expected) as raised, named_errors("files", "s3:ListBucket on tt"):
        raise ClientError(answer, "ListObjects")
    assert "users/1" not in str(raised.value)
    assert "@" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert getattr(raised.value, "retry_after", 3.0) == 3.0


def test_no_answer_and_no_connection_are_transient(aws: AwsSandbox) -> None:
    closed = replace(spec(aws, uploads()), settings={"region": "us-east-1", "endpoint_url": "http://127.0.0.1:9"})
    with pytest.raises(TransientError, match="EndpointConnectionError"):
        connectors.build(closed).check()


def test_botocore_says_nothing_at_debug(aws: AwsSandbox, caplog: pytest.LogCaptureFixture) -> None:
    """Even where a program has switched its loggers on."""
    names = ("", "botocore", "botocore.endpoint", "botocore.parsers", "botocore.hooks", "urllib3.connectionpool")
    made = client(spec(aws), "s3")
    before = {name: logging.getLogger(name).level for name in names}
    try:
        for name in names:
            logging.getLogger(name).setLevel(logging.DEBUG)
        made.list_buckets()
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
    assert [r.name for r in caplog.records if not r.name.startswith("connectors.")] == []
