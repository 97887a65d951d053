"""moto's server behind a door that lets in only known services and the sandbox's own credentials."""

from __future__ import annotations

import functools
import io
import json
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from connectors.isolation import MARK
from connectors.sandbox.faults import Faults
from connectors.sandbox.serve import Server

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from connectors.sandbox.aws.backup import BackupFake
    from connectors.sandbox.aws.cognito import CognitoCorrections
    from connectors.sandbox.aws.dynamodb import DynamoDbCorrections
    from connectors.sandbox.aws.logs import LogsCorrections
    from connectors.sandbox.aws.rds import RdsCorrections
    from connectors.sandbox.aws.s3 import S3Corrections
    from connectors.sandbox.aws.ses import SesCorrections
    from connectors.sandbox.aws.sns import SnsCorrections

# Signing names. All work with moto's extras of these services, but for `backup`, which is answered here; the
# rest would need `moto[server]`.
SERVICES = frozenset({"s3", "dynamodb", "cognito-idp", "ses", "sns", "logs", "rds", "sts", "backup"})
ACCOUNT, REGION = "123456789012", "us-east-1"  # moto's account


class AwsSandbox:
    """A context manager; `url` is the endpoint of every service, `faults` makes it misbehave.

    `access_key_id` is the only key it accepts, with any secret: moto checks no signatures.
    """

    def __init__(self, port: int = 0, access_key_id: str = MARK) -> None:
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app

        from connectors.sandbox.aws.backup import BackupFake
        from connectors.sandbox.aws.cognito import CognitoCorrections
        from connectors.sandbox.aws.dynamodb import DynamoDbCorrections
        from connectors.sandbox.aws.logs import LogsCorrections
        from connectors.sandbox.aws.rds import RdsCorrections
        from connectors.sandbox.aws.s3 import S3Corrections
        from connectors.sandbox.aws.s3_conditions import S3Conditions
        from connectors.sandbox.aws.ses import SesCorrections
        from connectors.sandbox.aws.sns import SnsCorrections

        # Both log what is asked, at levels that a test may have switched on.
        for name in ("moto", "botocore", "werkzeug"):
            logging.getLogger(name).setLevel(logging.WARNING)
        self.access_key_id = access_key_id
        self.secret_access_key = MARK
        self.region = REGION
        moto = DomainDispatcherApplication(create_backend_app)
        self.dynamodb: DynamoDbCorrections = DynamoDbCorrections(moto)
        self.logs: LogsCorrections = LogsCorrections(self.dynamodb)
        self.rds: RdsCorrections = RdsCorrections(self.logs)
        self.backup: BackupFake = BackupFake(self.rds)
        self.s3: S3Corrections = S3Corrections(self.backup)
        self.cognito: CognitoCorrections = CognitoCorrections(S3Conditions(self.s3))
        self.ses: SesCorrections = SesCorrections(self.cognito)
        self.sns: SnsCorrections = SnsCorrections(self.ses)
        # Its handler keeps the underscores in names of S3 metadata, which werkzeug's drops.
        self._server = Server(_Door(self.sns, access_key_id), port, handler=MotoRequestHandler)
        self.url = self._server.url

    def __enter__(self) -> AwsSandbox:
        self._server.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.__exit__(*exc)

    @property
    def faults(self) -> Faults:
        return self._server.faults

    @property
    def latency(self) -> float:
        """Seconds added to every call."""
        return self.faults.latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        self.faults.latency = seconds

    def client(self, service: str) -> Any:
        """A boto3 client of the sandbox, for planting and looking behind a connector's back."""
        return _client(service, self.url, self.access_key_id)

    def reset(self) -> None:
        """Forget every bucket, table, user and switch."""
        from moto.moto_api._internal.models import moto_api_backend

        moto_api_backend.reset()
        for layer in (self.sns, self.ses, self.cognito, self.s3, self.backup, self.rds, self.logs, self.dynamodb):
            layer.reset()


@functools.lru_cache(maxsize=32)
def _client(service: str, url: str, key: str) -> Any:
    import boto3
    from botocore.config import Config

    config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, proxies={})
    return boto3.Session(key, MARK, region_name=REGION).client(service, endpoint_url=url, config=config)


class _Door:
    """Refuses what must not reach moto: strangers' keys, other services, calls to the outside."""

    def __init__(self, app: WSGIApplication, access_key_id: str) -> None:
        self._app = app
        self._key = access_key_id

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        key, service = signed_by(environ)
        if service and service not in SERVICES:
            _body(environ)  # unread, it would garble the next request on this connection
            return _not_here(start_response, b"the sandbox has no such service")
        if service and key != self._key:
            _body(environ)
            return _refuse(start_response, environ, service)
        # A subscription by HTTP would make moto call that address on every message.
        if service == "sns" and any(p in _body(environ) for p in (b"Protocol=http", b"Endpoint=http")):
            return _not_here(start_response, b"the sandbox calls no addresses")
        return self._app(environ, start_response)


def signed_by(environ: WSGIEnvironment) -> tuple[str, str]:
    """Access key and service of a signed request (`Credential=KEY/date/region/service/aws4_request`)."""
    for part in environ.get("HTTP_AUTHORIZATION", "").replace(",", " ").split():
        if part.startswith("Credential=") and part.count("/") >= 4:
            scope = part.removeprefix("Credential=").rsplit("/", 4)
            return scope[0], scope[3].lower()
    return "", ""


def _refuse(start_response: StartResponse, environ: WSGIEnvironment, service: str) -> Iterable[bytes]:
    """What each family of protocols answers to an unknown key."""
    if service == "s3":
        body = b"<Error><Code>InvalidAccessKeyId</Code><Message>no such key</Message></Error>"
        return _answer(start_response, "403 Forbidden", "application/xml", body)
    if "HTTP_X_AMZ_TARGET" in environ or environ.get("PATH_INFO", "").startswith("/v2/"):
        name = "UnrecognizedClientException"
        body = json.dumps({"__type": name, "message": "no such key"}).encode()
        return _answer(start_response, "400 Bad Request", "application/json", body, ("x-amzn-errortype", name))
    if service == "backup":
        body = json.dumps({"message": "no such key"}).encode()
        kind = ("x-amzn-errortype", "UnrecognizedClientException")
        return _answer(start_response, "403 Forbidden", "application/json", body, kind)
    body = b"<ErrorResponse><Error><Type>Sender</Type><Code>InvalidClientTokenId</Code></Error></ErrorResponse>"
    return _answer(start_response, "403 Forbidden", "text/xml", body)


def _not_here(start_response: StartResponse, why: bytes) -> Iterable[bytes]:
    body = b"<ErrorResponse><Error><Code>NotImplemented</Code><Message>" + why + b"</Message></Error></ErrorResponse>"
    return _answer(start_response, "501 Not Implemented", "text/xml", body)


def _answer(
    start_response: StartResponse, status: str, kind: str, body: bytes, *headers: tuple[str, str]
) -> Iterable[bytes]:
    start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body))), *headers])
    return [body]


def _body(environ: WSGIEnvironment) -> bytes:
    """The request's body, left in place for whoever reads it next."""
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body
