"""`dsr opt-out …`, `dsr opt-in …` and `dsr tell`: what is done from our own list, and answers that hold no values."""

from __future__ import annotations

import re
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.requests import given_by
from orchestrator.cli.session import AsJson, RequestId, local, one_of, print_json, say, settings

opt_out = typer.Typer(no_args_is_help=True, help="Our own list of opt-outs: enter, confirm, and ask it.")
opt_in = typer.Typer(no_args_is_help=True, help="Opt-ins after an opt-out: the second of their two steps.")
_ADDRESS = re.compile(r"[^\s@<>,;\"']+@[^\s@<>,;\"']+")
_SHOWN = 20  # numbers of lines that a message names
Emails = Annotated[list[str] | None, typer.Option("--email", help="An e-mail address of the person.")]
Ids = Annotated[
    list[str] | None, typer.Option("--id", metavar="KIND=VALUE", help="Another identifier, such as ga.client_id=….")
]
From = Annotated[
    str, typer.Option("--from", metavar="FILE", help="Read KIND=VALUE lines; - is standard input (no shell history).")
]
Recipient = Annotated[str, typer.Argument(metavar="RECIPIENT", help="Its id under `recipients` in the inventory.")]
Evidence = Annotated[Path, typer.Option(help="A file that shows it: the mail as sent, a ticket, an answer.")]


def register(app: typer.Typer) -> None:
    """Add the command to the top level."""
    app.command()(tell)
    app.command()(scan)


@opt_out.command()
def signal(context: typer.Context, email: Emails = None, identifier: Ids = None, from_file: From = "",
           as_json: AsJson = False) -> None:  # fmt: skip
    """Record a browser's opt-out signal: of the device, and of the account if the person is known.

    It is in force at once. Exit code 7 if somebody has to be told: then it is a request, to be run.
    """
    with settings(context).service() as service:
        request = service.signal(given_by(email, identifier, from_file))
    if as_json:
        print_json({"honoured": not request, "request": request})
    else:
        say(f"{request}  has to be told on: dsr run {request}" if request else "honoured from now on")
    if request:
        raise typer.Exit(7)


@opt_out.command()
def status(context: typer.Context, email: Emails = None, identifier: Ids = None, from_file: From = "",
           as_json: AsJson = False) -> None:  # fmt: skip
    """Since when an opt-out is honoured: what the person may be shown, and nothing else of them."""
    with settings(context).service() as service:
        found = service.honoured(given_by(email, identifier, from_file))
    if as_json:
        print_json({"honoured": bool(found), "opt_outs": found})
    else:
        say("\n".join(f"{h.purpose}: honoured since {h.since:%Y-%m-%d}" for h in found) or "no opt-out is in force")


