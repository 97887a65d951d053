"""The commands together, the options before them, and what a mistake looks like."""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli import (
    backups,
    byhand,
    choosing,
    clocks,
    corrections,
    holding,
    inventories,
    journals,
    letters,
    logs,
    organisations,
    packages,
    planning,
    policies,
    proving,
    receipts,
    replays,
    requests,
    retentions,
    sandboxes,
    vaults,
    working,
)
from orchestrator.cli.session import Settings

EXIT_CODES = """\
Exit codes: 0 done; 1 a system failed; 2 wrong usage; 3 the inventory cannot be used; 4 no such
request, plan or receipt; 5 refused by a rule of the house; 6 the guard stops the plan; 7 not
finished, something is open; 8 a receipt does not verify; 9 the journal or vault was tampered with;
70 a fault of this program; 130 interrupted."""

app = typer.Typer(
    name="dsr", no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False,
    rich_markup_mode=None, epilog=EXIT_CODES,
    help="Find everything about one person in every system of the inventory, export or delete it, and prove it.",
)  # fmt: skip
app.add_typer(requests.app, name="request")
app.add_typer(corrections.app, name="correct")
app.add_typer(receipts.app, name="receipt")
app.add_typer(journals.app, name="journal")
app.add_typer(inventories.app, name="inventory")
app.add_typer(byhand.app, name="manual")
app.add_typer(choosing.opt_out, name="opt-out")
app.add_typer(choosing.opt_in, name="opt-in")
app.add_typer(holding.app, name="hold")
app.add_typer(holding.staff, name="staff")
app.add_typer(replays.app, name="replay")
app.add_typer(logs.app, name="log")
app.add_typer(policies.app, name="policy")
app.add_typer(letters.app, name="letter")
app.add_typer(backups.app, name="backup")
app.add_typer(vaults.app, name="vault")
app.add_typer(retentions.app, name="retention")
app.add_typer(sandboxes.app, name="sandbox")
planning.register(app)
packages.register(app)
sandboxes.register(app)
clocks.register(app, requests.app)
working.register(app)
logs.register(app, requests.app)
choosing.register(app)
proving.register(app, requests.app)
organisations.register(app)


@app.callback()
def options(
    context: typer.Context,
    inventory: Annotated[Path, typer.Option(envvar="DSR_INVENTORY", help="The inventory.")] = Path("inventory.yaml"),
    state: Annotated[Path, typer.Option(envvar="DSR_STATE", help="The state directory.")] = Path("var/state"),
    sandbox: Annotated[
        bool, typer.Option(envvar="DSR_SANDBOX", help="Use the sandbox, whatever the inventory says.")
    ] = False,
    staff: Annotated[str, typer.Option("--as", envvar="DSR_STAFF", help="Who acts: a staff id of the inventory.")] = "",
    key: Annotated[Path | None, typer.Option(envvar="DSR_STAFF_KEY", help="The private key of whoever acts.")] = None,
    debug: Annotated[bool, typer.Option(help="Log what is asked of which system, never a value.")] = False,
) -> None:
    """The options that stand before every command."""
    context.obj = Settings(inventory, state, sandbox, staff, key, debug)


def main() -> None:
    """The entry point: runs the command and turns errors into messages and exit codes."""
    from connectors.errors import ConnectorError
    from orchestrator.errors import OrchestratorError
    from orchestrator.telemetry import exported

    os.umask(0o077)
    try:
        with exported():
            app()
    except OrchestratorError as error:
        _say(str(error))
        sys.exit(error.exit_code)
    except ConnectorError as error:
        _say(str(error))
        sys.exit(1)
    except KeyboardInterrupt:
        _say("interrupted; what was done is kept, running again goes on")
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(141)
    except Exception as fault:  # noqa: BLE001 - the last place where a personal value could be printed
        _say(_fault(fault))
        sys.exit(70)


def _say(message: str) -> None:
    sys.stderr.write(f"dsr: {message}\n")


def _fault(fault: Exception) -> str:
    """Where it happened, without the exception's text: that could hold a person's data."""
    if os.environ.get("DSR_DEBUG_UNSAFE"):
        return "".join(traceback.format_exception(fault))
    frames = traceback.extract_tb(fault.__traceback__)
    where = " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(frames[-4:]))
    return f"a fault of this program ({type(fault).__name__} at {where}). Its text may be personal and is not shown"
