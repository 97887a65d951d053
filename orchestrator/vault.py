"""The subject's identifiers and addresses, encrypted under a key of that request's own.

Each request has a random data key, wrapped by the master key and kept beside the data it opens.
Destroying a request's vault deletes both and rewrites the database's files, so that neither the
data nor its key is left in them. What cannot be reached from here are copies that others made
before: an old backup of the database opens with the master key as long as that exists, so
rotate the master key (`Vault.rewrap`) when backups outlive requests.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, delete, insert, select, update

from connectors import copies
from connectors.model import Locator
from orchestrator import canonical
from orchestrator.errors import IntegrityError, UnknownError
from orchestrator.storage import chain, schema
from orchestrator.storage.masterkey import SIZE, MasterKey, derive
from orchestrator.storage.store import Store

__all__ = ["MasterKey", "RequestVault", "Vault"]
_NONCE = 12  # bytes, the size AES-GCM is specified for (NIST SP 800-38D)
_HOUSE = ""  # the row that holds the key for tags: it belongs to no request and is never destroyed
_LEDGER = "ledger:"  # and a key's id: keys of the erasure ledger, each apart so that an old one can be destroyed
_keys, _blobs = schema.vault_keys.c, schema.vault_blobs.c


class Ledger(Protocol):
    """What the vault needs of the journal."""

    @property
    def store(self) -> Store: ...
    @property
    def now(self) -> Callable[[], datetime]: ...


class Vault:
    """All requests' vaults in one store, under one master key."""

    def __init__(self, journal: Ledger, master: MasterKey) -> None:
        self._journal = journal
        self._store = journal.store
        self._master = master
        self._house: bytes | None = None

    def open(self, request: str) -> RequestVault:
        """A request's vault, its key made on first use.

        UnknownError if it was destroyed; IntegrityError if the master key does not open it.
        """
        if not request:
            raise UnknownError("a vault belongs to a request: give its id")
        return RequestVault(self._store, request, self._data_key(request))

    def names(self, request: str) -> frozenset[str]:
        """Every value in a request's vault that names the person; none where there is no vault, or none any more."""
        with self._store.read() as connection:
            if not request or _key_row(connection, request) is None:
                return frozenset()
        try:
            return _names(self.open(request))
        except UnknownError:  # destroyed this moment
            return frozenset()

    def destroy(self, request: str, by: str = "") -> None:
        """Forget everything of a request, and journal that.

        Safe to repeat. IncompleteError if another process's reading keeps deleted bytes in the
        files: the data cannot be opened any more, but ask again to be rid of the bytes.
        """
        with self._store.write() as connection:
            if not chain.find(connection, "vault_destroyed", request):
                slots = connection.execute(select(_blobs.slot).where(_blobs.request == request)).all()
                connection.execute(delete(schema.vault_blobs).where(_blobs.request == request))
                connection.execute(delete(schema.vault_keys).where(_keys.request == request))
                gone = {"slots": len(slots)}
                chain.append(connection, self._journal.now(), request, "vault_destroyed", by, gone, request)
        self._store.scrub()

    def reduce(self, request: str, keep: Mapping[str, Any], by: str = "") -> None:
        """Forget everything of a request but these slots (plain JSON), which get a new key; journal that.

        With the old key the references of its plans go as well: nobody can repeat them. Safe to repeat, with
        `IncompleteError` as for `destroy`.
        """
        with self._store.write() as connection:
            slots = connection.execute(select(_blobs.slot).where(_blobs.request == request)).all()
            if {s.slot for s in slots} - set(keep):
                connection.execute(delete(schema.vault_blobs).where(_blobs.request == request))
                secret = secrets.token_bytes(SIZE)
                wrapped = _wrap(self._master, request, secret)
                new_key = update(schema.vault_keys).where(_keys.request == request)
                connection.execute(new_key.values(master=self._master.key_id, wrapped=wrapped))
                opened = RequestVault(self._store, request, secret)
                for slot, value in keep.items():
                    row = opened.sealed(slot, canonical.encode(value))
                    connection.execute(insert(schema.vault_blobs).values(**row))
                gone = {"slots": len(slots), "kept": sorted(keep)}
                chain.append(connection, self._journal.now(), request, "vault_reduced", by, gone)
        self._store.scrub()

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
        return lambda kind, value: _letters(hmac.digest(secret, canonical.encode([kind, value]), "sha256")[:20])

    def forget_ledger_key(self, key: str, by: str = "") -> None:
        """Destroy a key of the ledger: nobody can tell any more whose hashes it made."""
        self.destroy(f"{_LEDGER}{key}", by)

    def pseudonym(self, staff: str) -> str:
        """What a receipt calls a staff member."""
        return "staff-" + self._tag("staff pseudonym", [staff]).rpartition(":")[2][:10]

    def rewrap(self, master: MasterKey, by: str = "") -> None:
        """Wrap every key under another master key, and forget the old wrapping."""
        with self._store.write() as connection:
            rows = connection.execute(select(schema.vault_keys)).all()
            for row in rows:
                key = self._unwrap(row.request, row.master, row.wrapped)
                wrapped = _wrap(master, row.request, key)
                changed = update(schema.vault_keys).where(_keys.request == row.request)
                connection.execute(changed.values(master=master.key_id, wrapped=wrapped))
            done = {"master": master.key_id, "keys": len(rows)}
            chain.append(connection, self._journal.now(), "", "vault_rewrapped", by, done)
        self._master = master
        self._store.scrub()

    def _tag(self, purpose: str, parts: list[str]) -> str:
        if self._house is None:
            self._house = self._data_key(_HOUSE)
        key = derive(self._house, purpose)
        tag = hmac.digest(key, canonical.encode(parts), "sha256")[:20]
        return f"{hashlib.sha256(key).hexdigest()[:8]}:{_letters(tag)}"

    def _data_key(self, request: str) -> bytes:
        with self._store.read() as connection:
            row = _key_row(connection, request)
        if row is None:
            row = self._make_key(request)
        return self._unwrap(request, row.master, row.wrapped)

    def _make_key(self, request: str) -> Any:
        with self._store.write() as connection:
            if row := _key_row(connection, request):  # another process was quicker
                return row
            if destroyed := chain.find(connection, "vault_destroyed", request):
                raise UnknownError(f"the vault of {request} was destroyed on {destroyed.at:%Y-%m-%d}: nothing is left")
            wrapped = _wrap(self._master, request, secrets.token_bytes(SIZE))
            row = {"request": request, "master": self._master.key_id, "wrapped": wrapped}
            connection.execute(insert(schema.vault_keys).values(row))
            return _key_row(connection, request)

    def _unwrap(self, request: str, master: str, wrapped: bytes) -> bytes:
        if master != self._master.key_id:
            raise IntegrityError(
                f"the vault was locked with master key {master}, and the one given is {self._master.key_id}: "
                "give the right one (env:NAME or file:PATH)"
            )
        return _open(self._master.for_purpose("vault wrap"), wrapped, ["key", request, master], request)

    def __repr__(self) -> str:
        return f"Vault({self._master.key_id})"


