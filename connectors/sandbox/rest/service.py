"""What the two fake SaaS systems have in common: credentials, JSON, pages in every dialect."""

from __future__ import annotations

import base64
import json
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import Forbidden, HTTPException, NotFound, Unauthorized
from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Row = dict[str, Any]
SECRET = "rest-sandbox-secret"


class Service(ABC):
    """A WSGI application with a credential; a subclass answers what is behind it."""

    auth = "bearer"  # "bearer", "basic" (the secret as user), "header" (X-Api-Key), "query" (api_key)
    denied: frozenset[str] = frozenset()  # parts of paths that the credential may not read

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        request.get_data()  # an unread body would garble the next request
        try:
            if self._credential(request) != SECRET:
                raise Unauthorized
            if request.method in ("GET", "POST") and self.denied.intersection(request.path.split("/")):
                raise Forbidden
            response = self.answer(request, request.path.strip("/").split("/"))
        except HTTPException as refusal:
            response = as_json({"error": {"code": refusal.description or refusal.name}}, refusal.code or 500)
        return response(environ, start_response)

    @abstractmethod
    def answer(self, request: Request, parts: Sequence[str]) -> Response:
        """What is behind the credential, by the parts of the path."""

    def _credential(self, request: Request) -> str:
        header = request.headers.get("Authorization", "")
        if self.auth == "bearer":
            return header.removeprefix("Bearer ")
        if self.auth == "basic":
            return base64.b64decode(header.removeprefix("Basic ") or b"").decode().partition(":")[0]
        return request.args.get("api_key", "") if self.auth == "query" else request.headers.get("X-Api-Key", "")


def as_json(value: object, status: int = 200) -> Response:
    return Response(json.dumps(value), status, mimetype="application/json")


def lies(request: Request) -> bool:
    return bool(request.environ.get("sandbox.lie"))


def one(rows: Iterable[Row], number: str) -> Row:
    """The row of that id; NotFound, with a code that tells it from a path that does not exist."""
    for row in rows:
        if str(row["id"]) == number:
            return row
    raise NotFound("not_found")


def page(request: Request, rows: Sequence[Row], size: int, by: str, key: str) -> Row:
    """One page under `key`: the place is read from the query or, with POST, from the body."""
    asked: Any = {**(request.get_json(silent=True) or {}), **request.args.to_dict()}
    number = int(asked.get("page", 1))
    start = {"cursor": asked.get("cursor", 0), "offset": asked.get("offset", 0), "link": asked.get("after", 0)}
    first = (number - 1) * size if by == "page" else int(start[by])
    following = first + size if first + size < len(rows) else None
    link = f"{request.host_url.rstrip('/')}{request.path}?" if following else None
    if link is not None:
        kept = "&".join(f"{k}={v}" for k, v in request.args.items() if k != "after")
        link += f"{kept}&after={following}"
    meta = {
        "next": None if following is None else link if by == "link" else str(following),
        "pages": max(1, -(-len(rows) // size)),
        "total": len(rows),
    }
    return {key: list(rows[first : first + size]), "meta": meta}
