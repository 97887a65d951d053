"""One deletion request in the sandbox, start to finish, with everything a staff member would see."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from connectors.isolation import strip_ambient
from orchestrator import receipt
from orchestrator.cli.session import print_json
from orchestrator.cli.show import console, plan_table, receipt_table, watching
from orchestrator.inventory import Inventory
from orchestrator.model import Level, Right
from orchestrator.service import Service
from orchestrator.staff import identify
from orchestrator.workspace import Workspace


def demonstrate(inventory_path: Path, folder: Path, as_json: bool = False) -> None:
    """Start the sandbox, fulfil a request, verify the receipt; the last line says where it is."""
    from connectors.sandbox.world import Sandbox

    strip_ambient()
    console.quiet = as_json
    inventory = Inventory.load(inventory_path).sandboxed()
    started = time.monotonic()
    _head("The sandbox: PostgreSQL and a fake of every vendor on this machine, filled with synthetic people")
    with Sandbox() as sandbox:
        os.environ.update(sandbox.environ)
        console.print(f"up in {time.monotonic() - started:.1f} s")
        bystander = sandbox.untouched(sandbox.people.bystander)
        with Workspace.open(folder, inventory) as workspace:
            service = Service(workspace, identify(inventory, "", None))
            subject = sandbox.people.subject
            envelope = _fulfil(service, subject.email, subject.name, f"608 555 {subject.user_id:04d}")
        same = sandbox.untouched(sandbox.people.bystander) == bystander
        console.print(f"bystander with a similar address: {'unchanged in every store' if same else 'CHANGED'}")
        if not same:
            sys.exit(1)
    payload = receipt.verify_file(envelope, [_public_key(envelope)])
    assert payload["request"]
    if as_json:
        print_json({"receipt": str(envelope), "verified": True, "outcome": payload["outcome"]})
    else:
        sys.stdout.write(f"receipt: {envelope} (verified)\n")


def _fulfil(service: Service, email: str, name: str, phone: str) -> Path:
    _head("A request comes in by e-mail, and the requester is verified")
    request = service.new_request(Right.DELETE, [("email", email)], "email")
    said = {"name": name, "phone": phone}
    for point, answer in service.compare(request, said).items():
        console.print(f"{point}: compared with what is held, {answer}; what was said is not kept")
    with tempfile.TemporaryDirectory() as papers:
        declaration = Path(papers) / "declaration.txt"
        declaration.write_text("I declare under penalty of perjury that I am the person this request is about.")
        service.keep_paper(request, "declaration", declaration)
    service.verify(request, Level.REASONABLY_HIGH, "points and a signed declaration", ["mailbox"], ["email"])
    console.print(f"request {request}: its identifiers are encrypted under a key of their own")
    _head("Search every system, decide what happens to each record")
    with watching("searching", quiet=console.quiet) as progress:
        planned = service.plan(request, progress)
    plan_table(planned)
    _head("Approve exactly this plan, carry it out, read everything back")
    service.approve(request, planned.digest)
    with watching("carrying out", quiet=console.quiet) as progress:
        done = service.run(request, progress)
    receipt_table(done.payload)
    console.print(f"page for people: {done.page}", soft_wrap=True)
    return done.envelope


def _public_key(envelope: Path) -> Ed25519PublicKey:
    from orchestrator.signing import public_key

    return public_key((envelope.parent / "receipt.pub.pem").read_bytes())


def _head(text: str) -> None:
    console.print(f"\n[bold]{text}[/bold]")
