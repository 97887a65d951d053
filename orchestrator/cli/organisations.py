"""`dsr handover …`, `dsr instruction …` and `dsr vendor …`: customer organisations and vendors."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.clocks import Letter, On
from orchestrator.cli.requests import given_by
from orchestrator.cli.session import AsJson, RequestId, local, one_of, print_json, say, settings

if TYPE_CHECKING:
    from orchestrator.handing_over import HandOver
    from orchestrator.notices import Notice

handover = typer.Typer(no_args_is_help=True, help="What customer organisations decide about: hand it over to them.")
instruction = typer.Typer(no_args_is_help=True, help="What customer organisations instruct us to do with their data.")
vendor = typer.Typer(no_args_is_help=True, help="What vendors are told to delete and to keep, and their answers.")
Proof = Annotated[Path, typer.Option(help="The file that shows it; kept encrypted with the request.")]
Request = Annotated[str, typer.Option(help="Of one request only.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the top level."""
    app.add_typer(handover, name="handover")
    app.add_typer(instruction, name="instruction")
    app.add_typer(vendor, name="vendor")


@handover.command("list")
def handovers(context: typer.Context, request: Request = "", as_json: AsJson = False) -> None:
    """What organisations must be handed over, the most urgent first. Exit code 7 if any is overdue."""
    with settings(context).service() as service:
        found = service.handovers(request)
    print_json(found) if as_json else _handovers(found)
    if any(h.overdue for h in found):
        raise typer.Exit(7)


@handover.command()
def sent(
    context: typer.Context, request: RequestId,
    organisation: Annotated[str, typer.Option(help="The organisation's id, as the list shows it.")],
    proof: Proof,
    to: Annotated[str, typer.Option("--to", metavar="FILE", help="Holds the recipient's address; - is input.")] = "-",
    reason: Annotated[str, typer.Option(help="Why to somebody whom the inventory does not list.")] = "",
    on: On = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Record that the request was sent to the organisation. The recipient is kept as a keyed hash."""
    recipient = _address(to)
    with settings(context).service() as service:
        at = local(service, on)
        found = service.handed_over(request, organisation, recipient, proof, at, reason)
    print_json(found) if as_json else _handovers((found,))


@handover.command()
def told(context: typer.Context, request: RequestId, letter: Letter, on: On = None, as_json: AsJson = False) -> None:
    """Record that the person was told which part an organisation decides about."""
    with settings(context).service() as service:
        found = service.person_told(request, letter, local(service, on))
    print_json(found) if as_json else _handovers(found)


@instruction.command("new")
def new(
    context: typer.Context,
    organisation: Annotated[str, typer.Option(help="The organisation's id in the inventory.")],
    email: Annotated[list[str] | None, typer.Option(help="The e-mail address of the person it is about.")] = None,
    identifier: Annotated[
        list[str] | None, typer.Option("--id", metavar="KIND=VALUE", help="Another identifier, such as user_id=42.")
    ] = None,
    right: Annotated[str, typer.Option(help="delete or access.")] = "delete",
    channel: Annotated[str, typer.Option(help="How it came in: email, mail, phone, account.")] = "email",
    received: Annotated[datetime | None, typer.Option(help="When it arrived, if not now.")] = None,
    as_json: AsJson = False,
) -> None:
    """Record what an organisation instructs us to do with its own data about one person."""
    from orchestrator.model import Right

    asked = one_of(Right, right, "--right")
    with settings(context).service() as service:
        at = local(service, received)
        request = service.instruct(organisation, asked, given_by(email, identifier), channel, at)
    if as_json:
        print_json({"request": request, "right": asked, "organisation": organisation})
    else:
        say(f"{request}  recorded; next: dsr instruction verify {request}")


@instruction.command("verify")
def verify(
    context: typer.Context, request: RequestId,
    method: Annotated[str, typer.Option(help="How it was seen that the contact wrote it, such as a signed order.")],
    proof: Proof,
    contact: Annotated[
        str, typer.Option("--from", metavar="FILE", help="Holds the address it came from; - is input.")
    ] = "-",
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Record that it came from the organisation's authorised contact. The address is compared and not kept."""
    address = _address(contact)
    with settings(context).service() as service:
        done = service.verify_instruction(request, address, method, proof)
    print_json(done) if as_json else say(f"{request}  verified; next: dsr plan {request}")


@vendor.command("list")
def vendors(context: typer.Context, request: Request = "", as_json: AsJson = False) -> None:
    """What vendors must be told in writing by approved plans. Exit code 7 if one is overdue."""
    with settings(context).service() as service:
        found = service.notices(request)
    print_json(found) if as_json else _notices(found)
    if any(n.overdue for n in found):
        raise typer.Exit(7)


@vendor.command()
def notified(
    context: typer.Context, request: RequestId,
    name: Annotated[str, typer.Argument(metavar="VENDOR", help="The system's name in the inventory.")],
    proof: Proof, on: On = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Record that a vendor was told what to delete, and what to keep for one use only."""
    with settings(context).service() as service:
        at = local(service, on)
        found = service.vendor_notified(request, name, proof, at)
    print_json(found) if as_json else _notices((found,))


@vendor.command()
def answered(
    context: typer.Context, request: RequestId,
    name: Annotated[str, typer.Argument(metavar="VENDOR", help="The system's name in the inventory.")],
    said: Annotated[str, typer.Option("--answer", help="accepted, deleted, nothing_held or refused.")],
    proof: Proof, on: On = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Record what a vendor answered."""
    from orchestrator.receipt import Answer

    answer = one_of(Answer, said, "--answer")
    with settings(context).service() as service:
        at = local(service, on)
        found = service.vendor_answered(request, name, answer, proof, at)
    print_json(found) if as_json else _notices((found,))


def _address(source: str) -> str:
    """An address out of a file or standard input: on the command line it would stay in the shell's history."""
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"cannot read {source}: {type(error).__name__}") from None
    if len(text.split()) != 1:
        raise typer.BadParameter("give one address and nothing else, in a file or on standard input")
    return text.strip()


def _handovers(found: tuple[HandOver, ...]) -> None:
    from orchestrator.cli.show import table

    rows = [
        [h.request, h.organisation, sum(n for _, n in h.what), h.owner, f"{h.due:%Y-%m-%d}",
         f"{h.sent:%Y-%m-%d}" if h.sent else "", f"{h.person_told:%Y-%m-%d}" if h.person_told else "",
         "OVERDUE" if h.overdue else "settled" if h.settled else "open"] for h in found
    ]  # fmt: skip
    heads = ["request", "organisation", "records", "owner", "due", "sent", "person told", "state"]
    table("To be handed over", heads, rows, [2])


def _notices(found: tuple[Notice, ...]) -> None:
    from orchestrator.cli.show import table

    rows = [
        [n.request, n.instruction.vendor, ", ".join(c for c, _ in n.instruction.delete),
         "; ".join(f"{k.collection} ({k.use_limit})" for k in n.instruction.keep), f"{n.due:%Y-%m-%d}",
         f"{n.notified:%Y-%m-%d}" if n.notified else "", "OVERDUE" if n.overdue else n.answer] for n in found
    ]  # fmt: skip
    heads = ["request", "vendor", "asked to delete", "keeps, for this only", "due", "told", "answer"]
    table("To be told in writing", heads, rows)
