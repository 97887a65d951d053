"""The calls of the Gmail API that the fake answers, with the scopes and quota units of each.

Sources: https://developers.google.com/workspace/gmail/api/reference/rest,
https://developers.google.com/workspace/gmail/api/reference/quota (units of the table before 2026)
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from connectors.sandbox.gmail.mailbox import Box, Message, Row
from connectors.sandbox.gmail.query import hits
from connectors.sandbox.google import error

if TYPE_CHECKING:
    from connectors.sandbox.gmail.app import GmailFake

_AUTH = "https://www.googleapis.com/auth/gmail."
FULL, MODIFY, READ, METADATA = "https://mail.google.com/", f"{_AUTH}modify", f"{_AUTH}readonly", f"{_AUTH}metadata"
_READERS = frozenset({FULL, MODIFY, READ})
_PAGE = 100  # of the default maxResults; 500 at most
Answerer = Callable[["GmailFake", Box, Request, "re.Match[str]", "frozenset[str]"], Response]


def answer(fake: GmailFake, box: Box, request: Request, path: str, scopes: frozenset[str]) -> Response:
    """Answer one call of a mailbox's, or refuse it as Gmail does."""
    for method, pattern, allowed, units, answerer in CALLS:
        found = re.fullmatch(pattern, path)
        if method != request.method or not found:
            continue
        if not scopes & allowed:
            return error(403, "insufficientPermissions", "Insufficient Permission", "PERMISSION_DENIED")
        if fake.units_left is not None:
            fake.units_left -= units
            if fake.units_left < 0:
                return error(403, "userRateLimitExceeded", "User-rate limit exceeded.", "RESOURCE_EXHAUSTED")
        box.units += units
        return answerer(fake, box, request, found, scopes)
    return error(404, "notFound")


def _ok(body: Row, status: int = 200) -> Response:
    return Response(json.dumps(body), status=status, content_type="application/json; charset=UTF-8")


def _gone() -> Response:
    return error(404, "notFound", "Requested entity was not found.", "NOT_FOUND")


def _profile(fake: GmailFake, box: Box, request: Request, found: Any, scopes: frozenset[str]) -> Response:
    return _ok({"emailAddress": box.address, "messagesTotal": len(box.messages), "historyId": "1"})


def _selected(fake: GmailFake, box: Box, request: Request) -> list[Message]:
    """What a query hits, newest first."""
    hidden = set() if request.args.get("includeSpamTrash") == "true" else {"SPAM", "TRASH"}
    query = request.args.get("q", "")
    found = [
        message
        for message in box.messages.values()
        if not message.labels & hidden
        and hits(box, message, query, silent_headers=fake.silent_headers, prefixes=fake.prefixes)
    ]
    return sorted(found, key=lambda message: (message.received, message.id), reverse=True)


def _page(fake: GmailFake, request: Request, name: str, rows: Sequence[Row]) -> Response:
    size = min(int(request.args.get("maxResults", _PAGE)), 500)
    token = request.args.get("pageToken", "0")
    start = int(token.removesuffix("e"))
    if fake.empty_pages and not token.endswith("e") and rows[start:]:
        return _ok({"nextPageToken": f"{start}e", "resultSizeEstimate": len(rows)})
    part = list(rows[start : start + size])
    body: Row = {"resultSizeEstimate": len(rows)} | ({name: part} if part else {})
    return _ok(body | ({"nextPageToken": str(start + size)} if rows[start + size :] else {}))


def _messages(fake: GmailFake, box: Box, request: Request, found: Any, scopes: frozenset[str]) -> Response:
    if request.args.get("q") and not scopes & _READERS:
        return error(403, "forbidden", "Metadata scope does not support 'q' parameter", "PERMISSION_DENIED")
    there = [m for m in _selected(fake, box, request) if fake.drafts_are_messages or "DRAFT" not in m.labels]
    return _page(fake, request, "messages", [{"id": m.id, "threadId": m.thread} for m in there])


def _drafts(fake: GmailFake, box: Box, request: Request, found: Any, scopes: frozenset[str]) -> Response:
    drafts = {of: draft for draft, of in box.drafts.items()}
    there = [m for m in _selected(fake, box, request) if m.id in drafts]
    rows = [{"id": drafts[m.id], "message": {"id": m.id, "threadId": m.thread}} for m in there]
    return _page(fake, request, "drafts", rows)


def _message(fake: GmailFake, box: Box, request: Request, found: Any, scopes: frozenset[str]) -> Response:
    message = box.messages.get(found[1])
    form = request.args.get("format", "full")
    if message is None:
        return _gone()
    if form in ("full", "raw") and not scopes & _READERS:
        return error(403, "forbidden", "Metadata scope doesn't allow format FULL", "PERMISSION_DENIED")
    return _ok(message.shown(form, request.args.getlist("metadataHeaders")))


