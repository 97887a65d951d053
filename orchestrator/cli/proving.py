"""`dsr request compare|account|acts|paper|shown|unverifiable|ask-more|more-came|fee` and `dsr evidence …`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.clocks import Letter, On
from orchestrator.cli.session import AsJson, RequestId, local, one_of, print_json, say, settings

if TYPE_CHECKING:
    from orchestrator.papers import Paper

evidence = typer.Typer(no_args_is_help=True, help="Papers that show who asks: list them, forget what is due.")


def register(app: typer.Typer, requests: typer.Typer) -> None:
    """Add the commands to the top level and to `dsr request`."""
    app.add_typer(evidence, name="evidence")
    for command in (compare, account, acts, paper, shown, unverifiable, fee):
        requests.command()(command)
    requests.command("ask-more")(ask_more)
    requests.command("more-came")(more_came)


def compare(
    context: typer.Context, request: RequestId,
    file: Annotated[str, typer.Option("--from", metavar="FILE", help="POINT=VALUE lines; - is standard input.")],
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Compare what the requester says with what is held. Nothing said is kept; attempts are counted."""
    said = _said(file)
    with settings(context).service() as service:
        answers = service.compare(request, said)
    if as_json:
        print_json(answers)
    else:
        say("\n".join(f"{name}: {answer}" for name, answer in answers.items()))


def account(context: typer.Context, request: RequestId, on: On = None, as_json: AsJson = False) -> None:
    """Record that the person signed in to the account again for this request. A live session is not enough."""
    with settings(context).service() as service:
        service.signed_in_again(request, local(service, on))
    _done(request, "signed in again", as_json)