class RequestVault:
    """One request's slots. Shows nothing."""

    __slots__ = ("_data", "_refs", "_request", "_store")

    def __init__(self, store: Store, request: str, key: bytes) -> None:
        self._store, self._request = store, request
        self._data, self._refs = derive(key, "vault data"), derive(key, "vault refs")

    def put(self, slot: str, value: bytes) -> None:
        """Keep a value, in place of what the slot held. UnknownError if the vault was destroyed."""
        place = (_blobs.request == self._request, _blobs.slot == slot)
        with self._store.write() as connection:
            self._alive(connection)
            version = connection.execute(select(_blobs.version).where(*place)).scalar()
            row = {"version": (version or 0) + 1}
            sealed = _seal(self._data, value, self._bound(slot, row["version"]))
            if version is None:
                new = insert(schema.vault_blobs)
                connection.execute(new.values(request=self._request, slot=slot, sealed=sealed, **row))
            else:
                connection.execute(update(schema.vault_blobs).where(*place).values(sealed=sealed, **row))

    def sealed(self, slot: str, value: bytes) -> dict[str, Any]:
        """The first row of a slot."""
        sealed = _seal(self._data, value, self._bound(slot, 1))
        return {"request": self._request, "slot": slot, "version": 1, "sealed": sealed}

    def get(self, slot: str) -> bytes:
        """UnknownError if the slot is empty or the vault destroyed; IntegrityError if it was changed."""
        with self._store.read() as connection:
            self._alive(connection)
            row = connection.execute(
                select(schema.vault_blobs).where(_blobs.request == self._request, _blobs.slot == slot)
            ).one_or_none()
        if row is None:
            raise UnknownError(f"the vault of {self._request} has no {slot!r}")
        return _open(self._data, row.sealed, self._bound(slot, row.version), self._request)

    def slots(self) -> tuple[str, ...]:
        with self._store.read() as connection:
            self._alive(connection)
            mine = select(_blobs.slot).where(_blobs.request == self._request).order_by(_blobs.slot)
            return tuple(connection.execute(mine).scalars())

    def put_json(self, slot: str, value: Any) -> None:
        """Keep a value of this program, or plain JSON, in its canonical form."""
        try:
            encoded = canonical.encode(value)
        except (ValueError, TypeError):
            raise UnknownError(f"{slot!r} of {self._request} has no JSON form") from None
        self.put(slot, encoded)

    def get_json(self, slot: str) -> Any:
        return json.loads(self.get(slot))

    def ref(self, at: Locator) -> str:
        """What plan, journal and receipt call an address: a keyed hash that only this vault can repeat."""
        return _letters(hmac.digest(self._refs, canonical.encode(at), "sha256")[:16])

    def tag(self, kind: str, value: str) -> str:
        """A keyed hash of a normalised identifier that only this vault can repeat."""
        return _letters(hmac.digest(self._refs, canonical.encode(["identifier", kind, value]), "sha256")[:16])

    def _alive(self, connection: Connection) -> None:
        if _key_row(connection, self._request) is None:
            raise UnknownError(f"the vault of {self._request} was destroyed: nothing is left")

    def _bound(self, slot: str, version: int) -> list[Any]:
        return ["blob", self._request, slot, version]

    def __repr__(self) -> str:
        return f"RequestVault({self._request})"

    def __reduce__(self) -> str:
        raise TypeError("a vault is not serialised")


