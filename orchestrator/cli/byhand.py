"""`dsr manual …` and `dsr opt-out …`: what people do, and whom nobody writes to again."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.session import AsJson, print_json, say, settings

if TYPE_CHECKING:
    from orchestrator.manual import ManualStep

app = typer.Typer(no_args_is_help=True, help="Steps that people do: list them, record what came of them.")
opt_out = typer.Typer(no_args_is_help=True, help="Addresses that must not be written to again.")
_ADDRESS = re.compile(r"[^\s@<>,;\"']+@[^\s@<>,;\"']+")
_SHOWN = 20  # numbers of lines that a message names
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


@opt_out.command()
def check(
    context: typer.Context,
    file: Annotated[str, typer.Option("--from", metavar="FILE", help="One address a line; - is standard input.")],
    as_json: AsJson = False,
) -> None:
    """Say which lines of an import must not be written to. Exit code 5 if there are any."""
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"cannot read {file}: {type(error).__name__}", param_hint="--from") from None
    lines = text.removeprefix("\ufeff").splitlines()  # the mark that spreadsheets begin a file with
    if strange := [str(n) for n, line in enumerate(lines, 1) if line.strip() and not _ADDRESS.fullmatch(line.strip())]:
        more = " and more" if len(strange) > _SHOWN else ""
        where = f"lines {', '.join(strange[:_SHOWN])}{more}"
        raise typer.BadParameter(f"one address a line, and nothing else; not so in {where}", param_hint="--from")
    with settings(context).service() as service:
        found = service.opted_out(lines)
    if as_json:
        print_json({"opted_out_lines": found})
    else:
        say("\n".join(f"line {n}: opted out, leave it out" for n in found) or "nobody of these has opted out")
    if found:
        raise typer.Exit(5)


def _table(steps: list[ManualStep]) -> None:
    from orchestrator.cli.show import table

    rows = [
        [s.ref[:10], s.request, f"{s.system}/{s.collection}", "?" if s.count is None else s.count, s.owner,
         f"{s.due:%Y-%m-%d}" if s.due else "", "OVERDUE" if s.overdue else s.progress, s.note] for s in steps
    ]  # fmt: skip
    table("Steps by hand", ["step", "request", "where", "records", "owner", "due", "state", "what to do"], rows, [3])