def _attachment(fake: GmailFake, box: Box, request: Request, found: Any, scopes: frozenset[str]) -> Response:
    return _ok({"size": 0, "data": ""}) if found[1] in box.messages else _gone()


def _thread(fake: GmailFake, box: Box, request: Request, found: Any, scopes: frozenset[str]) -> Response:
    there = [m for m in box.messages.values() if m.thread == found[1]]
    wanted = request.args.getlist("metadataHeaders")
    shown = [m.shown(request.args.get("format", "full"), wanted) for m in there]
    return _ok({"id": found[1], "historyId": "1", "messages": shown}) if there else _gone()


def _labels(fake: GmailFake, box: Box, request: Request, found: Any, scopes: frozenset[str]) -> Response:
    system = [{"id": name, "name": name, "type": "system"} for name in ("INBOX", "SPAM", "TRASH", "DRAFT", "SENT")]
    return _ok({"labels": system + [{"id": i, "name": name, "type": "user"} for i, name in box.labels.items()]})


def _settings(fake: GmailFake, box: Box, request: Request, found: Any, scopes: frozenset[str]) -> Response:
    return _ok(box.settings.get(found[1], {}))


def _trash(fake: GmailFake, box: Box, request: Request, found: Any, scopes: frozenset[str]) -> Response:
    message = box.messages.get(found[1])
    if message is None:
        return _gone()
    if not request.environ.get("sandbox.lie"):
        message.labels = (message.labels - {"INBOX", "SPAM"}) | {"TRASH"}
        message.trashed_at = message.trashed_at or fake.now
    return _ok(message.shown("minimal") | {"labelIds": sorted(message.labels | {"TRASH"})})


def _untrash(fake: GmailFake, box: Box, request: Request, found: Any, scopes: frozenset[str]) -> Response:
    message = box.messages.get(found[1])
    if message is None:
        return _gone()
    message.labels, message.trashed_at = message.labels - {"TRASH"}, None
    return _ok(message.shown("minimal"))


def _delete(fake: GmailFake, box: Box, request: Request, found: Any, scopes: frozenset[str]) -> Response:
    if found[1] not in box.messages:
        return _gone()
    if not request.environ.get("sandbox.lie"):
        fake.remove(box, found[1])
    return Response(status=204)


def _batch_delete(fake: GmailFake, box: Box, request: Request, found: Any, scopes: frozenset[str]) -> Response:
    ids = (request.get_json(silent=True) or {}).get("ids", [])
    if len(ids) > fake.most_ids:
        return error(400, "invalidArgument", "Number of ids cannot exceed 1000", "INVALID_ARGUMENT")
    if not request.environ.get("sandbox.lie"):
        for message in ids:
            fake.remove(box, message)
    return Response(status=204)


def _thread_delete(fake: GmailFake, box: Box, request: Request, found: Any, scopes: frozenset[str]) -> Response:
    fake.threads_deleted += 1
    for message in [m.id for m in box.messages.values() if m.thread == found[1]]:
        fake.remove(box, message)
    return Response(status=204)


def _draft_delete(fake: GmailFake, box: Box, request: Request, found: Any, scopes: frozenset[str]) -> Response:
    if found[1] not in box.drafts:
        return _gone()
    fake.remove(box, box.drafts[found[1]])
    return Response(status=204)


_SEE = _READERS | {METADATA}
_CHANGE = frozenset({FULL, MODIFY})
# Method, path under users/{id}/, the scopes of which one is needed, quota units, and what answers.
CALLS: tuple[tuple[str, str, frozenset[str], int, Answerer], ...] = (
    ("GET", r"profile", _SEE, 1, _profile),
    ("GET", r"messages", _SEE, 5, _messages),
    ("GET", r"messages/([^/]+)", _SEE, 5, _message),
    ("GET", r"messages/([^/]+)/attachments/([^/]+)", _READERS, 5, _attachment),
    ("GET", r"threads/([^/]+)", _SEE, 10, _thread),
    ("GET", r"drafts", _READERS, 5, _drafts),
    ("GET", r"labels", _SEE, 1, _labels),
    (
        "GET",
        r"settings/(filters|forwardingAddresses|autoForwarding|delegates|sendAs|vacation)",
        _READERS,
        1,
        _settings,
    ),
    ("POST", r"messages/([^/]+)/trash", _CHANGE, 5, _trash),
    ("POST", r"messages/([^/]+)/untrash", _CHANGE, 5, _untrash),
    ("POST", r"messages/batchDelete", frozenset({FULL}), 50, _batch_delete),
    ("DELETE", r"messages/([^/]+)", frozenset({FULL}), 10, _delete),
    ("DELETE", r"threads/([^/]+)", frozenset({FULL}), 20, _thread_delete),
    ("DELETE", r"drafts/([^/]+)", _CHANGE, 10, _draft_delete),
)
