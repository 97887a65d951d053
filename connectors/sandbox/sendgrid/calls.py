"""The calls that the SendGrid fake answers."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from werkzeug.exceptions import BadRequest, Forbidden, MethodNotAllowed, NotFound, TooManyRequests, Unauthorized
from werkzeug.wrappers import Request, Response

from connectors.sandbox.sendgrid.stores import LISTS, Row, Store
from connectors.sandbox.sendgrid.surveyed import surveyed
from connectors.sandbox.sendgrid.upserts import updated

if TYPE_CHECKING:
    from connectors.sandbox.sendgrid import SendGridSandbox

_ACTIVITY = re.compile(r'to_email="([^"]*)"(?: AND last_event_time BETWEEN TIMESTAMP "(.+)" AND TIMESTAMP "(.+)")?')
_LOG = re.compile(
    r"to_email = '([^']*)'(?: AND sg_message_id_created_at >= TIMESTAMP \"(.+)\""
    r" AND sg_message_id_created_at <= TIMESTAMP \"(.+)\")?"
)
_VALID = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_SENT = {
    "api_key_id": "", "asm_group_id": 1, "categories": [], "outbound_ip": "198.51.100.8", "teammate": "",
    "outbound_ip_type": "dedicated", "template_id": "", "unique_args": "{}",
}  # fmt: skip
_OPENED = {
    "event_name": "opened", "processed": "2026-01-01T00:00:00Z", "bounce_type": "soft", "mx_server": "mx.example.com",
    "http_user_agent": "A browser at 203.0.113.9",
}  # fmt: skip


def answer(fake: SendGridSandbox, request: Request) -> Response:
    """The answer to one call. Raises werkzeug's HTTP exceptions."""
    fake.queries.append(request.query_string.decode())
    if "sandbox" not in request.headers.get("Authorization", ""):
        raise Unauthorized("authorization required")
    if fake.rate_left is not None:
        fake.rate_left -= 1
        if fake.rate_left < 0:
            raise TooManyRequests("too many requests")
    raw = str(request.environ.get("REQUEST_URI") or request.path).partition("?")[0]
    version, *parts = (unquote(part) for part in raw.strip("/").split("/"))
    if version != "v3":
        raise NotFound
    if fake.not_in_plan.intersection((parts[0], "/".join(parts[:2]))):
        raise Forbidden("access forbidden")
    name = request.headers.get("On-Behalf-Of", "") if fake.honours_on_behalf_of else ""
    if name not in fake.accounts:
        raise Unauthorized("authorization required")
    if parts[0] == "logs":
        return _logs(fake, request, parts)
    if request.method == "GET":
        return _read(fake, request, parts, name)
    return _write(fake, request, parts, name)


def _read(fake: SendGridSandbox, request: Request, parts: list[str], name: str) -> Response:
    store = fake.accounts[name]
    match parts:
        case ["scopes"]:
            return _json({"scopes": sorted(fake.scopes)})
        case ["subusers"]:
            users = [{"id": s.number, "username": n, "email": s.email, "disabled": False}
                     for n, s in fake.accounts.items() if n]  # fmt: skip
            return _json(_page(request, users))
        case ["contactdb", "recipients", "search"]:
            found = [c for c in store.legacy.values() if _same(fake, c["email"], request.args["email"])]
            return _json({"recipients": [{"recipients": found}] if fake.nested_recipients else found})
        case ["contactdb", "recipients", "count"]:
            return _json({"recipient_count": len(store.legacy)})
        case ["messages", *rest]:
            return _activity(fake, request, rest, name)
        case ["asm", "groups"] | ["marketing" | "contactdb", "lists" | "segments", *_]:
            return surveyed(fake, request, parts, store)
        case ["asm" | "suppression", *_]:
            return _suppressions(fake, request, parts, store)
    return _people(fake, request, parts, store)


def _suppressions(fake: SendGridSandbox, request: Request, parts: list[str], store: Store) -> Response:
    match parts:
        case ["suppression", kind, email] if kind in LISTS:
            return _json([row for row in store.lists[kind] if _same(fake, row["email"], email)])
        case ["suppression", kind] if kind in LISTS:
            start = request.args.get("email", "").strip("%").casefold()
            return _json(_page(request, [r for r in store.lists[kind] if r["email"].casefold().startswith(start)]))
        case ["asm", "suppressions", "global", email]:
            held = [e for e in store.unsubscribes if _same(fake, e, email)]
            return _json({"recipient_email": held[0]} if held else {})
        case ["asm", "suppressions", email]:
            return _json({"suppressions": [_group(fake, n, g, email) for n, g in store.groups.items()]})
    raise NotFound


