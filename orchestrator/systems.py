"""Use cases around the systems themselves, without a request."""

from __future__ import annotations

from orchestrator import replay
from orchestrator.checked import Checked, check, vaults
from orchestrator.ledger import new_key
from orchestrator.retention.vendor import VendorRetention
from orchestrator.rotation import Rotation
from orchestrator.survey import Surveying


class Systems(Surveying, VendorRetention, Rotation):
    """What can be said of the systems of an inventory, and of the keys under which erasures in them are remembered."""

    def unserved(self) -> tuple[replay.Mark, ...]:
        """Systems that were restored and not yet replayed."""
        return tuple(replay.unserved(self).values())

    def check(self) -> tuple[Checked, ...]:
        """What can be told of every system before a request needs it, restored ones not to be served included.

        And of this program's own vaults.
        """
        marks = {m.system: m.copy for m in self.unserved()}
        own = vaults(self.opening(), self.inventory.keys, self.now())
        return (*check(self.workspace, self.now(), marks), own)

    def new_ledger_key(self) -> str:
        """Begin a key for new entries of the ledger, and destroy those that no entry needs."""
        self.actor.require("run")
        return new_key(self.workspace, self.actor.id, self.now())
