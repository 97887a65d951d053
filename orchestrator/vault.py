"""The subject's identifiers and addresses, encrypted, in vaults of three lifetimes, each with a key of its own.

- the working vault (`open`) of a request under way: identifiers, what plans are about, and their addresses;
- a capsule for each thing that is still open after it (`capsules`): what that one needs, and no more;
- the evidence file (`file`): what proves how a request was answered, for as long as its record is kept.

Each key is random, wrapped by the master key and kept beside the data it opens. Destroying a vault deletes
both and rewrites the database's files, so that neither the data nor its key is left in them. What cannot be
reached from here are copies that others made before, a backup or the server's write-ahead log: they open with the
master key of that time as long as that exists. So it is replaced now and then, and destroyed (`orchestrator.rotation`).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection, delete, insert, select, update

from orchestrator import canonical
from orchestrator.errors import IntegrityError, UnknownError
from orchestrator.request_vault import RequestVault, key_row, names
from orchestrator.storage import chain, schema, sealing
from orchestrator.storage.masterkey import SIZE, MasterKey, derive
from orchestrator.storage.masters import KMS
from orchestrator.storage.store import Store

__all__ = ["MasterKey", "RequestVault", "Vault"]
_HOUSE = ""  # the row that holds the key for tags: it belongs to no request and is never destroyed
_FILE = "file:"  # and a request's id: its evidence file
_LEDGER = "ledger:"  # and a key's id: keys of the erasure ledger, each apart so that an old one can be destroyed
_keys, _blobs = schema.vault_keys.c, schema.vault_blobs.c


class Ledger(Protocol):
    """What the vault needs of the journal."""

    @property
    def store(self) -> Store: ...
    @property
    def now(self) -> Callable[[], datetime]: ...


class Vault:
    """All requests' vaults in one store, under one master key.

    `others`: what else may open them, while the master key is changed. The journal says which one wraps.
    `again` reads the keys anew, should another process have changed it meanwhile.
    """

    def __init__(
        self, journal: Ledger, master: MasterKey, *others: MasterKey, again: Callable[[], tuple[MasterKey, ...]] = tuple
    ) -> None:
        self._journal = journal
        self._store = journal.store
        self._first = master
        self._masters = {m.key_id: m for m in (*others, master)}
        self._again = again
        self._house: bytes | None = None

    def open(self, request: str) -> RequestVault:
        """A request's vault, its key made on first use.

        UnknownError if it was destroyed; IntegrityError if the master key does not open it.
        """
        if not request:
            raise UnknownError("a vault belongs to a request: give its id")
        return RequestVault(self._store, request, self._data_key(request))

    def names(self, request: str) -> frozenset[str]:
        """Every value in a request's vaults that names the person; none where there is no vault, or none any more."""
        if not request or not self.holds(request):
            return frozenset()
        try:
            return frozenset[str]().union(*map(names, (self.open(request), *self.capsules(request))))
        except UnknownError:  # destroyed this moment
            return frozenset()

    def holds(self, name: str) -> bool:
        """Whether there is such a vault."""
        with self._store.read() as connection:
            return key_row(connection, name) is not None

    def requests(self) -> frozenset[str]:
        """The requests of which a working vault or a capsule is kept."""
        with self._store.read() as connection:
            names = connection.execute(select(_keys.request)).scalars()
            return frozenset(name.partition("/")[0] for name in names if name and ":" not in name)

    def file(self, request: str) -> RequestVault:
        """A request's evidence file: letters as sent, evidence of steps by hand. It outlives the request."""
        return self.open(f"{_FILE}{request}")

    def capsules(self, request: str) -> tuple[RequestVault, ...]:
        """What is kept for the things that are still open of a request: one vault for each."""
        with self._store.read() as connection:
            names = _capsules(connection, request)
        return tuple(self.open(name) for name in names)

    def new_capsule(self, request: str) -> RequestVault:
        return self.open(f"{request}/{secrets.token_hex(6)}")

    def destroy(self, request: str, by: str = "") -> None:
        """Forget everything of a request but its evidence file, and journal that.

        Safe to repeat. IncompleteError if another process's reading keeps deleted bytes in the
        files: the data cannot be opened any more, but ask again to be rid of the bytes.
        """
        with self._store.erase() as connection:
            self._destroy(connection, [request, *_capsules(connection, request)], by)

    def destroy_file(self, request: str, by: str = "") -> None:
        """Destroy a request's evidence file, if it has one. As `destroy`."""
        with self._store.erase() as connection:
            if key_row(connection, name := f"{_FILE}{request}"):
                self._destroy(connection, [name], by)

    def close(self, capsules: Collection[RequestVault], by: str = "") -> None:
        """Destroy capsules of what is no longer open. As `destroy`."""
        with self._store.erase() as connection:
            self._destroy(connection, [c.name for c in capsules], by)

    def _destroy(self, connection: Connection, names: Iterable[str], by: str) -> None:
        for name in names:
            if not chain.find(connection, "vault_destroyed", name):
                slots = connection.execute(select(_blobs.slot).where(_blobs.request == name)).all()
                connection.execute(delete(schema.vault_blobs).where(_blobs.request == name))
                connection.execute(delete(schema.vault_keys).where(_keys.request == name))
                gone = {"slots": len(slots)}
                chain.append(connection, self._journal.now(), name, "vault_destroyed", by, gone, name)

    def reduce(self, request: str, keep: Mapping[str, Any], by: str = "") -> None:
        """Forget everything of a working vault but these slots (plain JSON), which get a new key; journal that.

        With the old key the references of its plans go as well: nobody can repeat them. Safe to repeat, with
        `IncompleteError` as for `destroy`.
        """
        with self._store.erase() as connection:
            slots = connection.execute(select(_blobs.slot).where(_blobs.request == request)).all()
            if {s.slot for s in slots} - set(keep):
                connection.execute(delete(schema.vault_blobs).where(_blobs.request == request))
                secret = secrets.token_bytes(SIZE)
                new_key = update(schema.vault_keys).where(_keys.request == request)
                connection.execute(new_key.values(self._wrapped(connection, request, secret)))
                opened = RequestVault(self._store, request, secret)
                for slot, value in keep.items():
                    row = opened.sealed(slot, canonical.encode(value))
                    connection.execute(insert(schema.vault_blobs).values(**row))
                gone = {"slots": len(slots), "kept": sorted(keep)}
                chain.append(connection, self._journal.now(), request, "vault_reduced", by, gone)

    def person_tag(self, kind: str, value: str) -> str:
        """A keyed hash of a normalised identifier: equal for equal persons, and telling nothing.

        For legal holds on a person and for seeing repeated requests. Its key is wrapped like the
        others and so outlives a rotation of the master key; the tag starts with the key's id.
        """
        return self._tag("person tag", [kind, value])

    def ledger_tagger(self, key: str) -> Callable[[str, str], str]:
        """Keyed hashes of normalised identifiers for the erasure ledger, under the ledger's key of that id.

        The key is made on first use and wrapped like the others. UnknownError once it was forgotten.
        """
        secret = derive(self._data_key(f"{_LEDGER}{key}"), "erasure ledger")
        return lambda kind, value: sealing.letters(hmac.digest(secret, canonical.encode([kind, value]), "sha256")[:20])

    def forget_ledger_key(self, key: str, by: str = "") -> None:
        """Destroy a key of the ledger: nobody can tell any more whose hashes it made."""
        self.destroy(f"{_LEDGER}{key}", by)

    def pseudonym(self, staff: str) -> str:
        """What a receipt calls a staff member."""
        return "staff-" + self._tag("staff pseudonym", [staff]).rpartition(":")[2][:10]

    def opens(self, master: MasterKey) -> bool:
        """Whether this is one of the keys given."""
        return master.key_id in self._masters

    def rewrap(self, master: MasterKey, by: str = "", former: Collection[str] = ()) -> int:
        """Wrap every key under another master key, and forget the old wrapping. How many there are.

        `former`: ids of keys that are kept for a while, to be journalled as such.
        Every process that was given both keys goes on meanwhile, and wraps new ones by this one from now on.
        """
        with self._store.erase() as connection:
            every = connection.execute(select(schema.vault_keys)).all()
            rows = [row for row in every if not row.request.startswith(KMS)]
            for row in rows:
                key = self._unwrap(row.request, row.master, row.wrapped)
                wrapped = sealing.wrap(master, row.request, key)
                changed = update(schema.vault_keys).where(_keys.request == row.request)
                connection.execute(changed.values(master=master.key_id, wrapped=wrapped))
            done = {"master": master.key_id, "keys": len(rows), **({"former": sorted(former)} if former else {})}
            chain.append(connection, self._journal.now(), "", "vault_rewrapped", by, done)
        self._masters[master.key_id] = master
        return len(rows)

    def _tag(self, purpose: str, parts: list[str]) -> str:
        if self._house is None:
            self._house = self._data_key(_HOUSE)
        key = derive(self._house, purpose)
        tag = hmac.digest(key, canonical.encode(parts), "sha256")[:20]
        return f"{hashlib.sha256(key).hexdigest()[:8]}:{sealing.letters(tag)}"

    def _data_key(self, request: str) -> bytes:
        with self._store.read() as connection:
            row = key_row(connection, request)
        if row is None:
            row = self._make_key(request)
        return self._unwrap(request, row.master, row.wrapped)

    def _make_key(self, request: str) -> Any:
        with self._store.write() as connection:
            if row := key_row(connection, request):  # another process was quicker
                return row
            if destroyed := chain.find(connection, "vault_destroyed", request):
                raise UnknownError(f"the vault of {request} was destroyed on {destroyed.at:%Y-%m-%d}: nothing is left")
            row = self._wrapped(connection, request, secrets.token_bytes(SIZE))
            connection.execute(insert(schema.vault_keys).values(request=request, **row))
            return key_row(connection, request)

    def _wrapped(self, connection: Connection, name: str, key: bytes) -> dict[str, Any]:
        """A key as it is kept: wrapped by the master key of the last rotation, or the first given."""
        turned = chain.of_kind(connection, "vault_rewrapped")
        master = self._master(turned[-1].payload["master"]) if turned else self._first
        return {"master": master.key_id, "wrapped": sealing.wrap(master, name, key)}

    def _unwrap(self, request: str, master: str, wrapped: bytes) -> bytes:
        return sealing.unwrap(self._master(master), request, wrapped)

    def wrapping(self) -> frozenset[str]:
        """Ids of the master keys without which something could not be opened now."""
        with self._store.read() as connection:
            rows = connection.execute(select(_keys.request, _keys.master)).all()
        return frozenset(row.master for row in rows if not row.request.startswith(KMS))

    def given(self) -> frozenset[str]:
        """Ids of the master keys that this installation is given as of now."""
        if fresh := self._again():
            self._first, self._masters = fresh[0], {m.key_id: m for m in fresh}
        return frozenset(self._masters)

    def _master(self, key_id: str) -> MasterKey:
        if key_id not in self._masters and key_id not in self.given():
            given = f"the one given is {self._first.key_id}" if len(self._masters) == 1 else "none of those given is it"
            raise IntegrityError(
                f"the vault was locked with master key {key_id}, and {given}: give the right one (DSR_MASTER_KEY_REF)"
            )
        return self._masters[key_id]

    def __repr__(self) -> str:
        return f"Vault({self._first.key_id})"


def _capsules(connection: Connection, request: str) -> list[str]:
    mine = select(_keys.request).where(_keys.request.startswith(f"{request}/", autoescape=True))
    return list(connection.execute(mine.order_by(_keys.request)).scalars())
