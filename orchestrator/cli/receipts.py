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
def verify(
    file: ReceiptFile,
    public_key: PublicKey = None,
    proof: Annotated[Path | None, typer.Option(help="What `dsr receipt prove` wrote of it.")] = None,
    head: Annotated[
        Path | None, typer.Option(help="A signed head that you kept: the proof has to be about it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Verify a receipt offline: needs the file and the public key, no inventory and no state.

    With a proof also that the journal of a signed head holds it. Exit code 8 if anything does not fit.
    """
    if head and not proof:
        raise typer.BadParameter("a head is compared with a proof: give --proof too", param_hint="--head")
    told, text = _told(_verified(file, public_key))
    if proof:
        from orchestrator.inclusion import check_inclusion

        stated = check_inclusion(file, proof, keys_of(public_key or file.parent / "receipt.pub.pem"), head)
        told["head"] = dict(stated)
        text += f"; among the {stated['size']} entries of the journal's head of {stated['at']}"
    print_json({"valid": True, **told}) if as_json else say(f"valid: {text}")


def _told(payload: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """What is said of a valid receipt, as data and in a line."""
    kind = payload["type"]
    if kind == "dsr-backup-deletion/1":
        name = f"{payload['backup']['place']}/{payload['backup']['name']}"
        told = {"backup": name, "status": payload["status"], "final": payload["final"]}
        return told, f"backup {name}, {payload['status']}: {payload['evidence']}"
    if kind == "dsr-retention/1":
        gone, among = sum(s["removed"] for s in payload["steps"]), len(payload["steps"])
        told = {"outcome": payload["outcome"], "removed": gone}
        return told, f"retention, outcome {payload['outcome']}: {gone} rows of {among} collections"
    if kind == "dsr-retention-settings/1":
        told = {"outcome": payload["outcome"], "applied": sum(s["standing"] == "applied" for s in payload["steps"])}
        return told, f"settings of vendors, outcome {told['outcome']}: {told['applied']} applied"
    if kind == "dsr-replay/1":
        told = {"system": payload["system"], "copy": payload["copy"]}
        return told, f"{payload['system']}, restored from a copy of {payload['copy']}: everybody erased is settled"
    told = {"request": payload["request"], "outcome": payload["outcome"]}
    return told, f"request {payload['request']}, outcome {payload['outcome']}"


@app.command()
def prove(
    context: typer.Context,
    receipt: Annotated[str, typer.Argument(metavar="REQUEST", help="A request, for its last receipt; or a file.")],
    head: Annotated[Path | None, typer.Option(help="A signed head that others keep; default: one of today.")] = None,
    to: Annotated[Path | None, typer.Option("--to", help="A file to write it to; default: standard output.")] = None,
    as_json: AsJson = False,
) -> None:
    """A proof (JSON) that a signed head of the journal stands for a receipt, which nobody can take out any more."""
    import json

    with settings(context).service() as service:
        proof = service.inclusion(receipt, head)
    if to is None:
        say(json.dumps(proof, indent=2))  # JSON in any case
        return
    to.write_text(json.dumps(proof, indent=2) + "\n")
    print_json({"file": str(to)}) if as_json else say(f"{to}: dsr receipt verify RECEIPT --proof {to}")


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
def pdf(
    file: ReceiptFile,
    public_key: PublicKey = None,
    to: Annotated[Path | None, typer.Option("--to", help="The file to write; default: beside the receipt.")] = None,
    fonts: Annotated[Path | None, typer.Option(help="A folder with further fonts.")] = None,
    as_json: AsJson = False,
) -> None:
    """Verify a receipt and write it as a tagged PDF for people. Exit code 5 if no PDF can be made here."""
    from orchestrator.errors import InvalidReceiptError
    from orchestrator.receipt import TYPE, hash_of
    from orchestrator.receipt.sheet import pdf as made

    payload = _verified(file, public_key)
    if payload["type"] != TYPE:
        raise InvalidReceiptError(f"only receipts of requests have a form for people; see dsr receipt show {file}")
    out = to or file.with_suffix(".pdf")
    out.write_bytes(made(payload, hash_of(file.read_bytes()), fonts))
    print_json({"file": str(out)}) if as_json else say(str(out))


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