def _people(fake: SendGridSandbox, request: Request, parts: list[str], store: Store) -> Response:
    match parts:
        case ["teammates"]:
            return _json({fake.lists_under: _page(request, store.teammates)})
        case ["teammates", "pending"]:
            return _json({fake.lists_under: store.pending})
        case ["marketing", "field_definitions"]:
            rows = [{"id": f"e{n}_T", "name": f, "field_type": "Text"} for n, f in enumerate(store.custom_fields, 1)]
            return _json({"custom_fields": rows, "reserved_fields": [{"id": "_rf2_T", "name": "email"}]})
        case ["contactdb", "custom_fields"]:
            return _json({"custom_fields": [{"id": 23, "name": "pet", "type": "text"}]})
        case ["marketing", "senders"]:
            return _json({"results": store.senders})
        case ["verified_senders"]:
            after = int(request.args.get("lastSeenID", 0))
            rows = [r for r in fake.accounts[""].verified if r["id"] > after]
            return _json({"results": rows[: int(request.args["limit"])]})
        case ["alerts"]:
            return _json(store.alerts)
    raise NotFound


def _write(fake: SendGridSandbox, request: Request, parts: list[str], name: str) -> Response:
    store, lie = fake.accounts[name], bool(request.environ.get("sandbox.lie"))
    body: Any = request.get_json(silent=True) if request.get_data() else None
    if (isinstance(body, dict) and "delete_all" in body) or "delete_all_contacts" in request.args:
        fake.bulk.append(request.path)
    if (done := updated(fake, store, request.method, parts, body, lie)) is not None:
        return done
    match [request.method, *parts]:
        case ["POST", "marketing", "contacts", "search", "emails"]:
            return _contacts(fake, store, ("email", "alternate_emails"), body["emails"])
        case ["POST", "marketing", "contacts", "search", "identifiers", kind]:
            return _contacts(fake, store, (kind,), body["identifiers"])
        case ["DELETE", "marketing", "contacts"]:
            return _delete_contacts(fake, request, store, lie)
        case ["DELETE", "contactdb", "recipients", number]:
            return _delete_legacy(store, number, lie)
        case ["DELETE", "contactdb", "recipients"] | ["DELETE", "suppression", _]:
            fake.bulk.append(request.path)
            return Response(status=204)
        case ["POST", "recipients", "erasejob"]:
            return _erase(fake, body, name, lie)
        case ["POST", "asm", "suppressions", "global"]:
            emails = list(body["recipient_emails"])
            if not lie:
                store.unsubscribes.update(dict.fromkeys(emails, int(fake.now.timestamp())))
            return _json({"recipient_emails": emails}, 201)
    return _lift(fake, request, parts, store, lie)


def _delete_contacts(fake: SendGridSandbox, request: Request, store: Store, lie: bool) -> Response:
    ids = [i for i in request.args.get("ids", "").split(",") if i]
    if not ids:
        fake.bulk.append(request.path)
        raise BadRequest("ids or delete_all_contacts must be set")
    if not lie:
        store.deletions.append((fake.now + timedelta(days=fake.deletion_days), ids))
        if fake.deletion_takes_suppressions:
            store.forget({store.contacts[i]["email"] for i in ids if i in store.contacts})
        store.expire(fake.now)
    return _json({"job_id": "00000000-0000-0000-0000-00000000000d"}, 202)


def _delete_legacy(store: Store, number: str, lie: bool) -> Response:
    if number not in store.legacy:
        raise NotFound("recipient not found")
    if not lie:
        del store.legacy[number]
    return Response(status=204)


def _lift(fake: SendGridSandbox, request: Request, parts: list[str], store: Store, lie: bool) -> Response:
    match [request.method, *parts]:
        case ["DELETE", "suppression", kind, email] if kind in LISTS:
            rows = store.lists[kind]
            if not lie:
                rows[:] = [row for row in rows if not _same(fake, row["email"], email)]
        case ["DELETE", "asm", "suppressions", "global", email]:
            if not lie:
                store.unsubscribes = {e: at for e, at in store.unsubscribes.items() if not _same(fake, e, email)}
        case ["DELETE", "asm", "groups", number, "suppressions", email]:
            if not lie:
                emails = store.groups[int(number)]["emails"]
                emails -= {e for e in emails if _same(fake, e, email)}
        case _:
            raise MethodNotAllowed
    return Response(status=204)


def _contacts(fake: SendGridSandbox, store: Store, fields: tuple[str, ...], asked: list[str]) -> Response:
    if not 1 <= len(asked) <= 100:
        raise BadRequest("between 1 and 100 are searched at once")
    if fields[0] == "email" and not all(_VALID.fullmatch(email) and len(email) <= 100 for email in asked):
        raise BadRequest("an email is not valid")
    result: dict[str, Row] = {}
    for value in asked:
        ranked = fields[::-1] if fake.alternate_first else fields
        held = [c for name in ranked for c in store.contacts.values() if _holds(c.get(name), value)]
        result[value.lower()] = {"contact": held[0]} if held else {"error": "contact not found"}
    if fake.near_match is not None and fields[0] == "email":
        result["near@example.net"] = {"contact": fake.near_match}
    if not any("contact" in entry for entry in result.values()):
        raise NotFound("not found")
    return _json({"result": result})


