"""Errors in Stripe's envelope."""

from __future__ import annotations

from typing import Any


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
