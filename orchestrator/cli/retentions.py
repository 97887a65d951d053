"""`dsr retention …`: rows that are past their time, whoever they are about."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli import retention_settings
from orchestrator.cli.retention_settings import Digest, Latest
from orchestrator.cli.session import AsJson, print_json, say, settings

if TYPE_CHECKING:
    from orchestrator.retention import Ran, Shown

app = typer.Typer(no_args_is_help=True, help="Rows that are past their time go, whoever they are about.")
app.add_typer(retention_settings.app, name="settings")


@app.command()
def plan(
    context: typer.Context,
    show: Latest = False,
    as_json: AsJson = False,
) -> None:
    """Count what is past its time; changes nothing. Exit code 6 if the guard stops it."""
    from orchestrator.cli.show import watching

    with settings(context).service() as service, watching("Counting", quiet=as_json or show) as progress:
        shown = service.latest_retention() if show else service.plan_retention(progress)
    _say(shown, as_json)
    if shown.open:
        raise typer.Exit(6)


@app.command()
def override(
    context: typer.Context,
    code: Annotated[str, typer.Argument(help="The finding's code, such as too_many.")],
    reason: Annotated[str, typer.Option(help="Why; without personal data.")],
    as_json: AsJson = False,
) -> None:
    """Set the guard's findings of one code aside, with a reason, signed."""
    with settings(context).service() as service:
        shown = service.override_retention(code, reason)
    _say(shown, as_json)


@app.command()
def approve(
    context: typer.Context,
    digest: Digest,
    as_json: AsJson = False,
) -> None:
    """Approve exactly one plan, by its digest."""
    with settings(context).service() as service:
        decision = service.approve_retention(digest)
    print_json(decision) if as_json else say("approved; carry it out: dsr retention run --execute")


@app.command()
def standing(
    context: typer.Context,
    scope: Annotated[str, typer.Argument(help="SYSTEM/COLLECTION, or expiry:RULE for exceptions that end.")],
    limit: Annotated[int, typer.Option(help="At most so many rows at a time.")],
    until: Annotated[datetime, typer.Option(help="When the approval ends, at most 400 days on.")],
    as_json: AsJson = False,
) -> None:
    """Approve in advance. Void as soon as rule, column, period or inventory entry change."""
    with settings(context).service() as service:
        made = service.approve_ahead(scope, limit, until.replace(tzinfo=UTC))
    print_json(made) if as_json else say(f"{made.id}  {scope}: up to {limit:,} rows at a time until {until:%Y-%m-%d}")


@app.command()
def withdraw(
    context: typer.Context, approval: Annotated[str, typer.Argument(metavar="ID")], as_json: AsJson = False
) -> None:  # fmt: skip
    """Take a standing approval back."""
    with settings(context).service() as service:
        service.withdraw(approval)
    print_json({"withdrawn": approval}) if as_json else say(f"{approval}  withdrawn")


@app.command()
def arm(
    context: typer.Context,
    off: Annotated[bool, typer.Option("--off", help="Only count again.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let runs delete from now on: a new installation only counts."""
    with settings(context).service() as service:
        service.arm(not off)
    print_json({"armed": not off}) if as_json else say("disarmed: runs only count" if off else "armed")


@app.command()
def run(
    context: typer.Context,
    execute: Annotated[bool, typer.Option("--execute", help="Write, also if this installation is not armed.")] = False,
    as_json: AsJson = False,
) -> None:
    """Do what is approved; counts only in a new installation. Exit codes: 1 cut short, 7 something waits."""
    from orchestrator.cli.show import watching

    with settings(context).service() as service, watching("Retention", quiet=as_json) as progress:
        ran = service.run_retention(progress, execute=execute)
    if as_json:
        print_json(ran)
    else:
        _told(ran)
    if ran.troubles:
        raise typer.Exit(1)
    if ran.waits:
        raise typer.Exit(7)


@app.command()
def status(context: typer.Context, as_json: AsJson = False) -> None:
    """Whether it is armed, what is approved in advance, and how far the latest run has come."""
    with settings(context).service() as service:
        found, vendors = service.retention_stands(), service.vendor_settings()
    if as_json:
        from orchestrator.canonical import plain

        print_json({**plain(found), "settings": vendors})
        return
    from orchestrator.cli.show import table

    say(f"{'armed' if found.armed else 'counts only: dsr retention arm'}; {found.receipts} receipts")
    table("Standing approvals", ["id", "of", "rows", "until", "by", ""], [
        [s.id, s.scope, f"{s.limit:,}", f"{s.until:%Y-%m-%d}", s.decision.by, why or "in force"]
        for s, why in found.approvals
    ])  # fmt: skip
    if found.latest:
        for step in found.latest.plan.to_do:
            say(f"{step.ref}: {found.removed.get(step.ref, 0):,} of {step.count:,} rows gone")
    if found.under_way:
        say("a run was cut short, or is under way: dsr retention run goes on where it stopped")
    if vendors:
        retention_settings.table_of(vendors)


def _say(shown: Shown, as_json: bool) -> None:
    if as_json:
        print_json(shown)
        return
    from orchestrator.cli.show import table

    table("Retention", ["system", "collection", "action", "past", "before", "oldest", "with them", "held", "why"], [
        [s.system, s.collection, s.action, f"{s.count:,}", f"{s.before:%Y-%m-%d}",
         f"{s.oldest:%Y-%m-%d}" if s.oldest else "", ", ".join(f"{n:,} {c}" for c, n in s.along),
         f"{s.held:,}" if s.held else "", "; ".join((*s.stops, *s.notes)) or s.basis] for s in shown.plan.steps
    ], [3])  # fmt: skip
    for what, who in shown.plan.elsewhere:
        say(f"elsewhere: {what}: {who}")
    for finding in shown.findings:
        say(f"{'STOPS' if finding in shown.open else 'overridden'} {finding.code}: {finding.message}")
    say(f"digest {shown.digest}")


def _told(ran: Ran) -> None:
    for ref, why in ran.waits.items():
        say(f"{ref}: waits: {why}")
    for ref, why in ran.troubles.items():
        say(f"{ref}: cut short: {why}; what was done is kept, running again goes on")
    if ran.dry:
        say("nothing was written")
        return
    for step in ran.payload["steps"]:
        if step["approval"]:
            say(
                f"{step['system']}/{step['collection']}: {step['removed']:,} of {step['planned']:,}, {step['standing']}"
            )
    say(f"{ran.payload['outcome']}: {ran.receipt}")
