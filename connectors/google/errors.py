"""The named errors behind the answers of Google's APIs and token endpoint.

Sources: https://developers.google.com/workspace/gmail/api/guides/handle-errors (a 403 can be a rate
limit), https://cloud.google.com/apis/design/errors (ErrorInfo and RetryInfo).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.errors import AuthError, ConnectorError, RefusedError, TransientError
from connectors.http import error_for, retry_after

_RATE_REASONS = {"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "RATE_LIMIT_EXCEEDED"}
_DAY_REASONS = {"dailyLimitExceeded", "dailyLimitExceededUnreg"}
# The reasons that may stand in a message: Google's own words, and nothing else that an answer says.
_REASONS = {
    *_RATE_REASONS,
    *_DAY_REASONS,
    "accessNotConfigured",
    "authError",
    "backendError",
    "badRequest",
    "domainPolicy",
    "failedPrecondition",
    "forbidden",
    "insufficientPermissions",
    "invalid",
    "invalidArgument",
    "notFound",
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
    "FAILED_PRECONDITION",
    "INVALID_ARGUMENT",
    "NOT_FOUND",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "SERVICE_DISABLED",
    "UNAUTHENTICATED",
    # of the token endpoint: RFC 6749 §5.2, and Google's own
    "access_denied",
    "admin_policy_enforced",
    "invalid_client",
    "invalid_grant",
    "invalid_request",
    "invalid_scope",
    "unauthorized_client",
}
_RETRY_AT = re.compile(r"Retry after (\d{4}-\d\d-\d\dT[\d:.]+Z)")


def decoded(body: bytes) -> Any:
    """A body as JSON; None if it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def reasons_of(answer: object) -> tuple[str, ...]:
    """Google's machine-readable reasons in a decoded error answer, most specific first; () if none.

    Reads `error.errors[].reason` (Gmail, Directory), `error.details[].reason` (ErrorInfo),
    `error.status`, and `error` itself where it is a word (the token endpoint). Words that are not
    known here are left out, for they might be anything.
    """
    error = answer.get("error") if isinstance(answer, dict) else None
    if not isinstance(error, dict):
        return (error,) if isinstance(error, str) and error in _REASONS else ()
    rows = [row for name in ("errors", "details") for row in _rows(error.get(name))]
    words = [*(row.get("reason") for row in rows), error.get("status")]
    return tuple(dict.fromkeys(w for w in words if isinstance(w, str) and w in _REASONS))


def google_error(system: str, status: int, headers: Mapping[str, str], answer: object, doing: str) -> ConnectorError:
    """The named error for an answer of a Google API; `answer` is its decoded body, or None.

    A 403 whose reason is a rate is transient, like 429. `doing` is a constant phrase.
    """
    reasons = reasons_of(answer)
    named = error_for(system, status, headers, doing)
    if status in (403, 429) and _DAY_REASONS.intersection(reasons):
        return TransientError(
            system, f"{doing}: the day's quota is used up (HTTP {status})", error_wait(headers, answer)
        )
    if isinstance(named, TransientError) or (status == 403 and _RATE_REASONS.intersection(reasons)):
        wait = error_wait(headers, answer)
        return TransientError(system, f"{doing}: HTTP {status}{_and(reasons)}", wait)
    kind = AuthError if isinstance(named, AuthError) else RefusedError
    return kind(system, f"{doing}: {'not allowed' if kind is AuthError else 'refused'} (HTTP {status}{_and(reasons)})")


def error_wait(headers: Mapping[str, str], answer: object) -> float | None:
    """Seconds to wait as the headers say (connectors.http.retry_after), or else the body."""
    wait = retry_after(headers)
    return _wait(answer) if wait is None else wait


def _wait(answer: object) -> float | None:
    """RetryInfo.retryDelay ("30s"), or the time that Gmail writes into its message."""
    error = answer.get("error") if isinstance(answer, dict) else None
    if not isinstance(error, dict):
        return None
    for row in _rows(error.get("details")):
        if found := re.fullmatch(r"(\d+(?:\.\d+)?)s", str(row.get("retryDelay", ""))):
            return float(found[1])
    if found := _RETRY_AT.search(str(error.get("message", ""))):
        try:
            return max(0.0, (datetime.fromisoformat(found[1]) - datetime.now(UTC)).total_seconds())
        except ValueError:
            return None
    return None


def _rows(value: object) -> list[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _and(reasons: tuple[str, ...]) -> str:
    return f", {reasons[0]}" if reasons else ""
