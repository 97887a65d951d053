"""A stateful fake of Hatchbuck's API (now BenchmarkONE) for one account, and of what its web console does.

What the vendor leaves undocumented is an attribute to switch. Source of the shapes: the traffic recorded in
https://github.com/jakesen/pyhatchbuck, tests/fixtures/cassettes.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    MethodNotAllowed,
    NotFound,
    TooManyRequests,
    Unauthorized,
    UnsupportedMediaType,
)
from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

API_KEY = "hatchbuck-sandbox-key"
Row = dict[str, Any]
NOTHING = "No contact found for given search criteria."
# Lists of a contact, and the values of an item which, all empty, remove it.
LISTS = {
    "emails": ("address",),
    "phones": ("number",),
    "addresses": ("street", "city", "state", "zip", "country"),
    "socialNetworks": ("address",),
    "instantMessaging": ("address",),
    "website": ("websiteUrl",),
}
_TEXTS = ("firstName", "lastName", "title", "company", "timezone", "referredBy")
_READ_ONLY = ("contactId", "tags", "campaigns", "status", "temperature", "salesRep")


class HatchbuckSandbox:
    """One account. `contact` and `page` put something in; `delete_in_console` is what an operator does."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Empty the account and set every switch back."""
        self.number = 0
        self.contacts: dict[str, Row] = {}
        self.pages: dict[str, dict[str, list[str]]] = {}  # notes, tasks, …: no call reads or changes them
        self.log: list[tuple[str, str, str]] = []  # the vendor's own: (method, path, body) of every request
        # Switches for what the vendor does not document, or was seen to do now and then.
        self.addresses_are_unique = True
        self.several_addresses_mean = "or"
        self.tells_cases_apart = False
        self.near_match: str | None = None  # id of a contact that every search by address brings as well
        self.absence_is_a_list = False
        self.absence = NOTHING
        self.campaigns_stay = False
        self.tags_stay = False
        self.ignores: set[str] = set()  # fields that a change says yes to and leaves
        self.refuses: set[str] = set()  # fields that a change is refused for
        self.blank_items_stay = False
        self.empty_texts_count = True
        self.deleted_stay_findable = False
        self.subscribes_anew = False  # a contact that gets another address
        self.rate_left: int | None = None

    def _id(self, what: str) -> str:
        """An opaque id in the form of the vendor's."""
        self.number += 1
        return base64.urlsafe_b64encode(f"{what}-{self.number:05}-of-the-sandbox".encode()).decode().rstrip("=")

    def contact(self, *emails: str, first: str = "", last: str = "", id: str = "", **fields: Any) -> Row:  # noqa: A002
        """A contact with these addresses; `fields` are as in the API, items of lists without ids."""
        row: Row = {
            "contactId": id or self._id("contact"),
            "firstName": first,
            "lastName": last,
            "tags": [],
            "campaigns": [],
            "status": {"name": "Lead", "id": "QWFKTnpzNVYyeFE4"},
            "salesRep": {"username": "desk", "id": "Vzl1R2pZSGt0cDNO"},
            "timezone": "Central Standard Time",
            "referredBy": "",
            "customFields": [],
            "subscribed": True,
            **{name: [] for name in LISTS},
        }
        row |= {name: value for name, value in fields.items() if name not in LISTS}
        for name in LISTS:
            row[name] = [{"id": self._id(name), **item} for item in fields.get(name, ())]
        kind = {"type": "Work", "typeId": "VmhlQU1pZVJSUFFJ"}
        row["emails"] = [{"id": self._id("email"), "address": e, **kind} for e in emails]
        self.contacts[row["contactId"]] = row
        self.pages[row["contactId"]] = {}
        return row

    def tag(self, row: Row, name: str, score: int = 1) -> None:
        row["tags"].append({"name": name, "score": score, "id": self._id("tag")})

    def campaign(self, row: Row, name: str) -> None:
        row["campaigns"].append({"name": name, "step": 0, "id": f"{958650 + len(row['campaigns'])}"})

    def page(self, row: Row, **what: list[str]) -> None:
        """What only the web console shows: notes, tasks, deals, e-mails, …"""
        self.pages[row["contactId"]] |= what

    def delete_in_console(self, contact_id: str) -> None:
        """What an operator does by hand."""
        self.pages.pop(contact_id)
        if not self.deleted_stay_findable:
            self.contacts.pop(contact_id)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        body = request.get_data(as_text=True)
        self.log.append((request.method, request.path, body))
        try:
            response = self._answer(request, body)
        except HTTPException as refusal:
            message = {"Message": str(refusal.description)}
            response = Response(json.dumps(message), refusal.code or 500, mimetype="application/json")
        return response(environ, start_response)

    def _answer(self, request: Request, body: str) -> Response:
        if request.args.get("api_key") != API_KEY or "Authorization" in request.headers:
            raise Unauthorized("Api key is not valid.")
        if self.rate_left is not None:
            self.rate_left -= 1
            if self.rate_left < 0:
                raise TooManyRequests
        if body and request.mimetype != "application/json":
            raise UnsupportedMediaType
        parts = request.path.removeprefix("/api/v1").strip("/").split("/")
        sent: Any = json.loads(body) if body else None
        lie = bool(request.environ.get("sandbox.lie"))
        match [request.method, *parts]:
            case ["GET", "user"]:
                return _json({"username": "desk"})
            case ["GET", "settings", "contactStatus" | "source" | "temperature"]:
                return _json([{"name": "Lead", "id": "QWFKTnpzNVYyeFE4"}])
            case ["POST", "contact", "search"]:
                return self._search(sent)
            case ["POST", "contact"]:
                return self._create(sent)
            case ["PUT", "contact"]:
                return self._change(sent, lie)
            case [_, "contact", who, "Tags" | "Campaign" as what]:
                return self._hanging(request.method, self._one(who), what, sent, lie)
            case [_, "contact", *_]:
                raise MethodNotAllowed("The requested resource does not support this method.")
        raise NotFound

    # Searching

    def _search(self, by: Row) -> Response:
        wanted = [e["address"] for e in by.get("emails") or [] if e.get("address")]
        if not wanted and not any(by.get(name) for name in ("contactId", "firstName", "lastName")):
            raise BadRequest("At least one search criterion is required.")
        found = [row for row in self.contacts.values() if self._matches(row, by, wanted)]
        if wanted and self.near_match and self.contacts[self.near_match] not in found:
            found.append(self.contacts[self.near_match])
        if not found and not self.absence_is_a_list:
            raise BadRequest(self.absence)
        return _json(found)

    def _matches(self, row: Row, by: Row, wanted: list[str]) -> bool:
        said = [row[name] == by[name] for name in ("contactId", "firstName", "lastName") if by.get(name)]
        if wanted:
            held = {self._cased(e["address"]) for e in row["emails"]}
            ways = any if self.several_addresses_mean == "or" else all
            said.append(ways(self._cased(email) in held for email in wanted))
        return all(said)

    def _cased(self, address: str) -> str:
        return address if self.tells_cases_apart else address.lower()

    def _one(self, who: str) -> Row:
        for row in self.contacts.values():
            if row["contactId"] == who or any(e["address"] == who for e in row["emails"]):
                return row
        raise BadRequest(self.absence)

    # Changing

    def _create(self, sent: Row) -> Response:
        emails = [e["address"] for e in sent.get("emails") or []]
        if not emails or not sent.get("status") or self._taken(emails, ""):
            raise BadRequest("The contact exists, or an e-mail or status is missing.")
        fields = {k: v for k, v in sent.items() if k not in ("emails", "firstName", "lastName")}
        return _json(self.contact(*emails, first=sent.get("firstName", ""), last=sent.get("lastName", ""), **fields))

    def _change(self, sent: Row, lie: bool) -> Response:
        row = self._one(sent.get("contactId") or next(e["address"] for e in sent["emails"]))
        if self.refuses.intersection(sent):
            raise BadRequest("The request is invalid.")
        emails = [e["address"] for e in sent.get("emails") or [] if e.get("address")]
        if self._taken(emails, row["contactId"]):
            raise BadRequest("The e-mail address belongs to another contact.")
        for name, value in sent.items():
            if not lie and name not in (*self.ignores, *_READ_ONLY):
                self._set(row, name, value)
        if "emails" in sent and self.subscribes_anew and not lie:
            row["subscribed"] = True
        return _json(row)

    def _taken(self, emails: list[str], by_other_than: str) -> bool:
        others = [r for r in self.contacts.values() if r["contactId"] != by_other_than]
        held = {e["address"].lower() for r in others for e in r["emails"]}
        return self.addresses_are_unique and any(email.lower() in held for email in emails)

    def _set(self, row: Row, name: str, value: Any) -> None:
        if name in LISTS:
            for item in value:
                self._set_item(row[name], name, item)
        elif name == "customFields":
            for sent in value:
                for held in row[name]:
                    if held["name"] == sent["name"]:
                        held["value"] = sent["value"]
        elif name not in _TEXTS or value or self.empty_texts_count:
            row[name] = value

    def _set_item(self, items: list[Row], name: str, sent: Row) -> None:
        """Items are matched by id; one without is added, one whose values are all empty is removed."""
        held = next((item for item in items if item.get("id") == sent.get("id")), None)
        if held is None:
            items.append({"id": self._id(name), **sent})
            return
        held |= sent
        if not any(held.get(part) for part in LISTS[name]) and not self.blank_items_stay:
            items.remove(held)

    def _hanging(self, method: str, row: Row, what: str, sent: list[Row], lie: bool) -> Response:
        name, stays = ("tags", self.tags_stay) if what == "Tags" else ("campaigns", self.campaigns_stay)
        if method == "GET":
            return _json([{**held, "id": self._id(name)} for held in row[name]])
        if method == "POST":
            for item in sent:
                self.tag(row, item["name"]) if what == "Tags" else self.campaign(row, item["name"])
            return _json("Tag(s) added" if what == "Tags" else "Campaign Started", 201)
        if method != "DELETE":
            raise MethodNotAllowed
        gone = {value for item in sent for value in (item.get("name"), item.get("id")) if value}
        if not lie and not stays:
            row[name] = [held for held in row[name] if not gone & {held["name"], held["id"]}]
        return _json("Tag(s) deleted") if what == "Tags" else _json("Campaign Stopped", 201)


def _json(body: object, status: int = 200) -> Response:
    return Response(json.dumps(body), status, mimetype="application/json")
