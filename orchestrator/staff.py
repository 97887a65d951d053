"""Who acts: staff under a configured identity, each with a key of their own.

In four-eyes mode a person proves who they are by holding the private key whose public half the
inventory lists; approvals and overrides are signed with it and come from different people. In
single-person mode the operating system's user acts, and every receipt says so.
"""

from __future__ import annotations

import getpass
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from orchestrator.errors import NotAllowedError
from orchestrator.inventory import Inventory
from orchestrator.model import Signed
from orchestrator.signing import StaffKey, verify_decision

SINGLE = "single_person"


@dataclass(frozen=True, slots=True)
class Actor:
    """A staff member at work; `id` is the pseudonym that journal and receipt carry."""

    id: str
    may: frozenset[str]
    key: StaffKey | None = field(default=None, repr=False)
    os_user: str = ""

    def require(self, what: str) -> None:
        """Raise NotAllowedError unless the inventory lets this person do it."""
        if what not in self.may:
            raise NotAllowedError(f"{self.id} may not {what}: the inventory's staff entry does not list it")

    def sign(self, purpose: str, digest: str, at: datetime, reason: str = "") -> Signed:
        """Their decision over a plan digest, signed where they have a key."""
        decision = Signed(purpose, digest, self.id, at, reason, os_user=self.os_user)
        return self.key.sign_decision(decision) if self.key else decision


def identify(inventory: Inventory, staff_id: str, key_path: Path | None) -> Actor:
    """The person acting. Raises NotAllowedError with the way out if they cannot prove who they are."""
    everything = frozenset({"verify", "plan", "approve", "override", "run", "export", "hold"})
    if inventory.approval == SINGLE and not staff_id:
        return Actor("single-person", everything, os_user=getpass.getuser())
    known = {person.id: person for person in inventory.staff}
    if not staff_id:
        raise NotAllowedError("say who acts: --as ID or DSR_STAFF, one of " + ", ".join(sorted(known)))
    if staff_id not in known:
        raise NotAllowedError(f"the inventory lists no staff {staff_id!r}; it lists {', '.join(sorted(known))}")
    if key_path is None:
        raise NotAllowedError(f"{staff_id} acts with a key: --key FILE or DSR_STAFF_KEY (make one: dsr staff key FILE)")
    key = StaffKey.load(key_path)
    if key.public != known[staff_id].public_key:
        raise NotAllowedError(f"{key_path.name} is not the key that the inventory lists for {staff_id}")
    return Actor(staff_id, frozenset(known[staff_id].may), key)


def genuine(inventory: Inventory, decision: Signed) -> bool:
    """Whether a decision was signed by the staff member it names, for the digest it names."""
    if inventory.approval == SINGLE and not decision.signature:
        return bool(decision.os_user)
    for person in inventory.staff:
        if person.id == decision.by:
            return verify_decision(decision, person.public_key)
    return False
