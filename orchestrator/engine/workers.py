"""The drive for many workers on many machines: Procrastinate, in the journal's PostgreSQL database.

A job says "look at this request"; its only argument is the request's id. The agenda says whether there is
anything to do, so jobs may come twice, or be lost: each worker looks once a minute for requests that are due and
that no job stands for. A worker beats every few seconds (https://procrastinate.readthedocs.io, "Retry stalled
jobs"); jobs of one that stopped beating are given to others, and the journal's lease keeps it from writing
should it come back.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from orchestrator.engine.drive import Attend
from orchestrator.errors import OrchestratorError
from orchestrator.storage.agenda import Agenda
from orchestrator.storage.lease import LONGEST_SILENCE
from orchestrator.storage.store import Store

if TYPE_CHECKING:
    from procrastinate import App, JobContext

SCHEMA = "dsr_queue"  # a schema of its own: the database may be one that has a queue of its own already
_TASK = "attend"
_SWEEP = 60.0  # seconds
_CREATING = 0x6473725F71756575  # the advisory lock of who makes the tables


class Workers:
    """Wakes workers by jobs in the database."""

    def __init__(self, store: Store, agenda: Agenda, *, silence: float = LONGEST_SILENCE) -> None:
        self._agenda, self._silence = agenda, silence
        url = store.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        try:
            import procrastinate
            from psycopg import sql
        except ModuleNotFoundError:
            raise OrchestratorError(
                "workers on PostgreSQL need procrastinate: pip install 'dsr-orchestrator[workers]'"
            ) from None
        logging.getLogger("procrastinate").setLevel(logging.CRITICAL)  # what there is to say, the journal says
        self._taken = procrastinate.exceptions.AlreadyEnqueued
        self._options: dict[str, Any] = {"conninfo": url, "kwargs": {"options": f"-c search_path={SCHEMA}"}}
        with store.engine.connect() as connection, connection.begin():
            raw: Any = connection.connection.driver_connection
            raw.execute("SELECT pg_advisory_xact_lock(%s)", (_CREATING,))
            if not raw.execute("SELECT to_regclass(%s)", (f"{SCHEMA}.procrastinate_jobs",)).fetchone()[0]:
                raw.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {0}; SET LOCAL search_path TO {0}").format(
                    sql.Identifier(SCHEMA)))  # fmt: skip
                raw.execute(procrastinate.schema.SchemaManager.get_schema())
                raw.execute("SET LOCAL search_path TO DEFAULT")
        self._app = self._application(procrastinate.SyncPsycopgConnector(min_size=0, max_size=2, **self._options))
        self._app.open()

    def _application(self, connector: Any, attend: Attend | None = None) -> App:
        import procrastinate

        app = procrastinate.App(connector=connector)

        @app.task(name=_TASK, pass_context=True)
        def task(context: JobContext, request: str) -> None:
            if attend:
                attend(request)

        return app

    def wake(self, request: str, at: datetime) -> None:
        """One job waits per request; an earlier one stands for a later one."""
        deferrer = self._app.configure_task(_TASK, lock=request, queueing_lock=request, schedule_at=at)
        try:
            deferrer.defer(request=request)
        except self._taken:
            for job in self._app.job_manager.list_jobs(queueing_lock=request, status="todo"):
                if job.id and job.scheduled_at and job.scheduled_at > at:
                    self._app.job_manager.cancel_job_by_id(job.id, delete_job=True)
                    self.wake(request, at)

    def work(self, attend: Attend, *, once: bool, concurrency: int, stop: threading.Event) -> None:
        asyncio.run(self._work(attend, once, concurrency, stop))

    async def _work(self, attend: Attend, once: bool, concurrency: int, stop: threading.Event) -> None:
        import procrastinate

        connector = procrastinate.PsycopgConnector(min_size=1, max_size=4, **self._options)
        app = self._application(connector, attend)
        async with app.open_async():
            await self._sweep()
            await self._succeed(app)
            worker = asyncio.create_task(app.run_worker_async(
                wait=not once, concurrency=concurrency, delete_jobs="always", install_signal_handlers=False,
                update_heartbeat_interval=self._silence / 3, stalled_worker_timeout=self._silence,
                fetch_job_polling_interval=1.0,
            ))  # fmt: skip
            side = [
                asyncio.create_task(_every(_SWEEP, self._sweep)),
                asyncio.create_task(_every(self._silence / 3, lambda: self._succeed(app))),
                asyncio.create_task(_stopping(stop, worker)),
            ]
            try:
                await worker
            except asyncio.CancelledError:
                if not stop.is_set():
                    raise
            finally:
                for task in side:
                    task.cancel()
                await asyncio.gather(*side, return_exceptions=True)

    async def _sweep(self) -> None:
        """A job for every request that is due: one was lost if the process ended between two writes."""
        for request in await asyncio.to_thread(self._agenda.ripe, datetime.now(UTC)):
            await asyncio.to_thread(self.wake, request, datetime.now(UTC))

    async def _succeed(self, app: App) -> None:
        """Give the jobs of workers that stopped beating to whoever asks next."""
        import procrastinate

        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=self._silence):
            try:
                await app.job_manager.retry_job(job)
            except procrastinate.exceptions.ConnectorException:
                # Another job for the request waits already, or another worker was quicker.
                await app.job_manager.finish_job(job, procrastinate.jobs.Status.FAILED, delete_job=True)

    def close(self) -> None:
        self._app.close()


async def _every(seconds: float, do: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(seconds)
        await do()


async def _stopping(stop: threading.Event, worker: asyncio.Task[None]) -> None:
    while not stop.is_set():
        await asyncio.sleep(0.2)
    worker.cancel()
