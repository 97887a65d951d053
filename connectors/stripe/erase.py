"""Carries out orders: ends what is open, empties, deletes, redacts, and answers by reading again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connectors.errors import ChangedError, RefusedError, TransientError
from connectors.model import Action, Identifier, Order, Outcome, Status, Subject, SystemSpec, Trust
from connectors.stripe.empty import address, empty, kept
from connectors.stripe.gather import Gatherer
from connectors.stripe.holdings import NOT_THEIRS, Found, Holdings, obstacle
from connectors.stripe.jobs import SETTLES, RedactionJobs
from connectors.stripe.roots import closed_lately, refusal, roots_of
from connectors.stripe.settings import Settings
from connectors.stripe.transport import Api, Item
from connectors.stripe.values import at, bears, bears_any, ident
from connectors.stripe.vocabulary import BY_NAME, KINDS, OPEN, Ending

_SESSION_SETTLES = timedelta(days=4)  # https://docs.stripe.com/identity/verification-sessions#redact
_FAMILIES = frozenset(kind.family for kind in KINDS if kind.family)


@dataclass
class Work:
    """One order, what it is about, and what went wrong with it."""

    order: Order
    found: list[Found] = field(repr=False)
    problem: str = ""
    running: bool = False

    @property
    def deletes(self) -> bool:
        return self.order.action is Action.DELETE


class Eraser:
    """One run of `delete`."""

    def __init__(
        self, spec: SystemSpec, api: Api, settings: Settings, gatherer: Gatherer, now: Callable[[], datetime]
    ) -> None:
        self._spec = spec
        self._api = api
        self._settings = settings
        self._gatherer = gatherer
        self._jobs = RedactionJobs(spec.system, api, settings)
        self._now = now

    def run(self, subject: Subject, orders: Sequence[Order]) -> Iterator[Outcome]:
        """Every order's outcome. Nothing is written before all orders fit what is there."""
        answered = [(o, o.spared() or _left_to_people(o)) for o in orders]
        active = [o for o, answer in answered if answer is None]
        yield from (answer for _, answer in answered if answer is not None)
        if not active:
            return
        held = self._gatherer.holdings(subject)
        works = self._works(held, active)
        if any(w.found for w in works):
            self._erase(held, works, orders)
            # By their ids too: a redacted customer is found by no address, and what hangs on it must be.
            ids = (Identifier("stripe.customer", id_, Trust.ASSIGNED) for id_ in held.customers.ids)
            after = self._gatherer.holdings(Subject(subject.identifiers.union(ids)))
        else:
            after = held
        for work in works:
            yield self._outcome(work, after)

    def _works(self, held: Holdings, orders: Sequence[Order]) -> list[Work]:
        ordered = {o.at.collection for o in orders}
        works = []
        for order in orders:
            found = held.select(order.at)
            family = BY_NAME[order.at.collection].family
            if family and family not in ordered:  # closed by a run that was cut short before it was redacted
                lately = [f for f in held.of([family]) if closed_lately(f, self._now()) and f.fate == order.at.key]
                found += lately[: max(0, order.count - len(found))]
            spare = sum(closed_lately(f, self._now()) for f in found if f.collection in _FAMILIES)
            if len(found) - spare > order.count + order.late:
                what = f"{order.at.collection}: {len(found)} objects, the plan has {order.count}"
                raise ChangedError(self._spec.system, what)
            works.append(Work(order, found))
        return works

    def _erase(self, held: Holdings, works: Sequence[Work], orders: Sequence[Order]) -> None:
        for work in works:
            try:
                self._prepare(work)
            except RefusedError as refused:
                work.problem = _said(refused)
        customers = [w for w in works if w.order.at.collection == "customers" and w.deletes and w.found]
        for work in customers:
            work.problem = work.problem or refusal(held, work.found, orders, self._spec, self._settings, self._gatherer)
        if self._settings.jobs:
            self._redact(held, works)
            return
        for work in customers:
            for f in work.found if not work.problem else ():
                self._delete_one(f)

    def _prepare(self, work: Work) -> None:
        """Everything but redaction jobs and the end of customers."""
        keep = work.order.keep if not work.deletes else frozenset[str]()
        for f in work.found:
            kind = BY_NAME[f.collection]
            if not work.deletes:
                if kind.ending is Ending.REDACT_SESSION and not keep:
                    self._redact_session(f)
                elif not self._by_job(f, work):
                    empty(self._api, f, keep)
            elif kind.ending is Ending.DELETE:
                if _deletable(f):
                    self._delete_one(f)
            elif kind.ending is Ending.REDACT_SESSION:
                self._redact_session(f)
            elif f.collection != "customers":
                self._end(f)

    def _end(self, f: Found) -> None:
        """Empty, then cancel, void, detach or deactivate: what is ended can often not be updated."""
        kind = BY_NAME[f.collection]
        also = {"active": "false"} if f.collection == "promotion_codes" and f.item.get("active") else {}
        by_job = self._settings.jobs and kind.root and kind.ending is Ending.REDACT
        if not by_job:
            empty(self._api, f, also=also)
        if kind.ending is Ending.DETACH:
            self._post(f, "/detach", "detaching a payment method")
        method, suffix = kind.close
        if not method or f.item.get("status") not in OPEN[kind.path]:
            return
        if method == "delete":
            self._delete_one(f)
        else:
            self._post(f, suffix, f"ending {f.collection}")
        self._seen_ended(f)

    def _seen_ended(self, f: Found) -> None:
        """Once the customer is redacted nothing leads to it any more, so whether it ended is seen before."""
        now = self._api.get(address(f), f"reading {f.collection}")
        if now is not None and now.get("status") in OPEN[BY_NAME[f.collection].path]:
            raise TransientError(self._spec.system, f"{f.collection}: said to be ended, and shown to be open")

    def _by_job(self, f: Found, work: Work) -> bool:
        """Whether a redaction order is carried out by a job: nothing the job takes is to be kept."""
        kind = BY_NAME[f.collection]
        if not self._settings.jobs or not kind.root or f.collection == "customers":
            return False
        return not any(kept(name, work.order.keep) and bears(f.item, name) for name in kind.personal)

    def _redact_session(self, f: Found) -> None:
        if not f.item.get("redaction"):
            self._post(f, "/redact", "redacting an identity session")

    def _delete_one(self, f: Found) -> None:
        """DELETE has no idempotency key, so what is gone already is looked for first."""
        now: Item | None = self._api.get(address(f), f"reading {f.collection}")
        if now is None or now.get("deleted") is True or now.get("status") == "canceled":
            return
        self._api.write("delete", address(f), f"deleting {f.collection}", [f.collection])

    def _post(self, f: Found, suffix: str, doing: str) -> None:
        self._api.write("post", address(f) + suffix, doing, [f.collection], key=f.item.get("status"))

    def _redact(self, held: Holdings, works: Sequence[Work]) -> None:
        candidates = [
            f
            for w in works
            if not w.problem
            for f in w.found
            if (self._by_job(f, w) if not w.deletes else BY_NAME[f.collection].root)
        ]
        stopped = {f.id for w in works if w.order.at.collection == "customers" and w.problem for f in w.found}
        roots, spared = roots_of(held, candidates, stopped)
        touched = sorted({w.order.at.collection for w in works if w.found})
        verdict = self._jobs.erase(roots, touched)
        for w in works:
            w.running = verdict.running
            if any(f.id in spared for f in w.found):
                w.problem = w.problem or "not redacted: a redaction would take along what the plan keeps"
            w.problem = w.problem or verdict.refused
        for f in candidates:
            if f.id in spared:
                empty(self._api, f)

    def _outcome(self, work: Work, after: Holdings) -> Outcome:
        at_, count = work.order.at, len(work.found)
        if not count:
            return Outcome(at_, Status.ABSENT)
        there = {(BY_NAME[f.collection].path, f.id): f for f in after.found}
        left = [there[key] for f in work.found if (key := (BY_NAME[f.collection].path, f.id)) in there]
        left += [f for f in work.found if f.collection.startswith("guest_") and self._unreached(f)]
        if not work.deletes:
            names = sorted(
                {n for f in left for n in self._fields(f) if not kept(n, work.order.keep) and bears(f.item, n)}
            )
            left = [f for f in left if any(bears(f.item, n) for n in names)]
            what = f"still there: {', '.join(names)}"
        else:
            what = f"Stripe still shows {len(left)} of {count}"
        if not left:
            return Outcome(at_, Status.DONE, count)
        if until := self._until(work, left):
            return Outcome(at_, Status.ACCEPTED, count, until, "Stripe carries it out in its own time")
        return Outcome(
            at_, Status.FAILED, count - len(left), reason=f"{work.problem}; {what}" if work.problem else what
        )

    def _until(self, work: Work, left: Sequence[Found]) -> datetime | None:
        if work.problem:
            return None
        if work.running:
            return self._now() + SETTLES
        if all(at(f.item, "redaction.status") in ("processing", "validated") for f in left):
            return self._now() + _SESSION_SETTLES
        return None

    def _fields(self, f: Found) -> tuple[str, ...]:
        for spec in self._spec.collections:
            if spec.name == f.collection and spec.fields:
                return tuple(s.name for s in spec.fields if s.redactable)
        return BY_NAME[f.collection].personal

    def _unreached(self, f: Found) -> bool:
        """A guest's object that no search reaches any more, read by its id: does it still name anyone?"""
        now = self._api.get(address(f), f"reading {f.collection}")
        return now is not None and bears_any(now, BY_NAME[f.collection].personal)


def _left_to_people(order: Order) -> Outcome | None:
    """The answer to an order about what may be another person's, whatever it says."""
    if order.at.key not in NOT_THEIRS:
        return None
    standing = obstacle(order.at.key, None)
    return Outcome(order.at, Status.MANUAL, order.count, reason=standing.reason if standing else "")


def _deletable(f: Found) -> bool:
    """An invoice item on a finished invoice stays and goes with it."""
    return f.collection != "invoice_items" or not ident(f.item.get("invoice"))


def _said(refused: RefusedError) -> str:
    return str(refused).partition(": ")[2] or str(refused)
