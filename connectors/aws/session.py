"""Clients of AWS that know nothing but their inventory entry, and AWS's errors by our names.

No profile, configuration file, instance metadata, proxy or `AWS_*` variable is read: the entry
says which account is meant, and nothing that happens to lie in the environment may change it.

Settings: `region` (required), `endpoint_url` (a stand-in for AWS; https, or http on loopback),
`timeout` (seconds for connecting and for each read, 30). Secrets: `access_key_id`,
`secret_access_key` and, for temporary credentials, `session_token`.
"""

from __future__ import annotations

import functools
import logging
import os
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from connectors.aws.bounds import bind
from connectors.errors import AuthError, ConfigError, ConnectorError, RefusedError, TransientError
from connectors.http import error_for, retry_after
from connectors.isolation import is_loopback
from connectors.model import SystemSpec

SETTINGS = frozenset({"region", "endpoint_url", "timeout"})
_SECRETS = frozenset({"access_key_id", "secret_access_key", "session_token"})
CONNECTIONS = 16  # of one client at a time
_lock = threading.Lock()  # creating clients is not thread-safe, using them is

# Codes of several services; the rest goes by the HTTP status.
# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
_BUSY = {
    "SlowDown", "Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException",
    "RequestLimitExceeded", "ProvisionedThroughputExceededException", "LimitExceededException", "RequestTimeout",
    "RequestTimeoutException", "InternalError", "InternalServerError", "InternalFailure", "InternalErrorException",
    "ServiceUnavailable", "ServiceUnavailableException", "OperationAborted", "PriorRequestNotComplete",
    "TransactionConflictException", "TransactionInProgressException", "ReplicatedWriteConflictException",
}  # fmt: skip
_BARRED = {
    "AccessDenied", "AccessDeniedException", "AuthorizationError", "NotAuthorizedException", "UnauthorizedOperation",
    "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature",
    "InvalidClientTokenId", "UnrecognizedClientException", "MissingAuthenticationToken", "ExpiredToken",
    "ExpiredTokenException", "InvalidToken", "TokenRefreshRequired", "OptInRequired", "AllAccessDisabled",
    "AccountProblem", "RequestTimeTooSkewed", "RequestExpired",
}  # fmt: skip
_ELSEWHERE = {
    "NoSuchBucket": "does not exist",
    "PermanentRedirect": "is in another region than settings.region",
    "AuthorizationHeaderMalformed": "is in another region than settings.region",
    "IllegalLocationConstraintException": "is in another region than settings.region",
    "ResourceNotFoundException": "does not exist",
}


def client(spec: SystemSpec, service: str, known: frozenset[str] = frozenset()) -> Any:
    """A botocore client of one service. `known` are the connector's own settings besides these.

    Every call is made once (retrying is the caller's matter) and bounded (`connectors.aws.bounds`). Raises
    ConfigError naming the setting or secret that is missing, unknown or wrong.
    """
    region, endpoint, timeout = _checked(spec, known)
    from botocore.config import Config

    config = Config(
        region_name=region,
        connect_timeout=timeout,
        read_timeout=timeout,
        retries={"total_max_attempts": 1, "mode": "standard"},
        max_pool_connections=CONNECTIONS,
        proxies={},
        defaults_mode="legacy",  # "auto" asks the instance metadata for the region
        ignore_configured_endpoint_urls=True,
        s3={"addressing_style": "path" if endpoint else "auto"},
    )
    token = spec.secrets.get("session_token")
    with _lock:
        made = _session().create_client(
            service,
            endpoint_url=endpoint,
            aws_access_key_id=spec.secrets["access_key_id"].reveal(),
            aws_secret_access_key=spec.secrets["secret_access_key"].reveal(),
            aws_session_token=token.reveal() if token else None,
            config=config,
        )
        _hush()
    bind(made, spec.system, timeout, spec.pace)
    return made


