"""What was asked, intended, approved and done: the evidence, and the means of going on after a crash.

Everything is an entry in one hash-chained table; requests, plans, outcomes, receipts and holds
are read from it. Entries hold no personal data: steps are named by references that only the
request's vault can resolve.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from orchestrator import canonical
from orchestrator.errors import NotAllowedError, UnknownError
from orchestrator.model import Attested, Confirmation, Ground, Hold, Plan, Request, Right, Signed, StepResult
from orchestrator.storage import chain, purge, schema
from orchestrator.storage.chain import START, Entry, Head
from orchestrator.storage.driving import Driving
from orchestrator.storage.kinds import ENDS, PROSE, PURGED, STATES, State
from orchestrator.storage.lease import Lease
from orchestrator.storage.prose import without_personal
from orchestrator.storage.store import Store

__all__ = ["START", "Entry", "Head", "Journal", "State"]


class Journal:
    """An open journal. Use as a context manager; safe to share between threads."""

    def __init__(self, store: Store, now: Callable[[], datetime] | None = None) -> None:
        self.store = store
        self.now = now or (lambda: datetime.now(UTC))
        self.driving = Driving(store)
        # The identifiers of whom a request is about, which no words in the journal may repeat: told by the vault.
        self.names: Callable[[str], Collection[str]] = lambda request: ()

    @classmethod
    def open(cls, where: str | Path, now: Callable[[], datetime] | None = None) -> Journal:
        """Open or create: a file path (SQLite), or a `postgresql://` URL. Errors as `Store.open`."""
        return cls(Store.open(where), now)

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        self.store.close()

    # Entries

    def append(self, request: str, kind: str, by: str, payload: Mapping[str, Any], key: str | None = None) -> Entry:
        """Record what happened. Kinds and their fields are those of `orchestrator.storage.kinds`.

        `key` makes it once only: the same again is a no-op, something else an IntegrityError.
        NotAllowedError if this process drives the request and another one took over.
        """
        names = self.names(request) if PROSE & set(payload) else ()
        with self.driving.writing(request) as connection:
            return chain.append(connection, self.now(), request, kind, by, payload, key, names)

    def screen(self, request: str, also: Collection[str] = (), **words: object) -> None:
        """NotAllowedError if words that `append` is to keep would be refused, before anything else is done.

        `also`: further values that name the person.
        """
        chain.screen(words, {*self.names(request), *also})

    def entries(self, request: str | None = None, kind: str | None = None) -> Iterator[Entry]:
        """Entries in the order they were made; of one request or kind if given."""
        return chain.read(self.store, request, kind)

    def head(self) -> Head:
        """The last entry's number and hash, to be remembered elsewhere."""
        with self.store.read() as connection:
            return chain.head(connection)

    def verify(self, remembered: Iterable[Head] = ()) -> Head:
        """Walk the chain; IntegrityError naming the first entry that was changed or is missing."""
        return chain.verify(self.store, remembered)

    def lease(self, name: str) -> contextlib.AbstractContextManager[Lease]:
        """Be the only driver of a request; BusyError saying who drives it already."""
        return self.driving.lease(name)

    # Requests

    def create_request(
        self, id: str, *,  # noqa: A002 - the field's name
        right: Right, channel: str, received: datetime, by: str, regime: str = "ccpa", tags: tuple[str, ...] = (),
        ground: Ground = Ground.STATUTORY, policy: str = "", replays: str = "", only: tuple[str, ...] = (),
        after: str = "", organisation: str = "",
    ) -> Request:  # fmt: skip
        request = Request(
            id, right, channel, received, by, regime, tags, ground, policy, replays, only, after, organisation
        )
        self.append(id, "requested", by, canonical.plain(request), id)
        return request

    def request(self, id: str) -> Request:  # noqa: A002
        """UnknownError if there is none of that id, or its record was destroyed."""
        gone = next(self.entries(id, PURGED), None)
        missing = f"the record of {id} was destroyed on {gone.at:%Y-%m-%d}" if gone else f"no request {id}"
        return canonical.decode(Request, self._find("requested", id, missing).payload)

    def requests(self) -> Iterator[Request]:
        """All requests, oldest first."""
        return (canonical.decode(Request, e.payload) for e in self.entries(kind="requested"))

    def state(self, request: str) -> State:
        """How far the request has come. An end stays, whatever is recorded later, until it is reopened.

        UnknownError if there is none of that id.
        """
        end = self._last_kind(request, ENDS)
        last = end if end in STATES and end != "reopened" else self._last_kind(request, STATES)
        if not last:
            raise UnknownError(f"no request {request}")
        if last == "confirmed" and self._last_kind(request, ["answered"]):
            return State.ANSWERED  # what is still open is read back from time to time
        return STATES[last]

    def _last_kind(self, request: str, kinds: Iterable[str]) -> str:
        query = select(schema.entries.c.kind).order_by(schema.entries.c.seq.desc()).limit(1)
        wanted = (schema.entries.c.request == request, schema.entries.c.kind.in_(tuple(kinds)))
        with self.store.read() as connection:
            return connection.execute(query.where(*wanted)).scalar() or ""

    # Plans and decisions

    def save_plan(self, plan: Plan) -> str:
        """Keep a plan; returns its digest. Saving it again changes nothing."""
        digest = canonical.digest(plan)
        payload = {"digest": digest, "plan": canonical.plain(plan)}
        self.append(plan.request, "planned", plan.made_by, payload, digest)
        return digest

    def plan(self, digest: str) -> Plan:
        """UnknownError if there is none of that digest."""
        return canonical.decode(Plan, self._find("planned", digest, f"no plan {digest}").payload["plan"])

    def latest_plan(self, request: str) -> str | None:
        """The digest of the plan made last."""
        query = select(schema.entries.c.key).order_by(schema.entries.c.seq.desc()).limit(1)
        with self.store.read() as connection:
            wanted = (schema.entries.c.request == request, schema.entries.c.kind == "planned")
            return connection.execute(query.where(*wanted)).scalar()

    def approvals(self, digest: str) -> tuple[Signed, ...]:
        """Approvals of that plan, in order. Whether each signature is good is the caller's to see."""
        return self._decisions("approved", digest)

    def overrides(self, digest: str) -> tuple[Signed, ...]:
        """Overrides of the guard's findings on that plan, in order."""
        return self._decisions("overridden", digest)

    def _decisions(self, kind: str, digest: str) -> tuple[Signed, ...]:
        made = (canonical.decode(Signed, e.payload) for e in self.entries(self._request_of(digest), kind))
        return tuple(d for d in made if d.digest == digest)

    # Effects

    def intend(self, plan_digest: str, ref: str, order: Mapping[str, object], by: str = "") -> None:
        """Before an effect: what is about to be done. Repeating it is a no-op."""
        if unknown := set(order) - {"action", "count", "late", "keep"}:
            raise NotAllowedError(f"an order is journalled without {', '.join(sorted(unknown))}")
        payload = {"plan": plan_digest, "ref": ref, "order": order}
        self._effect("intended", plan_digest, ref, by, payload)

    def outcome(self, plan_digest: str, ref: str, result: StepResult, by: str = "") -> None:
        """After an effect: what became of it, once. IntegrityError if another outcome is there."""
        payload = {"plan": plan_digest, "result": canonical.plain(self._cleaned(plan_digest, result))}
        self._effect("done", plan_digest, ref, by, payload)

    def attest(self, plan_digest: str, attested: Attested) -> None:
        """A staff member's word that a step left to people is done; it may be given again."""
        payload = {"plan": plan_digest, "attested": canonical.plain(attested)}
        request = self._request_of(plan_digest)
        self.screen(request, **{"reason": attested.reason, "name of who did it": attested.by})
        self.append(request, "attested", attested.recorded_by or attested.by, payload)

    def intended(self, plan_digest: str) -> set[str]:
        """The refs of the steps that were begun."""
        return {payload["ref"] for payload in self._effects("intended", plan_digest)}

    def outcomes(self, plan_digest: str) -> dict[str, StepResult]:
        """ref -> what became of the step, for those that have an outcome."""
        found = self._effects("done", plan_digest)
        return {p["result"]["ref"]: canonical.decode(StepResult, p["result"]) for p in found}

    def attestations(self, request: str) -> tuple[tuple[str, Attested], ...]:
        """Every word given on steps of a request, in order, with the plan's digest; the last one on a step counts."""
        said = (e.payload for e in self.entries(request, "attested"))
        return tuple((p["plan"], canonical.decode(Attested, p["attested"])) for p in said)

    def save_confirmation(self, plan_digest: str, confirmation: Confirmation, by: str = "") -> None:
        """What a fresh search after execution found; there may be several, the last one counts."""
        kept = replace(confirmation, results=tuple(self._cleaned(plan_digest, r) for r in confirmation.results))
        payload = {"plan": plan_digest, "confirmation": canonical.plain(kept)}
        self.append(self._request_of(plan_digest), "confirmed", by, payload)

    def confirmation(self, plan_digest: str) -> Confirmation | None:
        """The latest confirmation of that plan."""
        found = self._effects("confirmed", plan_digest)
        return canonical.decode(Confirmation, found[-1]["confirmation"]) if found else None

    def _cleaned(self, digest: str, result: StepResult) -> StepResult:
        """What a vendor said is evidence, but not worth losing the outcome of an effect over."""
        names = self.names(self._request_of(digest)) if result.reason else ()
        return replace(result, reason=without_personal(result.reason, names))

    def _effect(self, kind: str, digest: str, ref: str, by: str, payload: Mapping[str, Any]) -> None:
        self.append(self._request_of(digest), kind, by, payload, f"{digest}/{ref}")

    def _effects(self, kind: str, digest: str) -> list[Mapping[str, Any]]:
        mine = self.entries(self._request_of(digest), kind)
        return [e.payload for e in mine if e.payload["plan"] == digest]

    # Receipts

    def save_receipt(
        self, request: str, envelope: str, digest: str, previous: str, *, plan: str, final: bool, by: str = ""
    ) -> None:
        """Keep a signed receipt, chained to the one before.

        NotAllowedError if another receipt came in between (build it again on `last_receipt_hash`). A final
        receipt may be followed by another: exceptions end, and what a word said is seen by a search.
        """
        payload = {"plan": plan, "hash": digest, "previous": previous, "final": final, "envelope": envelope}
        with self.driving.writing(request) as connection:
            if chain.find(connection, "receipt", digest):
                return
            if previous != purge.newest_receipt(connection):
                raise NotAllowedError("another receipt was signed meanwhile: build this one again on the last one")
            if final:
                chain.append(connection, self.now(), request, "receipt_final", by, {"hash": digest}, digest)
            chain.append(connection, self.now(), request, "receipt", by, payload, digest)

    def last_receipt_hash(self) -> str:
        """The hash that the next receipt names as the one before; empty for the first."""
        with self.store.read() as connection:
            return purge.newest_receipt(connection)

    def receipts(self, request: str | None = None) -> Iterator[Mapping[str, Any]]:
        """`plan`, `hash`, `previous`, `final` and `envelope` of each receipt, oldest first."""
        return (e.payload for e in self.entries(request, "receipt"))

    def purge(self, request: str, by: str, year: int | None = None, keep: Collection[int] = ()) -> Entry | None:
        """Destroy what a request's entries say; see `orchestrator.storage.purge`. None if nothing was left."""
        with self.driving.writing(request) as connection:
            return purge.purge(connection, self.now(), request, by, year, keep)

    # Legal holds

    def place_hold(self, hold: Hold) -> None:
        if sum(map(bool, (hold.person, hold.organisation, hold.collection))) != 1:
            raise NotAllowedError("a hold names exactly one of person, organisation and collection")
        self.append("", "hold_placed", hold.by, canonical.plain(hold), hold.id)

    def release_hold(self, id: str, by: str, at: datetime) -> None:  # noqa: A002
        """UnknownError if there is no hold of that id."""
        self._find("hold_placed", id, f"no hold {id}")
        self.append("", "hold_released", by, {"at": canonical.plain(at)}, id)

    def holds(self, active: bool = True) -> tuple[Hold, ...]:
        """Holds in force; with `active=False` also the released ones."""
        ends = {e.key: datetime.fromisoformat(e.payload["at"]) for e in self.entries(kind="hold_released")}
        placed = (
            canonical.decode(Hold, dict(e.payload) | {"released": None}) for e in self.entries(kind="hold_placed")
        )
        renewed = {e.payload["hold"]: e.payload["review"] for e in self.entries(kind="hold_renewed")}
        placed = (replace(h, review=datetime.fromisoformat(renewed.get(h.id) or h.review.isoformat())) for h in placed)
        held = [h if h.id not in ends else replace(h, released=ends[h.id]) for h in placed]
        return tuple(h for h in held if not active or h.released is None)

    def _request_of(self, digest: str) -> str:
        """Asked at every effect, so the plan itself is not read."""
        with self.store.read() as connection:
            if found := chain.request_of(connection, "planned", digest):
                return found
        raise UnknownError(f"no plan {digest}")

    def _find(self, kind: str, key: str, missing: str) -> Entry:
        with self.store.read() as connection:
            found = chain.find(connection, kind, key)
        if found is None:
            raise UnknownError(missing)
        return found
