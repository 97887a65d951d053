"""`dsr retention settings …`: vendors' own retention, read, compared with the inventory, and changed with approval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.session import AsJson, print_json, say, settings

if TYPE_CHECKING:
    from orchestrator.retention.vendor import VendorStep

Latest = Annotated[bool, typer.Option("--show", help="Show the latest plan instead of making one.")]
Digest = Annotated[str, typer.Argument(metavar="DIGEST", help="The plan's, sha256:…")]
app = typer.Typer(no_args_is_help=True, help="Settings of vendors that end data by its age.")


@app.command()
def status(context: typer.Context, as_json: AsJson = False) -> None:
    """What vendors' settings are, and what the inventory says. Exit code 7 if they differ or cannot be read."""
    with settings(context).service() as service:
        steps = service.vendor_settings()
    print_json(steps) if as_json else table_of(steps)
    if any(s.fits is False or (s.setting is None and s.unread) for s in steps):
        raise typer.Exit(7)


@app.command()
def plan(
    context: typer.Context,
    show: Latest = False,
    as_json: AsJson = False,
) -> None:
    """Read every setting and say what would be changed; changes nothing. Exit code 6 if something stops a change."""
    with settings(context).service() as service:
        shown = service.latest_settings() if show else service.plan_settings()
    if as_json:
        print_json(shown)
    else:
        table_of(shown.plan.steps)
        say(f"digest {shown.digest}")
    if any(s.fits is False and not s.due for s in shown.plan.steps):
        raise typer.Exit(6)


@app.command()
def approve(
    context: typer.Context,
    digest: Digest,
    as_json: AsJson = False,
) -> None:
    """Approve exactly one plan of settings, by its digest, as someone else than who made it."""
    with settings(context).service() as service:
        decision = service.approve_settings(digest)
    print_json(decision) if as_json else say("approved; carry it out: dsr retention settings apply")


@app.command()
def apply(context: typer.Context, as_json: AsJson = False) -> None:
    """Apply the approved plan, read every setting back, and sign a receipt. Exit code 1 if one was not applied."""
    with settings(context).service() as service:
        done = service.apply_settings()
    if as_json:
        print_json(done)
    else:
        for ref, now in done.after.items():
            say(f"{ref}: {now}")
        for ref, why in done.troubles.items():
            say(f"{ref}: not applied: {why}")
        say(f"{done.payload['outcome']}: {done.receipt}")
    if done.troubles:
        raise typer.Exit(1)


def table_of(steps: Sequence[VendorStep]) -> None:
    """Settings side by side with what the inventory says."""
    from orchestrator.cli.show import table

    def row(step: VendorStep) -> list[str]:
        setting = step.setting
        if setting is None:
            return [step.system, step.collection, "", "", f"{step.days} days", f"by hand: {step.owner}: {step.unread}"]
        why = setting.by_hand or "; ".join((*step.stops, *filter(None, (setting.stops,)))) or setting.note
        said = "as the inventory says" if setting.fits else why
        return [step.system, step.collection, setting.what, setting.now, setting.wanted, said]

    heads = ["system", "collection", "setting", "is", "inventory", ""]
    table("Settings of vendors", heads, [row(s) for s in steps])
