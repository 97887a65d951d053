"""`dsr hold …` and `dsr staff …`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.session import AsJson, print_json, say, settings

app = typer.Typer(no_args_is_help=True, help="Legal holds: nothing under one is written.")
staff = typer.Typer(no_args_is_help=True, help="Keys of the people who act.")


@app.command()
def place(
    context: typer.Context,
    reason: Annotated[str, typer.Option(help="Why; without personal data.")],
    review: Annotated[datetime | None, typer.Option(help="When a person looks at it again.")] = None,
    person: Annotated[str, typer.Option(metavar="KIND=VALUE", help="Hold one person, by an identifier.")] = "",
    organisation: Annotated[str, typer.Option(help="Hold everyone of an organisation, by its id.")] = "",
    collection: Annotated[str, typer.Option(help="Hold SYSTEM or SYSTEM/COLLECTION.")] = "",
    case: Annotated[str, typer.Option(help="The case's reference; told to staff only.")] = "",
    owner: Annotated[str, typer.Option(help="Who decides about the hold.")] = "",
    since: Annotated[datetime | None, typer.Option(help="Only rows from this day on.")] = None,
    before: Annotated[datetime | None, typer.Option(help="Only rows from before this day.")] = None,
    preservation: Annotated[
        bool, typer.Option("--preservation", help="For law enforcement: 90 days, renewable.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Place a hold. It stops also what is running."""
    scope = {"organisation": organisation, "collection": collection}
    scope = {kind: value for kind, value in scope.items() if value}
    if person:
        kind, _, value = person.partition("=")
        scope[kind] = value
    with settings(context).service() as service:
        hold = service.place_hold(
            reason, _utc(review), scope, case=case, owner=owner, since=_utc(since), before=_utc(before),
            preservation=preservation,
        )  # fmt: skip
    print_json(hold) if as_json else say(f"{hold.id}  placed, review on {hold.review:%Y-%m-%d}")


@app.command()
def release(
    context: typer.Context, hold: Annotated[str, typer.Argument(metavar="HOLD")], as_json: AsJson = False
) -> None:
    """Release a hold. What waited is looked at again at once."""
    with settings(context).service() as service:
        service.release_hold(hold)
    print_json({"hold": hold, "released": True}) if as_json else say(f"{hold}  released")


@app.command()
def renew(
    context: typer.Context,
    hold: Annotated[str, typer.Argument(metavar="HOLD")],
    review: Annotated[datetime | None, typer.Option(help="When a person looks at it again.")] = None,
    as_json: AsJson = False,
) -> None:
    """Hold on: a preservation for law enforcement for 90 days more, any other until the day given."""
    with settings(context).service() as service:
        until = service.renew_hold(hold, _utc(review))
    print_json({"hold": hold, "review": until}) if as_json else say(f"{hold}  renewed, review on {until:%Y-%m-%d}")


def _utc(day: datetime | None) -> datetime | None:
    return day.replace(tzinfo=UTC) if day else None


@app.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """Holds in force."""
    with settings(context).service() as service:
        holds, now = service.journal.holds(), service.now()
    if as_json:
        print_json(holds)
        return
    from orchestrator.cli.show import table

    rows = [
        [h.id, "a person" if h.person else h.organisation or h.collection, f"{h.placed:%Y-%m-%d}",
         f"{h.review:%Y-%m-%d}{' OVERDUE' if h.review < now else ''}", h.owner or h.by, h.case, h.reason] for h in holds
    ]  # fmt: skip
    table("Legal holds", ["hold", "on", "placed", "review", "owner", "case", "reason"], rows)


@staff.command()
def key(file: Annotated[Path, typer.Argument(help="A new file for the private key.")], as_json: AsJson = False) -> None:
    """Make a key for one staff member; print the public half for the inventory."""
    from orchestrator.signing import StaffKey

    made = StaffKey.generate(file)
    print_json({"file": str(file), "public_key": made.public}) if as_json else say(f"public_key: {made.public}")