@opt_out.command()
def check(
    context: typer.Context,
    file: Annotated[str, typer.Option("--from", metavar="FILE", help="One address a line; - is standard input.")],
    purpose: Annotated[str, typer.Option(help="What the list is for: marketing, sale, sharing or sensitive.")] = "",
    invitation: Annotated[
        bool, typer.Option("--invitation", help="It invites to opt in: nobody who opted out within 12 months.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say which lines of an import, a campaign or a sale must be left out. Exit code 5 if there are any."""
    from orchestrator.law import Purpose

    if invitation and purpose:
        raise typer.BadParameter("an invitation to opt in has no other purpose", param_hint="--invitation")
    wanted = one_of(Purpose, purpose or Purpose.MARKETING, "--purpose")
    lines = _addresses(file)
    with settings(context).service() as service:
        found = service.not_to_invite(lines) if invitation else service.opted_out(lines, wanted)
    if as_json:
        print_json({"opted_out_lines": found})
    else:
        say("\n".join(f"line {n}: opted out, leave it out" for n in found) or "nobody of these has opted out")
    if found:
        raise typer.Exit(5)


@opt_out.command()
def notified(context: typer.Context, request: RequestId, recipient: Recipient, evidence: Evidence,
             at: Annotated[datetime | None, typer.Option(help="When it went out, if not now.")] = None,
             as_json: AsJson = False) -> None:  # fmt: skip
    """Record that a recipient of data was told of the opt-out, with proof."""
    with settings(context).service() as service:
        when = local(service, at)
        step = service.notified(request, recipient, evidence, when)
    print_json(step) if as_json else say(f"{recipient}: told; next: dsr run {request}")


@opt_out.command()
def answered(context: typer.Context, request: RequestId, recipient: Recipient, evidence: Evidence,
             answer: Annotated[str, typer.Option(help="accepted, nothing_held or refused.")] = "accepted",
             as_json: AsJson = False) -> None:  # fmt: skip
    """Record what a recipient said to its notice."""
    from orchestrator.receipt import Answer

    said = one_of(Answer, answer, "--answer")
    with settings(context).service() as service:
        service.recipient_answered(request, recipient, said, evidence)
    told = {"request": request, "recipient": recipient, "answer": said}
    print_json(told) if as_json else say(f"{recipient}: {said}; next: dsr run {request}")


@opt_in.command()
def confirm(
    context: typer.Context,
    request: RequestId,
    method: Annotated[str, typer.Option(help="How it was confirmed, apart from the request: a link, a call, a reply.")],
    age: Annotated[str, typer.Option(help="Of the person: 16_or_older, 13_to_15 or under_13.")] = "16_or_older",
    by: Annotated[str, typer.Option(help="Who confirmed: person, or for a child under 13 parent.")] = "person",
    as_json: AsJson = False,
) -> None:
    """Record the second step of an opt-in. Nothing changes before it, and before dsr run."""
    from orchestrator.choices import Age, By

    try:
        who, old = By(by), Age(age)
    except ValueError:
        raise typer.BadParameter(f"--by is one of {', '.join(By)}, --age one of {', '.join(Age)}") from None
    with settings(context).service() as service:
        service.confirm_opt_in(request, who, old, method)
    print_json({"request": request, "confirmed": True}) if as_json else say(f"{request}  next: dsr run {request}")


def tell(
    context: typer.Context,
    request: RequestId,
    since: Annotated[
        datetime | None, typer.Option(help="First day of disclosures told, if not 12 months before receipt.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Categories of data held and to whom they went; or what went out for direct marketing. No values.

    Exit code 7 if something in it is not known: then it is no answer yet.
    """
    from orchestrator.disclosures import Categories
    from orchestrator.telling import categories_text, direct_marketing_text

    with settings(context).service() as service:
        told = service.tell(request, since.date() if since else None)
    if as_json:
        print_json(told)
    else:
        answer = told.answer
        text = categories_text(answer) if isinstance(answer, Categories) else direct_marketing_text(answer)
        sys.stdout.write(text)
    if not told.answer.complete:
        raise typer.Exit(7)


def scan(context: typer.Context, as_json: AsJson = False) -> None:
    """Look for data of children under 13 without anybody asking; plan what is found.

    Exit code 7 if anything is found or was not looked into; the plans wait for a person.
    """
    from orchestrator.cli.show import table, watching

    with settings(context).service() as service, watching("Scanning", quiet=as_json) as progress:
        found = service.scan(progress)
    if as_json:
        print_json(found)
    else:
        rows = [[c.request, f"{c.system}/{c.collection}", c.why, c.came, c.digest] for c in found.children]
        table("Children under 13", ["request", "where", "why", "state", "plan"], rows)
        say(f"{found.rows} rows in {', '.join(found.looked) or 'nothing'}; {found.unreadable} values unreadable")
        for place, owner in found.by_hand:
            say(f"by hand: {place}, {owner}")
        for system, why in found.troubles:
            say(f"not read: {system}: {why}")
    if not found.settled:
        raise typer.Exit(7)


def _addresses(file: str) -> list[str]:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"cannot read {file}: {type(error).__name__}", param_hint="--from") from None
    lines = text.removeprefix("\ufeff").splitlines()  # the mark that spreadsheets begin a file with
    if strange := [str(n) for n, line in enumerate(lines, 1) if line.strip() and not _ADDRESS.fullmatch(line.strip())]:
        more = " and more" if len(strange) > _SHOWN else ""
        where = f"lines {', '.join(strange[:_SHOWN])}{more}"
        raise typer.BadParameter(f"one address a line, and nothing else; not so in {where}", param_hint="--from")
    return lines
