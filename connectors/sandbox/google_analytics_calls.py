"""The calls of the Analytics fake: which exist, what they need, and what they answer."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from werkzeug.wrappers import Request, Response

from connectors.sandbox.google import error
from connectors.sandbox.google_analytics import AUDIENCE, EDIT, PROPERTY, READ, AnalyticsSandbox, Deletion, Json

USER_FIELDS = ("userId", "clientId", "appInstanceId", "userProvidedData")
# Numbers of enumerations, which the SDK asks for ($alt=json;enum-encoding=int).
_NUMBERS = {
    "TWO_MONTHS": 1, "FOURTEEN_MONTHS": 3, "TWENTY_SIX_MONTHS": 4, "THIRTY_EIGHT_MONTHS": 5, "FIFTY_MONTHS": 6,
    "GOOGLE_ANALYTICS_STANDARD": 1, "GOOGLE_ANALYTICS_360": 2, "PROPERTY_TYPE_ORDINARY": 1, "INCLUDE": 1, "EXCLUDE": 2,
}  # fmt: skip
_MOST_ROWS, _USUAL_ROWS = 250_000, 10_000


def answer(fake: AnalyticsSandbox, request: Request) -> Response:
    """The answer to one call but for those of the token endpoint."""
    grant = fake.tokens.grant(request)
    if grant is None:
        return error(401, "authError", "Request had invalid authentication credentials.", "UNAUTHENTICATED")
    method, path = request.method, request.path
    data = path.startswith("/v1beta/")
    needed = {EDIT} if method in ("POST", "PATCH") and not data else {READ} if data else {EDIT, READ}
    if not needed & grant.scopes:
        return error(403, "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "insufficient scopes", "PERMISSION_DENIED")
    if not path.partition("/v1")[2].partition("/")[2].startswith(PROPERTY) or (needed == {EDIT} and not fake.may_edit):
        return error(403, "forbidden", "User does not have sufficient permissions.", "PERMISSION_DENIED")
    if data:
        return _data(fake, request)
    if (method, path) == ("POST", f"/v1alpha/{PROPERTY}:submitUserDeletion"):
        return _submit(fake, request)
    if (method, path) == ("PATCH", f"/v1alpha/{PROPERTY}/dataRetentionSettings"):
        return _retain(fake, request)
    found = _read(fake, request, path.removeprefix("/v1alpha/")) if method == "GET" else None
    return _json(_numbered(found, request)) if found is not None else _none()


def _read(fake: AnalyticsSandbox, request: Request, name: str) -> Json | None:
    if name == f"{PROPERTY}/bigQueryLinks":
        return _page(fake.links, "bigqueryLinks", fake.most_listed, request)
    resources: dict[str, Json] = {
        PROPERTY: {
            "name": PROPERTY,
            "propertyType": "PROPERTY_TYPE_ORDINARY",
            "displayName": "Training Tracker",
            "timeZone": "America/Chicago",
            "serviceLevel": fake.service_level,
            "createTime": _stamp(fake.created),
            **({"deleteTime": _stamp(fake.now)} if fake.binned else {}),
        },
        f"{PROPERTY}/dataRetentionSettings": {
            "name": f"{PROPERTY}/dataRetentionSettings",
            **fake.kept,
            "resetUserDataOnNewActivity": fake.reset_on_activity,
        },
        f"{PROPERTY}/userProvidedDataSettings": {
            "name": f"{PROPERTY}/userProvidedDataSettings",
            "userProvidedDataCollectionEnabled": fake.takes_provided_data,
        },
        AUDIENCE: {
            "name": AUDIENCE,
            "displayName": "Everybody",
            "description": "All users",
            "membershipDurationDays": fake.membership_days,
            "createTime": _stamp(fake.audience_created),
            "filterClauses": [{"clauseType": kind} for kind in ("INCLUDE", "EXCLUDE")[: 1 + fake.excludes]],
        },
    }
    return resources.get(name)


def _submit(fake: AnalyticsSandbox, request: Request) -> Response:
    asked = request.get_json()
    named = [field for field in USER_FIELDS if asked.get(field)]
    if len(named) != 1 or not set(asked) <= {*USER_FIELDS, "name"}:
        return error(400, "badRequest", "Exactly one user must be given.", "INVALID_ARGUMENT")
    if fake.asked >= fake.per_day:
        return _used_up(fake.quota_says)
    fake.asked += 1
    if not request.environ.get("sandbox.lie"):
        fake.deletions.append(Deletion(named[0], asked[named[0]], fake.now))
    return _json({"deletionRequestTime": _stamp(fake.now)} if fake.names_time else {})


def _retain(fake: AnalyticsSandbox, request: Request) -> Response:
    """Fields that the mask does not name stay; more than 14 months are for events, of Analytics 360."""
    asked, names = request.get_json(), {number: name for name, number in _NUMBERS.items() if name.endswith("MONTHS")}
    masked = [re.sub(r"_(.)", lambda m: m[1].upper(), f) for f in request.args.get("updateMask", "").split(",")]
    for field in masked:
        if field not in fake.kept:
            return error(400, "badRequest", "Invalid update mask.", "INVALID_ARGUMENT")
        duration = names.get(asked.get(field), asked.get(field))
        if duration not in ("TWO_MONTHS", "FOURTEEN_MONTHS") and not (
            fake.service_level.endswith("360") and field == "eventDataRetention"
        ):
            return error(400, "badRequest", "Invalid retention duration.", "INVALID_ARGUMENT")
        if not request.environ.get("sandbox.lie"):
            fake.kept[field] = duration
    return _json(_numbered(_read(fake, request, f"{PROPERTY}/dataRetentionSettings"), request))


def _used_up(says: str) -> Response:
    """No page shows how this refusal looks: these are how other Google APIs write theirs."""
    body: Json = {"code": 429, "message": "Quota exceeded.", "status": "RESOURCE_EXHAUSTED"}
    if says == "details":
        limit = {"quota_limit": "UserDeletionsPerDayPerProperty", "service": "analyticsadmin.googleapis.com"}
        kind = "type.googleapis.com/google.rpc.ErrorInfo"
        body["details"] = [{"@type": kind, "reason": "RATE_LIMIT_EXCEEDED", "metadata": limit}]
    elif says == "message":
        body["message"] = "Quota exceeded for quota metric 'User deletions' and limit 'User deletions per day'."
    elif says == "reason":
        return error(403, "dailyLimitExceeded", "Daily Limit Exceeded")
    return _json({"error": body}, 429)


def _data(fake: AnalyticsSandbox, request: Request) -> Response:
    name = request.path.removeprefix("/v1beta/")
    if name == f"{PROPERTY}/audienceExports" and request.method == "GET":
        shown = [_shown(fake, export) for export in fake.exports]
        return _json(_page(shown, "audienceExports", fake.most_listed, request))
    if name == f"{PROPERTY}/audienceExports":
        asked = request.get_json()
        dimensions = [d.get("dimensionName") for d in asked.get("dimensions", [])]
        if asked.get("audience") != AUDIENCE or not set(dimensions) <= {"deviceId", "userId"} or not dimensions:
            return error(400, "badRequest", "Invalid audience or dimensions.", "INVALID_ARGUMENT")
        if not request.environ.get("sandbox.lie"):
            fake.export(asked["audience"], dimensions)
        return _json({"name": f"{PROPERTY}/operations/1", "done": False})
    if asked_for := re.fullmatch(r"(.*/audienceExports/\d+):query", name):
        for export in fake.exports:
            if export["name"] == asked_for[1]:
                return _query(fake, export, request)
    return _none()


def _query(fake: AnalyticsSandbox, export: Json, request: Request) -> Response:
    if fake.state(export) != "ACTIVE":
        return error(400, "badRequest", "The audience export is not ready.", "FAILED_PRECONDITION")
    asked = request.get_json()
    offset, limit = int(asked.get("offset", 0)), min(int(asked.get("limit", _USUAL_ROWS)), _MOST_ROWS)
    columns = [d["dimensionName"] for d in export["dimensions"]]
    rows = [{"dimensionValues": [{"value": row[c]} for c in columns]} for row in export["rows"][offset:][:limit]]
    count = len(export["rows"]) if fake.pretended_rows is None else fake.pretended_rows
    body = {"audienceExport": _shown(fake, export), "audienceRows": rows, "rowCount": count}
    return _json({name: value for name, value in body.items() if value})  # zero and empty are left out


def _shown(fake: AnalyticsSandbox, export: Json) -> Json:
    shown = {k: v for k, v in export.items() if k not in ("begun", "fails", "rows")}
    state = fake.state(export)
    failed = {"errorMessage": "quota exhausted"} if state == "FAILED" else {}
    return {**shown, "state": state, **failed} | ({"rowCount": len(export["rows"])} if state == "ACTIVE" else {})


def _page(rows: list[Json], name: str, most: int, request: Request) -> Json:
    start = int(request.args.get("pageToken") or 0)
    size = min(int(request.args.get("pageSize") or 50), most)
    following = {"nextPageToken": str(start + size)} if start + size < len(rows) else {}
    return {name: rows[start : start + size], **following}


def _numbered(value: Any, request: Request) -> Any:
    """Enumerations as numbers, for who asked so."""
    if "enum-encoding=int" not in request.args.get("$alt", ""):
        return value
    if isinstance(value, dict):
        return {k: _numbered(v, request) for k, v in value.items()}
    if isinstance(value, list):
        return [_numbered(v, request) for v in value]
    return _NUMBERS.get(value, value) if isinstance(value, str) else value


def _none() -> Response:
    return error(404, "notFound", "Requested entity was not found.", "NOT_FOUND")


def _json(body: Any, status: int = 200) -> Response:
    return Response(json.dumps(body), status=status, content_type="application/json; charset=utf-8")


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
