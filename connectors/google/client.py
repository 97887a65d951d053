"""Calls of a Google API as JSON, in the name of a service account or whom it acts for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import requests

from connectors.errors import AuthError, ConnectorError
from connectors.google.account import ServiceAccount
from connectors.google.errors import decoded, google_error
from connectors.http import HttpClient


class GoogleClient(HttpClient):
    """connectors.http.HttpClient with a service account's token, and Google's reasons in its errors."""

    def __init__(
        self, account: ServiceAccount, base_url: str, scopes: Iterable[str], subject: str = "", timeout: float = 30.0
    ) -> None:
        super().__init__(account.system, base_url, timeout=timeout, pace=account.pace)
        self._session = account.session(scopes, subject)

    def _send(self, method: str, path: str, doing: str, *more: Any) -> requests.Response:
        from google.auth.exceptions import GoogleAuthError

        try:
            return super()._send(method, path, doing, *more)
        except GoogleAuthError as fault:
            # Its text quotes what the token endpoint said, and the address it was asked at.
            raise AuthError(self._system, f"{doing}: {type(fault).__name__}") from None

    def _refusal(self, response: requests.Response, doing: str) -> ConnectorError:
        answer = decoded(b"".join(self._bounded(response, doing)))
        return google_error(self._system, response.status_code, response.headers, answer, doing)
