"""What moto gets wrong about user pools, or lacks, put right before moto sees the call.

Sources: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUsers.html
(60 users at most, filters, which attributes),
https://docs.aws.amazon.com/cognito/latest/developerguide/how-to-manage-user-accounts.html (case),
https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminGetUser.html (a
name may be a `sub` or an alias),
https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminListDevices.html,
https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminListUserAuthEvents.html.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any

from connectors.sandbox.aws.server import ACCOUNT, REGION

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MOST_USERS = 60
_FILTER = re.compile(r'\s*([\w:]+)\s*(\^?=)\s*"((?:[^"\\]|\\.)*)"\s*')
_SEARCHABLE = frozenset({
    "username", "email", "phone_number", "name", "given_name", "family_name", "preferred_username",
    "cognito:user_status", "status", "sub",
})  # fmt: skip
_WRITES = frozenset({"AdminDisableUser", "AdminUserGlobalSignOut", "AdminDeleteUser"})


class _IdpError(Exception):
    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(code)
        self.code, self.message = code, message


class CognitoCorrections:
    """A WSGI layer around moto. Planting: `devices` and `auth_events`, by sub.

    Switches: `filter_folds_case` (undocumented which), `lagging` (deleted users stay listed),
    `threat_protection` (ids of pools that have it), `aliases` (ids of pools in which
    `preferred_username` is an alias), `refused` (operations that the credentials may not call),
    `signed_out` (names that were signed out, in order).
    """

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self.reset()

    def reset(self) -> None:
        self.devices: dict[str, list[dict[str, Any]]] = {}
        self.auth_events: dict[str, list[dict[str, Any]]] = {}
        self.threat_protection: set[str] = set()
        self.aliases: set[str] = set()
        self.refused: set[str] = set()
        self.filter_folds_case = True
        self.lagging = False
        self.signed_out: list[str] = []
        self._deleted: dict[str, list[dict[str, Any]]] = {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        if not target.startswith("AWSCognitoIdentityProviderService."):
            return self._app(environ, start_response)
        operation = target.partition(".")[2]
        asked = json.loads(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)) or b"{}")
        try:
            if operation in self.refused:
                raise _IdpError("AccessDeniedException", "not authorized to perform this operation")
            if operation in _WRITES and environ.get("sandbox.lie"):
                return _json(start_response, {})
            if handler := self._handlers().get(operation):
                return _json(start_response, handler(asked))
            if operation.startswith("Admin") and operation != "AdminCreateUser" and "Username" in asked:
                user = self._user(asked)
                asked["Username"] = user.username
                self._note(operation, asked, user)
        except _IdpError as error:
            body = {"__type": error.code, "message": error.message}
            return _json(start_response, body, "400 Bad Request")
        return self._pass(environ, start_response, asked)

    def _handlers(self) -> Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]]:
        return {
            "ListUsers": self._list_users,
            "AdminListDevices": self._list_devices,
            "AdminListUserAuthEvents": self._list_auth_events,
        }

    def _pass(self, environ: WSGIEnvironment, start: StartResponse, asked: dict[str, Any]) -> Iterable[bytes]:
        body = json.dumps(asked).encode()
        environ["wsgi.input"], environ["CONTENT_LENGTH"] = BytesIO(body), str(len(body))
        return self._app(environ, start)

    def _note(self, operation: str, asked: dict[str, Any], user: Any) -> None:
        if operation == "AdminUserGlobalSignOut":
            self.signed_out.append(user.username)
        if operation == "AdminDeleteUser" and self.lagging:
            self._deleted.setdefault(asked["UserPoolId"], []).append(_shown(user))

    def _user(self, asked: dict[str, Any]) -> Any:
        """Whom a name means: a user name, then a `sub`, then an alias; it is not the caller who chooses."""
        pool = _pool(asked["UserPoolId"])
        named = asked["Username"]
        if (user := pool._get_user(named)) is not None:
            return user
        for user in pool.users.values():
            attributes = _attributes(user)
            alias = attributes.get("preferred_username") if pool.id in self.aliases else None
            if named in (attributes["sub"], alias):
                return user
        raise _IdpError("UserNotFoundException", "User does not exist.")

    def _list_users(self, asked: dict[str, Any]) -> dict[str, Any]:
        most = asked.get("Limit") or MOST_USERS
        if not 0 < most <= MOST_USERS:
            raise _IdpError("InvalidParameterException", f"limit must be at most {MOST_USERS}")
        pool = _pool(asked["UserPoolId"])
        listed = [_shown(u) for u in pool.users.values()] + self._deleted.get(pool.id, [])
        parsed = _parsed(asked.get("Filter", ""))
        wanted = [user for user in listed if parsed is None or self._matches(parsed, user)]
        return _page(wanted, "Users", asked.get("PaginationToken"), most, "PaginationToken")

    def _matches(self, parsed: tuple[str, str, str], user: dict[str, Any]) -> bool:
        name, operator, value = parsed
        inherent = {"username": user["Username"], "cognito:user_status": user["UserStatus"],
                    "status": "Enabled" if user["Enabled"] else "Disabled"}  # fmt: skip
        held = inherent.get(name) or {a["Name"]: a["Value"] for a in user["Attributes"]}.get(name)
        if held is None:
            return False
        if self.filter_folds_case and name != "username":
            held, value = held.casefold(), value.casefold()
        return bool(held == value if operator == "=" else held.startswith(value))

    def _list_devices(self, asked: dict[str, Any]) -> dict[str, Any]:
        held = self.devices.get(_attributes(self._user(asked))["sub"], [])
        return _page(held, "Devices", asked.get("PaginationToken"), asked.get("Limit") or 60, "PaginationToken")

    def _list_auth_events(self, asked: dict[str, Any]) -> dict[str, Any]:
        user = self._user(asked)
        if asked["UserPoolId"] not in self.threat_protection:
            raise _IdpError("UserPoolAddOnNotEnabledException", "Threat protection is not enabled")
        held = self.auth_events.get(_attributes(user)["sub"], [])
        return _page(held, "AuthEvents", asked.get("NextToken"), asked.get("MaxResults") or 60, "NextToken")


def _parsed(text: str) -> tuple[str, str, str] | None:
    """Attribute, operator and value of a filter."""
    if not text:
        return None
    if len(text) > 256 or not (found := _FILTER.fullmatch(text)):
        raise _IdpError("InvalidParameterException", "Error while parsing filter")
    name, operator, value = found.groups()
    if name not in _SEARCHABLE:
        raise _IdpError("InvalidParameterException", f"Invalid search attribute: {name}")
    return name, operator, re.sub(r"\\(.)", r"\1", value)


def _page(rows: list[Any], member: str, token: str | None, most: int, said: str) -> dict[str, Any]:
    start = int(token or 0)
    more = {said: str(start + most)} if len(rows) > start + most else {}
    return {member: rows[start : start + most], **more}


def _pool(pool_id: str) -> Any:
    from moto.cognitoidp.models import cognitoidp_backends

    pool = cognitoidp_backends[ACCOUNT][REGION].user_pools.get(pool_id)
    if pool is None:
        raise _IdpError("ResourceNotFoundException", "User pool does not exist.")
    return pool


def _attributes(user: Any) -> dict[str, str]:
    return {a["Name"]: a["Value"] for a in user.attributes}


def _shown(user: Any) -> dict[str, Any]:
    return {
        "Username": user.username, "Attributes": [dict(a) for a in user.attributes], "Enabled": user.enabled,
        "UserStatus": user.status, "UserCreateDate": user.create_date.timestamp(),
        "UserLastModifiedDate": user.last_modified_date.timestamp(),
    }  # fmt: skip


def _json(start_response: StartResponse, body: Mapping[str, Any], status: str = "200 OK") -> Iterable[bytes]:
    data = json.dumps(body).encode()
    headers = [("Content-Type", "application/x-amz-json-1.1"), ("Content-Length", str(len(data)))]
    start_response(status, [*headers, ("x-amzn-RequestId", str(uuid.uuid4()))])
    return [data]
