"""`dsr policy …`: the published privacy policy beside what the inventory really holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.session import AsJson, print_json, say, settings

if TYPE_CHECKING:
    from orchestrator.inventory import Inventory
    from orchestrator.policy.parties import Parties
    from orchestrator.policy.text import Text

app = typer.Typer(no_args_is_help=True, help="The published privacy policy beside what is really held.")
Words = Annotated[
    Path | None, typer.Option("--text", help="The policy's text, such as a draft, if not the inventory's.")
]


@app.command()
def table(
    context: typer.Context,
    fill: Annotated[
        Path | None, typer.Option("--fill", help="Write the policy's text, its blank rows answered, to this new file.")
    ] = None,
    text: Words = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """The table of categories A to K, answered from what is held, with the collections that make it YES."""
    from orchestrator.policy.held import answers, sensitive

    inventory = settings(context).load()
    found = answers(inventory)
    if fill:
        content = _text(inventory, text).filled({a.category: a.answer for a in found})
        try:
            with fill.open("x", encoding="utf-8") as file:
                file.write(content)
        except FileExistsError:
            raise typer.BadParameter("the file is there already: name a new one", param_hint="--fill") from None
    if as_json:
        print_json({"categories": found, "sensitive": sensitive(inventory), "filled": str(fill) if fill else None})
        return
    from orchestrator.cli.show import table as shown

    rows = [
        [a.category, a.name, a.answer, len(a.places), _where([str(p) for p in a.places])
         + ("; for customer organisations only" if a.only_for_others else "")
         + (f"no fields declared: {', '.join(a.undeclared)}" if a.undeclared else "")]
        for a in found
    ]  # fmt: skip
    shown("Categories of personal information", ["", "category", "held", "collections", "where"], rows, [3])
    for why, where in sensitive(inventory).items():
        say(f"sensitive ({why.replace('_', ' ')}): {_where(where)}")
    if fill:
        say(f"{fill}  written, with the blank rows answered")


@app.command()
def parties(context: typer.Context, as_json: AsJson = False) -> None:
    """Third parties, purposes and disclosures as the inventory has them, in the policy's own structure."""
    from orchestrator.policy.parties import parties as of

    inventory = settings(context).load()
    found = of(inventory, _today(inventory))
    print_json(found) if as_json else _told(found)


@app.command()
def processing(
    context: typer.Context,
    to: Annotated[Path | None, typer.Option("--to", help="A file, .md, .html or .json, instead of the screen.")] = None,
    text: Words = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """The record of processing activities (GDPR, Art. 30), and what it still lacks."""
    from orchestrator.canonical import encode
    from orchestrator.policy import page
    from orchestrator.policy.processing import processing as of

    if to and to.suffix not in (".md", ".html", ".json"):
        raise typer.BadParameter("name a file that ends in .md, .html or .json", param_hint="--to")
    inventory = settings(context).load()
    known = _text(inventory, text) if text or inventory.policy.text else None
    record = of(inventory, known, _today(inventory))
    if to:
        content = {".md": page.markdown, ".html": page.html}.get(to.suffix, lambda r: encode(r).decode() + "\n")(record)
        to.write_text(content, encoding="utf-8")
    if as_json:
        print_json(record)
    elif to:
        say(f"{to}  {len(record.activities) + len(record.on_behalf)} activities, {len(record.missing)} things missing")
    else:
        say(page.markdown(record).rstrip("\n"))


@app.command()
def lint(
    context: typer.Context,
    text: Words = None,
    rule: Annotated[str, typer.Option(help="One rule only, such as LNT-3.")] = "",
    as_json: AsJson = False,
) -> None:
    """What is wrong with the policy: contradictions, blanks, outdated clauses. Exit code 7 if any is an error."""
    from orchestrator.errors import UnknownError
    from orchestrator.inventory import nearest
    from orchestrator.policy.lint import lint as of
    from orchestrator.policy.rules import Severity, rules

    inventory = settings(context).load()
    wanted = [r for r in rules() if rule in ("", r.id)]
    if not wanted:
        raise UnknownError(f"no rule {rule!r}{nearest(rule, [r.id for r in rules()])}")
    found = of(_text(inventory, text), inventory, wanted, _today(inventory))
    if as_json:
        print_json(found)
    else:
        for f in found:
            where = f"line {f.line}" if f.line else "the text"
            say(f"{f.severity} {f.rule} {where}{f': {f.words!r}' if f.words else ''}\n    {f.says}")
            say(f"    {f.mend}\n    {f.citation}{' (to be verified by counsel)' if f.confidence == 'memory' else ''}")
        errors = sum(f.severity is Severity.ERROR for f in found)
        say(f"errors: {errors}, warnings: {len(found) - errors}")
    if any(f.severity is Severity.ERROR for f in found):
        raise typer.Exit(7)


def _text(inventory: Inventory, given: Path | None) -> Text:
    """The policy's text: the file given, or the one that the inventory names, from its folder."""
    from orchestrator.errors import UnknownError
    from orchestrator.policy.text import Text

    if given is None and not inventory.policy.text:
        raise UnknownError("the inventory names no text of the policy: enter policy.text, or give --text FILE")
    return Text.read(given or inventory.path.parent / inventory.policy.text)


def _today(inventory: Inventory) -> date:
    return datetime.now(inventory.zone).date()


def _where(places: Sequence[str]) -> str:
    return ", ".join(places[:3]) + (f" and {len(places) - 3} more" if len(places) > 3 else "")


def _told(found: Parties) -> None:
    say("How We Use Your Information")
    for p in found.purposes:
        say(f"  ● {p.purpose} ({', '.join(p.data) or 'no fields declared'}; {', '.join(p.systems)})")
    say("\nThird Party Services and Sharing Personal Information")
    for t in found.third_parties:
        names = ", ".join(
            f"{n.title}, {n.capacity.replace('_', ' ')}" + ("" if n.contract == "yes" else f", contract: {n.contract}")
            for n in t.names
        )
        say(f"  ● {t.category} ({names}): {', '.join(t.data) or '-'}; {', '.join(t.purposes)}")
    say("\nDisclosures of Personal Information for a Business Purpose, in the last 12 months")
    for c in found.categories:
        say(f"  {c.category}. {c.name}: {', '.join(c.disclosed) or 'to nobody'}")
        say(f"     from {', '.join(c.sources)}; for {', '.join(c.purposes)}")
    say(f"\nSale of Personal Information, in the last 12 months: sold: {found.sold}; shared: {found.shared}")
    for c in found.categories:
        if c.sold_or_shared or c.unsaid:
            unsaid = f"; nobody has said of {', '.join(c.unsaid)}" if c.unsaid else ""
            say(f"  {c.category}. {c.name}: {', '.join(c.sold_or_shared) or '-'}{unsaid}")
