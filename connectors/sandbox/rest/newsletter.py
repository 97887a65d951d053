"""A stateful fake of a newsletter with surveys: subscribers and their responses, with a clock.

Its traps: an unknown subscriber and an unknown path are both 404 and differ in a code only; an
address cannot be taken away, only replaced; a deletion is accepted and carried out a day later.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from werkzeug.exceptions import MethodNotAllowed, NotFound, UnprocessableEntity
from werkzeug.wrappers import Request, Response

from connectors.sandbox.rest.service import Row, Service, as_json, lies, one, page

_PAGE = 2
SETTLES = timedelta(hours=24)


class Newsletter(Service):
    """One account; `advance` moves its time."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.denied = frozenset()
        self.auth = "header"
        self.now = datetime.now(UTC)
        self.replaces_nested = False  # a PATCH replaces what is nested instead of merging it
        self.wipes: tuple[str, ...] = ()  # fields that a PATCH loses besides
        self.ignores: tuple[str, ...] = ()  # fields that a PATCH says it changed, and did not
        self.stores: dict[str, list[Row]] = {"people": [], "responses": []}
        self.due: list[tuple[datetime, str, Row]] = []

    def subscriber(self, email: str, name: str, phone: str) -> int:
        number = 1 + len(self.stores["people"])
        profile = {"name": name, "phone": phone, "language": "en"}
        row = {"id": number, "email": email, "profile": profile, "score": "42 of 100", "joined": 1_760_000_000}
        self.stores["people"].append(row)
        return number

    def response(self, email: str, answer: str, at: int = 1_770_000_000) -> str:
        number = f"r-{len(self.stores['responses']) + 1}"
        row = {"id": number, "respondent": {"email": email}, "answers": [{"question": 7, "text": answer}], "at": at}
        self.stores["responses"].append(row)
        return number

    def advance(self, by: timedelta) -> None:
        """Let time pass: what is due is deleted."""
        self.now += by
        for at, name, row in self.due:
            if at <= self.now and row in self.stores[name]:
                self.stores[name].remove(row)

    def answer(self, request: Request, parts: Sequence[str]) -> Response:
        match list(parts):
            case ["api", "account"]:
                return as_json({"plan": "example"})
            case ["api", "subscribers", email]:
                for row in self.stores["people"]:
                    if row["email"].lower() == email.lower():
                        return as_json({"data": row})
                raise NotFound("no_subscriber")
            case ["api", "responses", "search"] if request.method == "POST":
                asked = str((request.get_json()["filter"] or {}).get("email")).lower()
                found = [r for r in self.stores["responses"] if asked in str(r["respondent"]["email"]).lower()]
                return as_json(page(request, found, _PAGE, "page", "results"))
            case ["api", ("people" | "responses") as name, number]:
                return self._record(request, name, one(self.stores[name], number))
        raise NotFound("no_such_route")

    def _record(self, request: Request, name: str, row: Row) -> Response:
        if request.method == "GET":
            return as_json({"data": row})
        if request.method == "DELETE":
            if not lies(request):
                self.due.append((self.now + SETTLES, name, row))
            return as_json({"status": "queued"}, 202)
        if request.method != "PATCH":
            raise MethodNotAllowed
        sent = request.get_json()["data"]
        if name == "people" and not sent.get("email", "unchanged"):
            raise UnprocessableEntity("email_required")
        if not lies(request):
            self._merge(row, sent)
        return as_json({"data": row})

    def _merge(self, row: Row, sent: Row) -> None:
        for key, value in sent.items():
            if key in self.ignores:
                continue
            if isinstance(value, dict) and not self.replaces_nested:
                self._merge(row[key], value)
            else:
                row[key] = value
        for key in self.wipes:
            if key in row:
                row[key] = None
