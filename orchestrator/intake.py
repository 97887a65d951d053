"""Requests as they come in: what is asked, who asks, how that was verified; and legal holds."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from connectors.model import Identifier, Trust
from orchestrator import canonical
from orchestrator.errors import NotAllowedError, UnknownError
from orchestrator.inventory import nearest
from orchestrator.journal import State
from orchestrator.model import Ground, Hold, Level, Request, Right, Verification
from orchestrator.portion import wrong
from orchestrator.staff import Actor
from orchestrator.storage.agenda import Agenda
from orchestrator.workspace import Workspace

_RANK = {level: rank for rank, level in enumerate(Level)}
_NOT_ASKED = "none: such a request is not verified"
PRESERVED = timedelta(days=90)  # 18 U.S.C. 2703(f)(2); another 90 upon a renewed request
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"  # no two look alike


class Intake:
    """The use cases before a plan, done by one actor in one workspace."""

    def __init__(self, workspace: Workspace, actor: Actor, now: Callable[[], datetime] | None = None) -> None:
        self.workspace = workspace
        self.inventory = workspace.inventory
        self.journal = workspace.journal
        self.actor = actor
        self.now = now or (lambda: datetime.now(UTC))

    # Requests

    def new_request(
        self,
        right: Right,
        identifiers: Sequence[tuple[str, str]],
        channel: str,
        received: datetime | None = None,
        ground: Ground = Ground.STATUTORY,
        replays: str = "",
        only: Sequence[str] = (),
        after: str = "",
        organisation: str = "",
    ) -> str:
        """Record a request; its identifiers go into its vault, encrypted. Returns its id.

        A request is received when it arrives, not when somebody reads it: for a letter that day must be given.
        `only`: portions of a deletion, or purposes of an opt-out. `after`: see `orchestrator.turns`.
        """
        if why := wrong(right, only, self.inventory):
            raise NotAllowedError(why)
        if not identifiers:
            raise NotAllowedError("a request needs at least one identifier, such as --email")
        given = []
        for kind, value in identifiers:
            if kind not in self.inventory.kinds:
                raise UnknownError(f"the inventory knows no identifier {kind!r}{nearest(kind, self.inventory.kinds)}")
            if not (normal := self.inventory.normalise(kind, value)):
                raise NotAllowedError(f"the {kind} is empty")
            given.append((kind, normal))
        if received is None and channel == "mail":
            raise NotAllowedError("a letter is received on the day it is delivered: give that day, --received")
        received = received or self.now()
        if received > self.now() + timedelta(minutes=5):
            raise NotAllowedError("the day of receipt lies in the future")
        self.journal.screen(
            "", [value for _, value in given], channel=channel
        )  # or a vault is left that nobody asked for
        request = "r-" + "".join(secrets.choice(_LETTERS) for _ in range(10))
        tags = tuple(sorted(self.workspace.vault.person_tag(kind, value) for kind, value in given))
        self.workspace.vault.open(request).put_json("identifiers", given)
        self.journal.create_request(
            request, right=right, channel=channel, received=received, by=self.actor.id,
            regime=self.inventory.regime, tags=tags, ground=ground, policy=self.inventory.policy.version,
            replays=replays, only=tuple(sorted(set(only))), after=after, organisation=organisation,
        )  # fmt: skip
        return request

    def verify(
        self, request: str, level: Level, method: str, matched: Sequence[str], proves: Sequence[str], basis: str = "",
    ) -> Verification:  # fmt: skip
        """Record how the requester was verified, and which of the given identifiers that proves.

        `basis`: why the method is reliable, where the points matched do not reach the level by themselves.
        """
        self.actor.require("verify")
        if not self.request(request).right.reaches_data or level is Level.NONE:
            raise NotAllowedError(f"{request}: {_NOT_ASKED}; of any other, say how surely it was")
        given = {kind for kind, _ in self.workspace.vault.open(request).get_json("identifiers")}
        if missing := set(proves) - given:
            named = ", ".join(sorted(given))
            raise NotAllowedError(f"the request names no {', '.join(sorted(missing))}; it names {named}")
        if not proves or not matched or not method.strip():
            raise NotAllowedError("a verification says its method, the points matched and what it proves")
        done = Verification(level, method, tuple(matched), tuple(sorted(set(proves))), self.actor.id, self.now(), basis)
        self.journal.append(request, "verified", self.actor.id, canonical.plain(done))
        return done

    def confirm_identifier(self, request: str, kind: str, value: str, reason: str) -> None:
        """A named person vouches for a claimed identifier, so that it opens systems in the next plan."""
        self.actor.require("override")
        self.verification(request)
        if not reason.strip():
            raise NotAllowedError("say why the identifier is this person's")
        vault = self.workspace.vault.open(request)
        normal = self.inventory.normalise(kind, value)
        self.journal.screen(request, {value, normal}, reason=reason)
        vault.put_json("vouched", [*self._vouched(request), (kind, normal)])
        tag = self.workspace.vault.person_tag(kind, normal)
        told = {"kind": kind, "tag": tag, "reason": reason}
        self.journal.append(request, "identifier_confirmed", self.actor.id, told)

    def request(self, request: str) -> Request:
        """UnknownError if there is none of that id."""
        return self.journal.request(request)

    def requests(self) -> Iterator[tuple[Request, State]]:
        """All requests with how far they have come, oldest first."""
        for request in self.journal.requests():
            yield request, self.journal.state(request.id)

    def verification(self, request: str) -> Verification:
        """The latest verification. NotAllowedError if there is none, or it is too weak for the right.

        Of a request that must not be verified (11 CCR 7026(d), 7027(e)) it says just that.
        """
        record = self.request(request)
        if not record.right.reaches_data:
            return Verification(Level.NONE, _NOT_ASKED, (), (), record.by, record.received)
        done = [canonical.decode(Verification, e.payload) for e in self.journal.entries(request, "verified")]
        if not done:
            raise NotAllowedError(f"{request} is not verified: dsr request verify {request}")
        return self.strong_enough(done[-1], record.right)

    def cancel(self, request: str, reason: str) -> None:
        """The person withdrew, or staff stop it: nothing is written from now on, and who it was is forgotten.

        Of a request that was cancelled or denied before, only what an interruption left of its vault is destroyed.
        """
        self.actor.require("run")
        if (state := self.journal.state(request)) is State.CLOSED:
            raise NotAllowedError(f"{request} was closed: nothing of it is left to be stopped")
        if state not in (State.CANCELLED, State.DENIED):
            self.journal.append(request, "cancelled", self.actor.id, {"reason": reason})
        self.forget(request)

    def forget(self, request: str) -> None:
        """Destroy the vault of a request that has ended. What the law wants kept of it is in the journal."""
        self.workspace.vault.destroy(request, self.actor.id)

    # Legal holds

    def place_hold(
        self, reason: str, review: datetime | None, scope: Mapping[str, str], *, case: str = "", owner: str = "",
        since: datetime | None = None, before: datetime | None = None, preservation: bool = False,
    ) -> Hold:  # fmt: skip
        """Hold a person (scope kind -> value), `organisation` or `collection`, until it is released.

        `review`: when a person looks at it again; a preservation for law enforcement is for 90 days.
        """
        self.actor.require("hold")
        if review is None and not preservation:
            raise NotAllowedError("say when a person looks at the hold again: --review")
        review = min(filter(None, (review, self.now() + PRESERVED if preservation else None)))
        if since and before and since >= before:
            raise NotAllowedError("the span that is held ends before it begins")
        if len(scope) != 1:
            raise NotAllowedError("a hold names exactly one of a person's identifier, an organisation, a collection")
        ((kind, value),) = scope.items()
        person = ""
        if kind not in ("organisation", "collection"):
            person = self.workspace.vault.person_tag(kind, self.inventory.normalise(kind, value))
            self.journal.screen("", {value}, reason=reason)
        hold = Hold(
            "h-" + "".join(secrets.choice(_LETTERS) for _ in range(8)), reason, self.actor.id, self.now(), review,
            person, value if kind == "organisation" else "", value if kind == "collection" else "",
            case=case, owner=owner, since=since, before=before, preservation=preservation,
        )  # fmt: skip
        self.journal.place_hold(hold)
        return hold

    def release_hold(self, hold: str) -> None:
        """What waited for it is looked at again at once: the data is decided about anew."""
        self.actor.require("hold")
        self.journal.release_hold(hold, self.actor.id, self.now())
        agenda = Agenda(self.journal.store)
        for request in agenda.rows():
            agenda.hurry(request, self.now())

    def renew_hold(self, hold: str, review: datetime | None = None) -> datetime:
        """Until when it is now; a preservation for law enforcement is renewed for 90 days at a time."""
        self.actor.require("hold")
        known = {h.id: h for h in self.journal.holds()}
        if hold not in known:
            raise UnknownError(f"no hold {hold} is in force")
        if known[hold].preservation:
            review = min(filter(None, (review, max(self.now(), known[hold].review) + PRESERVED)))
        if review is None:
            raise NotAllowedError("say when a person looks at the hold again: --review")
        told = {"hold": hold, "review": canonical.plain(review)}
        self.journal.append("", "hold_renewed", self.actor.id, told)
        return review

    # What the use cases have in common

    def identifiers(self, request: str, verification: Verification) -> list[Identifier]:
        given = self.workspace.vault.open(request).get_json("identifiers")
        proven = set(verification.proves)
        found = [Identifier(kind, v, Trust.PROVEN if kind in proven else Trust.CLAIMED) for kind, v in given]
        return found + [Identifier(kind, v, Trust.PROVEN, "vouched") for kind, v in self._vouched(request)]

    def _vouched(self, request: str) -> list[tuple[str, str]]:
        vault = self.workspace.vault.open(request)
        return [(kind, value) for kind, value in (vault.get_json("vouched") if "vouched" in vault.slots() else [])]

    def strong_enough(self, verification: Verification, right: Right) -> Verification:
        needed = self.inventory.verification.get(right, Level.REASONABLY_HIGH)
        if _RANK[verification.level] < _RANK[needed]:
            raise NotAllowedError(f"{right} needs a {needed} verification; this one is {verification.level}")
        return verification

    def not_ended(self, request: str) -> None:
        if (state := self.journal.state(request)) in (State.CANCELLED, State.DENIED):
            raise NotAllowedError(f"{request} was {state}")
