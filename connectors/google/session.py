"""A requests session that is held to this project's rules, whoever made it."""

from __future__ import annotations

import logging
from typing import Any

import requests
import requests.adapters

from connectors.http import MAX_ANSWER

# google-auth logs headers and bodies of every call at DEBUG. A filter holds whatever level is set.
_LOGGERS = (
    "google.auth._default",
    "google.auth._refresh_worker",
    "google.auth._regional_access_boundary_utils",
    "google.auth.transport.requests",
    "google.oauth2._client",
)
for _name in _LOGGERS:
    logging.getLogger(_name).addFilter(lambda record: False)


def hold(session: requests.Session) -> None:
    """Hold a session to one attempt, no redirect, no environment and answers of MAX_ANSWER bytes."""
    session.trust_env = False
    session.max_redirects = 0
    for prefix in ("https://", "http://"):
        session.mount(prefix, _Bounded(max_retries=0))


class TooLargeError(requests.RequestException):
    """An answer is larger than any honest one."""


class _Bounded(requests.adapters.HTTPAdapter):
    """Reads an answer that nobody streams up to a size; one that is streamed is the caller's."""

    def send(self, request: requests.PreparedRequest, stream: bool = False, *more: Any, **named: Any) -> Any:
        response = super().send(request, True, *more, **named)
        if not stream:
            body = bytearray()
            for chunk in response.iter_content(64 * 1024):
                body += chunk
                if len(body) > MAX_ANSWER:
                    response.close()
                    raise TooLargeError
            response._content = bytes(body)
        return response
