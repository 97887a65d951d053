"""A service account: its key, the tokens it is given, and sessions that bear them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import requests

from connectors.errors import AuthError, ConfigError, RefusedError, TransientError
from connectors.google.errors import decoded, google_error, reasons_of
from connectors.google.session import hold
from connectors.isolation import is_loopback
from connectors.model import Pace, Secret, SystemSpec

if TYPE_CHECKING:
    from google.auth.transport.requests import AuthorizedSession
    from google.oauth2.service_account import Credentials

SECRET = "service_account"  # noqa: S105 (the name of a secret)


class UnknownSubjectError(AuthError):
    """The token endpoint knows no such user to act for, or does not believe the key or the clock."""


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """A service account's key, read and checked; nothing of it shows."""

    system: str
    token_uri: str
    timeout: float  # seconds, of one token request
    _held: Credentials = field(repr=False)  # without a scope, for it is parsed once and scoped often
    pace: Pace = field(repr=False)  # of calls to the API; tokens come from elsewhere

    @classmethod
    def of(cls, spec: SystemSpec, timeout: float = 30.0) -> Self:
        """The account of the secret `service_account`. Raises ConfigError; no message quotes it."""
        from google.oauth2.service_account import Credentials

        secret = spec.secrets.get(SECRET)
        if secret is None:
            raise ConfigError(spec.system, f"secret {SECRET!r} is missing: the JSON key of a Google service account")
        key = _key(secret)
        if key is None:
            raise ConfigError(spec.system, f"secret {SECRET!r} must be the JSON key of a service account")
        if urlsplit(key["token_uri"]).scheme != "https" and not is_loopback(key["token_uri"]):
            raise ConfigError(spec.system, f"'token_uri' in secret {SECRET!r} must be https")
        try:
            held = Credentials.from_service_account_info(key)  # type: ignore[no-untyped-call]
        except ValueError:
            raise ConfigError(spec.system, f"'private_key' in secret {SECRET!r} is not an RSA key in PEM") from None
        return cls(spec.system, key["token_uri"], timeout, held, spec.pace)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Not copied. google-auth would copy the key before every call, for a thread that looks up a regional
        access boundary elsewhere; without a copy it starts none."""
        raise TypeError("a service account is not copied")

    def credentials(self, scopes: Iterable[str], subject: str = "") -> Credentials:
        """google-auth's credentials for these scopes; `subject` is whom delegation acts for.

        They must be refreshed through `token_request`, or through a session of this account.
        """
        scoped = self._held.with_scopes(list(scopes))
        made: Credentials = scoped.with_subject(subject) if subject else scoped
        return made

    def session(self, scopes: Iterable[str], subject: str = "") -> AuthorizedSession:
        """google-auth's AuthorizedSession: one attempt, no redirect, no proxy, a bounded answer.

        What asking for a token raises is an error of connectors.errors already.
        """
        from google.auth.transport.requests import AuthorizedSession

        credentials = self.credentials(scopes, subject)
        held = AuthorizedSession(credentials, refresh_status_codes=(), auth_request=self.token_request)  # type: ignore[no-untyped-call]
        hold(held)
        return held

    def token_request(self, url: str, method: str = "GET", body: Any = None, headers: Any = None, **more: Any) -> Any:
        """What google-auth asks for a token with: `token_uri` only, and once.

        A refusal is raised here, so that google-auth sees successes only and repeats nothing.
        """
        from google.auth.exceptions import TransportError

        doing = "asking for an access token"
        if url != self.token_uri:
            raise TransportError("this address is not asked")  # type: ignore[no-untyped-call]
        with requests.Session() as session:
            hold(session)
            try:
                response = session.request(
                    method, url, data=body, headers=headers, timeout=self.timeout, allow_redirects=False
                )
            except requests.TooManyRedirects:
                raise RefusedError(self.system, f"{doing}: the system redirects, which is not followed") from None
            except requests.RequestException as fault:
                raise TransientError(self.system, f"{doing}: {type(fault).__name__}") from None
        answer = decoded(response.content)
        if response.status_code == 200 and isinstance(answer, dict) and answer.get("access_token"):
            return _Token(response)
        if response.status_code == 200:
            raise TransientError(self.system, f"{doing}: the answer is not whole")
        named = google_error(self.system, response.status_code, response.headers, answer, doing)
        if isinstance(named, TransientError):
            raise named
        kind = UnknownSubjectError if "invalid_grant" in reasons_of(answer) else AuthError
        said = ", ".join([f"HTTP {response.status_code}", *reasons_of(answer)[:1]])
        raise kind(self.system, f"{doing}: not granted ({said})")


def _key(secret: Secret) -> dict[str, str] | None:
    """What of a service account's JSON key is used; None if it is none."""
    try:
        key = json.loads(secret.reveal())
    except (ValueError, RecursionError):
        return None
    if not isinstance(key, dict) or key.get("type") != "service_account":
        return None
    used = {name: key.get(name) for name in ("client_email", "private_key", "token_uri")}
    found = {name: value for name, value in used.items() if isinstance(value, str) and value}
    return found if len(found) == len(used) else None


class _Token:
    """google.auth.transport.Response over an answer of the token endpoint."""

    def __init__(self, response: requests.Response) -> None:
        self.status = response.status_code
        self.headers = response.headers
        self.data = response.content
