"""`dsr vault …`: the keys that the vault stands on."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from orchestrator.cli.session import AsJson, print_json, say, settings

app = typer.Typer(no_args_is_help=True, help="The keys that the vault stands on.")


@app.command()
def turn(
    context: typer.Context,
    now: Annotated[
        bool, typer.Option("--now", help="Destroy old keys at once, whatever the inventory keeps them for.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Replace the master key by a new one, and destroy those that had their time, with all that old copies of the
    database hold of people who were forgotten. Needs the keys in a file. Safe to repeat."""
    with settings(context).service() as service:
        done = service.turn(timedelta(0) if now else None)
    if as_json:
        print_json(done)
        return
    gone = ", ".join(done.destroyed) or "none"
    say(f"{done.keys} keys are wrapped by {done.master}; old master keys destroyed: {gone}")


@app.command()
def rewrap(
    context: typer.Context,
    master: Annotated[
        str, typer.Argument(metavar="REFERENCE", help="env:NAME, file:PATH, keyring:SERVICE/NAME or kms:KEY_ID.")
    ],
    as_json: AsJson = False,
) -> None:
    """Wrap all keys under another master key, while requests go on. Safe to repeat."""
    with settings(context).service() as service:
        key, count = service.rewrap(master)
    told = {"master": key, "keys": count}
    print_json(told) if as_json else say(f"{count} keys are wrapped by {key}; the old master key is needed no more")
