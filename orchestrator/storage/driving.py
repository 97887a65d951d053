"""What this process drives, and the condition under which it may still write about it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from sqlalchemy import Connection

from orchestrator.errors import BusyError
from orchestrator.storage.lease import Lease, lost, newest
from orchestrator.storage.store import Store


class Driving:
    """The leases held through one open journal."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._held: dict[str, Lease] = {}

    @contextlib.contextmanager
    def lease(self, name: str) -> Iterator[Lease]:
        """Be the only driver; BusyError saying who drives it already."""
        with self._store.lease(name) as held:
            if name in self._held:  # this process lost the lease and has not noticed yet
                raise BusyError(f"{name} is still being driven by this process; wait until it ends")
            self._held[name] = held
            try:
                yield held
            finally:
                del self._held[name]

    @contextlib.contextmanager
    def writing(self, name: str) -> Iterator[Connection]:
        """A turn to write, as `Store.write`; NotAllowedError for a driver who was succeeded meanwhile."""
        with self._store.write() as connection:
            self._admit(connection, name)
            yield connection

    def still(self, name: str) -> None:
        """The last look before an effect. NotAllowedError as `writing`; nothing if it is not driven here."""
        if name in self._held:
            with self._store.read() as connection:
                self._admit(connection, name)

    def _admit(self, connection: Connection, name: str) -> None:
        mine = self._held.get(name)
        if mine and newest(connection, name) != mine.token:
            raise lost(name)
