"""What people see: tables and progress."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from connectors.model import Action, Aspect

if TYPE_CHECKING:
    from orchestrator.checked import Checked
    from orchestrator.service import Planned

console = Console(highlight=False, width=None if sys.stdout.isatty() else 140)
_STYLES = {
    "delete": "red", "redact": "yellow", "correct": "yellow", "corrected": "green", "retain": "cyan",
    "manual": "magenta",
    "gone": "green", "retained": "cyan", "by_hand": "magenta", "still_there": "bold red", "failed": "bold red",
    "attested, not verified": "magenta", "OVERDUE": "bold red", "ok": "green", "NO": "bold red",
}  # fmt: skip


def table(title: str, heads: Sequence[str], rows: Sequence[Sequence[object]], right: Sequence[int] = ()) -> None:
    """Print a table; `right` are the numbers of columns aligned to the right."""
    shown = Table(
        title=title or None, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0)
    )
    for i, head in enumerate(heads):
        shown.add_column(head, justify="right" if i in right else "left", header_style="dim", overflow="fold")
    for row in rows:
        shown.add_row(*(_cell(value) for value in row))
    console.print(shown)


def _cell(value: object) -> Text:
    text = "" if value is None else str(value)
    return Text(text, style=_STYLES.get(text, ""))


def plan_table(planned: Planned) -> None:
    """The plan with its counts, what was not searched, and what the guard says."""
    plan = planned.plan
    rows = []
    for step in plan.steps:
        until = f"until {step.until:%Y-%m-%d}" if step.until else ""
        owner = f"by {step.owner}" if step.action is Action.MANUAL else ""
        why = "; ".join(part for part in (until, step.basis or step.note or owner) if part)
        ages = f"{step.oldest:%Y-%m}…{step.newest:%Y-%m}" if step.oldest and step.newest else ""
        count = "?" if step.collection == "*" else f"{step.count:,}"
        rows.append(
            [
                step.system,
                _what(step.collection, step.attribute),
                step.action,
                count,
                "".join(step.categories),
                ages,
                _short(why),
            ]
        )
    table(f"Plan for {plan.request}", ["system", "collection", "action", "records", "PI", "from…to", "why"], rows, [3])
    totals: dict[str, int] = {}
    for step in plan.steps:
        totals[str(step.action)] = totals.get(str(step.action), 0) + step.count
    console.print(Text("  ".join(f"{name} {count:,}" for name, count in totals.items()) or "nothing found"))
    if left := sum(step.count for step in plan.steps if step.rule == "wish"):
        everything = "a request without --only deletes EVERYTHING"
        console.print(
            Text(f"portions only, at the person's wish: {left:,} records are left; {everything}", style="bold")
        )
    for searched in plan.coverage:
        if searched.coverage != "searched":
            console.print(Text(f"not searched: {searched.system} ({searched.coverage}): {searched.why}", style="dim"))
    if plan.suppresses:
        before = "the new address stands anywhere" if plan.contested else "anything is deleted"
        console.print(Text(f"opted out before {before}: our own list, {', '.join(plan.suppresses)}"))
    if plan.claimed:
        kinds = ", ".join(f"{kind} from {origin}" for kind, origin in plan.claimed)
        console.print(Text(f"claimed, not used: {kinds}", style="dim"))
    for finding in planned.findings:
        still = finding in planned.open
        style = "bold red" if still else "dim"
        console.print(Text(f"{'STOPS' if still else 'overridden'} {finding.code}: {finding.message}", style=style))
    console.print(Text(f"digest {planned.digest}"), soft_wrap=True)


def check_table(rows: Sequence[Checked]) -> None:
    """Systems against aspects, and below what each mark that is not "ok" says."""
    heads = ["system", *Aspect]
    table("Systems", heads, [[r.system, *(_mark(r, aspect) for aspect in Aspect)] for r in rows])
    for row in rows:
        for probe in row.probes:
            if probe.ok is not True or probe.aspect in (Aspect.PLAN, Aspect.INVENTORY):
                style = "bold red" if probe.ok is False else "dim"
                console.print(Text(f"{row.system}: {probe.aspect}: {probe.says}", style=style), soft_wrap=True)


def _mark(row: Checked, aspect: Aspect) -> str:
    found = [p.ok for p in row.probes if p.aspect is aspect]
    if row.ok is None:
        return "by hand"
    if not found:
        return "–"
    return "NO" if False in found else "?" if None in found else "ok"


def receipt_table(payload: dict[str, Any]) -> None:
    """What a receipt says, step by step: planned, attempted and confirmed side by side."""
    rows = [
        [s["system"], _what(s["collection"], s["attribute"]), s["action"], s["planned"], s["attempted"],
         s["confirmed"], s["standing"], (s["until"] or "")[:10]] for s in payload["steps"]
    ]  # fmt: skip
    heads = ["system", "collection", "action", "planned", "attempted", "confirmed", "standing", "until"]
    kind = "final" if payload["final"] else "interim"
    table(f"Receipt for {payload['request']}: {payload['outcome']} ({kind})", heads, rows, [3, 4, 5])
    for row in payload["opt_outs"]:
        kept = "kept" if row["kept"] else "LOST"
        console.print(Text(f"opt-out in {row['system']}: {kept}", style="" if row["kept"] else "bold red"))
    for row in payload["not_searched"]:
        console.print(Text(f"not searched: {row['system']} ({row['coverage']}): {row['why']}", style="dim"))


def _what(collection: str, attribute: str) -> str:
    return f"{collection}: {attribute}" if attribute else collection


def _short(text: str, width: int = 60) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


@contextmanager
def watching(title: str, *, quiet: bool = False) -> Iterator[Callable[[str, str], None]]:
    """Progress by system: a live table on a terminal, lines elsewhere, nothing if quiet."""
    latest: dict[str, str] = {}
    lock = threading.Lock()
    if quiet:
        yield lambda system, what: None
        return
    if not sys.stdout.isatty():

        def line(system: str, what: str) -> None:
            with lock:
                sys.stdout.write(f"{title.lower()}: {system}: {what}\n")

        yield line
        return

    def drawn() -> Table:
        shown = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
        for system, what in latest.items():
            shown.add_row(Text(title, style="dim"), system, what)
        return shown

    with Live(drawn(), console=console, refresh_per_second=12, transient=True) as live:

        def update(system: str, what: str) -> None:
            with lock:
                latest[system] = what
                live.update(drawn())

        yield update
