"""`dsr check|plan|approve|override|run|due`: the main road of a request."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestrator.cli.session import AsJson, RequestId, print_json, say, settings


def register(app: typer.Typer) -> None:
    """Add the commands to the top level."""
    for command in (check, plan, override, approve, run, due):
        app.command()(command)


def check(context: typer.Context, as_json: AsJson = False) -> None:
    """See of every system what its credentials may do, and what stands in the way. Reads nothing personal."""
    with settings(context).service() as service:
        rows = service.check()
    if as_json:
        print_json(rows)
    else:
        from orchestrator.cli.show import check_table

        check_table(rows)
    if any(r.ok is False for r in rows):
        raise typer.Exit(1)


def plan(
    context: typer.Context, request: RequestId, as_json: AsJson = False,
    show: Annotated[bool, typer.Option("--show", help="Show the latest plan instead of making a new one.")] = False,
) -> None:  # fmt: skip
    """Search every system and say what would be done, with counts. Changes nothing."""
    from orchestrator.cli.show import plan_table, watching

    with settings(context).service() as service:
        if show:
            planned = service.show_plan(request)
        else:
            with watching("Searching", quiet=as_json) as progress:
                planned = service.plan(request, progress)
        sent = not show and any(service.journal.entries(request, "package_delivered"))
    if as_json:
        print_json(planned)
    else:
        plan_table(planned)
        if sent:
            say("A package of an earlier plan was delivered; the receipt of this one tells of its own only: dsr export")
    if planned.open:
        raise typer.Exit(6)


def override(
    context: typer.Context, request: RequestId,
    code: Annotated[str, typer.Argument(metavar="CODE", help="The finding, such as too_many.")],
    reason: Annotated[str, typer.Option(help="Why it is right nevertheless; without personal data.")],
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Set one finding of the guard aside, with a reason, signed over the plan."""
    with settings(context).service() as service:
        planned = service.override(request, code, reason)
    if as_json:
        print_json(planned)
    else:
        say(f"{code} overridden; {len(planned.open)} findings still stop the plan")


def approve(
    context: typer.Context, request: RequestId,
    digest: Annotated[str, typer.Argument(metavar="DIGEST", help="The digest of the plan you looked at: sha256:…")],
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Approve exactly one plan, by its digest."""
    with settings(context).service() as service:
        signed = service.approve(request, digest)
    print_json(signed) if as_json else say(f"{request}  approved; next: dsr run {request}")


def run(context: typer.Context, request: RequestId, as_json: AsJson = False) -> None:
    """Carry out the approved plan, read everything back, sign a receipt. Run again to go on.

    Exit code 1 if a system failed or could not be read back, 7 if nothing failed and something is open.
    """
    from orchestrator.cli.show import receipt_table, watching

    with settings(context).service() as service, watching("Carrying out", quiet=as_json) as progress:
        done = service.run(request, progress)
        letter = service.next_letter(request)
    if as_json:
        print_json({"receipt": str(done.envelope), "page": str(done.page), "payload": done.payload, "letter": letter})
    else:
        receipt_table(done.payload)
        say(f"receipt: {done.envelope}\npage:    {done.page}")
        if letter:
            say(f"next:    dsr letter draft {request} {letter}")
    if done.unreached:
        say(f"could not be read back: {', '.join(done.unreached)}", error=True)
        raise typer.Exit(1)
    if not done.payload["final"]:
        raise typer.Exit(7)


def due(
    context: typer.Context,
    request: Annotated[str, typer.Option(help="Of one request only.")] = "",
    as_json: AsJson = False,
) -> None:
    """What is owed of every request, and when. Exit code 7 if anything is overdue, for cron."""
    with settings(context).service() as service:
        found = service.due(request)
    if as_json:
        print_json(found)
    else:
        from orchestrator.cli.show import table

        rows = [
            [f"{o.when:%Y-%m-%d}" if o.when else "no date", "OVERDUE" if o.overdue else "", o.request, o.owed,
             f"{o.system}/{o.collection}", o.why] for o in found
        ]  # fmt: skip
        table("Due", ["when", "", "request", "what", "where", "why"], rows)
    if any(o.overdue for o in found):
        raise typer.Exit(7)
