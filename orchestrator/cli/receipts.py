"""`dsr receipt …`: show, verify anywhere, and the key to verify with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.session import AsJson, print_json, say, settings

app = typer.Typer(no_args_is_help=True, help="Show and verify signed receipts.")

ReceiptFile = Annotated[Path, typer.Argument(metavar="FILE", help="A receipt's JSON file.")]
PublicKey = Annotated[
    Path | None, typer.Option("--public-key", help="PEM file; default: receipt.pub.pem beside the receipt.")
]


@app.command()
def verify(file: ReceiptFile, public_key: PublicKey = None, as_json: AsJson = False) -> None:
    """Verify a receipt offline: needs the file and the public key, no inventory and no state."""
    payload = _verified(file, public_key)
    if "system" in payload:
        told = {"valid": True, "system": payload["system"], "copy": payload["copy"]}
        text = f"valid: {payload['system']}, restored from a copy of {payload['copy']}: everybody erased is settled"
        print_json(told) if as_json else say(text)
    elif as_json:
        print_json({"valid": True, "request": payload["request"], "outcome": payload["outcome"]})
    else:
        say(f"valid: request {payload['request']}, outcome {payload['outcome']}")


@app.command()
def show(file: ReceiptFile, public_key: PublicKey = None, as_json: AsJson = False) -> None:
    """Verify a receipt and show what it says."""
    payload = _verified(file, public_key)
    if as_json or "system" in payload:
        print_json(payload)
        return
    from orchestrator.cli.show import receipt_table

    receipt_table(payload)


@app.command()
def key(context: typer.Context, as_json: AsJson = False) -> None:
    """Print the public key that verifies this installation's receipts (PEM)."""
    with settings(context).service() as service:
        pem = service.workspace.signing_key.public_pem().decode().strip()
    print_json({"public_key": pem}) if as_json else say(pem)


def _verified(file: Path, public_key: Path | None) -> dict[str, object]:
    from orchestrator.errors import UnknownError
    from orchestrator.receipt import verify_file
    from orchestrator.signing import public_key as parse

    path = public_key or file.parent / "receipt.pub.pem"
    try:
        pem = path.read_bytes()
    except OSError:
        raise UnknownError(f"no public key at {path}: name it with --public-key") from None
    return dict(verify_file(file, [parse(pem)]))
