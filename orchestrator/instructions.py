"""Instructions of customer organisations about the data that we hold for them as their service provider.

A request of its own: it comes from an organisation's authorised contact and not from the person, reaches that
organisation's rows only, and has a plan and a receipt like any other.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from connectors.model import Gate
from connectors.protocol import Connector
from orchestrator import canonical
from orchestrator.attachment import content_of
from orchestrator.deadlines import Clocks
from orchestrator.errors import NotAllowedError, UnknownError
from orchestrator.inventory import nearest
from orchestrator.inventory.counterparts import Organisation
from orchestrator.model import Coverage, Discovery, Ground, Level, Right, Verification
from orchestrator.receipt import hash_of
from orchestrator.regimes.proofs import proofs

KIND = "organisation_id"
MATCHED = "authorised contact of the organisation"


class Instructions(Clocks):
    """The use cases around instructions."""

    def instruct(
        self, organisation: str, right: Right, identifiers: Sequence[tuple[str, str]], channel: str,
        received: datetime | None = None,
    ) -> str:  # fmt: skip
        """Record what a customer organisation asks about one person's data. Returns the request's id."""
        self.organisation(organisation)
        if right not in (Right.DELETE, Right.ACCESS):
            raise NotAllowedError("an organisation instructs us to delete, or to hand out, what we hold for it")
        tag = self.organisation_tag(organisation)
        request = self.new_request(right, identifiers, channel, received, Ground.STATUTORY, organisation=tag)
        self.workspace.vault.file(request).put_json("organisation", organisation)
        return request

    def verify_instruction(self, request: str, contact: str, method: str, proof: Path) -> Verification:
        """Record that the instruction came from the organisation's authorised contact, and the file that shows it.

        The address is compared with the inventory's and not kept. NotAllowedError if it is none of them, or the
        tries are used up.
        """
        self.actor.require("verify")
        self.not_ended(request)
        known = self.organisation(self._instructing(request)).contacts
        content = content_of(proof, "the proof", wanted="give the signed order, or the mail with its headers")
        if not method.strip():
            raise NotAllowedError("say how it was seen that the contact wrote it: --method")
        with self.journal.lease("comparing"):
            rule, tries = proofs().attempts, list(self.journal.entries(request, "comparing"))
            if len(tries) >= rule.per_request:
                raise NotAllowedError(f"no attempts are left ({rule.per_request} for a request): dsr request deny")
            self.journal.append(request, "comparing", self.actor.id, {"points": ["contact"]})
        given = contact.strip().casefold().encode()
        same = [hmac.compare_digest(given, c.encode()) for c in known]
        if not any(same):
            raise NotAllowedError("this is no authorised contact of the organisation in the inventory")
        self.workspace.vault.file(request).put(f"evidence:{hash_of(content)}", content)
        given = self.workspace.vault.open(request).get_json("identifiers")
        proves = tuple(sorted({kind for kind, _ in given}))
        done = Verification(Level.REASONABLY_HIGH, method, (MATCHED,), proves, self.actor.id, self.now())
        self.journal.append(request, "verified", self.actor.id, canonical.plain(done))
        return done

    def instructs(self, request: str) -> str:
        """The organisation that instructs us by this request; empty if a person asks."""
        return self._instructing(request) if self.request(request).organisation else ""

    def systems(self, request: str, gate_for: Callable[[str], Gate] | None = None) -> dict[str, Connector]:
        """The connectors of a request: all of them, or what an organisation's instruction reaches."""
        if organisation := self.instructs(request):
            if not (reached := self.workspace.instructed(self.now(), organisation, gate_for)):
                raise NotAllowedError("no system tells organisations apart: see `organisation` of a collection")
            return reached
        return self.workspace.connectors(self.now(), gate_for)

    def told_systems(self, request: str) -> dict[str, Connector] | None:
        """What an organisation's instruction reaches; None if a person asks, who is looked for everywhere."""
        return self.systems(request) if self.instructs(request) else None

    def by_machine(self, request: str, found: Discovery) -> Discovery:
        """Of an instruction without systems that have no connector: what is held there is a step of its own."""
        if not self.instructs(request):
            return found
        return replace(found, coverage=tuple(s for s in found.coverage if s.coverage is not Coverage.MANUAL_OPEN))

    def organisation(self, id: str) -> Organisation:  # noqa: A002
        """UnknownError if the inventory has none of that id."""
        known: Mapping[str, Organisation] = self.inventory.organisations
        if id not in known:
            hint = nearest(id, known)
            raise UnknownError(f"the inventory has no organisation {id!r}{hint}; add it with its authorised contacts")
        return known[id]

    def organisation_tag(self, id: str) -> str:  # noqa: A002
        """What journal and receipt call an organisation: a keyed hash."""
        return self.workspace.vault.person_tag(KIND, id)

    def _instructing(self, request: str) -> str:
        if not self.request(request).organisation:
            raise NotAllowedError(f"{request} comes from a person: dsr request verify {request}")
        named: str = self.workspace.vault.file(request).get_json("organisation")
        return named
