"""A requests session that is held to this project's rules, whoever made it."""

from __future__ import annotations

import logging
from typing import Any

import requests
import requests.adapters

from connectors.http import seconds, stay, whole

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
    """Hold a session to one attempt, no redirect, no environment and answers that are bounded."""
    session.trust_env = False
    session.get_redirect_target = lambda resp: None  # type: ignore[method-assign] # see StayingSession
    for prefix in ("https://", "http://"):
        session.mount(prefix, _Bounded(max_retries=0))


class _Bounded(requests.adapters.HTTPAdapter):
    """Reads an answer that nobody streams within bounds; one that is streamed is the caller's."""

    def send(
        self, request: requests.PreparedRequest, stream: bool = False, timeout: Any = None, *more: Any, **named: Any
    ) -> Any:
        response = super().send(request, True, timeout, *more, **named)
        if not stream:
            stay(response)
            whole(response, seconds(timeout))
        return response
