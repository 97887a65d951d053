"""`dsr work|queue|retry|pause|resume|status`: requests that go on without anybody waiting for them."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.session import AsJson, local, print_json, say, settings
from orchestrator.telemetry import telemetry

if TYPE_CHECKING:
    from orchestrator.engine import Engine, Next
    from orchestrator.service import Service

RequestOr = Annotated[str, typer.Argument(metavar="[REQUEST]", help="The request's id.")]
OrSystem = Annotated[str, typer.Option("--system", help="A system of the inventory instead.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the top level."""
    for command in (work, queue, retry, pause, resume, status):
        app.command()(command)


@contextmanager
def _engine(context: typer.Context) -> Iterator[tuple[Engine, Service]]:
    from orchestrator.engine import Engine
    from orchestrator.service import Service

    with settings(context).service() as service:
        engine = Engine(service.workspace, lambda: Service(service.workspace, service.actor))
        try:
            yield engine, service
        finally:
            engine.close()


def work(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Do what is due now and end, for cron.")] = False,
    concurrency: Annotated[int, typer.Option(min=1, max=64, help="How many requests at a time.")] = 4,
    as_json: AsJson = False,
) -> None:
    """Carry out what was queued, and read back what vendors have had their time for. Ends with Ctrl-C."""
    stop = threading.Event()

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, ask_to_stop)
    troubles = threading.Event()

    def report(request: str, told: Next) -> None:
        if told.stuck or told.again:
            troubles.set()
        if as_json:
            at = told.at.isoformat() if told.at else None
            say(json.dumps({"request": request, "said": told.said, "next": at, "stuck": told.stuck}))
        else:
            when = "stuck: " if told.stuck else ""
            then = f"; next {told.at:%Y-%m-%d %H:%M} UTC" if told.at and not told.stuck else ""
            say(f"{request}  {when}{told.said}{then}")

    with _engine(context) as (engine, service):
        telemetry.watch_open(lambda: len(service.workspace.vault.requests()))
        engine.work(report, once=once, concurrency=concurrency, stop=stop)
    if once and troubles.is_set():
        raise typer.Exit(1)


def queue(
    context: typer.Context,
    request: Annotated[str, typer.Argument(metavar="REQUEST", help="The request's id.")],
    at: Annotated[datetime | None, typer.Option(help="When, if not now, in the company's time zone.")] = None,
    as_json: AsJson = False,
) -> None:
    """Leave an approved request to the workers; one that was stuck is tried anew."""
    with _engine(context) as (engine, service):
        when = engine.queue(request, local(service, at))
    print_json({"request": request, "at": when}) if as_json else say(f"{request}  queued; workers: dsr work")


def retry(
    context: typer.Context,
    system: Annotated[str, typer.Option(help="The system that works again.")],
    as_json: AsJson = False,
) -> None:
    """Try every request again whose last run was cut short at one system."""
    with _engine(context) as (engine, _):
        again = engine.retry(system)
    print_json({"system": system, "queued": again}) if as_json else say(f"{len(again)} requests queued again")


def pause(
    context: typer.Context, reason: Annotated[str, typer.Option(help="Why; without personal data.")],
    request: RequestOr = "", system: OrSystem = "", as_json: AsJson = False,
) -> None:  # fmt: skip
    """Set a request aside, or a system for all of them: what is under way stops before its next write."""
    with _engine(context) as (engine, _):
        engine.pause(request, system, reason)
    print_json({"paused": request or system}) if as_json else say(f"{request or system}  paused")


def resume(
    context: typer.Context, request: RequestOr = "", system: OrSystem = "", as_json: AsJson = False
) -> None:  # fmt: skip
    """Take a paused request, or a paused system, up again."""
    with _engine(context) as (engine, _):
        engine.resume(request, system)
    print_json({"resumed": request or system}) if as_json else say(f"{request or system}  goes on")


def status(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Also requests that have ended.")] = False,
    as_json: AsJson = False,
) -> None:
    """Where every request stands and what is next. Exit code 7 if one is stuck, for cron."""
    from orchestrator.engine.status import status as standing
    from orchestrator.pause import paused_systems

    with _engine(context) as (engine, service):
        found = standing(service, engine.agenda.rows(), everything)
        systems = paused_systems(service.journal)
    if as_json:
        print_json({"requests": found, "paused_systems": systems})
    else:
        from orchestrator.cli.show import table

        table("Requests", ["request", "right", "state", "steps", "next", "what is next"], [
            [s.request, s.right, s.state, f"{s.done}/{s.steps}", f"{s.next_at:%Y-%m-%d %H:%M}" if s.next_at else "",
             "; ".join(filter(None, (s.stuck and f"STUCK: {s.stuck}", s.paused and f"PAUSED: {s.paused}",
                                     f"about {int(s.left.total_seconds())} s left" if s.left else "", s.next_step)))]
            for s in found
        ])  # fmt: skip
        for name, why in systems.items():
            say(f"paused: {name}: {why}")
    if any(s.stuck for s in found):
        raise typer.Exit(7)
