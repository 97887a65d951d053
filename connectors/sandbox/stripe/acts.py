"""What is done to objects beside updates: endings, deletions, identity and redaction jobs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from connectors.sandbox.stripe.failures import Refusal, missing
from connectors.sandbox.stripe.forms import listed
from connectors.sandbox.stripe.redaction import ENDED, ROOTS
from connectors.sandbox.stripe.shapes import SHAPES, blank

if TYPE_CHECKING:
    from connectors.sandbox.stripe.app import StripeFake

Item = dict[str, Any]
IDENTITY_TAKES = timedelta(days=4)
_PATH = "/v1/privacy/redaction_jobs"
_CANCELABLE = ("payment_intent", "setup_intent", "quote", "subscription_schedule")


class Acts:
    """The account's verbs."""

    def __init__(self, fake: StripeFake) -> None:
        self._fake = fake

    def on(self, method: str, item: Item, act: str) -> Item:
        """`DELETE` or `POST …/act` on one object."""
        kind = item["object"]
        if item.get("inoperable"):
            raise Refusal(400, "This object has been redacted", "resource_redacted")
        if method == "DELETE":
            return self._deletions(kind)(item)
        if act == "cancel" and kind in _CANCELABLE:
            return self._cancel(item)
        verbs: dict[tuple[str, str], Callable[[Item], Item]] = {
            ("invoice", "void"): self._void,
            ("checkout.session", "expire"): self._expire,
            ("payment_method", "detach"): self._detach,
            ("identity.verification_session", "redact"): self._redact_session,
        }
        if (kind, act) not in verbs:
            raise missing("Unrecognized request URL")
        return verbs[kind, act](item)

    def settle(self) -> None:
        """What became due by now."""
        for item in self._fake.objects.values():
            since = item.get("redacted_since")
            if (
                since is not None
                and self._fake.now - datetime.fromtimestamp(since, self._fake.now.tzinfo) >= IDENTITY_TAKES
            ):
                blank(item, SHAPES[item["object"]].personal)
                item["redaction"] = {"status": "redacted"}

    def redaction(self, method: str, path: str, params: Item) -> Item:
        """Everything under `/v1/privacy/redaction_jobs`."""
        jobs, redactions = self._fake.redactions.jobs, self._fake.redactions
        id_, _, act = path[len(_PATH) :].lstrip("/").partition("/")
        if not id_:
            return self._create(params) if method == "POST" else self._list(params)
        job = jobs.get(id_)
        if job is None:
            raise missing(f"No such redaction job: '{id_}'")
        if method == "GET" and act == "validation_errors":
            return {"object": "list", "url": path, "has_more": False, "data": job["errors"]}
        if method == "GET":
            if self._fake.switches.auto_advance:
                redactions.step(job, self._fake.now)
            return _shown(job, params)
        moves = {"run": (("ready",), "redacting"), "cancel": (("ready", "failed"), "canceling")}
        moves["validate"] = (("failed",), "validating")
        if act not in moves:
            raise missing("Unrecognized request URL")
        allowed, following = moves[act]
        if job["status"] not in allowed:
            raise Refusal(400, f"The job is {job['status']}", "invalid_state")
        job["status"] = following
        return _shown(job, params)

    def _create(self, params: Item) -> Item:
        objects = {name: listed(ids) for name, ids in (params.get("objects") or {}).items()}
        for name, ids in objects.items():
            for id_ in ids:
                item = self._fake.objects.get(id_)
                if name not in ROOTS or item is None or item["object"] != ROOTS[name]:
                    raise missing(f"No such object: '{id_}'")
        if not objects:
            raise Refusal(400, "Missing required param: objects", "parameter_missing")
        job: Item = {
            "id": f"prj_{len(self._fake.redactions.jobs) + 1:06d}",
            "object": "privacy.redaction_job",
            "created": int(self._fake.now.timestamp()),
            "objects": objects,
            "status": "created",
            "validation_behavior": params.get("validation_behavior", "error"),
            "errors": [],
        }
        self._fake.redactions.jobs[job["id"]] = job
        return _shown(job, params)

    def _list(self, params: Item) -> Item:
        jobs = sorted(self._fake.redactions.jobs.values(), key=lambda j: str(j["id"]), reverse=True)
        ids = [job["id"] for job in jobs]
        start = ids.index(params["starting_after"]) + 1 if params.get("starting_after") else 0
        limit = int(params.get("limit", 10))
        expanded = {"expand": {"0": "objects"}} if "data.objects" in listed(params.get("expand")) else {}
        data = [_shown(job, expanded) for job in jobs[start:][:limit]]
        return {"object": "list", "url": _PATH, "has_more": len(jobs) > start + limit, "data": data}

    def _deletions(self, kind: str) -> Callable[[Item], Item]:
        verbs: dict[str, Callable[[Item], Item]] = {
            "customer": self._delete_customer,
            "subscription": self._cancel,
            "invoice": self._delete_draft,
            "invoiceitem": self._delete_item,
        }
        simple = ("tax_id", "card", "radar.value_list_item")
        if kind not in verbs and kind not in simple:
            raise missing("Unrecognized request URL")
        return verbs.get(kind, self._remove)

    def _remove(self, item: Item) -> Item:
        del self._fake.objects[item["id"]]
        return {"id": item["id"], "object": item["object"], "deleted": True}

    def _delete_draft(self, item: Item) -> Item:
        if item["status"] != "draft":
            raise Refusal(400, "You can only delete draft invoices", "invoice_not_editable")
        return self._remove(item)

    def _delete_item(self, item: Item) -> Item:
        invoice = self._fake.objects.get(item.get("invoice") or "")
        if invoice is not None and invoice["status"] != "draft":
            raise Refusal(400, "The invoice is no longer editable", "invoice_not_editable")
        return self._remove(item)

    def _delete_customer(self, item: Item) -> Item:
        if item.get("deleted"):
            raise missing(f"No such customer: '{item['id']}'")
        for other in list(self._fake.objects.values()):
            if other.get("customer") != item["id"]:
                continue
            if other["object"] == "subscription" and other["status"] in SHAPES["subscription"].open:
                self._cancel(other)
            elif other["object"] == "payment_method":
                other["customer"] = None
            elif "{customer}" in SHAPES[other["object"]].path:
                self._remove(other)
        stub = {"id": item["id"], "object": "customer", "deleted": True}
        created = item["created"]
        item.clear()
        item.update(stub, created=created)
        return stub

    def _cancel(self, item: Item) -> Item:
        if item["status"] not in SHAPES[item["object"]].open or item["status"] == "processing":
            raise Refusal(400, f"It is {item['status']}", f"{item['object']}_unexpected_state")
        item.update(status="canceled", canceled_at=int(self._fake.now.timestamp()))
        subscription = self._fake.objects.get(item.get("subscription") or "")
        if item["object"] == "subscription_schedule" and subscription and subscription["status"] != "canceled":
            self._cancel(subscription)
        return item

    def _void(self, item: Item) -> Item:
        if item["status"] not in ("open", "uncollectible"):
            raise Refusal(400, "Only open invoices can be voided", "invoice_not_editable")
        item["status"] = "void"
        item["status_transitions"] = {"voided_at": int(self._fake.now.timestamp())}
        return item

    def _expire(self, item: Item) -> Item:
        if item["status"] != "open":
            raise Refusal(400, "Only open sessions can be expired", "")
        item["status"] = "expired"
        return item

    def _detach(self, item: Item) -> Item:
        if not item["customer"]:
            raise Refusal(400, "The payment method is not attached", "")
        item["customer"] = None
        return item

    def _redact_session(self, item: Item) -> Item:
        if item["status"] == "processing":
            raise Refusal(400, "The session is processing", "")
        item["redaction"] = {"status": "processing"}
        item["redacted_since"] = self._fake.now.timestamp()
        return item


def _shown(job: Item, params: Item) -> Item:
    shown = {k: v for k, v in job.items() if k not in ("objects", "errors")}
    shown["objects"] = job["objects"] if "objects" in listed(params.get("expand")) else None
    shown["ended"] = job["status"] in ENDED
    return shown
