"""`dsr vault …`: the keys that the vault stands on."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestrator.cli.session import AsJson, print_json, say, settings

app = typer.Typer(no_args_is_help=True, help="The keys that the vault stands on.")


@app.callback()
def group() -> None:
    """A group, though it has one command so far."""


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
