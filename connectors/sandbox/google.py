"""The token endpoint of Google's fakes: a service account with a real key, and what it was granted.

A vendor's fake holds one `TokenEndpoint`, answers POST /token with `issue`, and asks `grant` for
every other call. So a connector's signed assertion, its scopes and the user it acts for are really
checked. Sources: https://developers.google.com/identity/protocols/oauth2/service-account#httprest
"""

from __future__ import annotations

import base64
import functools
import json
import secrets
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from werkzeug.wrappers import Request, Response

EMAIL = "dsr@sandbox.iam.gserviceaccount.com"
_AUDIENCE = "https://oauth2.googleapis.com/token"  # what the assertion is made out to, wherever it is sent
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token allows: `subject` is the user it acts for, empty for the service account itself."""

    subject: str
    scopes: frozenset[str]
    until: float  # unix time


@functools.cache
def key() -> rsa.RSAPrivateKey:
    """The service account's key, made once in this process; making one takes a tenth of a second."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class TokenEndpoint:
    """Issues tokens to one service account.

    `delegated` are the scopes that domain-wide delegation grants (as in the Admin console), `own`
    the ones it may use as itself; `known` says whether there is such a user to act for.
    """

    def __init__(
        self,
        delegated: Collection[str] = (),
        own: Collection[str] = (),
        known: Callable[[str], bool] = lambda subject: True,
    ) -> None:
        self.delegated = frozenset(delegated)
        self.own = frozenset(own)
        self.known = known
        self.lifetime = 3600.0  # seconds
        self.grants: dict[str, Grant] = {}  # by token
        self.asked = 0  # how often a token was asked for
        self.refusal: tuple[int, str] | None = None  # a status and error to answer with, whatever is asked

    def service_account(self, url: str) -> str:
        """The JSON key that a connector is given; `url` is the fake's address on loopback."""
        pem = key().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return json.dumps(
            {
                "type": "service_account",
                "project_id": "sandbox",
                "private_key_id": "sandbox",
                "private_key": pem.decode(),
                "client_email": EMAIL,
                "client_id": "100000000000000000001",
                "token_uri": f"{url}/token",
            }
        )

    def issue(self, request: Request) -> Response:
        """Answer POST /token."""
        self.asked += 1
        if self.refusal:
            return _refused(*self.refusal)
        if request.form.get("grant_type") != _GRANT:
            return _refused(400, "unsupported_grant_type")
        claims = _verified(request.form.get("assertion", ""))
        now = time.time()
        if claims is None or claims.get("iss") != EMAIL or claims.get("aud") != _AUDIENCE:
            return _refused(400, "invalid_grant", "Invalid JWT Signature.")
        issued, until = float(claims.get("iat", 0)), float(claims.get("exp", 0))
        if not (issued <= now + 60 and now < until <= issued + 3600):
            return _refused(400, "invalid_grant", "Invalid JWT: check your iat and exp values in the JWT claim.")
        subject, scopes = str(claims.get("sub", "")), frozenset(str(claims.get("scope", "")).split())
        if not scopes:
            return _refused(400, "invalid_scope", "Empty or missing scope not allowed.")
        if not scopes <= (self.delegated if subject else self.own):
            return _refused(401, "unauthorized_client", "Client is unauthorized to retrieve access tokens.")
        if subject and not self.known(subject):
            return _refused(400, "invalid_grant", "Invalid email or User ID")
        token = f"sandbox-{secrets.token_urlsafe(24)}"
        self.grants[token] = Grant(subject.casefold(), scopes, now + self.lifetime)
        return _json(200, {"access_token": token, "expires_in": int(self.lifetime), "token_type": "Bearer"})

    def grant(self, request: Request) -> Grant | None:
        """What the call's token allows; None if it has none that is valid."""
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        grant = self.grants.get(token) if kind == "Bearer" else None
        return grant if grant and grant.until > time.time() else None


def error(status: int, reason: str, message: str = "refused", name: str = "") -> Response:
    """An error as Google's JSON APIs write it, with the reason that tells a rate from a refusal."""
    rows = [{"domain": "global", "reason": reason, "message": message}]
    body: dict[str, object] = {"code": status, "message": message, "errors": rows}
    return _json(status, {"error": {**body, "status": name} if name else body})


def _verified(assertion: str) -> dict[str, Any] | None:
    """The claims of a JWT signed with the service account's key (RS256), or None."""
    try:
        signed, _, signature = assertion.rpartition(".")
        header, claims = (json.loads(_bytes(part)) for part in signed.split("."))
        if header.get("alg") != "RS256":
            return None
        key().public_key().verify(_bytes(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    except (ValueError, AttributeError, InvalidSignature):
        return None
    return claims if isinstance(claims, dict) else None


def _bytes(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _refused(status: int, word: str, description: str = "") -> Response:
    return _json(status, {"error": word, "error_description": description})


def _json(status: int, body: object) -> Response:
    return Response(json.dumps(body), status=status, content_type="application/json; charset=utf-8")
