"""`dsr inventory survey`: what exists and is not in the inventory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.session import AsJson, print_json, say, settings

if TYPE_CHECKING:
    from orchestrator.survey import Gap, Survey


def register(app: typer.Typer) -> None:
    """Add the command to `dsr inventory`."""
    app.command()(survey)


def survey(
    context: typer.Context,
    system: Annotated[list[str] | None, typer.Option(help="These systems only.")] = None,
    sample: Annotated[bool, typer.Option(help="Look at a few values of what is not described.")] = True,
    as_json: AsJson = False,
) -> None:
    """What exists in the systems and the inventory does not mention, with entries to paste.

    A few values are looked at to guess categories; none is kept or shown. Exit codes: 0 nothing is lacking or all of
    it is exempted; 1 a system failed; 7 something is not described, is gone, or its exemption has ended.
    """
    with settings(context).service() as service:
        found = service.survey(system or (), sample=sample)
    if as_json:
        print_json(found)
    else:
        _told(found)
    if any(s.failed for s in found.systems):
        raise typer.Exit(1)
    if found.failing:
        raise typer.Exit(7)


def _told(found: Survey) -> None:
    for surveyed in found.systems:
        if surveyed.listed is None:
            say(f"{surveyed.system}: {surveyed.message}")
            continue
        if surveyed.message:
            say(f"{surveyed.system}: not listed: {surveyed.message}")
        failing = [g for g in surveyed.gaps if g.fails]
        say(f"{surveyed.system}: {surveyed.listed} listed, {len(failing)} to decide about")
        for gap in surveyed.gaps:
            _gap(gap)


def _gap(gap: Gap) -> None:
    rows = f" (about {gap.rows:,} rows)" if gap.rows is not None else ""
    say(f"  {gap.kind}: {gap.says}{rows}")
    for guess in gap.guesses:
        if guess.category:
            say(f"    {guess.field}: {guess.category}, {guess.called}: {guess.because}")
    if gap.unsampled:
        say(f"    no values looked at: {gap.unsampled}")
    if gap.proposal:
        where = f".{gap.collection}.fields" if gap.names else ""
        say(f"    under systems.{gap.system}.collections{where}:\n{gap.proposal}")
    if gap.exemption:
        say(f"    or under exemptions:\n{gap.exemption}")
