"""`dsr backup …`: one backup goes before its time, by a plan of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.session import AsJson, print_json, say, settings

if TYPE_CHECKING:
    from orchestrator.backups import Listed, PlannedBackup, Proof

app = typer.Typer(
    no_args_is_help=True,
    help="Delete one backup before its time, once a newer one was restored as a test and a second person approved.",
)
BackupName = Annotated[
    str, typer.Argument(metavar="BACKUP", help="Such as my-app/b008; b008 alone where only one app has it.")
]
System = Annotated[str, typer.Option(help="The system that keeps it; default: all that list backups one by one.")]


@app.command("list")
def list_(context: typer.Context, system: System = "", as_json: AsJson = False) -> None:
    """Backups of the connected databases: until when each lives, and why one cannot be planned to go."""
    with settings(context).service() as service:
        rows, two = service.backups(system), service.inventory.approval == "four_eyes"
    if as_json:
        print_json(rows)
        return
    _table(rows)
    if not two:
        say("approval: single_person: none can be deleted, for that takes a second approver")


@app.command()
def plan(
    context: typer.Context,
    backup: BackupName,
    reason: Annotated[str, typer.Option(help="Why it goes before its time; without personal data.")],
    system: System = "",
    as_json: AsJson = False,
) -> None:
    """Plan the deletion of one backup; changes nothing. The last line is the digest."""
    with settings(context).service() as service:
        planned = service.plan_backup(backup, reason, system)
    print_json(planned) if as_json else _planned(planned)


@app.command()
def prove(
    context: typer.Context,
    backup: Annotated[
        str, typer.Argument(metavar="[BACKUP]", help="Default: the newest one that is whole.", show_default=False)
    ] = "",
    system: System = "",
    as_json: AsJson = False,
) -> None:
    """Restore a backup into a scratch database, compare it with the live one, drop it. Exit code 1 if it cannot be."""
    from orchestrator.cli.show import watching

    with settings(context).service() as service, watching("Proving", quiet=as_json) as progress:
        proof = service.prove_backup(backup, system, progress)
    print_json(proof) if as_json else _proof(proof)
    if not proof.good:
        raise typer.Exit(1)


@app.command()
def approve(
    context: typer.Context,
    backup: BackupName,
    digest: Annotated[str, typer.Argument(metavar="DIGEST", help="The digest that the plan ends with.")],
    as_json: AsJson = False,
) -> None:
    """Approve exactly this plan, as somebody who neither made it nor proved the newer backup."""
    with settings(context).service() as service:
        decision = service.approve_backup(backup, digest)
    print_json(decision) if as_json else say(f"{backup}  approved by {decision.by}; next: dsr backup run {backup}")


@app.command()
def run(context: typer.Context, backup: BackupName, as_json: AsJson = False) -> None:
    """Delete it, read back, sign a receipt. Exit code 7 until a reading shows that it is gone: then run it again."""
    from orchestrator.cli.show import watching

    with settings(context).service() as service, watching("Deleting", quiet=as_json) as progress:
        done = service.delete_backup(backup, progress)
    if as_json:
        print_json(done)
    else:
        say(f"{done.plan.backup.title}  {done.status}: {done.reason}")
        for request in sorted({e.request for e in done.plan.ends}):
            say(f"next: dsr run {request}")
        if done.receipt:
            say(f"receipt: {done.receipt}")
    if not done.final:
        raise typer.Exit(7)


def _table(rows: Sequence[Listed]) -> None:
    from orchestrator.cli.show import table

    shown = [
        [r.backup.title, r.backup.kind, r.backup.database, f"{r.backup.made:%Y-%m-%d %H:%M}",
         f"{r.backup.until:%Y-%m-%d}" if r.backup.until else "no end", r.backup.state,
         f"{r.proven:%Y-%m-%d %H:%M}" if r.proven else "", "; ".join(r.why)] for r in rows
    ]  # fmt: skip
    table("Backups", ["backup", "kind", "of", "made", "lives until", "is", "proven", "stays because"], shown)


def _planned(planned: PlannedBackup) -> None:
    plan, backup = planned.plan, planned.plan.backup
    until = f"{backup.until:%Y-%m-%d}" if backup.until else "somebody deletes it"
    say(f"{backup.title}: a {backup.kind} backup of {backup.database}, made {backup.made:%Y-%m-%d %H:%M}")
    say(f"holds everybody who was in {', '.join(plan.sources)} then, and would live until {until}")
    say(f"reason: {plan.reason}")
    for ended in plan.ends:
        after = f"{ended.left} more of its backups stay" if ended.left else "none of its backups stays"
        say(f"open obligation of {ended.request} ({ended.collection}): {after}")
    if planned.proof:
        say(f"newer and proven: {planned.proof.backup.title}, restored {planned.proof.at:%Y-%m-%d %H:%M}")
    for missing in planned.missing:
        say(f"missing: {missing}")
    say(f"digest {planned.digest}")


def _proof(proof: Proof) -> None:
    if proof.good:
        say(
            f"{proof.backup.title} is restorable: {proof.tables} tables, {proof.rows:,} rows (live: about "
            f"{proof.live_rows:,}), {proof.bytes:,} bytes; the scratch database is dropped"
        )
    for why in proof.why:
        say(f"{proof.backup.title} is no proof: {why}")
