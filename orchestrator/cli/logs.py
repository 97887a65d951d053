"""`dsr log …` and `dsr metrics`: the record of requests, its end, and the figures of a year."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.clocks import Letter, On
from orchestrator.cli.session import AsJson, RequestId, local, one_of, print_json, say, settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestrator.records import Due, Purged, Year

app = typer.Typer(no_args_is_help=True, help="The record of requests: the law's log, and its end.")
OfYear = Annotated[int | None, typer.Option("--year", min=2020, max=2200, help="Only requests received that year.")]

OfOrganisations = Annotated[
    bool, typer.Option("--instructions", help="Instructions of customer organisations instead, which no law counts.")
]


def register(app: typer.Typer, requests: typer.Typer) -> None:
    """Add `dsr metrics` to the top level, and appeals to `dsr request`."""
    app.command()(metrics)
    requests.command()(appeal)
    requests.command()(extend_appeal)
    requests.command()(decide_appeal)


@app.command()
def show(
    context: typer.Context, year: OfYear = None, instructions: OfOrganisations = False, as_json: AsJson = False
) -> None:
    """Every consumer's request in the fields that 11 CCR 7101(b) lists, and no others."""
    from orchestrator.cli.show import table
    from orchestrator.records.log import columns

    with settings(context).service() as service:
        rows = service.log(year, instructions=instructions)
    names = columns(rows)
    if as_json:
        print_json([{name: getattr(row, name) for name in names} for row in rows])
    else:
        table(
            "Instructions of organisations" if instructions else "Log of requests",
            names,
            [[getattr(row, name) for name in names] for row in rows],
        )


@app.command()
def export(
    context: typer.Context,
    to: Annotated[Path, typer.Option("--to", help="The file, .csv or .json; - writes CSV to standard output.")],
    year: OfYear = None, instructions: OfOrganisations = False, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Write the log for whoever looks into compliance. It serves nothing else (11 CCR 7101(d))."""
    from orchestrator.canonical import encode
    from orchestrator.records import csv_of
    from orchestrator.records.log import columns
    from orchestrator.workspace import private_file

    if str(to) != "-" and to.suffix not in (".csv", ".json"):
        raise typer.BadParameter("name a file that ends in .csv or .json, or -", param_hint="--to")
    with settings(context).service() as service:
        rows = service.log(year, instructions=instructions)
    names = columns(rows)
    if str(to) == "-":
        sys.stdout.write(csv_of(rows))
        return
    listed = encode([{name: getattr(row, name) for name in names} for row in rows])
    private_file(to, listed + b"\n" if to.suffix == ".json" else csv_of(rows).encode())
    print_json({"file": str(to), "requests": len(rows)}) if as_json else say(f"{to}  {len(rows)} requests")


@app.command()
def appeals(context: typer.Context, as_json: AsJson = False) -> None:
    """Appeals against answers, and until when they are to be decided. Exit code 7 if one is overdue, for cron."""
    from orchestrator.cli.show import table

    with settings(context).service() as service:
        found = sorted(service.appeals(), key=lambda a: (bool(a.result), a.decision.due))
    if as_json:
        print_json(found)
    else:
        rows = [
            [a.request, a.appealed, a.decision.due, a.decision.last, a.result or ("OVERDUE" if a.overdue else "open"),
             "; ".join(a.decision.citations)] for a in found
        ]  # fmt: skip
        table("Appeals", ["request", "appealed", "due", "at the latest", "result", "by"], rows)
    if any(a.overdue for a in found):
        raise typer.Exit(7)


def appeal(context: typer.Context, request: RequestId, on: On = None, as_json: AsJson = False) -> None:
    """Record that the person appeals against the answer, where the law gives an appeal to the company."""
    with settings(context).service() as service:
        found = service.appeal(request, local(service, on))
    print_json(found) if as_json else say(f"{request}  appealed; the decision is due on {found.decision.due}")


def extend_appeal(
    context: typer.Context, request: RequestId, letter: Letter,
    reason: Annotated[str, typer.Option(help="The reason that the notice gives; without personal data.")],
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Until when; default: the law's last day.")
    ] = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Record a notice, sent today, that the decision of an appeal takes longer, where the law allows it (Colorado)."""
    with settings(context).service() as service:
        found = service.extend_appeal(request, reason, letter, until.date() if until else None)
    print_json(found) if as_json else say(f"{request}  the decision of the appeal is due on {found.decision.due}")


def decide_appeal(
    context: typer.Context, request: RequestId,
    result: Annotated[str, typer.Option(help="granted, granted in part or refused.")],
    letter: Letter, on: On = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Record that the decision of an appeal went out. What is granted is carried out as a request of its own."""
    from orchestrator.records import Result

    came = one_of(Result, result, "--result")
    with settings(context).service() as service:
        at = local(service, on)
        found = service.decide_appeal(request, came, letter, at)
    late = f"; late, it was due by {found.decision.last}" if found.decision.late else ""
    print_json(found) if as_json else say(f"{request}  appeal {found.result}{late}")


@app.command()
def purge(
    context: typer.Context,
    yes: Annotated[bool, typer.Option("--yes", help="Destroy them; without it they are only listed.")] = False,
    as_json: AsJson = False,
) -> None:
    """Destroy the records of requests that ended more than 24 months ago, unless a legal hold keeps them.

    What the journal said of them, their vaults and their receipts go. The chain still verifies, and says that
    they went. Opt-outs stay, and so does the erasure ledger until its entries expire.
    """
    with settings(context).service() as service:
        due = service.to_purge()
        done = service.purge() if yes else ()
    if as_json:
        print_json({"due": due, "purged": done, "dry_run": not yes})
    else:
        _purged(due, done, yes)


def metrics(
    context: typer.Context,
    year: Annotated[int, typer.Option(min=2020, max=2200, help="The calendar year in which requests came in.")],
    consumers: Annotated[
        int | None, typer.Option(min=0, help="How many people's data the company handled that year.")
    ] = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """The figures of a year for each right (11 CCR 7102): received, complied with, denied, days to respond."""
    with settings(context).service() as service:
        found = service.metrics(year, consumers)
    print_json(found) if as_json else _figures(found)


def _figures(found: Year) -> None:
    from orchestrator.cli.show import table

    heads = ["right", "received", "complied", "in part", "denied", "answered", "withdrawn", "open", "median", "mean"]
    rows = [
        [f.right or "access and know", f.received, f.complied, f.in_part, f.denied, f.answered, f.withdrawn, f.open,
         f.median_days, f.mean_days]
        for f in (*found.rights, found.to_know)
    ]  # fmt: skip
    table(f"Requests received in {found.year}; days to respond", heads, rows, range(1, len(heads)))
    if found.purged:
        say(f"The records of {found.purged} requests of that year are destroyed: the figures lack them.")
    if found.must_publish is not False:
        must = "are to be published" if found.must_publish else "are published, from 10,000,000 consumers a year on,"
        say(f"The figures {must} by {found.publish_by} ({found.citation}).")


def _purged(due: Sequence[Due], done: Sequence[Purged], yes: bool) -> None:
    from orchestrator.cli.show import table

    gone = {p.request: p for p in done}
    rows = []
    for d in due:
        what = f"held: {', '.join(d.held)}" if d.held else "due"
        if d.request in gone:
            what = f"destroyed: {gone[d.request].entries} entries, {gone[d.request].files} files"
        rows.append([d.request, d.ended, d.due - timedelta(days=1), what])
    table("Records of requests", ["request", "ended", "kept until", ""], rows)
    if not yes and any(not d.held for d in due):
        say("nothing was destroyed; --yes does it")
