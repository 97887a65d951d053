"""`dsr export` and `dsr package …`: write a package, look at what was held, hand it over, destroy it."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.session import AsJson, RequestId, local, one_of, print_json, say, settings

if TYPE_CHECKING:
    from orchestrator.package import Package

app = typer.Typer(no_args_is_help=True, help="Packages: look at held files, hand over, destroy.")

Since = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"], help="From this day, back to 2022-01-01; otherwise twelve months before receipt."
    ),
]
HeldRef = Annotated[str, typer.Argument(metavar="FILE", help="The held file's reference, or the beginning of it.")]
Reason = Annotated[str, typer.Option(help="Why; without personal data.")]


def register(top: typer.Typer) -> None:
    """Add the commands to the top level."""
    top.command()(export)
    top.add_typer(app, name="package")


def export(
    context: typer.Context, request: RequestId,
    to: Annotated[Path, typer.Option(help="A new folder for the package, or a new file with --zip.")],
    zipped: Annotated[bool, typer.Option("--zip", help="Write one ZIP file.")] = False,
    since: Since = None,
    held_to: Annotated[
        Path | None, typer.Option(help="A new folder for files that a person has to look at; delete it afterwards.")
    ] = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Write what may be disclosed as a package, and say what is withheld or held for a person."""
    from orchestrator.cli.show import watching
    from orchestrator.fulfil import Wish

    wish = Wish(zipped, since.date() if since else None, held_to)
    with settings(context).service() as service, watching("Exporting", quiet=as_json) as progress:
        package = service.export(request, to, progress, wish)
    if as_json:
        print_json({"folder": str(package.folder), "files": package.files, "withheld": package.withheld,
                    "left_out": package.left_out, "held": package.held, "manifest": package.manifest})  # fmt: skip
    else:
        _told(request, package)


def _told(request: str, package: Package) -> None:
    size = sum(f.bytes for f in package.files)
    say(f"{len(package.files)} files, {size:,} bytes in {package.folder}; begin with index.html")
    say("withheld, and to be told: " + (", ".join(package.withheld) or "nothing"))
    for place, why in package.left_out:
        say(f"left out: {place}: {why}")
    if package.held:
        say(f"held for a person to look at: {len(package.held)}; next: dsr package review {request}")
    else:
        say(f"next: dsr package deliver {request} {package.folder} --to account|mail|electronic")


@app.command()
def review(
    context: typer.Context, request: RequestId,
    release: Annotated[str, typer.Option(metavar="FILE", help="Release this file: it may be handed out.")] = "",
    withhold: Annotated[str, typer.Option(metavar="FILE", help="Withhold this file.")] = "",
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """List files that no program can look through, or decide about one. Exit code 7 while one is undecided."""
    if bool(release) and bool(withhold):
        raise typer.BadParameter("a file is released or withheld, not both", param_hint="--release")
    with settings(context).service() as service:
        if release or withhold:
            service.decide_held(request, release or withhold, "release" if release else "withhold", reason)
        found = service.held_files(request)
    if as_json:
        print_json(found)
    else:
        from orchestrator.cli.show import table

        rows = [[h.ref[:16], f"{h.system}/{h.collection}", h.source, h.why, h.decided or "OPEN", h.by] for h in found]
        table("Held files", ["file", "where", "called", "why", "decision", "by"], rows)
        if found and all(h.decided for h in found):
            say(f"all decided; next: dsr export {request} --to … again, and deliver that")
    if not all(h.decided for h in found):
        raise typer.Exit(7)


@app.command()
def deliver(
    context: typer.Context, request: RequestId,
    package: Annotated[Path, typer.Argument(metavar="PACKAGE", help="What dsr export wrote.")],
    to: Annotated[str, typer.Option(help="account, mail or electronic.")],
    reauthenticated: Annotated[str, typer.Option(help="How the person signed in again (account).")] = "",
    address_from: Annotated[str, typer.Option(help="Where the address stands: request or account.")] = "",
    address: Annotated[
        str, typer.Option(metavar="ADDRESS", help="The address (electronic); - reads it from standard input.")
    ] = "",
    instead: Annotated[str, typer.Option(help="Why it does not go to the account although there is one.")] = "",
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Encrypt a package to be handed over and delete it in clear. Shows the passphrase once."""
    from orchestrator.delivery import AddressFrom, Channel, Way

    channel = one_of(Channel, to, "--to")
    try:
        origin = AddressFrom(address_from) if address_from else None
    except ValueError:
        raise typer.BadParameter(f"{address_from!r} is not request or account", param_hint="--address-from") from None
    address = sys.stdin.readline().strip() if address == "-" else address
    with settings(context).service() as service:
        sealed = service.deliver(request, package, Way(channel, reauthenticated, origin, address, instead))
    if as_json:
        print_json(sealed)
        return
    say(f"{sealed.delivered.path}  {sealed.bytes:,} bytes, AES-256; destroyed on {sealed.delivered.until:%Y-%m-%d}")
    say(f"passphrase: {sealed.passphrase}")
    say("It is shown once and kept nowhere. Give it by another way than the package: by telephone, or by letter.")
    say(f"the package in clear is deleted; next: dsr package collected {request}")


@app.command()
def collected(
    context: typer.Context, request: RequestId,
    on: Annotated[datetime | None, typer.Option(help="When, if not now, in the company's time zone.")] = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Record that the person has the package."""
    with settings(context).service() as service:
        done = service.collected(request, local(service, on))
    print_json(done) if as_json else say(f"{done.package}  collected; next: dsr package destroy {request}")


@app.command()
def destroy(
    context: typer.Context,
    request: Annotated[str, typer.Argument(metavar="[REQUEST]", help="The request's id.")] = "",
    package: Annotated[Path | None, typer.Option(help="A package in clear that dsr export wrote.")] = None,
    gone: Annotated[bool, typer.Option("--gone", help="Packages in clear were deleted by hand: record that.")] = False,
    overdue: Annotated[bool, typer.Option("--overdue", help="All whose 30 days are over; for cron.")] = False,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Destroy a request's sealed packages, or one in clear, and journal it."""
    if overdue == bool(request):
        raise typer.BadParameter("give a request, or --overdue for all", param_hint="REQUEST")
    with settings(context).service() as service:
        count = service.destroy_overdue() if overdue else service.destroy(request, package, gone=gone)
    print_json({"destroyed": count}) if as_json else say(f"{count} destroyed")


@app.command("list")
def list_(
    context: typer.Context,
    request: Annotated[str, typer.Option(help="Of one request only.")] = "",
    as_json: AsJson = False,
) -> None:
    """Packages that were delivered, and what became of them."""
    with settings(context).service() as service:
        found = service.deliveries(request)
    if as_json:
        print_json(found)
        return
    from orchestrator.cli.show import table

    rows = [
        [d.package, d.request, d.channel, f"{d.at:%Y-%m-%d}", f"{d.collected:%Y-%m-%d}" if d.collected else "no",
         f"{d.destroyed:%Y-%m-%d}" if d.destroyed else f"by {d.until:%Y-%m-%d}"] for d in found
    ]  # fmt: skip
    table("Delivered packages", ["package", "request", "by", "delivered", "collected", "destroyed"], rows)
