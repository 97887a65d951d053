"""What drives requests on without anybody waiting for them: two drives behind one interface.

With the journal in a file, one process works the agenda off (`embedded`). With the journal in PostgreSQL, any
number of workers on any number of machines do (`workers`). Either may drive a request twice, which the journal
makes harmless; neither keeps anything that the journal does not say.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from datetime import UTC, datetime

from orchestrator.engine.attend import ATTEMPTS, Next, go_on
from orchestrator.engine.drive import Drive
from orchestrator.engine.embedded import Embedded
from orchestrator.inventory.crontab import Crontab
from orchestrator.pause import known, pause, resume
from orchestrator.retention import RETENTION
from orchestrator.rotation import MASTER_KEY
from orchestrator.service import Service
from orchestrator.storage.agenda import Agenda
from orchestrator.storage.prose import without_personal
from orchestrator.workspace import Workspace

Report = Callable[[str, Next], None]


class Engine:
    """The agenda of a workspace and what works it off, for one actor."""

    def __init__(self, workspace: Workspace, service: Callable[[], Service]) -> None:
        self.agenda = Agenda(workspace.journal.store)
        self._workspace, self._service = workspace, service
        self._drive: Drive | None = None

    @property
    def drive(self) -> Drive:
        """Made when it is needed: workers need a library that takes a second to load."""
        if self._drive is None:
            store = self._workspace.journal.store
            if store.path:
                self._drive = Embedded(store, self.agenda)
            else:
                from orchestrator.engine.workers import Workers

                self._drive = Workers(store, self.agenda)
        return self._drive

    def close(self) -> None:
        if self._drive:
            self._drive.close()

    # What staff ask for

    def queue(self, request: str, at: datetime | None = None) -> datetime:
        """Have an approved request carried out, or one that was carried out read back; also one that was stuck."""
        service = self._service()
        service.actor.require("run")
        if service.request(request).right.reaches_data:  # others wait for no approval
            done = service.carried_out(request)
            service.approval(done or service.executable(request), at_any_age=done is not None)
        when = at or service.now()
        service.journal.append(request, "queued", service.actor.id, {"at": when.isoformat()})
        self.agenda.put(request, when)
        self.drive.wake(request, when)
        return when

    def retry(self, system: str) -> tuple[str, ...]:
        """Have everything tried again whose last run was cut short at a system; which requests these are."""
        service = self._service()
        known(service.journal, "", frozenset(service.inventory.systems), system)
        cut = [r for r in self.agenda.rows() if system in _cut_short(service, r)]
        for request in cut:
            self.queue(request)
        return tuple(cut)

    def pause(self, request: str, system: str, reason: str) -> None:
        """Set a request aside, or a system for all of them: also what is under way stops before its next write."""
        service = self._service()
        service.actor.require("run")
        pause(service.journal, service.actor.id, request, frozenset(service.inventory.systems), system, reason)

    def resume(self, request: str, system: str) -> None:
        """Take a request, or a system, up again."""
        service = self._service()
        service.actor.require("run")
        resume(service.journal, service.actor.id, request, frozenset(service.inventory.systems), system)
        rows = self.agenda.rows()
        for name in [request] if request in rows else list(rows) if system else []:
            self.agenda.hurry(name, service.now())
            self.drive.wake(name, service.now())

    # Working

    def work(
        self, report: Report = lambda request, next_: None, *,
        once: bool = False, concurrency: int = 4, stop: threading.Event | None = None,
    ) -> None:  # fmt: skip
        """Do what is due until `stop`, or with `once` until nothing is. BusyError if another process does already."""
        self._service().actor.require("run")
        self._service().tidy()
        self._schedule()
        self.drive.work(
            lambda request: self.attend(request, report), once=once, concurrency=concurrency,
            stop=stop or threading.Event(),
        )  # fmt: skip

    def _schedule(self) -> None:
        """Retention and new master keys by themselves, if the inventory says when: on the agenda like any request."""
        rows = self.agenda.rows()
        for name, first in ((RETENTION, self._retention_due), (MASTER_KEY, lambda: self._service().keys_due())):
            if name not in rows and (at := first()):
                self.agenda.put(name, at)
                self.drive.wake(name, at)

    def _retention_due(self) -> datetime | None:
        inventory = self._workspace.inventory
        cron = inventory.retention.cron
        return Crontab.of(cron).after(datetime.now(UTC), inventory.zone) if cron else None

    def attend(self, request: str, report: Report = lambda request, next_: None) -> None:
        """Go on with one request, if it is due, and enter when it is next."""
        attempt = self.agenda.take(request, datetime.now(UTC))
        if attempt is None:
            return
        service = self._service()
        if attempt > ATTEMPTS:
            told = Next(f"was begun {attempt - 1} times and ended the process each time", stuck=True)
        else:
            told = go_on(service, request, attempt)
        if told.stuck:
            said = _prose(told.said, service.journal.names(request))
            service.journal.append(request, "stuck", service.actor.id, {"reason": said, "attempts": attempt})
            self.agenda.stop(request, said)
        else:
            self.agenda.settle(request, attempt, told.at, again=told.again)
            if told.at:
                self.drive.wake(request, told.at)
        report(request, told)


def _cut_short(service: Service, request: str) -> frozenset[str]:
    """The systems at which the last run of a request was cut short."""
    *_, last = (None, *service.journal.entries(request, "run_ended"))
    return frozenset(last.payload["systems"]) if last else frozenset()


def _prose(said: str, names: Collection[str]) -> str:
    """What an error said, in one line that the journal takes; `names` are the person's identifiers."""
    return without_personal(" ".join(line.strip() for line in said.splitlines()), names)[:500]


__all__ = ["Engine", "Next"]
