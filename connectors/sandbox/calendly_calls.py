"""The calls that the Calendly fake answers: lists in pages, one object, and the few writes."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import BadRequest, Forbidden, MethodNotAllowed, NotFound
from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from connectors.sandbox.calendly import CalendlySandbox

Row = dict[str, Any]
_ORGANIZATION = "https://api.calendly.com/organizations/ORG1"


def answer(fake: CalendlySandbox, request: Request) -> Response:
    """The answer to a call that is authorised. Raises werkzeug's HTTP exceptions."""
    parts = request.path.strip("/").split("/")
    if request.method == "GET":
        return _read(fake, request, parts)
    lie = bool(request.environ.get("sandbox.lie"))
    body = request.get_json(silent=True) or {}
    match [request.method, *parts]:
        case ["POST", "scheduled_events", uuid, "cancellation"]:
            return _cancel(fake, _one(fake.events, uuid), body, lie)
        case ["POST", "data_compliance", "deletion", "invitees"]:
            return _delete_invitees(fake, body, lie)
        case ["POST", "data_compliance", "deletion", "events"]:
            fake.period_deleted = True
            return _json({}, 202)
        case ["DELETE", "contacts", uuid]:
            return _delete(fake.contacts, uuid, fake.contact_deletion_status, lie)
        case ["DELETE", "meeting_recaps", uuid]:
            return _delete(fake.recaps, uuid, 204, lie)
        case ["DELETE", "organization_memberships", uuid]:
            return _delete(fake.members, uuid, 204, lie)
    raise MethodNotAllowed


def _read(fake: CalendlySandbox, request: Request, parts: list[str]) -> Response:
    if parts[0] in fake.denied or (not fake.admin and parts[0] in {"organizations", *_OF_ORGANIZATION}):
        raise Forbidden
    match parts:
        case ["users", "me"]:
            me = {"uri": "https://api.calendly.com/users/ME", "current_organization": _ORGANIZATION}
            return _json({"resource": me})
        case ["scheduled_events", uuid]:
            return _json({"resource": _one(fake.events, uuid)})
        case ["meeting_recaps", *_] if not fake.paid:
            raise Forbidden
        case ["meeting_recaps", uuid, "transcript"]:
            return _json({"resource": {"text": f"transcript {_one(fake.recaps, uuid)['summary_md']}"}})
        case ["activity_log_entries"] if not fake.enterprise:
            raise Forbidden
        case ["scheduled_events", uuid, "invitees"]:
            return _page(request, fake.invitees[_one(fake.events, uuid)["uri"]])
        case ["organizations", "ORG1", "invitations"]:
            return _page(request, _by_email(fake, fake.invitations, request))
        case [name] if name in _LISTS:
            if name in _OF_ORGANIZATION and request.args.get("organization") != _ORGANIZATION:
                raise Forbidden
            return _page(request, _LISTS[name](fake, request))
    raise NotFound


def _events(fake: CalendlySandbox, request: Request) -> list[Row]:
    return [event for event in fake.events if _event_matches(fake, event, request.args)]


def _contacts(fake: CalendlySandbox, request: Request) -> list[Row]:
    return _by_email(fake, fake.contacts, request)


def _notes(fake: CalendlySandbox, request: Request) -> list[Row]:
    if fake.notes_need_a_contact:
        _one(fake.contacts, request.args["contact"].rpartition("/")[2])
    return [n for n in fake.notes if n["author"] == "me" and n["contact"] == request.args["contact"]]


def _recaps(fake: CalendlySandbox, request: Request) -> list[Row]:
    email = request.args.get("attendee")
    rows = [r for r in fake.recaps if r["status"] == request.args.get("status", "available")]
    return [r for r in rows if any(_is(fake, email, a["email"]) for a in r["attendees"])]


def _forms(fake: CalendlySandbox, request: Request) -> list[Row]:
    return fake.forms


def _event_types(fake: CalendlySandbox, request: Request) -> list[Row]:
    active = request.args.get("active")
    return [t for t in fake.event_types if active is None or str(t["active"]).lower() == active]


def _submissions(fake: CalendlySandbox, request: Request) -> list[Row]:
    return [s for s in fake.submissions if s["routing_form"] == request.args["form"]]


def _members(fake: CalendlySandbox, request: Request) -> list[Row]:
    return [m for m in fake.members if _is(fake, request.args.get("email"), m["user"]["email"])]


