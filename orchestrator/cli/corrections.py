"""`dsr correct …`: what is contested, who looked at it, and what was decided of it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.session import AsJson, RequestId, one_of, print_json, say, settings, written_lines

app = typer.Typer(no_args_is_help=True, help="Corrections: what is to be put right, and decisions about it.")
AttributeName = Annotated[
    str, typer.Argument(metavar="ATTRIBUTE", help="An attribute of the inventory, such as phone.")
]
_Reason = Annotated[str, typer.Option(help="Why, and by which facts; without personal data.")]


@app.command("set")
def set_(
    context: typer.Context, request: RequestId,
    values: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="ATTRIBUTE=VALUE", help="The right value; better --from: no shell history."),
    ] = None,
    from_file: Annotated[
        str,
        typer.Option("--from", metavar="FILE", help="Lines “set phone=…”, “was phone=…”; - is standard input."),
    ] = "-",
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Record what is to be put right, in place of what was recorded before."""
    lines = [f"set {v}" for v in values] if values else written_lines(from_file)
    new, was = contested(lines)
    with settings(context).service() as service:
        names = service.contest(request, new, was)
    print_json({"request": request, "contested": names}) if as_json else say(
        f"{request}  contested: {', '.join(names)}"
    )


@app.command()
def show(
    context: typer.Context, request: RequestId,
    reveal: Annotated[bool, typer.Option("--reveal", help="Show the values too, for steps by hand.")] = False,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """What is contested and how each stands. Values of types that never leave are not shown to anybody."""
    with settings(context).service() as service:
        found = service.corrections(request, reveal=reveal)
    if as_json:
        print_json(found)
        return
    from orchestrator.cli.show import table

    def value(text: str | None) -> str:
        return text if text is not None else "never shown" if reveal else "…"

    rows = [[c.attribute, c.title, value(c.new), c.refused or ("deleted instead" if c.deleted_instead else ""),
             "yes" if c.confirmed else ""] for c in found]  # fmt: skip
    table("Contested", ["attribute", "what", "right value", "decision", "confirmed"], rows)


@app.command()
def confirm(
    context: typer.Context, request: RequestId, attribute: AttributeName,
    method: Annotated[str, typer.Option(help="How it was seen: reply from the new address, …")],
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Say that a new identifier was seen to be the person's: it will sign them in, and reach them."""
    with settings(context).service() as service:
        service.confirm_new_value(request, attribute, method)
    if as_json:
        print_json({"request": request, "confirmed": attribute})
    else:
        say(f"{request}  the new {attribute} is confirmed; next: dsr plan {request}")


@app.command()
def refuse(
    context: typer.Context, request: RequestId, attribute: AttributeName, reason: _Reason,
    because: Annotated[str, typer.Option(help="more_likely_accurate or impossible_or_disproportionate.")],
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Leave one contested value as it is. The whole request is denied by `dsr request deny`."""
    from orchestrator.correction.cases import RefusedAs

    ground = one_of(RefusedAs, because, "--because")
    with settings(context).service() as service:
        service.refuse_attribute(request, attribute, ground, reason)
    if as_json:
        print_json({"request": request, "refused": attribute, "ground": ground})
    else:
        say(f"{request}  {attribute} stays; tell the person why, and that they may hand in a statement")


@app.command("delete-instead")
def delete_instead(
    context: typer.Context, request: RequestId, attribute: AttributeName, reason: _Reason, as_json: AsJson = False
) -> None:
    """Delete the contested data: the person consents, or it has no negative impact on them."""
    with settings(context).service() as service:
        service.delete_instead(request, attribute, reason)
    if as_json:
        print_json({"request": request, "deleted_instead": attribute})
    else:
        say(f"{request}  {attribute} is deleted where it is wrong; next: dsr plan {request}")


@app.command()
def statement(
    context: typer.Context, request: RequestId, attribute: AttributeName,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The person's statement, as text.")],
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Record the person's statement about a value that stays, by its hash; attach the file to the record itself."""
    with settings(context).service() as service:
        service.statement(request, attribute, file)
    if as_json:
        print_json({"request": request, "statement": attribute})
    else:
        say(f"{request}  statement about {attribute} recorded")


def contested(lines: Iterable[str]) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Lines “set ATTRIBUTE=VALUE” and “was ATTRIBUTE=VALUE”. BadParameter says which line is none, not what it says."""
    new: dict[str, str] = {}
    was: list[tuple[str, str]] = []
    for number, line in enumerate(lines, 1):
        verb, _, rest = line.partition(" ")
        name, equals, value = rest.partition("=")
        if verb not in ("set", "was") or not equals or not name.strip() or not value.strip():
            raise typer.BadParameter(f"line {number} is neither “set ATTRIBUTE=VALUE” nor “was ATTRIBUTE=VALUE”")
        if verb == "was":
            was.append((name.strip(), value.strip()))
        elif name.strip() in new:
            raise typer.BadParameter(f"line {number}: {name.strip()} is set twice")
        else:
            new[name.strip()] = value.strip()
    return new, was
