"""A stateful fake of Acme: the search finds parts of addresses, two members to a page."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

TOKEN = "acme-sandbox-token"
_PAGE = 2


class AcmeSandbox:
    """One shop."""

    def __init__(self) -> None:
        self.members: dict[str, dict[str, Any]] = {}

    def join(self, email: str, name: str) -> None:
        number = f"m{len(self.members) + 1}"
        self.members[number] = {"id": number, "email": email, "name": name, "risk": f"risk of {name}"}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        parts = request.path.strip("/").split("/")
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return _json({"error": "unauthorised"}, 401)
        if parts == ["shop"]:
            return _json({"shop": "example"})
        if parts == ["members"] and request.method == "GET":
            asked, number = request.args["email"], int(request.args["page"])
            found = [m for m in self.members.values() if asked in m["email"].lower()]
            return _json({"members": found[(number - 1) * _PAGE : number * _PAGE], "total": len(found)})
        if parts[0] == "members" and len(parts) == 2 and request.method == "DELETE":
            if parts[1] not in self.members:
                return _json({"error": "not found"}, 404)
            if not request.environ.get("sandbox.lie"):
                del self.members[parts[1]]
            return Response(status=204)
        return _json({"error": "no such call"}, 405)


def _json(value: object, status: int = 200) -> Response:
    return Response(json.dumps(value), status, mimetype="application/json")
