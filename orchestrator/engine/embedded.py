"""The drive inside one process, over the journal's own file: no service beside it, one worker at a time."""

from __future__ import annotations

import threading
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime

from orchestrator.engine.drive import Attend
from orchestrator.storage.agenda import Agenda
from orchestrator.storage.store import Store

LONGEST_SLEEP = 5.0  # seconds after which the agenda is read again: another process may have written to it


class Embedded:
    """Works the agenda off in threads; a lock on a file keeps a second worker away."""

    def __init__(self, store: Store, agenda: Agenda) -> None:
        self._store, self._agenda = store, agenda

    def wake(self, request: str, at: datetime) -> None:
        """Nothing to do: the agenda is read again in time."""

    def work(self, attend: Attend, *, once: bool, concurrency: int, stop: threading.Event) -> None:
        with self._store.lease("dsr work"), ThreadPoolExecutor(concurrency) as pool:
            running: dict[Future[None], str] = {}
            while not stop.is_set():
                ripe = self._agenda.ripe(datetime.now(UTC), running.values())
                for request in ripe[: concurrency - len(running)]:
                    running[pool.submit(attend, request)] = request
                if running:
                    done, _ = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
                    for future in done:
                        del running[future]
                        future.result()
                elif once:
                    return
                else:
                    stop.wait(self._until_next())

    def _until_next(self) -> float:
        at = self._agenda.next()
        ahead = (at - datetime.now(UTC)).total_seconds() if at else LONGEST_SLEEP
        return min(max(ahead, 0.05), LONGEST_SLEEP)

    def close(self) -> None: ...
