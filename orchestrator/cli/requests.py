"""`dsr request …`: intake and verification."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.corrections import contested
from orchestrator.cli.session import AsJson, RequestId, local, one_of, print_json, say, settings, written_lines

if TYPE_CHECKING:
    from orchestrator.model import Right

app = typer.Typer(no_args_is_help=True, help="Record requests, verify who asks, list them.")


@app.command()
def new(
    context: typer.Context,
    right: Annotated[
        str, typer.Option(help="delete, access, correct, know, opt_out, opt_in, limit or shine_the_light.")
    ] = "delete",
    email: Annotated[list[str] | None, typer.Option(help="An e-mail address of the person.")] = None,
    identifier: Annotated[
        list[str] | None, typer.Option("--id", metavar="KIND=VALUE", help="Another identifier, such as user_id=42.")
    ] = None,
    from_file: Annotated[
        str,
        typer.Option("--from", metavar="FILE", help="Read KIND=VALUE lines; - is standard input (no shell history)."),
    ] = "",
    correction: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="ATTRIBUTE=VALUE", help="Of a correction: the right value; in --from “set …”."),
    ] = None,
    channel: Annotated[str, typer.Option(help="How the request came in: email, mail, phone, account.")] = "email",
    received: Annotated[
        datetime | None,
        typer.Option(help="When it arrived, if not now, in the company's time zone: mail was delivered, a form sent."),
    ] = None,
    ground: Annotated[
        str, typer.Option(help="statutory, or policy_promise where only the policy gives this person the right.")
    ] = "statutory",
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="What the person wants from this day on, back to 2022-01-01 (access)."),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="PART", help="Not everything: a category (A to K), SYSTEM or SYSTEM/COLLECTION only."),
    ] = None,
    of: Annotated[
        list[str] | None, typer.Option(help="Of an opt-out or opt-in: sale, sharing, marketing; the first two if none.")
    ] = None,
    with_access: Annotated[
        bool, typer.Option("--with-access", help="Access was asked for, too: it is answered before anything goes.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Record a request. What names the person is encrypted at once.

    A deletion is of EVERYTHING; --only is for a person who was offered that and wants portions deleted.
    """
    from orchestrator.model import Ground, Right

    lines = written_lines(from_file)
    wrong = _wrong(right, [f"set {value}" for value in correction or []], lines)
    given = _given(email, [*(identifier or []), *(n for n in lines if n not in wrong)])
    asked = one_of(Right, right, "--right")
    why = one_of(Ground, ground, "--ground")
    with settings(context).service() as service:
        received = local(service, received)
        parts, access = [*(only or []), *(of or [])], ""
        if with_access:
            if asked is not Right.DELETE:
                raise typer.BadParameter("goes with --right delete", param_hint="--with-access")
            pair = service.new_pair(given, channel, received, why, parts)
            request, access = pair.delete, pair.access
        elif wrong:
            request = service.new_correction(given, *contested(wrong), channel, received, why)
        else:
            request = service.new_request(asked, given, channel, received, why, only=parts)
        letters = {r: service.next_letter(r) for r in (access, request) if r}
        if since:
            service.ask_period(access or request, since.date())
    if as_json:
        told = {"request": request, "right": asked, "letter": letters[request]}
        print_json(told | ({"access": access} if access else {}))
        return
    if access:
        say(f"{access}  access, recorded; next: dsr request verify {access}")
    say(f"{request}  recorded; {_next(request, asked, parts)}")
    for asked_for, letter in letters.items():
        if letter:
            say(f"{asked_for}  letter: dsr letter draft {asked_for} {letter}")


