"""The calls of the Directory API that the fake answers: users, groups and their members.

Source: https://developers.google.com/workspace/admin/directory/reference/rest
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request, Response

from connectors.sandbox.gmail.mailbox import Row
from connectors.sandbox.google import Grant, error

if TYPE_CHECKING:
    from connectors.sandbox.gmail.app import GmailFake

_ADMIN = "https://www.googleapis.com/auth/admin.directory."
_MEMBERS = re.compile(r"/admin/directory/v1/groups/([^/]+)/members")


def answer(fake: GmailFake, request: Request, grant: Grant) -> Response:
    """A page of a list. Only an administrator sees it, and only with the scope for it."""
    if grant.subject not in fake.admins:
        return error(403, "forbidden", "Not Authorized to access this resource/api")
    of_group = _MEMBERS.fullmatch(request.path)
    name = "members" if of_group else request.path.rpartition("/")[2]
    scope = {"users": "user.readonly", "groups": "group.readonly", "members": "group.member.readonly"}.get(name)
    if scope is None or request.method != "GET":
        return error(404, "notFound")
    if f"{_ADMIN}{scope}" not in grant.scopes:
        return error(403, "insufficientPermissions")
    if not of_group and request.args.get("customer") != "my_customer":
        return error(400, "badRequest")
    rows = fake.members.get(of_group[1], []) if of_group else getattr(fake, name)
    return _page(fake, request, name, rows)


def _page(fake: GmailFake, request: Request, name: str, rows: list[Row]) -> Response:
    size = min(int(request.args.get("maxResults", 100)), fake.directory_page)
    start = int(request.args.get("pageToken", "0"))
    part = rows[start : start + size]
    body: Row = {"kind": f"admin#directory#{name}"} | ({name: part} if part else {})
    body |= {"nextPageToken": str(start + size)} if rows[start + size :] else {}
    return Response(json.dumps(body), content_type="application/json; charset=UTF-8")
