"""A stateful fake of a help desk: contacts, their tickets, recorded calls with several people.

Its traps: the filter by address finds every address that contains it, the filter by contact finds
every number that begins so, in any case, DELETE on a collection empties it, and nothing deletes a call.
"""

from __future__ import annotations

from collections.abc import Sequence

from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.wrappers import Request, Response

from connectors.sandbox.rest.service import Row, Service, as_json, lies, one, page

_PAGE = 2


class HelpDesk(Service):
    """One account. What a client can ask for in several ways is an attribute to switch."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.denied = frozenset()
        self.auth, self.paging = "bearer", "cursor"
        self.next_at_end = True  # whether the cursor's key is there on the last page
        self.trash = False  # a deleted ticket can still be read, as status "deleted"
        self.lists_trash = False  # and the list still shows it
        self.shown_alone: Row = {}  # how a contact that is read by its id differs from the list's
        self.stores: dict[str, list[Row]] = {"contacts": [], "tickets": [], "calls": []}
        self.emptied: list[str] = []  # collections that somebody deleted whole

    def contact(self, email: str, name: str, **more: object) -> str:
        number = f"c{len(self.stores['contacts']) + 1}"
        row = {"id": number, "email": email, "name": name, "created_at": "2026-02-01T00:00:00Z", **more}
        self.stores["contacts"].append(row)
        return number

    def ticket(self, contact: str, subject: str, text: str, note: str, at: str = "2026-03-01T00:00:00Z") -> int:
        number = 1000 + len(self.stores["tickets"])
        messages = [{"text": text, "internal_note": note}]
        row = {"id": number, "requester_id": contact, "subject": subject, "messages": messages, "created_at": at}
        self.stores["tickets"].append({**row, "status": "open"})
        return number

    def call(self, *emails: str) -> None:
        people = [{"email": email} for email in emails]
        self.stores["calls"].append({"id": 70 + len(self.stores["calls"]), "participants": people})

    def answer(self, request: Request, parts: Sequence[str]) -> Response:
        if parts == ["v2", "me"]:
            return as_json({"account": "example"})
        if parts[0] != "v2" or len(parts) not in (2, 3) or parts[1] not in self.stores:
            raise NotFound("no_such_route")
        rows = self.stores[parts[1]]
        if parts[2:] == ["erase"] and request.method == "POST":
            gone = request.get_json()["ids"]
            rows[:] = [row for row in rows if row["id"] not in gone or lies(request)]
            return as_json({"erased": len(gone)})
        if len(parts) == 2:
            return self._collection(request, parts[1], rows)
        row = one(rows, parts[2])
        if request.method == "DELETE" and parts[1] != "calls":
            if row.get("status") == "deleted":
                raise NotFound("not_found")
            if not lies(request):
                self._remove(rows, row)
            return Response(status=204)
        if request.method != "GET":
            raise MethodNotAllowed
        differs = self.shown_alone if parts[1] == "contacts" else {}
        return as_json({parts[1].removesuffix("s"): {**row, **differs}})

    def _collection(self, request: Request, name: str, rows: list[Row]) -> Response:
        if request.method == "DELETE":
            self.emptied.append(name)
            rows.clear()
            return Response(status=204)
        asked = request.args
        found = [row for row in rows if self.lists_trash or row.get("status") != "deleted"]
        if "email" in asked:
            found = [row for row in found if asked["email"].lower() in row["email"].lower()]
        if "requester" in asked:
            found = [row for row in found if row["requester_id"].lower().startswith(asked["requester"])]
        if "participant" in asked:
            found = [row for row in found if asked["participant"] in [p["email"] for p in row["participants"]]]
        answer = page(request, found, _PAGE, self.paging, name)
        if not self.next_at_end and answer["meta"]["next"] is None:
            del answer["meta"]["next"]
        return as_json(answer)

    def _remove(self, rows: list[Row], row: Row) -> None:
        if self.trash and "status" in row:
            row["status"] = "deleted"
        else:
            rows.remove(row)
