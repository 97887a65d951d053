"""What a redaction names, what it takes along, and when it must not be asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from connectors.model import Action, Order, SystemSpec
from connectors.stripe.gather import Gatherer
from connectors.stripe.holdings import LOCKS, NOT_THEIRS, Found, Holdings
from connectors.stripe.jobs import Root
from connectors.stripe.payers import payments_of
from connectors.stripe.settings import Settings
from connectors.stripe.values import at, ident
from connectors.stripe.vocabulary import BY_NAME, OWN_ROOTS, TAKEN_BY_DELETION

_LATELY = timedelta(days=7)  # longer than an approved plan stands


def takes(held: Holdings, jobs: bool) -> tuple[str, ...]:
    """The collections that vanish with the subject's customers, of those they have.

    A redaction's cascade is documented as payment intents, charges, subscriptions, invoices and
    payment methods (https://docs.stripe.com/privacy/redaction/example); what else hangs on the
    customer is counted in, since its link is lost.
    """
    hanging = {f.collection for f in held.found if f.owner in held.customers.own}
    if not jobs:
        return tuple(sorted(hanging & TAKEN_BY_DELETION))
    return tuple(sorted(hanging - OWN_ROOTS - {"customers"}))


def refusal(
    held: Holdings,
    customers: Sequence[Found],
    orders: Sequence[Order],
    spec: SystemSpec,
    settings: Settings,
    gatherer: Gatherer,
) -> str:
    """Why these customers must not be ended now, or nothing.

    The plan has seen to it already; this is the second look, at the state of this moment.
    """
    ids = {f.id for f in customers}
    reach = set(takes(held, settings.jobs))
    kept = {
        o.at.collection
        for o in orders
        if o.action is not Action.DELETE and o.at.collection in reach
        if any(f.owner in ids for f in held.select(o.at))
    }
    known = {c.name for c in spec.collections}
    hanging = [f for f in held.found if f.owner in ids and f.collection in reach]
    kept |= {f.collection for f in hanging if f.fate in LOCKS or f.fate in NOT_THEIRS or f.collection not in known}
    if kept:
        return f"the customer stays: its end would take along what the plan keeps ({', '.join(sorted(kept))})"
    still = gatherer.open_now(sorted(ids))
    if not settings.jobs:
        still = [name for name in still if name == "subscriptions_live"]
    if still:
        return f"the customer stays: still open are {', '.join(still)}, which end by a step of their own"
    return ""


def roots_of(held: Holdings, candidates: Sequence[Found], stopped: set[str]) -> tuple[list[Root], set[str]]:
    """The roots of the redaction, and the ids of objects spared because others would be taken along.

    A customer takes what hangs on it, a payment intent its charges, so those are not named twice.
    Objects of a customer that is `stopped` are not redacted either.
    """
    candidates = [f for f in candidates if f.owner not in stopped]
    covered = {f.id for f in candidates if f.collection == "customers"}
    free = [f for f in candidates if f.owner not in covered or f.collection in OWN_ROOTS]
    going = {f.id for f in candidates} | {f.id for f in held.found if f.owner in covered}
    spared = {f.id for f in free if not _companions(held, f) <= going}
    intents = {f.id for f in free if BY_NAME[f.collection].root == "payment_intents" and f.id not in spared}
    roots = [(BY_NAME[f.collection].root, f.id) for f in free if f.id not in spared and not _taken(f, intents)]
    return [*(("customers", id_) for id_ in sorted(covered)), *roots], spared


def closed_lately(found: Found, now: datetime) -> bool:
    """Whether an object was cancelled or voided within days: counted as open when it was planned."""
    item = found.item
    closed = item.get("canceled_at") or at(item, "status_transitions.voided_at")
    if item.get("status") not in ("canceled", "void") or not isinstance(closed, int | float):
        return False
    return now - datetime.fromtimestamp(closed, UTC) < _LATELY


def _taken(f: Found, intents: set[str]) -> bool:
    return BY_NAME[f.collection].root == "charges" and ident(f.item.get("payment_intent")) in intents


def _companions(held: Holdings, f: Found) -> set[str]:
    """The payments that a redaction of this one would take along."""
    root = BY_NAME[f.collection].root
    if root == "payment_intents":
        paid = held.of(["charges", "guest_charges"])
        return {c.id for c in paid if ident(c.item.get("payment_intent")) == f.id}
    if root == "invoices":
        there = {x.id for x in held.of(["charges", "payment_intents", "payment_intents_open"])}
        return set(payments_of(f.item)) & there
    return set()
