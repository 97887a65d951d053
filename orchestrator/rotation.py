"""The use cases of changing the master key while requests are under way, and of destroying those it replaced.

Whoever has an old copy of the database (a backup, a standby, PostgreSQL's write-ahead log or its archive) has the
wrapped keys and sealed slots of people who were forgotten since. No statement reaches these copies, so what is
destroyed is the one thing that is needed with each of them and is not in the database: the master key of that time.
A key that was replaced is kept as long as a restored copy is to be opened, and no longer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orchestrator.errors import NotAllowedError
from orchestrator.intake import Intake
from orchestrator.storage.chain import Entry
from orchestrator.storage.masters import masters
from orchestrator.storage.ring import Ring

MASTER_KEY = "master key"  # what lease and agenda call it, in the place of a request
_BY_HAND = (
    "only master keys in one file (DSR_MASTER_KEY_REF=file:PATH) are replaced by this command; "
    "change others by hand: dsr vault rewrap REFERENCE"
)


@dataclass(frozen=True, slots=True)
class Turned:
    """A master key that was replaced: the new one's id, how many keys it wraps, and which were destroyed."""

    master: str
    keys: int
    destroyed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Opens:
    """A master key that this installation is given.

    `since`: since when it is in use. `until`: when another replaced it; None for the one in use. `forgotten`: how many
    vaults were destroyed that copies of the database from its time hold, and that it opens.
    """

    key: str
    since: datetime
    until: datetime | None
    forgotten: int


class Rotation(Intake):
    """Wraps every key of the vault under another master key."""

    def rewrap(self, reference: str) -> tuple[str, int]:
        """The new master key's id, and how many keys it wraps now. New keys are wrapped by it from then on, everywhere.

        NotAllowedError unless this process, as every other one, was given that key beside the one in use.
        """
        self.actor.require("run")
        vault = self.workspace.vault
        master = masters(reference, self.journal.store)[0]
        if not vault.opens(master):
            raise NotAllowedError(
                f"give every process both keys first, and restart them one by one: DSR_MASTER_KEY_REF=OLD,{reference}"
            )
        return master.key_id, vault.rewrap(master, self.actor.id)

    def turn(self, keep: timedelta | None = None) -> Turned:
        """Replace the master key by a new one, and destroy those that were replaced `keep` ago or earlier.

        `keep` is the inventory's `keys: old_kept`, or nothing, if it is left out. Every process reads the file of
        keys anew by itself. Cut short, it is finished by the next. NotAllowedError if the keys are not in a file that
        can be written; BusyError if another process is at it.
        """
        self.actor.require("run")
        if (ring := self.workspace.ring) is None:
            raise NotAllowedError(_BY_HAND)
        keep = self.inventory.keys.kept if keep is None else keep
        with self.journal.lease(MASTER_KEY):
            newest, *older = ring.read()
            if self._in_use(newest.key_id, bool(older)):
                older = [newest, *older]
                newest = ring.begin()
            former = [m.key_id for m in older]
            self.workspace.vault.given()
            count = self.workspace.vault.rewrap(newest, self.actor.id, former)
            return Turned(newest.key_id, count, self._end_old(ring, keep))

    def destroy_old_keys(self) -> tuple[str, ...]:
        """Destroy master keys that were replaced as long ago as the inventory keeps them. Their ids."""
        self.actor.require("run")
        if (ring := self.workspace.ring) is None:
            return ()
        with self.journal.lease(MASTER_KEY):
            return self._end_old(ring, self.inventory.keys.kept)

    def opening(self) -> tuple[Opens, ...]:
        """The master keys that this installation is given, the one in use first."""
        turns, given = self._turns(), self.workspace.vault.given()
        gone = [e.at for e in self.journal.entries(kind="vault_destroyed")]
        gone += [e.at for e in self.journal.entries(kind="vault_reduced")]
        start = next(iter(self.journal.entries()), None)
        found = []
        for key in given:
            since = next((e.at for e in turns if e.payload["master"] == key), start.at if start else self.now())
            found.append(Opens(key, since, _replaced(turns, key), sum(at >= since for at in gone)))
        return tuple(sorted(found, key=lambda o: (o.until is not None, o.since)))

    def turn_due(self) -> datetime | None:
        """When the key in use has had its time; None if the inventory does not say, or nobody can by itself."""
        every = self._every()
        return self._turn(self.opening(), every) if every else None

    def keys_due(self) -> datetime | None:
        """When there is next anything to do about master keys by itself; None as for `turn_due`."""
        if not (every := self._every()):
            return None
        opening = self.opening()
        ends = (o.until + self.inventory.keys.kept for o in opening if o.until)
        return min([self._turn(opening, every), *ends])

    def _every(self) -> timedelta | None:
        """After how long a new key takes over by itself."""
        return self.inventory.keys.new_after if self.workspace.ring else None

    def _turn(self, opening: Sequence[Opens], every: timedelta) -> datetime:
        return max((o.since for o in opening if o.until is None), default=self.now()) + every

    def _end_old(self, ring: Ring, keep: timedelta) -> tuple[str, ...]:
        turns, using = self._turns(), self.workspace.vault.wrapping()
        over = [m.key_id for m in ring.read() if (at := _replaced(turns, m.key_id)) and at + keep <= self.now()]
        ring.destroy(gone := set(over) - using)
        self.workspace.vault.given()  # and forget them in this process
        there = {m.key_id for m in ring.read()}
        told = {key for e in self.journal.entries(kind="master_keys_destroyed") for key in e.payload["keys"]}
        ever = {key for e in turns for key in e.payload.get("former", ())}
        if untold := sorted((gone | ever) - there - told):  # also those of a run that was cut short
            self.journal.append("", "master_keys_destroyed", self.actor.id, {"keys": untold})
        return tuple(untold)

    def _in_use(self, newest: str, among_others: bool) -> bool:
        """Whether the first key of the file wraps already; if not, a turn was cut short before it did."""
        turns = self._turns()
        return turns[-1].payload["master"] == newest if turns else not among_others

    def _turns(self) -> list[Entry]:
        return list(self.journal.entries(kind="vault_rewrapped"))


def _replaced(turns: list[Entry], key: str) -> datetime | None:
    """When another key took the place of this one for good; None if none did."""
    last = max((i for i, e in enumerate(turns) if e.payload["master"] == key), default=-1)
    return next((e.at for e in turns[last + 1 :]), None)