def _log(fake: CalendlySandbox, request: Request) -> list[Row]:
    term = request.args.get("search_term", "").strip('"').casefold()
    return [entry for entry in fake.log if term in json.dumps(entry).casefold()]


_LISTS: dict[str, Callable[[CalendlySandbox, Request], list[Row]]] = {
    "scheduled_events": _events,
    "contacts": _contacts,
    "notes": _notes,
    "meeting_recaps": _recaps,
    "routing_forms": _forms,
    "event_types": _event_types,
    "routing_form_submissions": _submissions,
    "organization_memberships": _members,
    "activity_log_entries": _log,
}
_OF_ORGANIZATION = {
    "scheduled_events",
    "event_types",
    "routing_forms",
    "organization_memberships",
    "activity_log_entries",
}


def _by_email(fake: CalendlySandbox, rows: list[Row], request: Request) -> list[Row]:
    return [row for row in rows if _is(fake, request.args.get("email"), row["email"])]


def _event_matches(fake: CalendlySandbox, event: Row, asked: Any) -> bool:
    if asked.get("status", event["status"]) != event["status"]:
        return False
    email = asked.get("invitee_email")
    if email is None:
        return True
    people = [i["email"] for i in fake.invitees[event["uri"]]]
    if fake.guests_match_filter:
        people += [g["email"] for g in event["event_guests"]]
    return any(_is(fake, email, person) for person in people)


def _cancel(fake: CalendlySandbox, event: Row, body: Row, lie: bool) -> Response:
    if event["status"] == "canceled":
        raise Forbidden
    if not lie:
        event["status"] = "canceled"
        for invitee in fake.invitees[event["uri"]]:
            invitee["status"] = "canceled"
            fake.mails.append(invitee["email"])
        fake.mails += [g["email"] for g in event["event_guests"]]
    return _json({"resource": {"canceled_by": "An administrator", "reason": body.get("reason")}}, 201)


def _delete_invitees(fake: CalendlySandbox, body: Row, lie: bool) -> Response:
    if not fake.enterprise:
        raise Forbidden
    emails = body.get("emails")
    if not isinstance(emails, list) or not emails or len(emails) > fake.most_emails:
        raise BadRequest
    fake.asked.append(emails)
    if not lie:
        due = fake.now + timedelta(days=fake.deletion_days)
        fake.pending += [(due, email) for email in emails]
    return _json({}, 202)


def _delete(rows: list[Row], uuid: str, status: int, lie: bool) -> Response:
    row = _one(rows, uuid)
    if not lie:
        rows.remove(row)
    return Response(status=204) if status == 204 else _json({}, status)


def _one(rows: list[Row], uuid: str) -> Row:
    found = next((row for row in rows if str(row["uri"]).rpartition("/")[2] == uuid), None)
    if found is None:
        raise NotFound
    return found


def _is(fake: CalendlySandbox, asked: str | None, held: str) -> bool:
    if asked is None:
        return True
    return asked.casefold() in held.casefold() if fake.loose_filters else asked.casefold() == held.casefold()


def _page(request: Request, rows: Iterable[Row]) -> Response:
    size = int(request.args.get("count", 20))
    if not 1 <= size <= 100:
        raise BadRequest
    start = _start(request.args.get("page_token"))
    found = list(rows)
    more = _token(start + size) if start + size < len(found) else None
    shown = [{k: v for k, v in row.items() if k != "author"} for row in found[start : start + size]]
    following = f"https://api.calendly.com{request.path}?count={size}&page_token={more}" if more else None
    pagination = {
        "count": len(shown),
        "next_page": following,
        "previous_page": None,
        "next_page_token": more,
        "previous_page_token": None,
    }
    return _json({"collection": shown, "pagination": pagination})


def _token(start: int) -> str:
    return base64.urlsafe_b64encode(f"from:{start}".encode()).decode()


def _start(token: str | None) -> int:
    if token is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token).decode().partition(":")[2])
    except ValueError:
        raise BadRequest from None


def _json(value: object, status: int = 200) -> Response:
    headers = {"X-RateLimit-Limit": "500", "X-RateLimit-Remaining": "499", "X-RateLimit-Reset": "60"}
    return Response(json.dumps(value), status, headers, mimetype="application/json")
