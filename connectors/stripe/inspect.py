"""What can be told of the account and the key before a request needs them.

Lists are asked for what was created ten years ahead, for nobody's address, or for a customer that
does not exist, so that no object is read.
Sources: https://docs.stripe.com/keys (kinds and modes of keys; an unrestricted one may do everything),
https://docs.stripe.com/keys/restricted-api-keys.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from connectors.model import Aspect, Probe, SystemSpec
from connectors.probes import NOBODYS_ADDRESS
from connectors.stripe.jobs import PATH
from connectors.stripe.settings import Settings
from connectors.stripe.transport import Api, StripeBarredError, StripeRefusedError
from connectors.stripe.vocabulary import KINDS

FALLBACK = (
    "redaction jobs are not available to this account; "
    "ask Stripe for access to the preview, or set erasure: delete_customer"
)
_NO_CUSTOMER = "cus_dsrPermissionCheck"
_UNDATED = frozenset({"/v1/quotes", "/v1/billing/credit_grants", "/v1/payment_methods"})
_FRAUD_LISTS = "/v1/radar/value_list_items"
_MODE = re.compile(r"[sr]k_(live|test)_")
_UNRESTRICTED = re.compile(r"sk_(?!org_)")


class Inspection:
    """One look at an account with one key."""

    def __init__(self, spec: SystemSpec, api: Api, settings: Settings, now: Callable[[], datetime]) -> None:
        self._spec = spec
        self._api = api
        self._settings = settings
        self._ahead = {"gte": int((now() + timedelta(days=3650)).timestamp())}
        key = spec.secrets["api_key"].reveal()
        self._mode = found[1] if (found := _MODE.match(key)) else ""
        self._unrestricted = _UNRESTRICTED.match(key) is not None

    def probes(self) -> Iterator[Probe]:
        """Raises AuthError if Stripe does not know the key."""
        first = self._tried("/v1/customers", {"email": NOBODYS_ADDRESS})
        yield Probe(Aspect.REACH, True, "Stripe answers and knows the key")
        yield self._right_mode()
        if first == "account_invalid":
            says = "setting 'connected_account' names an account that this key does not reach"
            yield Probe(Aspect.INVENTORY, False, says)
            return
        yield from self._lists(first)
        yield from self._fraud_lists()
        yield from self._search()
        yield Probe(Aspect.EXPORT, True, "hands out what the lists hold, by no other permission")
        yield from self._erasure()
        described = {c.name for c in self._spec.collections}
        if missing := [kind.name for kind in KINDS if kind.name not in described]:
            says = f"not described, so that a plan stops if something is found there: {', '.join(missing)}"
            yield Probe(Aspect.INVENTORY, None, says)

    def _right_mode(self) -> Probe:
        if self._spec.sandbox:
            return Probe(Aspect.INVENTORY, True, "the sandbox's own key")
        if self._mode == "test":
            says = "the key is of test mode (or a Stripe sandbox) and the inventory is live: it finds no real payment"
            return Probe(Aspect.INVENTORY, False, says)
        says = "the key is of live mode" if self._mode else "the key does not say which mode it is of"
        return Probe(Aspect.INVENTORY, True if self._mode else None, says)

    def _lists(self, first: str) -> Iterator[Probe]:
        """One probe for what may be read, one for what cannot be told, one for each that is refused."""
        paths = dict.fromkeys(kind.path for kind in KINDS if kind.path != _FRAUD_LISTS)
        answers = {path: self._tried(*self._asked(path)) for path in paths if path != "/v1/customers"}
        answers["/v1/customers"] = first
        readable = [path for path, answer in answers.items() if not answer]
        untold = [path for path, answer in answers.items() if answer == "resource_missing" and _of_customer(path)]
        if self._unrestricted:
            readable, untold = readable + untold, []
        yield Probe(Aspect.LOCATE, True, f"may be read: {', '.join(sorted(readable))}")
        if untold:
            says = f"listed for a customer only, so that the first search tells: {', '.join(sorted(untold))}"
            yield Probe(Aspect.LOCATE, None, says)
        for path in sorted(set(answers) - {*readable, *untold}):
            yield Probe(Aspect.LOCATE, False, f"GET {path}: {answers[path]}")

    def _asked(self, path: str) -> tuple[str, Mapping[str, Any]]:
        if path in _UNDATED:
            return path, {"customer": _NO_CUSTOMER}
        if _of_customer(path):
            return path.replace("{customer}", _NO_CUSTOMER), {}
        return path, {"created": self._ahead, **({"status": "all"} if path == "/v1/subscriptions" else {})}

    def _fraud_lists(self) -> Iterator[Probe]:
        named = (c.options.get("value_lists", ()) for c in self._spec.collections if c.name == "radar_value_list_items")
        for list_ in next(named, ()):
            answer = self._tried(_FRAUD_LISTS, {"value_list": list_, "created": self._ahead})
            if answer == "resource_missing":
                says = f"value_lists names {list_}, which the account does not have"
                yield Probe(Aspect.INVENTORY, False, says)
            else:
                says = f"GET {_FRAUD_LISTS} of {list_}" + (f": {answer}" if answer else "")
                yield Probe(Aspect.LOCATE, not answer, says)

    def _search(self) -> Iterator[Probe]:
        if not self._settings.search:
            yield Probe(
                Aspect.PLAN, None, "without the search, a customer with another address is not found by user id"
            )
        elif answer := self._tried("/v1/customers/search", {"query": f"email:'{NOBODYS_ADDRESS}'"}):
            says = f"searching customers: {answer}; accounts in India have no search: set search: false there"
            yield Probe(Aspect.LOCATE, False, says)
        else:
            yield Probe(Aspect.LOCATE, True, "customers can be searched")

    def _erasure(self) -> Iterator[Probe]:
        if not self._settings.jobs:
            yield Probe(Aspect.PLAN, None, "erasure: delete_customer leaves payments as they are")
        elif answer := self._tried(PATH, {}, self._settings.version):
            barred = answer.startswith("not allowed")
            yield Probe(
                Aspect.DELETE if barred else Aspect.PLAN, False, f"GET {PATH}: {answer}" if barred else FALLBACK
            )
        else:
            yield Probe(Aspect.PLAN, True, "redaction jobs are available")
        if self._unrestricted:
            yield Probe(Aspect.DELETE, True, "an unrestricted key may write everything")
        else:
            says = "a restricted key needs Write for all that is deleted, which cannot be tried without writing"
            yield Probe(Aspect.DELETE, None, says)

    def _tried(self, path: str, asked: Mapping[str, Any], version: str = "") -> str:
        """Nothing if the call is let through, or why not: Stripe's code, or words for people."""
        doing = "inspecting the account"
        try:
            if version:
                self._api.preview(path, doing, version, limit=1)
                return ""
            answer = self._api.get(path, doing, limit=1, **asked)
        except StripeBarredError as barred:
            if barred.code == "account_invalid":
                return barred.code
            return "not allowed" + (f"; give the key {barred.permission}" if barred.permission else " to this key")
        except StripeRefusedError as refused:
            return refused.code or f"refused (HTTP {refused.status})"
        return "" if answer is not None else "resource_missing"


def _of_customer(path: str) -> bool:
    return "{customer}" in path or path in _UNDATED
