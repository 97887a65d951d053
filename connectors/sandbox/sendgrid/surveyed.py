"""The lists, segments and unsubscribe groups that the SendGrid fake tells of.

Source of the shapes: https://github.com/twilio/sendgrid-oai (mc_lists, mc_segments_2.0, lmc_contactdb, suppressions).
"""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import Forbidden, NotFound
from werkzeug.wrappers import Request, Response

from connectors.sandbox.sendgrid.stores import Row, Store

if TYPE_CHECKING:
    from connectors.sandbox.sendgrid import SendGridSandbox

_AT = "2026-01-01T00:00:00Z"


def surveyed(fake: SendGridSandbox, request: Request, parts: list[str], store: Store) -> Response:
    """The answer to a call that lists what an account made up itself. Raises werkzeug's HTTP exceptions."""
    match parts:
        case ["asm", "groups"]:
            if "asm.groups.read" not in fake.scopes:
                raise Forbidden("access forbidden")
            told = ("name", "description", "is_default")
            return _json([
                {"id": n, **{k: group[k] for k in told}, "unsubscribes": len(group["emails"])}
                for n, group in store.groups.items()
            ])  # fmt: skip
        case ["marketing", "lists"]:
            return _json(_page(fake, request, [_list(name) for name in store.marketing_lists]))
        case ["marketing", "segments", "2.0"]:
            return _json({fake.segments_under: [_segment(name) for name in store.segments]})
        case ["contactdb", "lists"]:
            return _json({"lists": [{"id": n, "name": name, "recipient_count": 1}
                                    for n, name in enumerate(store.legacy_lists, 1)]})  # fmt: skip
        case ["contactdb", "segments"]:
            return _json({"segments": [{"id": n, "name": name, "conditions": [], "recipient_count": 1}
                                       for n, name in enumerate(store.legacy_segments, 1)]})  # fmt: skip
    raise NotFound


def _page(fake: SendGridSandbox, request: Request, rows: list[Row]) -> dict[str, Any]:
    start, size = int(request.args.get("page_token") or 0), int(request.args.get("page_size", 100))
    size = min(size, fake.most_lists)
    beside: dict[str, Any] = {"self": request.url, "count": len(rows)}
    if start + size < len(rows):
        beside["next"] = f"{request.base_url}?page_size={size}&page_token={start + size}"
    return {"result": rows[start : start + size], "_metadata": beside}


def _list(name: str) -> Row:
    return {"id": _id(name), "name": name, "contact_count": 1, "_metadata": {"self": "https://api.sendgrid.com/"}}


def _segment(name: str) -> Row:
    stamps = dict.fromkeys(("created_at", "updated_at", "sample_updated_at", "next_sample_update"), _AT)
    state = {"query_validation": "VALID"}
    return {"id": _id(name), "name": name, "contacts_count": 1, "parent_list_ids": [], **stamps,
            "query_version": "2", "status": state}  # fmt: skip


def _id(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def _json(value: object) -> Response:
    return Response(json.dumps(value), mimetype="application/json")