@app.command()
def verify(
    context: typer.Context,
    request: RequestId,
    method: Annotated[str, typer.Option(help="How: account login, reply from the address, signed declaration, …")],
    proves: Annotated[list[str], typer.Option(help="An identifier kind of the request that this proves.")],
    matched: Annotated[
        list[str] | None,
        typer.Option(help="A point that matched: mailbox, callback, or one that dsr request compare compared."),
    ] = None,
    level: Annotated[str, typer.Option(help="reasonable or reasonably_high; by default what was shown reaches.")] = "",
    basis: Annotated[
        str, typer.Option(help="Why another method than the points is reliable; without personal data.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Record how the requester was verified. Nothing is planned, exported or deleted without it.

    A level that what was shown does not reach is refused, unless --basis says why the method is reliable.
    """
    from orchestrator.model import Level

    given = one_of(Level, level, "--level") if level else None
    with settings(context).service() as service:
        surely = given or service.shown(request, matched or []).level or Level.REASONABLE
        done = service.verify(request, surely, method, matched or [], proves, basis)
    print_json(done) if as_json else say(f"{request}  verified ({done.level}); next: dsr plan {request}")


@app.command("confirm-identifier")
def confirm_identifier(
    context: typer.Context,
    request: RequestId,
    identifier: Annotated[str, typer.Argument(metavar="KIND=VALUE")],
    reason: Annotated[str, typer.Option(help="Why it is this person's; without personal data.")],
    as_json: AsJson = False,
) -> None:
    """Vouch for a claimed identifier, so that it opens systems in the next plan."""
    kind, value = _pair(identifier)
    with settings(context).service() as service:
        service.confirm_identifier(request, kind, value, reason)
    if as_json:
        print_json({"request": request, "confirmed": kind})
    else:
        say(f"{request}  {kind} confirmed; next: dsr plan {request}")


@app.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """All requests and how far they have come."""
    with settings(context).service() as service:
        rows = list(service.requests())
    if as_json:
        print_json([{"request": r.id, "right": r.right, "received": r.received, "state": s} for r, s in rows])
        return
    from orchestrator.cli.show import table

    table("Requests", ["request", "right", "received", "state"],
          [[r.id, r.right, f"{r.received:%Y-%m-%d}", s] for r, s in rows])  # fmt: skip


@app.command()
def show(context: typer.Context, request: RequestId, as_json: AsJson = False) -> None:
    """What happened with a request, entry by entry. Shows nothing personal."""
    with settings(context).service() as service:
        asked = service.request(request)
        entries = list(service.journal.entries(request))
    if as_json:
        print_json({"request": asked, "entries": [{"at": e.at, "kind": e.kind, "by": e.by} for e in entries]})
        return
    from orchestrator.cli.show import table

    regime = f"regime {asked.regime} ({asked.ground})"
    say(f"{asked.id}: {asked.right}, received {asked.received:%Y-%m-%d} by {asked.channel}, {regime}")
    rows = []
    for _, same in groupby(entries, key=lambda e: e.kind):  # one line for all steps of a run
        first, *more = same
        what = f"{first.kind} × {len(more) + 1}" if more else first.kind
        rows.append([f"{first.at:%Y-%m-%d %H:%M:%S}", what, first.by])
    table("", ["at (UTC)", "what", "by"], rows)


@app.command()
def cancel(
    context: typer.Context, request: RequestId,
    reason: Annotated[str, typer.Option(help="Why; without personal data.")], as_json: AsJson = False,
) -> None:  # fmt: skip
    """Stop a request: nothing more is written from now on, also by a run that is under way."""
    with settings(context).service() as service:
        service.cancel(request, reason)
    print_json({"request": request, "state": "cancelled"}) if as_json else say(f"{request}  cancelled")


def _next(request: str, right: Right, parts: list[str]) -> str:
    if right == "opt_in":
        return f"nothing changes before the second step: dsr opt-in confirm {request}"
    what = "everything is to be deleted; " if right == "delete" and not parts else ""
    return f"{what}next: dsr request verify {request}" if right.reaches_data else f"next: dsr run {request}"


def given_by(email: list[str] | None, identifier: list[str] | None, from_file: str = "") -> list[tuple[str, str]]:
    """What names the person, from the options that every command for it has."""
    return _given(email, [*(identifier or []), *written_lines(from_file)])


def _given(email: list[str] | None, lines: list[str]) -> list[tuple[str, str]]:
    return [("email", value) for value in email or []] + [_pair(line) for line in lines]


def _wrong(right: str, told: list[str], lines: list[str]) -> list[str]:
    wrong = [*told, *(n for n in lines if n.startswith(("set ", "was ")))]
    if wrong and right != "correct":
        raise typer.BadParameter("what is to be put right is told with --right correct", param_hint="--set")
    return wrong


def _pair(text: str) -> tuple[str, str]:
    kind, equals, value = text.partition("=")
    if not equals or not kind or not value.strip():
        raise typer.BadParameter("an identifier is written KIND=VALUE, such as user_id=42")
    return kind.strip(), value.strip()
