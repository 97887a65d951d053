"""A stateful Stripe: objects, lists, search, idempotency, identity and redaction jobs."""

from __future__ import annotations

from connectors.sandbox.stripe.app import StripeFake

__all__ = ["StripeFake"]
