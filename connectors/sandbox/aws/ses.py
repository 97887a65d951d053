"""What moto lacks of SES (API v2), or gets wrong, put right before moto sees the call.

Contact lists, contacts and identities are moto's; suppression lists, tenants and the account's
settings are kept here. Sources: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Operations.html
and https://docs.aws.amazon.com/ses/latest/dg/sending-email-suppression-list-tenant-level-manage.html
(the spelling is kept, calls need it exactly, one address may be there for both reasons).
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from connectors.sandbox.aws.server import ACCOUNT, REGION

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_REASONS = ("BOUNCE", "COMPLAINT")
_PAGE = 100  # rows of an answer to a call that does not say how many


class _SesError(Exception):
    def __init__(self, status: str, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


_NOT_FOUND = _SesError("404 Not Found", "NotFoundException")
_BAD = _SesError("400 Bad Request", "BadRequestException")


class SesCorrections:
    """A WSGI layer around moto.

    Planting: `suppressed`, (tenant or "", address, reason) -> when; `reasons`, for which the account
    suppresses; `tenants`, name -> (scope, reasons). Switches for what is not documented:
    `inactive_lists_can_be_asked` (of tenants that use the account's), `empty_attributes_are_ignored`
    (by UpdateContact).
    """

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self.reset()

    def reset(self) -> None:
        self.suppressed: dict[tuple[str, str, str], datetime] = {}
        self.reasons: tuple[str, ...] = _REASONS
        self.tenants: dict[str, tuple[str, tuple[str, ...]]] = {}
        self.inactive_lists_can_be_asked = True
        self.empty_attributes_are_ignored = False

    def suppress(self, email: str, reason: str = "BOUNCE", tenant: str = "", when: datetime | None = None) -> None:
        self.suppressed[tenant, email, reason] = when or datetime.now(UTC)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"].encode("latin-1").decode()
        if not path.startswith("/v2/email/") or "/ses/aws4_request" not in environ.get("HTTP_AUTHORIZATION", ""):
            return self._app(environ, start_response)
        # PATH_INFO is decoded: an address with a slash in it is told apart by the address as it was sent.
        parts = [unquote(p) for p in str(environ.get("RAW_URI") or path).partition("?")[0].split("/")[3:]]
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(body)
        asked = {k: v[0] for k, v in parse_qs(environ.get("QUERY_STRING", "")).items()}
        asked |= json.loads(body) if body else {}
        method = environ["REQUEST_METHOD"]
        try:
            if environ.get("sandbox.lie") and method in ("PUT", "DELETE"):
                return _json(start_response, {})
            answer = self._answer(method, parts, asked)
        except _SesError as error:
            return _json(start_response, {"message": error.code}, error.status, ("x-amzn-ErrorType", error.code))
        return self._app(environ, _numbered(start_response)) if answer is None else _json(start_response, answer)

    def _answer(self, method: str, parts: list[str], asked: dict[str, Any]) -> Mapping[str, Any] | None:
        """What is answered here; None: moto's."""
        match (method, *parts):
            case ("GET", "account"):
                return {"SendingEnabled": True, "SuppressionAttributes": {"SuppressedReasons": list(self.reasons)}}
            case ("GET", "contact-lists"):
                return _page([c.response_object for c in _backend().contacts_lists.values()], "ContactLists", asked)
            case ("POST", "contact-lists", name, "contacts", "list"):
                return _page([_shown(c) for c in _list(name).list_contacts() if _passes(c, asked)], "Contacts", asked)
            case ("GET" | "PUT" | "DELETE", "contact-lists", name, "contacts", email):
                return self._contact(method, _list(name), email, asked)
            case ("POST", "list-identities"):
                held = [e.list_response_object for e in _backend().email_identities.values()]
                return _page(held, "EmailIdentities", asked)
            case ("POST", "tenants", "list"):
                return _page([{"TenantName": name} for name in self.tenants], "Tenants", asked)
            case ("POST", "tenants", "get"):
                return {"Tenant": self._tenant(asked["TenantName"])}
            case ("GET", "suppression", "addresses"):
                return self._listed(asked)
            case ("PUT", "suppression", "addresses"):
                return self._put(asked)
            case ("GET" | "DELETE", "suppression", "addresses", email):
                return self._entry(method, email, asked)
        return None

    def _tenant(self, name: str) -> dict[str, Any]:
        if name not in self.tenants:
            raise _NOT_FOUND
        scope, reasons = self.tenants[name]
        given = {"SuppressionScope": scope, "SuppressedReasons": list(reasons)}
        return {"TenantName": name, "SendingStatus": "ENABLED", "SuppressionAttributes": given}

    def _scope(self, asked: dict[str, Any]) -> str:
        """The tenant whose list is meant; empty for the account's."""
        tenant = str(asked.get("TenantName", ""))
        inactive = tenant and self._tenant(tenant)["SuppressionAttributes"]["SuppressionScope"] != "TENANT"
        if inactive and not self.inactive_lists_can_be_asked:
            raise _BAD
        return tenant

    def _listed(self, asked: dict[str, Any]) -> Mapping[str, Any]:
        tenant = self._scope(asked)
        since, until = (datetime.fromisoformat(asked[n]) if n in asked else None for n in ("StartDate", "EndDate"))
        found = [
            {"EmailAddress": email, "Reason": reason, "LastUpdateTime": when.timestamp()}
            for (of, email, reason), when in self.suppressed.items()
            if of == tenant and (since is None or when >= since) and (until is None or when <= until)
        ]
        return _page(found, "SuppressedDestinationSummaries", asked)

    def _put(self, asked: dict[str, Any]) -> Mapping[str, Any]:
        if asked.get("Reason") not in _REASONS or not re.fullmatch(r"\S+@\S+", asked.get("EmailAddress", "")):
            raise _BAD
        self.suppress(asked["EmailAddress"], asked["Reason"], self._scope(asked))
        return {}

    def _entry(self, method: str, email: str, asked: dict[str, Any]) -> Mapping[str, Any]:
        tenant = self._scope(asked)
        found = [key for key in self.suppressed if key[:2] == (tenant, email)]
        if not found:
            raise _NOT_FOUND
        if method == "DELETE":
            for key in found:
                del self.suppressed[key]
            return {}
        told = {"EmailAddress": email, "Reason": found[0][2], "LastUpdateTime": self.suppressed[found[0]].timestamp()}
        return {"SuppressedDestination": {**told, "Attributes": {"MessageId": f"message-to-{email}"}}}

    def _contact(self, method: str, held: Any, email: str, asked: dict[str, Any]) -> Mapping[str, Any]:
        """moto has no address with a slash in it, and keeps preferences that UpdateContact is not given."""
        if email not in held.contacts:
            raise _NOT_FOUND
        if method == "GET":
            told: Mapping[str, Any] = held.contacts[email].response_object
            return told
        if method == "DELETE":
            del held.contacts[email]
            return {}
        given = {"TopicPreferences": asked.get("TopicPreferences", []), **asked}
        if self.empty_attributes_are_ignored and not given.get("AttributesData"):
            given.pop("AttributesData", None)
        held.update_contact(email, given)
        return {}


def _passes(contact: Any, asked: Mapping[str, Any]) -> bool:
    """https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_ListContactsFilter.html"""
    given = asked.get("Filter") or {}
    wanted, topic = given.get("FilteredStatus"), (given.get("TopicFilter") or {}).get("TopicName")
    if not wanted:
        return True
    said = {p["TopicName"]: p["SubscriptionStatus"] for p in contact.topic_preferences}
    now = "OPT_OUT" if contact.unsubscribe_all else said.get(topic, "OPT_IN") if topic else "OPT_IN"
    return bool(now == wanted)


def _shown(contact: Any) -> dict[str, Any]:
    """A listed contact is without its list, its attributes and the time it was created."""
    left_out = ("ContactListName", "AttributesData", "CreatedTimestamp")
    return {k: v for k, v in contact.response_object.items() if k not in left_out}


def _page(rows: list[Any], member: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    start, most = int(asked.get("NextToken") or 0), int(asked.get("PageSize") or _PAGE)
    more = {"NextToken": str(start + most)} if len(rows) > start + most else {}
    return {member: rows[start : start + most], **more}


def _backend() -> Any:
    from moto.ses.models import ses_backends

    return ses_backends[ACCOUNT][REGION]


def _list(name: str) -> Any:
    if name not in _backend().contacts_lists:
        raise _NOT_FOUND
    return _backend().contacts_lists[name]


def _request_id() -> tuple[str, str]:
    return "x-amzn-RequestId", str(uuid.uuid4())


def _numbered(start_response: StartResponse) -> StartResponse:
    """Every answer has a number of its own, which moto does not always give."""

    def start(status: str, headers: list[tuple[str, str]], *exc: Any) -> Any:
        return start_response(
            status, [*(h for h in headers if h[0].lower() != "x-amzn-requestid"), _request_id()], *exc
        )

    return start


def _json(
    start_response: StartResponse, body: Mapping[str, Any], status: str = "200 OK", *headers: tuple[str, str]
) -> Iterable[bytes]:
    data = json.dumps(body, default=str).encode()
    kinds = [("Content-Type", "application/json"), ("Content-Length", str(len(data)))]
    start_response(status, [*kinds, _request_id(), *headers])
    return [data]


def contacts() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every contact with its list, to look behind a connector's back."""
    for name, held in _backend().contacts_lists.items():
        for contact in held.list_contacts():
            yield name, contact.response_object