def _checked(spec: SystemSpec, known: frozenset[str]) -> tuple[str, str | None, float]:
    given = spec.settings
    possible = SETTINGS | known
    if unknown := sorted(set(given) - possible):
        raise ConfigError(spec.system, f"unknown setting {unknown[0]!r}; known: {', '.join(sorted(possible))}")
    if unknown := sorted(set(spec.secrets) - _SECRETS):
        raise ConfigError(spec.system, f"unknown secret {unknown[0]!r}; known: {', '.join(sorted(_SECRETS))}")
    for name in ("access_key_id", "secret_access_key"):
        if name not in spec.secrets:
            raise ConfigError(spec.system, f"secrets.{name}: missing; name it as env:VARIABLE or file:PATH")
    region, endpoint, timeout = given.get("region"), given.get("endpoint_url"), given.get("timeout", 30)
    if not isinstance(region, str) or not re.fullmatch(r"[a-z]{2,}(-[a-z0-9]+)+", region):
        raise ConfigError(spec.system, "settings.region: the region's code, as in us-east-1")
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or timeout <= 0:
        raise ConfigError(spec.system, "settings.timeout: seconds, more than zero")
    if endpoint is not None:
        secure = isinstance(endpoint, str) and endpoint.startswith("https://")
        local = isinstance(endpoint, str) and endpoint.startswith("http://") and is_loopback(endpoint)
        if not secure and not local:
            raise ConfigError(spec.system, "settings.endpoint_url: an https:// address, or http:// on this machine")
    return region, endpoint, float(timeout)


@functools.cache
def _session() -> Any:
    """One session for all clients, so that the service descriptions are read once."""
    from botocore.session import Session

    # name: (variable in the configuration file, in the environment, value, conversion)
    return Session(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
        }
    )


def _hush() -> None:
    """Botocore logs parameters, addresses and bodies at DEBUG: keys and tags that name the person.

    Filters hold whatever level the program sets; the level holds for loggers made later.
    """
    for name in list(logging.root.manager.loggerDict):
        if name.startswith(("botocore", "urllib3.connection")):
            logger = logging.getLogger(name)
            if _quiet not in logger.filters:
                logger.addFilter(_quiet)
    logging.getLogger("botocore").setLevel(logging.WARNING)


def _quiet(record: logging.LogRecord) -> bool:
    return record.name.startswith("botocore") and record.levelno >= logging.WARNING


@contextmanager
def named_errors(system: str, doing: str) -> Iterator[None]:
    """Calls of botocore inside raise our errors. `doing` is a phrase without personal data.

    An answer that is cut short or not the expected document is a TransientError. The original is
    never chained: its message may name a key, an address or a token.
    """
    from botocore import exceptions as aws

    try:
        yield
    except aws.ClientError as error:
        raise _answered(system, error.response, doing) from None
    except (aws.NoCredentialsError, aws.PartialCredentialsError, aws.NoRegionError) as error:
        raise ConfigError(system, f"{doing}: {type(error).__name__}") from None
    except (aws.ParamValidationError, aws.UnsupportedSignatureVersionError) as error:
        raise RefusedError(system, f"{doing}: {type(error).__name__}") from None
    except (aws.ConnectionError, aws.HTTPClientError, aws.FlexibleChecksumError, aws.IncompleteReadError) as error:
        raise TransientError(system, f"{doing}: {type(error).__name__}") from None
    except _UNREADABLE() as error:
        raise TransientError(system, f"{doing}: the answer is not whole ({type(error).__name__})") from None
    except aws.BotoCoreError as error:
        raise RefusedError(system, f"{doing}: {type(error).__name__}") from None


def _UNREADABLE() -> tuple[type[Exception], ...]:  # noqa: N802 (a constant that is imported late)
    from botocore.parsers import ResponseParserError
    from urllib3.exceptions import HTTPError

    return ResponseParserError, HTTPError, RecursionError


def member(system: str, answer: Mapping[str, Any], name: str, doing: str) -> Any:
    """What an answer must have. Botocore reads half a JSON document as an empty one, which would
    otherwise look like "nothing there". Raises TransientError."""
    if answer.get(name) is None:
        raise TransientError(system, f"{doing}: the answer is not whole (no {name})")
    return answer[name]


def code(error: Any) -> str:
    """The AWS error code of a botocore ClientError, safe to show."""
    return _safe(error.response)


def _safe(response: Mapping[str, Any]) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "", str(response.get("Error", {}).get("Code", "")))[:64]


def _answered(system: str, response: Mapping[str, Any], doing: str) -> ConnectorError:
    name = _safe(response)
    meta = response.get("ResponseMetadata", {})
    status, headers = int(meta.get("HTTPStatusCode", 0)), meta.get("HTTPHeaders", {})
    if name in _BUSY:
        return TransientError(system, f"{doing}: {name}", retry_after(headers))
    if name in _BARRED:
        return AuthError(system, f"{doing}: not allowed ({name})")
    if name in _ELSEWHERE:
        return ConfigError(system, f"{doing}: what the inventory names {_ELSEWHERE[name]} ({name})")
    error = error_for(system, status, headers, f"{doing} ({name})" if not name.isdigit() else doing)
    return error if status else TransientError(system, f"{doing}: {name}")
