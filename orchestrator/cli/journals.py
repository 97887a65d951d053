"""`dsr journal …`: for auditors, whether the evidence is what it was."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.receipts import keys_of
from orchestrator.cli.session import AsJson, print_json, say, settings

app = typer.Typer(no_args_is_help=True, help="The evidence: whether it is what it was, and proofs of that.")

Out = Annotated[Path | None, typer.Option("--to", help="A file to write it to; default: standard output.")]


@app.command()
def verify(
    context: typer.Context,
    head: Annotated[list[Path] | None, typer.Option(help="A signed head that was kept elsewhere.")] = None,
    git: Annotated[Path | None, typer.Option(help="A repository with heads in tags: dsr journal anchor.")] = None,
    as_json: AsJson = False,
) -> None:
    """Walk the whole journal, against every receipt and the heads given. Exit code 9 if it was changed."""
    with settings(context).service() as service:
        last, anchored = service.verify_anchored(git) if git else (None, 0)
        if head or last is None:
            last = service.verify_journal(head or ())
    if as_json:
        print_json({"seq": last.seq, "hash": last.hash, **({"anchored": anchored} if git else {})})
        return
    say(f"unchanged: {last.seq} entries, the last {last.hash}" + (f"; {anchored} heads in tags fit" if git else ""))


@app.command()
def anchor(
    context: typer.Context,
    git: Annotated[Path, typer.Option(help="A repository that others fetch.")],
    sign: Annotated[bool, typer.Option("--sign", help="Have Git sign the tag, by its own configuration.")] = False,
    as_json: AsJson = False,
) -> None:
    """Put the signed head of today into an annotated tag of a Git repository; pushing it is yours to do."""
    with settings(context).service() as service:
        name = service.anchor(git, sign=sign)
    print_json({"tag": name}) if as_json else say(f"{name}  push it: git -C {git} push REMOTE {name}")


@app.command()
def head(context: typer.Context, to: Out = None, as_json: AsJson = False) -> None:
    """The journal's signed head of today (JSON): keep it elsewhere, and nothing can be removed unseen."""
    with settings(context).service() as service:
        signed = service.signed_head()
    _write(to, signed.decode(), as_json)


@app.command()
def prove(
    context: typer.Context,
    since: Annotated[Path, typer.Option("--since", metavar="HEAD", help="A signed head of an earlier day.")],
    to: Out = None,
    as_json: AsJson = False,
) -> None:
    """A proof (JSON) that the journal of today begins with the entries of an earlier head."""
    import json

    with settings(context).service() as service:
        proof = service.consistency(since)
    _write(to, json.dumps(proof, indent=2), as_json)


@app.command()
def check(
    proof: Annotated[Path, typer.Argument(metavar="PROOF", help="What `dsr journal prove` wrote.")],
    old: Annotated[Path, typer.Option(help="The earlier head.")],
    new: Annotated[Path, typer.Option(help="The head that is said to follow it.")],
    public_key: Annotated[Path, typer.Option(help="PEM file: dsr receipt key.")],
    as_json: AsJson = False,
) -> None:
    """Check such a proof offline: needs the two heads and the public key, no state. Exit code 8 if it does not hold."""
    from orchestrator.audit import check_consistency

    told = check_consistency(proof, old, new, keys_of(public_key))
    if as_json:
        print_json({"valid": True, "head": dict(told)})
    else:
        say(f"valid: the {told['size']} entries of {told['at']} begin with all that were there before")


def _write(to: Path | None, text: str, as_json: bool) -> None:
    if to is None:
        say(text)  # JSON in any case
        return
    to.write_text(text)
    print_json({"file": str(to)}) if as_json else say(str(to))
