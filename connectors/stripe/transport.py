"""The official SDK, held to this project's rules: one attempt, no logs, no telemetry, no text of an
error passed on, whole lists or an error, and the gate before every write.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from connectors import settings
from connectors.errors import AuthError, ConfigError, ConnectorError, RefusedError, TransientError
from connectors.http import BoundedSession, error_for
from connectors.model import SystemSpec

_CODE = re.compile(r"[a-z0-9_]{1,60}")
_PERMISSION = re.compile(r"'(rak_[a-z0-9_]{1,60})'")  # Stripe's name of what a restricted key lacks
_REPLAYS = 5
Item = dict[str, Any]


class StripeRefusedError(RefusedError):
    """Stripe turned a call down; `code` is its machine-readable reason."""

    def __init__(self, system: str, message: str, status: int, code: str) -> None:
        super().__init__(system, message)
        self.status = status
        self.code = code


class StripeBarredError(AuthError):
    """The key is known and may not do this; `code` is Stripe's reason, `permission` what would allow it."""

    def __init__(self, system: str, message: str, code: str, permission: str) -> None:
        super().__init__(system, message)
        self.code = code
        self.permission = permission


class Api:
    """Calls of one Stripe account."""

    def __init__(self, spec: SystemSpec) -> None:
        import stripe

        _silence(stripe)
        key = spec.secrets.get("api_key")
        if key is None or not key.reveal().strip():
            raise ConfigError(spec.system, "secret 'api_key' is missing: a secret or restricted key of the account")
        base = settings.base_url(spec) if spec.settings.get("base_url") else ""
        self._errors = stripe
        self._spec = spec
        self._page = int(spec.settings.get("page_size", 100))
        self._client = stripe.StripeClient(
            key.reveal(),
            base_addresses={"api": base} if base else None,
            stripe_account=spec.settings.get("connected_account"),
            max_network_retries=0,
            http_client=stripe.RequestsClient(
                timeout=float(spec.settings.get("timeout", 30)), session=BoundedSession()
            ),
        )

    def get(self, path: str, doing: str, **params: Any) -> Item | None:
        """One object; None if Stripe does not know it (any more)."""
        try:
            return self._call("get", path, doing, params)
        except StripeRefusedError as refused:
            if refused.status == 404:
                return None
            raise

    def listed(self, path: str, doing: str, version: str | None = None, **params: Any) -> Iterator[Item]:
        """Every object of a list. A page that does not lead on is a fault, never the end."""
        seen: set[str] = set()
        params = {k: v for k, v in params.items() if v is not None}
        options = {"stripe_version": version} if version else {}
        while True:
            page = self._call("get", path, doing, {**params, "limit": self._page}, options)
            data = page.get("data")
            if not isinstance(data, list) or "has_more" not in page:
                raise TransientError(self._spec.system, f"{doing}: the answer is not a list")
            ids = [str(item.get("id")) for item in data]
            if seen.intersection(ids):
                raise TransientError(self._spec.system, f"{doing}: a page came twice")
            seen.update(ids)
            yield from data
            if not page["has_more"]:
                return
            if not ids:
                raise TransientError(self._spec.system, f"{doing}: an empty page promises more")
            params["starting_after"] = ids[-1]

    def searched(self, path: str, query: str, doing: str) -> Iterator[Item]:
        """Every hit of a search: eventually consistent, so a hint to look and never a proof."""
        params: dict[str, Any] = {"query": query, "limit": self._page}
        pages: set[str] = set()
        while True:
            page = self._call("get", path, doing, params)
            yield from page.get("data") or ()
            following = page.get("next_page")
            if not page.get("has_more") or not following:
                return
            if following in pages:
                raise TransientError(self._spec.system, f"{doing}: a page came twice")
            pages.add(following)
            params["page"] = following

    def write(
        self,
        method: str,
        path: str,
        doing: str,
        collections: Iterable[str],
        params: Mapping[str, Any] | None = None,
        key: object = None,
        version: str | None = None,
    ) -> Item:
        """One change, through the gate of each collection it touches.

        `key` is what the call means (an object and its state): the same meaning is carried out
        once even when asked again after a crash. Stripe stores and replays server errors under
        a key for a day (https://docs.stripe.com/api/idempotent_requests), so a replayed one is
        left behind under a new key.
        """
        for collection in collections:
            self._spec.gate(collection)
        options: dict[str, Any] = {"stripe_version": version} if version else {}
        if method != "post":
            return self._call(method, path, doing, dict(params or {}), options)
        meaning = json.dumps([self._spec.system, path, params, key], sort_keys=True, default=str)
        for attempt in range(_REPLAYS):
            digest = hashlib.sha256(f"{attempt}:{meaning}".encode()).hexdigest()
            try:
                return self._call(method, path, doing, dict(params or {}), {**options, "idempotency_key": digest})
            except _ReplayedError as replayed:
                last = replayed.error
        raise last

    def preview(self, path: str, doing: str, version: str, **params: Any) -> Item:
        """One GET of an endpoint in preview."""
        return self._call("get", path, doing, params, {"stripe_version": version})

    def _call(
        self, method: str, path: str, doing: str, params: dict[str, Any], options: dict[str, Any] | None = None
    ) -> Item:
        self._spec.pace()
        try:
            answer = self._client.raw_request(method, path, **params, **(options or {}))
        except self._errors.StripeError as fault:
            # Neither its text nor its body goes on: they quote URLs, parameters and addresses.
            error: ConnectorError | _ReplayedError = self._named(fault, doing)
            raise error from None
        data = answer.data
        if not isinstance(data, dict):
            raise TransientError(self._spec.system, f"{doing}: the answer is not an object")
        return cast("Item", data)

    def _named(self, fault: Any, doing: str) -> ConnectorError | _ReplayedError:
        system, status, headers = self._spec.system, fault.http_status, dict(fault.headers or {})
        if isinstance(fault, self._errors.APIConnectionError) or status is None or status < 400:
            return TransientError(system, f"{doing}: {type(fault).__name__}")
        named = error_for(system, status, headers, doing)
        replayed = {k.lower(): v for k, v in headers.items()}.get("idempotent-replayed") == "true"
        if status >= 500 and replayed:
            return _ReplayedError(named)
        code = str(getattr(fault.error, "code", None) or fault.code or "")
        code = code if _CODE.fullmatch(code) else ""
        if status == 403:
            lacking = _PERMISSION.search(str(fault.user_message or ""))
            return StripeBarredError(system, f"{doing}: not allowed (HTTP 403)", code, lacking[1] if lacking else "")
        if isinstance(named, RefusedError):
            said = f"{doing}: refused (HTTP {status}{', ' + code if code else ''})"
            return StripeRefusedError(system, said, status, code)
        return named


class _ReplayedError(Exception):
    """A stored server error came back instead of an execution."""

    def __init__(self, error: ConnectorError) -> None:
        super().__init__("a stored server error was replayed")
        self.error = error


def _silence(stripe: Any) -> None:
    """No library writes a URL, a parameter or a body of these calls to a log or the console."""
    stripe.enable_telemetry = False
    stripe.log = None
    stripe._util.STRIPE_LOG = None  # the console level from the environment has no public switch
    logging.getLogger("stripe").addFilter(_never)  # holds whatever level the program sets


def _never(record: logging.LogRecord) -> bool:
    return False