def _holds(held: object, asked: str) -> bool:
    values = held if isinstance(held, list) else [held]
    return any(isinstance(v, str) and v.casefold() == asked.casefold() for v in values)


def _erase(fake: SendGridSandbox, body: Any, name: str, lie: bool) -> Response:
    if "recipients.erasejob.create" not in fake.scopes:
        raise Forbidden("access forbidden")
    emails = body.get("email_addresses") if isinstance(body, dict) else None
    if not isinstance(emails, list) or not 1 <= len(emails) <= 5000 or len(set(emails)) < len(emails):
        raise BadRequest("email_addresses must hold 1 to 5000 unique addresses")
    wrong = [email for email in emails if email in fake.invalid]
    if wrong:
        field = "email_addresses"
        return _json({"errors": [{"message": f"Email_address {e} is not valid", "field": field} for e in wrong]}, 400)
    fake.jobs.append((name, emails))
    if not lie:
        fake.erase_later(name, emails)
    return _json({"job_id": "00000000-0000-0000-0000-00000000000e"}, 202)


def _activity(fake: SendGridSandbox, request: Request, rest: list[str], name: str) -> Response:
    stores = list(fake.accounts.values()) if not name and fake.parent_sees_subusers else [fake.accounts[name]]
    messages = [m for store in stores for m in store.messages]
    if rest:
        found = [m for m in messages if m["msg_id"] == rest[0]]
        if not found:
            raise NotFound
        return _json({**_SENT, **found[0], "originating_ip": "203.0.113.9", "events": [_OPENED]})
    limit = int(request.args.get("limit", 10))
    return _json({"messages": _found(fake, messages, "last_event_time", _ACTIVITY, request.args["query"], limit)})


def _logs(fake: SendGridSandbox, request: Request, parts: list[str]) -> Response:
    """Subusers are named by number in the request; the header means nothing here."""
    body: Any = request.get_json(silent=True) if request.method == "POST" else {}
    asked = (body.get("subusers") or []) if request.method == "POST" else request.args.getlist("subuser")
    if len(asked) > 1:
        raise BadRequest("one subuser at a time")
    store = next((s for s in fake.accounts.values() if str(s.number) == (asked[0] if asked else "0")), None)
    if store is None:
        raise Forbidden
    if request.method == "GET" and len(parts) == 2:
        found = [m for m in store.logs if m["sg_message_id"] == parts[1]]
        if not found:
            raise NotFound
        event = {"event": "open", "email": found[0]["to_email"], "sg_message_id": parts[1], "sg_event_id": "e1"}
        event |= {"timestamp": 1, "ip": "203.0.113.9", "useragent": "A browser"}
        return _json({**_SENT, **found[0], "client_ip": "203.0.113.9", "events": [event]})
    if request.method != "POST":
        raise MethodNotAllowed
    rows = _found(fake, store.logs, "sg_message_id_created_at", _LOG, body["query"], int(body.get("limit", 10)))
    return _json({"messages": rows})


def _found(
    fake: SendGridSandbox, rows: list[Row], time: str, language: re.Pattern[str], query: str, limit: int
) -> list[Row]:
    """The newest that match; the rest is not told of."""
    parsed = language.fullmatch(query)
    if parsed is None or not 1 <= limit <= 1000:
        raise BadRequest("invalid syntax")
    email, start, end = parsed.groups()
    held = [r for r in rows if _same(fake, r["to_email"], email) or (fake.loose_queries and email in r["to_email"])]
    if start and end:
        since, until = datetime.fromisoformat(start), datetime.fromisoformat(end)
        held = [r for r in held if since <= datetime.fromisoformat(r[time]) <= until]
    return sorted(held, key=lambda r: str(r[time]), reverse=True)[:limit]


def _group(fake: SendGridSandbox, number: int, group: Row, email: str) -> Row:
    told = {k: group[k] for k in ("name", "description", "is_default")}
    return {"id": number, **told, "suppressed": any(_same(fake, e, email) for e in group["emails"])}


def _same(fake: SendGridSandbox, held: str, asked: str) -> bool:
    return held == asked if fake.tells_cases_apart else held.casefold() == asked.casefold()


def _page(request: Request, rows: list[Row]) -> list[Row]:
    limit, offset = int(request.args.get("limit", 500)), int(request.args.get("offset", 0))
    if not 1 <= limit <= 500:
        raise BadRequest("limit is 500 at most")
    return rows[offset : offset + limit]


def _json(value: object, status: int = 200) -> Response:
    return Response(json.dumps(value), status, mimetype="application/json")
