"""`dsr replay …`: erasures run again after a restore."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.session import AsJson, print_json, say, settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestrator.replay import Replayed

app = typer.Typer(help="After a restore: erase again whom it brought back.")
System = Annotated[str, typer.Argument(metavar="SYSTEM", help="The restored system, as the inventory names it.")]
FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z"]


@app.callback(invoke_without_command=True)
def replay(
    context: typer.Context,
    since: Annotated[
        datetime | None,
        typer.Option(formats=FORMATS, help="When the restored copy was made (UTC); what was erased since is found."),
    ] = None,
    system: Annotated[
        str, typer.Option(help="One system; default: those marked, or all that list whom they hold.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Compare whom a system holds with the ledger of erasures; plan what is to be erased again.

    Run it again when the plans were carried out: if nobody is left it signs a receipt. Until then 7.
    """
    if context.invoked_subcommand:
        return
    from orchestrator.cli.show import watching

    with settings(context).service() as service, watching("Replaying", quiet=as_json) as progress:
        done = service.replay(_utc(since) if since else None, system, progress)
    print_json(done) if as_json else _table(done)
    if any(row.trouble for row in done):
        raise typer.Exit(1)
    if not all(row.settled for row in done):
        raise typer.Exit(7)


@app.command()
def start(
    context: typer.Context,
    system: System,
    copy: Annotated[datetime, typer.Option(formats=FORMATS, help="When the restored copy was made (UTC).")],
    as_json: AsJson = False,
) -> None:
    """Mark a system as restored: not to be served until its replay receipt."""
    with settings(context).service() as service:
        mark = service.restored(system, _utc(copy))
    print_json(mark) if as_json else say(f"{system}  not to be served; next: dsr replay --system {system}")


@app.command()
def status(context: typer.Context, as_json: AsJson = False) -> None:
    """Restored systems that must not be served yet. Exit code 7 if there is one."""
    with settings(context).service() as service:
        marks = service.unserved()
    if as_json:
        print_json(marks)
    else:
        lines = [f"{m.system}  not to be served: restored from a copy of {m.copy:%Y-%m-%d %H:%M}" for m in marks]
        say("\n".join(lines) or "every restored system has its replay receipt")
    if marks:
        raise typer.Exit(7)


@app.command("new-key")
def new_key(context: typer.Context, as_json: AsJson = False) -> None:
    """Begin a key of the ledger. Old entries match until they expire; then their key is destroyed."""
    with settings(context).service() as service:
        key = service.new_ledger_key()
    print_json({"key": key}) if as_json else say(f"{key}  makes the ledger's entries from now on")


def _utc(instant: datetime) -> datetime:
    return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)


def _table(done: Sequence[Replayed]) -> None:
    from orchestrator.cli.show import table

    for row in done:
        if row.trouble:
            say(f"{row.system}: {row.trouble}")
            continue
        say(f"{row.system}: {row.rows:,} rows; {row.erasures} people erased since {row.since:%Y-%m-%d %H:%M}")
        rows = [[p.first, p.came, p.request, ", ".join(p.why), p.digest] for p in row.people]
        if rows:
            table("", ["erased by", "is", "request", "stopped by", "digest"], rows)
        say(f"nobody is left: {row.receipt}" if row.receipt else "somebody is left: approve, run or cancel; then again")
