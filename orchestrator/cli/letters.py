"""`dsr letter …`: what is written to the person, and to vendors about them."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.session import AsJson, RequestId, local, one_of, print_json, say, settings

if TYPE_CHECKING:
    from orchestrator.correspondence import Sent
    from orchestrator.letter_notices import Given
    from orchestrator.letters.kinds import Kind

app = typer.Typer(no_args_is_help=True, help="Letters to the person: write, send and record them.")

KindName = Annotated[
    str, typer.Argument(metavar="KIND", help="acknowledgement, more_information, extension, approval, completion, "
                        "partial_denial, nothing_found, denial, appeal_decision, fee_estimate, "
                        "service_provider_notice, hand_over or vendor_notice.")
]  # fmt: skip
ToName = Annotated[str, typer.Option(help="The person's name, if the request's vault does not have it.")]
AddressFrom = Annotated[str, typer.Option(metavar="FILE", help="Lines of the postal address; - is standard input.")]
Reason = Annotated[str, typer.Option(help="The reasons (extension, denial); without personal data.")]
BecauseName = Annotated[str, typer.Option("--because", help="The ground of a denial, or of a fee.")]
Until = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Until when the answer is extended; else the law's last.")
]
Asks = Annotated[list[str] | None, typer.Option("--ask", help="What is needed of the person, once for each.")]
By = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day for an answer to us, or for our next letter.")
]
Delivery = Annotated[str, typer.Option(help="How a package reaches the person: 'through your account', …")]
Since = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Since when an opt-out, opt-in or limit holds.")
]
SeeAt = Annotated[str, typer.Option(help="Where the person can see that an opt-out, opt-in or limit holds.")]
Vendor = Annotated[str, typer.Option(help="The recipient of the inventory that is told to delete.")]
Organisation = Annotated[str, typer.Option(help="The customer organisation of the inventory that decides.")]
Amount = Annotated[str, typer.Option(metavar='"25.00 USD"', help="What the request would cost.")]
ResultName = Annotated[str, typer.Option("--result", help="Of an appeal: granted, granted in part or refused.")]
Shows = Annotated[Path | None, typer.Option("--facts", help="What proves that a request is unfounded or excessive.")]
AgentOf = Annotated[str, typer.Option("--requester", help="agent or parent, if somebody asked for the person.")]


@app.command()
def draft(
    context: typer.Context, request: RequestId, kind: KindName,
    out: Annotated[Path | None, typer.Option(help="A folder for the files; else they stay in the vault.")] = None,
    to_name: ToName = "", address_from: AddressFrom = "", reason: Reason = "", because: BecauseName = "",
    until: Until = None, ask: Asks = None, by: By = None, delivery: Delivery = "", since: Since = None,
    see_at: SeeAt = "", vendor: Vendor = "", requester: AgentOf = "", organisation: Organisation = "",
    amount: Amount = "", facts: Shows = None, result: ResultName = "", as_json: AsJson = False,
) -> None:  # fmt: skip
    """Write a letter as text, page and PDF. Sends nothing, stops no clock."""
    given = _given(
        to_name, address_from, reason, because, until, ask, by, delivery, vendor, requester, since, see_at,
        organisation, amount, facts, result,
    )  # fmt: skip
    with settings(context).service() as service:
        made = service.draft_letter(request, _kind(kind), given, out)
    if as_json:
        print_json(made)
        return
    say("\n".join(made.where))
    if made.no_pdf:
        say(made.no_pdf)


@app.command()
def send(
    context: typer.Context, request: RequestId, kind: KindName,
    again: Annotated[bool, typer.Option(help="Send it although it may have gone out before.")] = False,
    to_name: ToName = "", address_from: AddressFrom = "", reason: Reason = "", because: BecauseName = "",
    until: Until = None, ask: Asks = None, by: By = None, delivery: Delivery = "", since: Since = None,
    see_at: SeeAt = "", vendor: Vendor = "", requester: AgentOf = "", organisation: Organisation = "",
    amount: Amount = "", facts: Shows = None, result: ResultName = "", as_json: AsJson = False,
) -> None:  # fmt: skip
    """Write a letter and send it by the inventory's channel. It does what its own command would record."""
    given = _given(
        to_name, address_from, reason, because, until, ask, by, delivery, vendor, requester, since, see_at,
        organisation, amount, facts, result,
    )  # fmt: skip
    with settings(context).service() as service:
        _told(service.send_letter(request, _kind(kind), given, again=again), as_json)


