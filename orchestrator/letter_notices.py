"""What staff give for a letter, and what letters say to those who hold or decide about a part of the data."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from connectors.model import Action, Trust
from connectors.spec import IdentitySpec
from orchestrator.denial import Denials
from orchestrator.errors import UnknownError
from orchestrator.handing_over import UNKNOWN, HandingOver
from orchestrator.instructions import Instructions
from orchestrator.inventory import Collection, nearest
from orchestrator.inventory.flows import Capacity, Recipient
from orchestrator.letters.facts import Notice
from orchestrator.letters.kinds import Kind
from orchestrator.model import Request
from orchestrator.vault import RequestVault

_NOTICE_DAYS = 15  # for a vendor to confirm


@dataclass(frozen=True, slots=True)
class Given:
    """What staff give for one letter; each kind uses some of it."""

    name: str = field(default="", repr=False)
    address: tuple[str, ...] = field(default=(), repr=False)
    reason: str = ""
    because: str = ""
    until: date | None = None
    asks: tuple[str, ...] = ()
    by: date | None = None
    delivery: str = ""
    since: date | None = None
    see_at: str = ""
    vendor: str = ""
    agent_of: str = ""
    organisation: str = ""
    amount: str = ""
    result: str = ""  # of an appeal
    facts: Path | None = None  # what shows that a request is unfounded or excessive


class NoticeFacts(Denials, HandingOver, Instructions):
    """What others than the person are told, or the person of them."""

    def _notice_of(self, asked: Request, kind: Kind, given: Given) -> Notice | None:
        match kind:
            case Kind.VENDOR_NOTICE:
                return self._vendor_notice(asked, given)
            case Kind.HAND_OVER | Kind.PROVIDER_NOTICE:
                return self._handed_notice(asked, kind, given)
        return None

    def _handed_notice(self, asked: Request, kind: Kind, given: Given) -> Notice | None:
        """What organisations decide about, as one of them, or the person, is told."""
        handed = self.handovers(asked.id)
        if kind is Kind.HAND_OVER:
            handed = tuple(h for h in handed if h.organisation in (given.organisation, UNKNOWN))
        places = dict.fromkeys(place for h in handed for place, _ in h.what)
        held = [(place, self._collection(place)) for place in places]
        titles = tuple(dict.fromkeys(c.title if c else place for place, c in held))
        by = given.by or self._today() + timedelta(days=_NOTICE_DAYS)
        if kind is Kind.HAND_OVER:
            kinds = {i.kind for _, c in held if c for i in c.spec.identities if _finds(i)}
            whose = self.organisation(given.organisation).title
            return Notice(whose, False, titles, self._identifiers(asked.id, kinds), by)
        named, sent = [h.title for h in handed], [self.day(h.sent) for h in handed if h.sent]
        return Notice(
            ", ".join(named) if all(named) else "", False, titles, (), by,
            passed_on=max(sent) if sent and len(sent) == len(handed) else None,
            to_contact=all(h.to_contact for h in handed),
        )  # fmt: skip

    def _collection(self, place: str) -> Collection | None:
        system, _, name = place.partition("/")
        return self.inventory.system(system).collections.get(name)

    def _identifiers(self, request: str, kinds: Set[str]) -> tuple[tuple[str, str], ...]:
        """(title of the kind, value) of what the person gave and proved, of those kinds only."""
        vault, proven = self._still_open(request), set(self.verification(request).proves)
        titles = {name: kind.title for name, kind in self.inventory.identifiers.items()}
        given = vault.get_json("identifiers") if vault else []
        return tuple((titles[k], v) for k, v in given if k in kinds and k in proven)

    def _vendor_notice(self, asked: Request, given: Given) -> Notice | None:
        """What a recipient must delete, and the identifiers that it has of the person already."""
        self.verification(asked.id)  # nobody is told to delete on the word of somebody who may be anybody
        recipient, digest = self._recipient(given.vendor), self.journal.latest_plan(asked.id)
        if digest is None or self._still_open(asked.id) is None:
            return None
        held = [
            collection for step in self.journal.plan(digest).steps
            if step.count and step.action is not Action.RETAIN
            and any(flow.covers(step.system, step.collection) for flow in recipient.flows)
            and (collection := self.inventory.system(step.system).collections.get(step.collection))
        ]  # fmt: skip
        identities = (i for collection in held for i in collection.spec.identities)
        known = {i.kind for i in identities if _finds(i)}
        return Notice(
            recipient.title, recipient.counts_as is Capacity.THIRD_PARTY, tuple(dict.fromkeys(c.title for c in held)),
            self._identifiers(asked.id, known),
            given.by or self._today() + timedelta(days=_NOTICE_DAYS),
        )  # fmt: skip

    def _recipient(self, name: str) -> Recipient:
        found = {r.id: r for r in self.inventory.recipients}
        if name not in found:
            raise UnknownError(f"the inventory has no recipient {name!r}{nearest(name, found)}")
        return found[name]

    def _still_open(self, request: str) -> RequestVault | None:
        """The request's vault; None if it was destroyed."""
        if any(self.journal.entries(request, "vault_destroyed")):
            return None
        try:
            return self.workspace.vault.open(request)
        except UnknownError:
            return None


def _finds(identity: IdentitySpec) -> bool:
    """Whether records are found by it, on more than a claim."""
    return identity.match and identity.trust is not Trust.CLAIMED
