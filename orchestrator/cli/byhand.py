"""`dsr manual …`: what people do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.session import AsJson, print_json, say, settings

if TYPE_CHECKING:
    from orchestrator.manual import ManualStep

app = typer.Typer(no_args_is_help=True, help="Steps that people do: list them, record what came of them.")
StepRef = Annotated[str, typer.Argument(metavar="STEP", help="The step's reference, or the beginning of it.")]


@app.command("list")
def list_(
    context: typer.Context,
    request: Annotated[str, typer.Option(help="Of one request only.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Also what is settled.")] = False,
    as_json: AsJson = False,
) -> None:
    """Steps by hand of approved plans, the most urgent first. Exit code 7 if one is overdue."""
    with settings(context).service() as service:
        steps = [s for s in service.manual_steps(request) if everything or not s.settled]
    if as_json:
        print_json(steps)
    else:
        _table(steps)
    if any(s.overdue for s in steps):
        raise typer.Exit(7)


@app.command()
def done(
    context: typer.Context,
    step: StepRef,
    evidence: Annotated[Path, typer.Option(help="A file that shows it: a screenshot, a vendor's letter, a log.")],
    by: Annotated[str, typer.Option(help="Who did it, if not whoever records it: a pseudonym, not an address.")] = "",
    how: Annotated[str, typer.Option(help="How it was done; without personal data.")] = "",
    as_json: AsJson = False,
) -> None:
    """Record that a step was done. It stays "attested, not verified" until a search proves it."""
    with settings(context).service() as service:
        recorded = service.manual_done(step, by, evidence, how)
    if as_json:
        print_json(recorded)
    else:
        say(f"{recorded.system}/{recorded.collection}: {recorded.progress}; next: dsr run {recorded.request}")


@app.command()
def fail(
    context: typer.Context,
    step: StepRef,
    reason: Annotated[str, typer.Option(help="Why it could not be done; without personal data.")],
    as_json: AsJson = False,
) -> None:
    """Record that a step could not be done, and why. It stays open."""
    with settings(context).service() as service:
        recorded = service.manual_failed(step, reason)
    if as_json:
        print_json(recorded)
    else:
        say(f"{recorded.system}/{recorded.collection}: {recorded.progress}; {recorded.owner} has it")


def _table(steps: list[ManualStep]) -> None:
    from orchestrator.cli.show import table

    rows = [
        [s.ref[:10], s.request, f"{s.system}/{s.collection}", "?" if s.count is None else s.count, s.owner,
         f"{s.due:%Y-%m-%d}" if s.due else "", "OVERDUE" if s.overdue else s.progress, s.note] for s in steps
    ]  # fmt: skip
    table("Steps by hand", ["step", "request", "where", "records", "owner", "due", "state", "what to do"], rows, [3])
