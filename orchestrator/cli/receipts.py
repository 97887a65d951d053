"""`dsr receipt …`: show, verify anywhere, and the key to verify with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestrator.cli.session import AsJson, print_json, say, settings

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

app = typer.Typer(no_args_is_help=True, help="Show and verify signed receipts.")

ReceiptFile = Annotated[Path, typer.Argument(metavar="FILE", help="A receipt's JSON file.")]
PublicKey = Annotated[
    Path | None, typer.Option("--public-key", help="PEM file; default: receipt.pub.pem beside the receipt.")
]


@app.command()
def verify(file: ReceiptFile, public_key: PublicKey = None, as_json: AsJson = False) -> None:
    """Verify a receipt offline: needs the file and the public key, no inventory and no state."""
    from orchestrator.receipt import BACKUP

    payload = _verified(file, public_key)
    if payload["type"] == BACKUP:
        name = f"{payload['backup']['place']}/{payload['backup']['name']}"
        told = {"valid": True, "backup": name, "status": payload["status"], "final": payload["final"]}
        text = f"valid: backup {name}, {payload['status']}: {payload['evidence']}"
        print_json(told) if as_json else say(text)
    elif payload["type"] == "dsr-retention/1":
        steps: Any = payload["steps"]
        gone = sum(s["removed"] for s in steps)
        print_json({"valid": True, "outcome": payload["outcome"], "removed": gone}) if as_json else say(
            f"valid: retention, outcome {payload['outcome']}: {gone} rows of {len(steps)} collections"
        )
    elif payload["type"] == "dsr-retention-settings/1":
        applied = sum(s["standing"] == "applied" for s in payload["steps"])
        print_json({"valid": True, "outcome": payload["outcome"], "applied": applied}) if as_json else say(
            f"valid: settings of vendors, outcome {payload['outcome']}: {applied} applied"
        )
    elif "system" in payload:
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
    if as_json or payload["type"] != "dsr-receipt/1":
        print_json(payload)
        return
    from orchestrator.cli.show import receipt_table

    receipt_table(payload)


@app.command()
def key(context: typer.Context, as_json: AsJson = False) -> None:
    """Print the public keys that verify this installation's receipts (PEM), the newest first."""
    with settings(context).service() as service:
        pem = service.workspace.public_pem().decode().strip()
    print_json({"public_key": pem}) if as_json else say(pem)


@app.command("rotate-key")
def rotate_key(context: typer.Context, as_json: AsJson = False) -> None:
    """Sign with a new key from now on; what the former ones signed still verifies."""
    with settings(context).service() as service:
        former = service.rotate_signing_key()
    print_json({"replaced": former}) if as_json else say(f"{former}  replaced; give out the new keys: dsr receipt key")


@app.command()
def verifier(
    to: Annotated[Path, typer.Option(help="The file to write.")] = Path("verify-receipt.html"), as_json: AsJson = False
) -> None:
    """Write a page that verifies receipts in a browser, offline: nothing is sent anywhere."""
    from importlib.resources import files

    to.write_bytes((files("orchestrator.pages") / "verify.html").read_bytes())
    print_json({"page": str(to)}) if as_json else say(f"{to}: open it in a browser")


def _verified(file: Path, public_key: Path | None) -> dict[str, Any]:
    from orchestrator.receipt import verify_file

    return dict(verify_file(file, keys_of(public_key or file.parent / "receipt.pub.pem")))


def keys_of(path: Path) -> list[Ed25519PublicKey]:
    """The keys of a PEM file. UnknownError if there is none."""
    from orchestrator.errors import UnknownError
    from orchestrator.signing import public_keys

    try:
        return public_keys(path.read_bytes())
    except OSError:
        raise UnknownError(f"no public key at {path}: name it with --public-key") from None
