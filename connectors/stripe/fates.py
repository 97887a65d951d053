"""Until when a payment must stay readable: disputes, refunds and Stripe's own minimum age."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from connectors.stripe.holdings import DISPUTED, FREE, LOCKS, REFUNDABLE, YOUNG
from connectors.stripe.settings import MINIMUM_AGE, Settings
from connectors.stripe.transport import Item
from connectors.stripe.values import born
from connectors.stripe.vocabulary import CLOSED_DISPUTE

Fate = tuple[str, datetime | None]


def fate_of_charge(charge: Item, disputes: Sequence[Item], settings: Settings, now: datetime) -> Fate:
    """The lock on one charge, with its end.

    Redacted payments lose their open disputes and cannot be refunded, and transactions are only
    redacted 90 days after creation (https://docs.stripe.com/privacy/redaction and
    /privacy/deletion-requests). Refundable is a succeeded charge not yet refunded in full, within
    `refund_window_days` of its creation; a failed or fully refunded one is not. A charge of
    unknown age counts as young without an end.
    """
    if any(d.get("status") not in CLOSED_DISPUTE for d in disputes):
        return DISPUTED, None
    created = born(charge)
    if created is None:
        return YOUNG, None
    young = created + MINIMUM_AGE
    refundable = created + settings.refund_window
    if charge.get("status") == "succeeded" and charge.get("refunded") is not True and now < refundable:
        return REFUNDABLE, max(refundable, young)
    return (YOUNG, young) if now < young else (FREE, None)


def fate_of_payments(fates: Iterable[Fate]) -> Fate:
    """The strongest of several locks, until the latest of their ends."""
    locks = [f for f in fates if f[0] != FREE]
    if not locks:
        return FREE, None
    strongest = min((f[0] for f in locks), key=LOCKS.index)
    ends = [f[1] for f in locks if f[1] is not None]
    return strongest, max(ends) if len(ends) == len(locks) else None
