"""One vault, opened: named slots, each sealed under the vault's own key and bound to its place."""

from __future__ import annotations

import hmac
import json
from typing import Any

from sqlalchemy import Connection, insert, select, update

from connectors import copies
from connectors.model import Locator
from orchestrator import canonical
from orchestrator.errors import UnknownError
from orchestrator.storage import schema, sealing
from orchestrator.storage.masterkey import derive
from orchestrator.storage.store import Store

_keys, _blobs = schema.vault_keys.c, schema.vault_blobs.c


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
            sealed = sealing.seal(self._data, value, self._bound(slot, row["version"]))
            if version is None:
                new = insert(schema.vault_blobs)
                connection.execute(new.values(request=self._request, slot=slot, sealed=sealed, **row))
            else:
                connection.execute(update(schema.vault_blobs).where(*place).values(sealed=sealed, **row))

    def sealed(self, slot: str, value: bytes) -> dict[str, Any]:
        """The first row of a slot."""
        sealed = sealing.seal(self._data, value, self._bound(slot, 1))
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
        return sealing.open_(self._data, row.sealed, self._bound(slot, row.version), self._request)

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

    @property
    def name(self) -> str:
        return self._request

    def ref(self, at: Locator) -> str:
        """What plan, journal and receipt call an address: a keyed hash that only this vault can repeat."""
        return sealing.letters(hmac.digest(self._refs, canonical.encode(at), "sha256")[:16])

    def tag(self, kind: str, value: str) -> str:
        """A keyed hash of a normalised identifier that only this vault can repeat."""
        return sealing.letters(hmac.digest(self._refs, canonical.encode(["identifier", kind, value]), "sha256")[:16])

    def _alive(self, connection: Connection) -> None:
        if key_row(connection, self._request) is None:
            raise UnknownError(f"the vault of {self._request} was destroyed: nothing is left")

    def _bound(self, slot: str, version: int) -> list[Any]:
        return ["blob", self._request, slot, version]

    def __repr__(self) -> str:
        return f"RequestVault({self._request})"

    def __reduce__(self) -> str:
        raise TypeError("a vault is not serialised")


def names(vault: RequestVault) -> frozenset[str]:
    """Every value in a vault that names the person."""
    slots = vault.slots()
    given = [value for name in ("identifiers", "vouched") if name in slots for _, value in vault.get_json(name)]
    about = [vault.get_json(name) for name in slots if name == "capsule" or name.startswith("plan:")]
    known = [i for one in about for who in ("subject", "claimed") if who in one for i in one[who]["identifiers"]]
    reply = vault.get_json("reply") if "reply" in slots else {}  # where the person is written to
    given += [reply[name] for name in ("name", "email") if reply.get(name)]
    return frozenset({*given, *(i["value"] for i in known if not copies.is_kind(i["kind"]))})


def key_row(connection: Connection, request: str) -> Any:
    """The wrapped key of a vault; None if there is no such vault."""
    return connection.execute(select(schema.vault_keys).where(_keys.request == request)).one_or_none()