def _names(vault: RequestVault) -> frozenset[str]:
    slots = vault.slots()
    given = [value for name in ("identifiers", "vouched") if name in slots for _, value in vault.get_json(name)]
    plans = [vault.get_json(name) for name in slots if name.startswith("plan:")]
    known = [i for plan in plans for who in ("subject", "claimed") if who in plan for i in plan[who]["identifiers"]]
    reply = vault.get_json("reply") if "reply" in slots else {}  # where the person is written to
    given += [reply[name] for name in ("name", "email") if reply.get(name)]
    return frozenset({*given, *(i["value"] for i in known if not copies.is_kind(i["kind"]))})


def _key_row(connection: Connection, request: str) -> Any:
    return connection.execute(select(schema.vault_keys).where(_keys.request == request)).one_or_none()


def _wrap(master: MasterKey, request: str, key: bytes) -> bytes:
    return _seal(master.for_purpose("vault wrap"), key, ["key", request, master.key_id])


def _seal(key: bytes, value: bytes, bound: list[Any]) -> bytes:
    """AES-256-GCM under a fresh nonce, bound to its place: it opens nowhere else."""
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, value, canonical.encode(bound))


def _open(key: bytes, sealed: bytes, bound: list[Any], request: str) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], canonical.encode(bound))
    except (InvalidTag, ValueError):
        raise IntegrityError(f"the vault of {request or 'the house'} was changed by something else") from None


def _letters(value: bytes) -> str:
    return base64.b32encode(value).decode().rstrip("=").lower()
