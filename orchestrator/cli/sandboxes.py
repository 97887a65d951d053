"""`dsr sandbox up` and `dsr demo`."""

from __future__ import annotations

import json
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from orchestrator.cli.session import AsJson, say, settings

app = typer.Typer(no_args_is_help=True, help="Fakes of every vendor on this machine, for demos and your own tests.")


def register(top: typer.Typer) -> None:
    """Add the commands to the top level."""
    top.command()(demo)


@app.command()
def up(as_json: AsJson = False) -> None:
    """Start the sandbox on loopback, print the environment to use it from, and wait for Ctrl-C."""
    from connectors.isolation import strip_ambient
    from connectors.sandbox.world import Sandbox

    strip_ambient()
    _stop_on_terminate()
    with Sandbox() as sandbox:
        if as_json:
            say(json.dumps(sandbox.environ))
        else:
            for name, value in {"DSR_SANDBOX": "1", **sandbox.environ}.items():
                say(f"export {name}='{value}'")
        sys.stdout.flush()
        threading.Event().wait()


def demo(
    context: typer.Context,
    folder: Annotated[Path, typer.Option(help="Where state and receipts go.")] = Path("var/demo"),
    as_json: AsJson = False,
) -> None:
    """Fulfil one deletion request in the sandbox, from intake to a verified receipt."""
    from orchestrator.demo import demonstrate

    _stop_on_terminate()
    demonstrate(settings(context).inventory, folder, as_json)


def _stop_on_terminate() -> None:
    """SIGTERM ends the program as Ctrl-C does: whatever was started is stopped."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
