"""`dsr clock` and `dsr request acknowledge|extend|answer|deny`: what is due by law, and what went out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.session import AsJson, RequestId, local, one_of, print_json, say, settings

if TYPE_CHECKING:
    from orchestrator.deadlines import Clocked
    from orchestrator.service import Service

Letter = Annotated[Path, typer.Option(help="The letter as it went out; only its hash is kept.")]
On = Annotated[datetime | None, typer.Option("--on", help="When it went out, if not now, in the company's time zone.")]


def register(app: typer.Typer, requests: typer.Typer) -> None:
    """Add the commands to the top level and to `dsr request`."""
    app.command()(clock)
    for command in (acknowledge, extend, answer, deny):
        requests.command()(command)


def clock(
    context: typer.Context,
    request: Annotated[str, typer.Option(help="Of one request only.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Also of answered requests.")] = False,
    as_json: AsJson = False,
) -> None:
    """What the law says is due of every open request, by urgency. Exit code 7 if any is overdue, for cron."""
    with settings(context).service() as service:
        found = service.clock(request, everything)
    if as_json:
        print_json(found)
    else:
        _table(found)
    if any(c.open and c.overdue for c in found):
        raise typer.Exit(7)


def acknowledge(
    context: typer.Context, request: RequestId,
    letter: Annotated[Path | None, typer.Option(help="The letter, if in writing; only its hash is kept.")] = None,
    on: On = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Record that the person was told: received, how it is verified, when to expect the answer."""
    with settings(context).service() as service:
        at = local(service, on)
        _recorded(service, service.acknowledge(request, letter, at), "acknowledged", as_json)


def extend(
    context: typer.Context, request: RequestId,
    reason: Annotated[str, typer.Option(help="The reason that the notice gives; without personal data.")],
    letter: Letter,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day named in the notice, if not the law's last.")
    ] = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Record a notice of extension that goes out today. Refused after the first period, or without a reason."""
    with settings(context).service() as service:
        found = service.extend(request, reason, letter, until.date() if until else None)
        _recorded(service, found, f"extended; the answer is due on {_answer_due(found)}", as_json)


def answer(
    context: typer.Context, request: RequestId, letter: Letter, on: On = None, as_json: AsJson = False
) -> None:  # fmt: skip
    """Record that the answer went out: what was done, or why not. It stops the clock."""
    with settings(context).service() as service:
        at = local(service, on)
        _recorded(service, service.answer(request, letter, at), "answered", as_json)


def deny(
    context: typer.Context, request: RequestId,
    because: Annotated[str, typer.Option(help="insuf_verification, claim_not_covered, too_many_requests, …")],
    reason: Annotated[str, typer.Option(help="The reasons that the letter gives; without personal data.")],
    letter: Letter,
    exception: Annotated[
        str, typer.Option(help="The law's exception that all of the data falls under, such as D8.")
    ] = "",
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Record that a request is denied and the reasons go out today. Refused for a ground that is not open."""
    from orchestrator.denial import Because

    ground = one_of(Because, because, "--because")
    with settings(context).service() as service:
        found = service.deny(request, ground, reason, letter, exception)
        ask = "; the letter asks whether the person wants to opt out of sale and sharing" if found.ask_opt_out else ""
        _recorded(service, found, "denied" + ask, as_json)


def _answer_due(found: Clocked) -> str:
    return max(d.due for d in found.deadlines).isoformat()


def _recorded(service: Service, found: Clocked, what: str, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    say(
        f"{found.request}  {what}"
        + "".join(f"; {d.what}: late, it was due by {d.last}" for d in found.deadlines if d.late)
    )
    if letter := service.next_letter(found.request):
        say(f"{found.request}  next: dsr letter draft {found.request} {letter}")


def _table(found: Sequence[Clocked]) -> None:
    from orchestrator.cli.show import table
    from orchestrator.deadlines import uncounted
    from orchestrator.regimes import holidays

    words = {"overdue": "OVERDUE", "alarm": "ALARM", "on_time": "on time", "met": "met"}
    rows = [
        [c.request, c.right, c.received, d.what, d.due, d.last,
         words[d.standing] + (", late" if d.met and d.late else ""), "; ".join(dict.fromkeys(d.citations)),
         "verify" if d.confidence == "memory" else ""]
        for c in found for d in c.deadlines
    ]  # fmt: skip
    heads = ["request", "right", "received", "what", "due", "at the latest", "state", "by", ""]
    table("Clocks", heads, rows)
    if uncounted(found, holidays()):
        say(f"The calendar of holidays ends on {holidays().last}: what is due after it may be named too early.")
