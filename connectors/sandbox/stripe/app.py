"""The WSGI application: authentication, idempotency, lists and objects."""

from __future__ import annotations

import copy
import json
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from connectors.sandbox.stripe.acts import Acts
from connectors.sandbox.stripe.failures import Refusal, envelope, missing, refuse_unfit, unknown_parameter
from connectors.sandbox.stripe.forms import decode, listed, merge
from connectors.sandbox.stripe.redaction import Redactions, Switches
from connectors.sandbox.stripe.shapes import SHAPES, Shape, attribute

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Item = dict[str, Any]
_CUSTOMER_PATH = re.compile(
    r"^/v1/customers/([^/]+)(/(?:tax_ids|sources|balance_transactions|cash_balance_transactions))"
)
_QUERY = re.compile(r"""^(?P<name>\w+)(?:\[['"](?P<key>[^'"]+)['"]\])?:['"](?P<value>.*)['"]$""")
_PAGING = {"limit", "starting_after", "ending_before", "expand", "created"}


class StripeFake:
    """One Stripe account with a clock of its own.

    `plant` puts objects in, `objects` holds them by id, `switches` decides what Stripe's pages
    leave open, `search_lag` freezes the search index as it is, `fail_next` answers the next writes
    with a status and stores that answer as Stripe does.
    """

    def __init__(self, now: datetime | None = None) -> None:
        self.now = now or datetime.now(UTC)
        self.switches = Switches()
        self.objects: dict[str, Item] = {}
        self.redactions = Redactions(self.objects, self.switches)
        self.acts = Acts(self)
        self.fail_next: list[int] = []
        self.writes: list[tuple[str, str]] = []
        self.seen: Callable[[Item], object] = lambda answer: None  # told of every answer
        self._index: dict[str, Item] | None = None
        self._answers: dict[str, tuple[str, int, Item]] = {}
        self._lock = threading.RLock()
        self._number = 0

    def reset(self) -> None:
        """An empty account with all switches as they were at first."""
        self.__init__()  # type: ignore[misc]

    def plant(self, kind: str, **attributes: Any) -> Item:
        """Put one object in; `created` may be a datetime, and nested attributes are merged."""
        self._number += 1
        shape = SHAPES[kind]
        item: Item = {"id": f"{shape.prefix}{self._number:06d}", "object": kind, "livemode": False}
        item |= copy.deepcopy(dict(shape.defaults))
        created = attributes.pop("created", self.now)
        item["created"] = int(created.timestamp()) if isinstance(created, datetime) else created
        for name, value in attributes.items():
            both = isinstance(value, Mapping) and isinstance(item.get(name), dict)
            item[name] = {**item[name], **value} if both else value
        self.objects[item["id"]] = item
        return item

    def advance(self, by: timedelta) -> None:
        """Let time pass for the account."""
        with self._lock:
            self.now += by
            self.acts.settle()

    def tick(self) -> None:
        """Move every redaction job one state on."""
        with self._lock:
            for job in self.redactions.jobs.values():
                self.redactions.step(job, self.now)

    @property
    def search_lag(self) -> bool:
        """While set, the search knows only what was there when it was set."""
        return self._index is not None

    @search_lag.setter
    def search_lag(self, lags: bool) -> None:
        self._index = copy.deepcopy(self.objects) if lags else None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length).decode()
        with self._lock:
            status, answer, headers = self._answer(environ, body)
            self.seen(answer)
            data = json.dumps(answer).encode()
        words = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}
        lines = [("Content-Type", "application/json"), ("Request-Id", "req_sandbox"), *headers]
        start_response(f"{status} {words.get(status, 'Error')}", [*lines, ("Content-Length", str(len(data)))])
        return [data]

    def _answer(self, environ: WSGIEnvironment, body: str) -> tuple[int, Item, list[tuple[str, str]]]:
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "/")
        if "sandbox" not in environ.get("HTTP_AUTHORIZATION", ""):
            return 401, envelope("Invalid API Key provided", kind="invalid_request_error"), []
        params = decode(environ.get("QUERY_STRING", "") if method in ("GET", "DELETE") else body)
        key = environ.get("HTTP_IDEMPOTENCY_KEY", "") if method == "POST" else ""
        asked = f"{path}?{json.dumps(params, sort_keys=True)}"
        if key in self._answers:
            before, status, answer = self._answers[key]
            if before != asked:
                said = "Keys for idempotent requests can only be used with the same parameters"
                return 400, envelope(said, kind="idempotency_error"), []
            return status, answer, [("Idempotent-Replayed", "true")]
        if method != "GET":
            self.writes.append((method, path))
        if method != "GET" and self.fail_next:
            status, answer = self.fail_next.pop(0), envelope("An unknown error occurred", kind="api_error")
        else:
            status, answer = self._carried_out(environ, method, path, params)
        if key and status != 400 and not environ.get("sandbox.lie"):
            self._answers[key] = (asked, status, copy.deepcopy(answer))
        return status, answer, []

    def _carried_out(self, environ: WSGIEnvironment, method: str, path: str, params: Item) -> tuple[int, Item]:
        lies = environ.get("sandbox.lie") and method != "GET"
        before = copy.deepcopy((self.objects, self.redactions.jobs)) if lies else None
        try:
            answer = copy.deepcopy(self._routed(environ, method, path, params))
        except Refusal as refusal:
            return refusal.status, refusal.answer
        if before is not None:
            for held, was in zip((self.objects, self.redactions.jobs), before, strict=True):
                held.clear()
                held.update(was)
        return 200, answer

    def _routed(self, environ: WSGIEnvironment, method: str, path: str, params: Item) -> Item:
        account = environ.get("HTTP_STRIPE_ACCOUNT")
        if account and self.switches.connected is not None and account not in self.switches.connected:
            raise Refusal(403, "The provided key does not have access to this account", "account_invalid")
        if path.startswith("/v1/privacy/redaction_jobs"):
            self._permit("privacy.redaction_job")
            if "preview" not in environ.get("HTTP_STRIPE_VERSION", ""):
                raise missing("Unrecognized request URL")
            return self.acts.redaction(method, path, params)
        if path == "/v1/customers/search":
            self._permit("search")
            return self._search(params)
        kind, rest = self._kind(path)
        if not rest:
            if method != "GET":
                raise missing("Unrecognized request URL")
            return self._list(kind, path, params)
        id_, _, act = rest.partition("/")
        item = self.objects.get(id_)
        if item is None or item["object"] != kind:
            raise missing(f"No such {kind}: '{id_}'")
        if method == "GET":
            return item
        if method == "DELETE" or act:
            return self.acts.on(method, item, act)
        return self._update(item, params)

    def _kind(self, path: str) -> tuple[str, str]:
        """The type a path leads to and what follows its collection, if the key may read it."""
        inside = _CUSTOMER_PATH.match(path)
        unknown = missing(f"No such customer: '{inside[1]}'") if inside and inside[1] not in self.objects else None
        if unknown and not self.switches.permissions_first:
            raise unknown
        if inside:
            path = path.replace(f"/{inside[1]}/", "/{customer}/", 1)
        for kind, shape in sorted(SHAPES.items(), key=lambda s: -len(s[1].path)):
            if path == shape.path or path.startswith(f"{shape.path}/"):
                if self.switches.permissions_first:
                    self._permit(kind)
                if unknown:
                    raise unknown
                return kind, path[len(shape.path) + 1 :]
        raise missing("Unrecognized request URL")

    def _permit(self, kind: str) -> None:
        """https://docs.stripe.com/keys/restricted-api-keys: what a restricted key lacks is named."""
        if kind in self.switches.denied:
            name = kind.replace(".", "_")
            said = "The provided key does not have the required permissions for this endpoint on this account."
            raise Refusal(403, f"{said} Having the 'rak_{name}_read' permission would allow this request.", "")

    def _update(self, item: Item, params: Item) -> Item:
        shape = SHAPES[item["object"]]
        if foreign := sorted(set(params) - set(shape.updates) - {"expand"}):
            raise unknown_parameter(foreign[0])
        if item.get("deleted") or item.get("inoperable"):
            raise missing(f"No such {item['object']}: '{item['id']}'")
        if item["object"] == "payment_method" and not item["customer"]:
            raise Refusal(400, "You must save this PaymentMethod to a customer before you can update it", "")
        if item["object"] == "invoice" and item["status"] != "draft" and set(params) - {"metadata"}:
            raise Refusal(400, "Finalized invoices can't be updated in this way", "invoice_not_editable")
        frozen = item["object"] == "subscription" and item["status"] == "canceled"
        if frozen and set(params) - {"metadata", "cancellation_details"}:
            raise Refusal(400, "A canceled subscription can only update its metadata", "")
        refuse_unfit(params)
        merge(item, params, self.switches.hashes_replace)
        return item

    def _list(self, kind: str, path: str, params: Item) -> Item:
        shape = SHAPES[kind]
        wanted = self._filters(kind, shape, path, params)
        lists, customer = self.switches.value_lists, wanted.get("customer", "")
        if kind == "radar.value_list_item" and lists is not None and wanted["value_list"] not in lists:
            raise missing(f"No such value list: '{wanted['value_list']}'")
        if self.switches.knows_customers and customer and customer not in self.objects:
            raise Refusal(400, f"No such customer: '{customer}'", "resource_missing")
        self._permit(kind)
        found = [i for i in self.objects.values() if i["object"] == kind and _fits(i, wanted)]
        if not self.switches.lists_deleted_customers:
            found = [i for i in found if not i.get("deleted")]
        if kind == "subscription":
            state = params.get("status", "")
            found = [i for i in found if state in ("all", i["status"]) or (not state and i["status"] != "canceled")]
        for bound, value in (params.get("created") or {}).items():
            found = [i for i in found if (i["created"] >= int(value) if bound == "gte" else i["created"] < int(value))]
        found.sort(key=lambda i: (i["created"], i["id"]), reverse=True)
        return self._page(path, found, params, with_payments="data.payments" in listed(params.get("expand")))

    def _filters(self, kind: str, shape: Shape, path: str, params: Item) -> dict[str, str]:
        given = {
            f"{name}.{inner}" if isinstance(value, Mapping) else name: v
            for name, value in params.items()
            if name not in _PAGING
            for inner, v in (value.items() if isinstance(value, Mapping) else [("", value)])
        }
        extra = {"status"} if kind == "subscription" else set()
        if foreign := sorted(set(given) - set(shape.filters) - extra):
            raise unknown_parameter(foreign[0])
        given.pop("status", None)
        if inside := _CUSTOMER_PATH.match(path):
            given["customer"] = inside[1]
        return given

    def _page(self, path: str, found: list[Item], params: Item, with_payments: bool = False) -> Item:
        limit = int(params.get("limit", 10))
        if not 1 <= limit <= 100:
            raise Refusal(400, "Invalid integer", "parameter_invalid_integer")
        ids = [i["id"] for i in found]
        start = 0
        if after := params.get("starting_after"):
            if after not in ids:
                raise Refusal(400, f"No such object: '{after}'", "resource_missing")
            start = ids.index(after) + 1
        data = [i if with_payments else {k: v for k, v in i.items() if k != "payments"} for i in found[start:][:limit]]
        return {"object": "list", "url": path, "has_more": len(found) > start + limit, "data": data}

    def _search(self, params: Item) -> Item:
        query = _QUERY.match(params.get("query", ""))
        if query is None:
            raise Refusal(400, "We were unable to parse your search query", "")
        name = f"metadata.{query['key']}" if query["key"] else query["name"]
        value = query["value"].replace("\\'", "'").replace("\\\\", "\\").casefold()
        pool = self.objects if self._index is None else self._index
        found = [
            i for i in pool.values() if i["object"] == "customer" and str(attribute(i, name) or "").casefold() == value
        ]
        start, limit = int(params.get("page", 0)), int(params.get("limit", 10))
        more = len(found) > start + limit
        page = {"object": "search_result", "url": "/v1/customers/search", "has_more": more}
        return {**page, "data": found[start:][:limit], "next_page": str(start + limit) if more else None}


def _fits(item: Item, wanted: Mapping[str, str]) -> bool:
    """Equal to the letter: Stripe's e-mail filters are case-sensitive."""
    return all(attribute(item, name) == value for name, value in wanted.items())
