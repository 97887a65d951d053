"""Errors in Stripe's envelope."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_LONGEST_PHONE = 20


class Refusal(Exception):  # noqa: N818 (an answer of the fake, not a fault in it)
    """A status and the answer that goes with it."""

    def __init__(self, status: int, message: str, code: str, kind: str = "invalid_request_error") -> None:
        super().__init__(message)
        self.status = status
        self.answer = envelope(message, code, kind)


def envelope(message: str, code: str = "", kind: str = "invalid_request_error") -> dict[str, Any]:
    """`{"error": {…}}` as every failed call answers."""
    return {"error": {"type": kind, "message": message, **({"code": code} if code else {})}}


def missing(message: str) -> Refusal:
    return Refusal(404, message, "resource_missing")


def unknown_parameter(name: str) -> Refusal:
    return Refusal(400, f"Received unknown parameter: {name}", "parameter_unknown")


def refuse_unfit(params: Mapping[str, Any]) -> None:
    """Raise for a value that Stripe does not take: an address without a host, a number longer than 20 characters."""
    for name, value in params.items():
        if isinstance(value, Mapping) and name != "metadata":
            refuse_unfit(value)
        elif name in ("email", "receipt_email") and value and "." not in str(value).partition("@")[2]:
            raise Refusal(400, f"Invalid email address: {value}", "email_invalid")
        elif name in ("phone", "phone_number") and len(str(value)) > _LONGEST_PHONE:
            raise Refusal(400, f"Invalid string: {value}; must be at most 20 characters", "")