def acts(
    context: typer.Context, request: RequestId,
    who: Annotated[
        str, typer.Option("--who", help="natural_person, business_entity, power_of_attorney, conservator, parent.")
    ],
    showed: Annotated[
        list[str] | None,
        typer.Option("--shown", metavar="WHAT[=FILE]", help="What they showed, with the paper that shows it."),
    ] = None,
    way: Annotated[str, typer.Option(help="How a parent or guardian showed to be one.")] = "",
    minor: Annotated[str, typer.Option(help="The person is a minor: under_13, 13_15 or 16_17.")] = "",
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Record who acts for the person and what they showed. What may not be asked of them is refused."""
    parts = [text.partition("=") for text in showed or []]
    with settings(context).service() as service:
        if minor:
            service.note_minor(request, minor)
        if who != "person" or parts:
            service.act(request, who, {name: Path(file) if file else None for name, _, file in parts}, way)
        found = service.shown(request)
    _done(request, f"{who}; still to be shown: {found.unproven or 'nothing'}", as_json)


def paper(
    context: typer.Context, request: RequestId,
    kind: Annotated[str, typer.Option(help="declaration, identity_document, other.")],
    file: Annotated[Path, typer.Argument(help="The paper, as a scan or a photograph.")],
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Keep a paper that shows who asks, encrypted under a key of its own, for as long as the law lets it be kept."""
    with settings(context).service() as service:
        kept = service.keep_paper(request, kind, file)
    print_json(kept) if as_json else say(f"{kept.id}  {kept.kind} kept; {_how_long(kept)}")


def shown(context: typer.Context, request: RequestId, as_json: AsJson = False) -> None:
    """What has been shown of who asks, which level that reaches, and what is missing. Exit code 7 if anything is."""
    with settings(context).service() as service:
        found = service.shown(request)
    if as_json:
        print_json(found)
    else:
        for name, answer in found.answers.items():
            say(f"{name}: {answer}")
        say(f"acts: {found.acts}" + (f"; has not shown {found.unproven}" if found.unproven else ""))
        say(f"reaches {found.level or 'nothing'}; needed: {found.needed or 'no verification'}")
        if found.lacking:
            say(f"lacks {found.lacking}")
    if found.lacking or found.unproven:
        raise typer.Exit(7)


def unverifiable(
    context: typer.Context, request: RequestId,
    reason: Annotated[str, typer.Option(help="Why nobody could be verified; without personal data.")],
    letter: Letter, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Record that nobody could be verified. Specific pieces are denied and become a request for categories."""
    with settings(context).service() as service:
        outcome = service.unverifiable(request, reason, letter)
        taken = service.taken_as(request)
    if as_json:
        print_json({"request": request, "outcome": outcome, "taken_as": taken})
    else:
        offers = f", which offers {', '.join(outcome.offers)}" if outcome.offers else ""
        say(f"{request}  {outcome.id}: letter {outcome.letter}{offers} ({outcome.citation})")
        if taken:
            say(f"{taken}  opened: categories only, received on the same day")


def ask_more(
    context: typer.Context, request: RequestId, letter: Letter,
    purpose: Annotated[str, typer.Option("--for", help="identity or details.")] = "identity",
    point: Annotated[list[str] | None, typer.Option(help="A point that is asked for.")] = None,
    on: On = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Record that more was asked for. California's clock runs on; the GDPR's waits for proof of identity."""
    with settings(context).service() as service:
        service.ask_more(request, purpose, point or [], letter, local(service, on))
    _done(request, f"more asked for ({purpose})", as_json)


def more_came(context: typer.Context, request: RequestId, on: On = None, as_json: AsJson = False) -> None:
    """Record that what was asked for came."""
    with settings(context).service() as service:
        service.more_came(request, local(service, on))
    _done(request, "what was asked for came", as_json)


def fee(
    context: typer.Context, request: RequestId,
    estimate: Annotated[str, typer.Option(help='The estimate that goes out today, such as "25.00 USD".')] = "",
    because: Annotated[
        str, typer.Option(help="manifestly_unfounded, manifestly_excessive or beyond_free.")
    ] = "manifestly_excessive",
    reason: Annotated[str, typer.Option(help="The reason that the estimate gives; without personal data.")] = "",
    facts: Annotated[Path | None, typer.Option(help="What proves that it is unfounded or excessive.")] = None,
    letter: Annotated[Path | None, typer.Option(help="The letter as it went out; only its hash is kept.")] = None,
    agreed: Annotated[bool, typer.Option("--agreed", help="The person agreed to the estimate.")] = False,
    waive: Annotated[bool, typer.Option("--waive", help="Carry it out free of charge after all.")] = False,
    charge: Annotated[str, typer.Option(help="What is charged: at most the estimate.")] = "",
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """A fee: estimate it, record that the person agreed, charge it. Refused where law or promise gives it free.

    `dsr run` waits for an estimate to be agreed to or waived.
    """
    from orchestrator.fees import Charged

    if [bool(estimate), agreed, waive, bool(charge)].count(True) != 1 or ((estimate or charge) and letter is None):
        one_of_these = "--estimate AMOUNT --letter FILE, --agreed, --waive, --charge AMOUNT --letter FILE"
        raise typer.BadParameter(f"give one of {one_of_these}")
    ground = one_of(Charged, because, "--because")
    with settings(context).service() as service:
        if estimate and letter:
            found = service.estimate_fee(request, estimate, ground, reason, letter, facts)
        elif charge and letter:
            found = service.charge_fee(request, charge, letter)
        else:
            found = service.waive_fee(request) if waive else service.agree_fee(request)
    standing = {"waived": found.waived, "charged": found.charged, "agreed to": found.agreed, "estimated": True}
    what = next(word for word, so in standing.items() if so)
    print_json(found) if as_json else say(f"{request}  fee {what}")


@evidence.command("list")
def list_(
    context: typer.Context, request: Annotated[str, typer.Option(help="Of one request only.")] = "",
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Papers that are kept, and until when. Exit code 7 if one should be forgotten."""
    with settings(context).service() as service:
        found = service.papers(request)
    if as_json:
        print_json(found)
    else:
        say("\n".join(f"{p.id}  {p.request}  {p.kind}: {_how_long(p)}" for p in found) or "no papers are kept")
    if any(p.due for p in found):
        raise typer.Exit(7)


@evidence.command()
def purge(context: typer.Context, as_json: AsJson = False) -> None:
    """Forget every paper whose time is up, key and all; for cron."""
    with settings(context).service() as service:
        gone = service.purge_papers()
    print_json(gone) if as_json else say("\n".join(f"{p.id}  {p.kind} forgotten" for p in gone) or "nothing is due")


def _how_long(kept: Paper) -> str:
    if kept.due:
        return "to be forgotten now: dsr evidence purge"
    return f"until {kept.until}" if kept.until else "until the request is settled, and then as the law says"


def _said(source: str) -> dict[str, str]:
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"cannot read {source}: {type(error).__name__}", param_hint="--from") from None
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        name, equals, value = line.partition("=")
        if not line.strip():
            continue
        if not equals or name.strip() in found:
            raise typer.BadParameter(f"line {number}: POINT=VALUE, each point once", param_hint="--from")
        found[name.strip()] = value.strip()
    return found


def _done(request: str, what: str, as_json: bool) -> None:
    print_json({"request": request, "recorded": what}) if as_json else say(f"{request}  {what}")