@app.command()
def record(
    context: typer.Context, request: RequestId, kind: KindName,
    letter: Annotated[Path, typer.Option(help="The letter as it went out; only its hash is kept.")],
    on: Annotated[datetime | None, typer.Option(help="When, if not now, in the company's time zone.")] = None,
    to_name: ToName = "", address_from: AddressFrom = "", reason: Reason = "", because: BecauseName = "",
    until: Until = None, ask: Asks = None, by: By = None, vendor: Vendor = "", organisation: Organisation = "",
    amount: Amount = "", facts: Shows = None, result: ResultName = "", as_json: AsJson = False,
) -> None:  # fmt: skip
    """Record that a letter went out by hand. It does what its own command would record."""
    given = _given(
        to_name, address_from, reason, because, until, ask, by, "", vendor, "", None, "",
        organisation, amount, facts, result,
    )  # fmt: skip
    with settings(context).service() as service:
        at = local(service, on)
        _told(service.record_letter(request, _kind(kind), letter, given, at), as_json)


@app.command()
def address(
    context: typer.Context, request: RequestId,
    name: Annotated[str, typer.Option(help="The person's name.")] = "",
    email: Annotated[str, typer.Option(help="An address that the person gave for the answer.")] = "",
    address_from: AddressFrom = "", as_json: AsJson = False,
) -> None:  # fmt: skip
    """Keep in the request's vault where the person wants to be written to. Shows nothing of it."""
    lines = _lines(address_from)
    if not (name or email or lines):
        raise typer.BadParameter("give a name, an e-mail address or a postal address")
    with settings(context).service() as service:
        kept = service.letter_address(request, name, lines, email)
    known = [what for what, there in (("name", kept.name), ("address", kept.address), ("email", kept.email)) if there]
    print_json({"request": request, "known": known}) if as_json else say(f"{request}  known: {', '.join(known)}")


@app.command("list")
def list_(
    context: typer.Context,
    request: Annotated[str, typer.Option(help="Of one request only.")] = "",
    as_json: AsJson = False,
) -> None:
    """What went out, and the letter that each request waits for."""
    with settings(context).service() as service:
        sent = service.letters_sent(request)
        asked = [service.request(request)] if request else list(service.journal.requests())
        owed = {r.id: kind for r in asked if (kind := service.next_letter(r.id))}
    if as_json:
        print_json({"sent": sent, "next": owed})
        return
    from orchestrator.cli.show import table

    rows = [[s.request, s.kind, f"{s.at:%Y-%m-%d}", s.channel, s.state, s.message] for s in sent]
    rows += [[name, kind, "", "", "to be written", ""] for name, kind in owed.items()]
    table("Letters", ["request", "letter", "at", "by", "state", "message"], rows)


@app.command()
def copy(
    context: typer.Context, request: RequestId,
    name: Annotated[str, typer.Argument(metavar="LETTER", help="A draft's name or a Message-ID.")],
    to: Annotated[Path, typer.Option(help="The file, readable by its owner only.")],
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Write a letter that the request's vault keeps to a file."""
    with settings(context).service() as service:
        written = service.letter_copy(request, name, to)
    print_json({"file": str(written)}) if as_json else say(str(written))


@app.command()
def returned(
    context: typer.Context, request: RequestId,
    reason: Annotated[str, typer.Option(help="What the mail server or the post said; without the address.")],
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Record that the latest letter came back."""
    with settings(context).service() as service:
        _told(service.letter_returned(request, reason), as_json)


@app.command()
def delivered(
    context: typer.Context,
    request: Annotated[str, typer.Option(help="Of this request; without it, whatever had its time to return.")] = "",
    as_json: AsJson = False,
) -> None:
    """Record that letters arrived, and forget where closed requests were written to. For cron."""
    with settings(context).service() as service:
        found = service.letter_delivered(request)
    print_json(found) if as_json else say(f"{len(found)} arrived")


def _given(
    name: str, address_from: str, reason: str, because: str, until: datetime | None, asks: list[str] | None,
    by: datetime | None, delivery: str, vendor: str, requester: str, since: datetime | None, see_at: str,
    organisation: str, amount: str, facts: Path | None, result: str,
) -> Given:  # fmt: skip
    from orchestrator.letter_notices import Given

    if requester not in ("", "agent", "parent"):
        raise typer.BadParameter(f"{requester!r} is not one of agent, parent", param_hint="--requester")
    return Given(
        name, _lines(address_from), reason, because, until.date() if until else None, tuple(asks or ()),
        by.date() if by else None, delivery, since.date() if since else None, see_at, vendor, requester,
        organisation, amount, _result(result), facts,
    )  # fmt: skip


def _kind(name: str) -> Kind:
    from orchestrator.letters.kinds import Kind

    try:
        return Kind(name.replace("-", "_"))
    except ValueError:
        raise typer.BadParameter(f"{name!r} is not one of {', '.join(Kind)}", param_hint="KIND") from None


def _result(word: str) -> str:
    from orchestrator.records import Result

    return one_of(Result, word, "--result") if word else ""


def _lines(path: str) -> tuple[str, ...]:
    if not path:
        return ()
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise typer.BadParameter("cannot be read as text", param_hint="--address-from") from None
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _told(letter: Sent, as_json: bool) -> None:
    print_json(letter) if as_json else say(f"{letter.request}  {letter.kind}: {letter.state}; {letter.message}")
