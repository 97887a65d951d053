"""At most so many at a time, in whichever process they are."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from orchestrator.errors import BusyError
from orchestrator.storage.store import Store

_POLL = 0.1  # seconds


@contextmanager
def slot(store: Store, name: str, limit: int, longest: float) -> Iterator[None]:
    """Be one of `limit`. BusyError if none was free for `longest` seconds. A slot ends with its process."""
    give_up = time.monotonic() + longest
    with ExitStack() as held:
        while not _entered(store, name, limit, held):
            if time.monotonic() > give_up:
                raise BusyError(f"{name}: {limit} at a time, and none was done within {longest:.0f} seconds")
            time.sleep(_POLL)
        yield


def _entered(store: Store, name: str, limit: int, held: ExitStack) -> bool:
    for number in range(limit):
        with suppress(BusyError):
            held.enter_context(store.lease(f"{name} {number}"))
            return True
    return False
