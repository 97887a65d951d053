"""The use case of changing the master key while requests are under way."""

from __future__ import annotations

from orchestrator.errors import NotAllowedError
from orchestrator.intake import Intake
from orchestrator.storage.masters import masters


class Rotation(Intake):
    """Wraps every key of the vault under another master key."""

    def rewrap(self, reference: str) -> tuple[str, int]:
        """The new master key's id, and how many keys it wraps now. New keys are wrapped by it from then on, everywhere.

        NotAllowedError unless this process, as every other one, was given that key beside the one in use.
        """
        self.actor.require("run")
        vault = self.workspace.vault
        (master,) = masters(reference, self.journal.store)
        if not vault.opens(master):
            raise NotAllowedError(
                f"give every process both keys first, and restart them one by one: DSR_MASTER_KEY_REF=OLD,{reference}"
            )
        return master.key_id, vault.rewrap(master, self.actor.id)
