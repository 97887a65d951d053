"""What happens after an approval: execute, read back, sign; and the export of what may be disclosed.

Used through `orchestrator.service` only, which has made the checks that come before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors.model import Action, Gate, Locator, Status, Subject
from orchestrator import canonical, receipt
from orchestrator.confirm import confirm
from orchestrator.errors import HeldError, IncompleteError
from orchestrator.execute import execute
from orchestrator.export import Package, export
from orchestrator.journal import State
from orchestrator.model import Confirmation, Right, StepResult
from orchestrator.signing import envelope_bytes, verify
from orchestrator.workspace import Workspace, private_file

if TYPE_CHECKING:
    from orchestrator.service import Planned, Service

Progress = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Fulfilled:
    """What a run came to: the receipt's files and what it says."""

    envelope: Path
    page: Path
    payload: dict[str, Any]
    confirmation: Confirmation


def run(service: Service, request: str, progress: Progress) -> Fulfilled:
    """Execute the approved plan, read everything back, sign a receipt.

    Raises IncompleteError if a system did not answer all its orders; what was done stays done and
    journalled, and running again does the rest. A plan that was carried out to its end is not
    carried out again: it is read back, and a new receipt is signed if anything changed.
    """
    planned = service.executable(request)
    service.approval(planned)
    journal, digest = service.journal, planned.digest
    with journal.lease(request):
        subject, locators = _resolved(service, request, digest)
        if planned.plan.right is Right.DELETE:
            journal.append(request, "run_started", service.actor.id, {"plan": digest})
            systems = service.workspace.connectors(service.now(), _gate_for(service, request, subject))
            troubles = execute(planned.plan, digest, subject, locators, systems, journal, progress=progress)
            journal.append(
                request, "run_ended", service.actor.id, {"plan": digest, "systems": [t.system for t in troubles]}
            )
            if troubles:
                raise IncompleteError(_what_now(request, troubles))
        confirmation = _read_back(service, request, planned, subject, progress)
        journal.save_confirmation(digest, confirmation, service.actor.id)
        return _sign(service, planned, confirmation)


def _resolved(service: Service, request: str, digest: str) -> tuple[Subject, dict[str, Locator]]:
    kept = service.workspace.vault.open(request).get_json(f"plan:{digest}")
    locators = {ref: canonical.decode(Locator, at) for ref, at in kept["locators"].items()}
    vault = service.workspace.vault.open(request)
    for system in service.workspace.not_connected():
        at = Locator(system, "*")
        locators[vault.ref(at)] = at
    return canonical.decode(Subject, kept["subject"]), locators


def _gate_for(service: Service, request: str, subject: Subject) -> Callable[[str], Gate]:
    """The last look before every write: is there a hold by now, or was the request cancelled?"""
    vault = service.workspace.vault
    tags = {vault.person_tag(i.kind, i.value) for i in subject.identifiers}
    organisations = set(subject.values("organisation_id"))

    def gate_for(system: str) -> Gate:
        def gate(collection: str) -> None:
            if service.journal.state(request) is State.CANCELLED:
                raise HeldError(f"{request} was cancelled: nothing more is written")
            for hold in service.journal.holds():
                places = (system, f"{system}/{collection}")
                if hold.person in tags or hold.organisation in organisations or hold.collection in places:
                    raise HeldError(f"{system}/{collection} is under legal hold {hold.id}: make a new plan")

        return gate

    return gate_for


def _read_back(service: Service, request: str, planned: Planned, subject: Subject, progress: Progress) -> Confirmation:
    def saying(system: str, what: str) -> None:
        progress(system, f"reading back: {what}")

    found = service.discover(request, subject.identifiers, saying)
    fresh = service.decided(found, request)
    connectors = service.workspace.connectors(service.now())
    verifiable = {name: c.capabilities.verifiable for name, c in connectors.items()}
    return confirm(planned.plan, service.journal.outcomes(planned.digest), fresh, verifiable, service.now())


def _what_now(request: str, troubles: Any) -> str:
    lines = [f"  {t.system}: {t.message}" for t in troubles]
    changed = any(t.changed for t in troubles)
    way = f"make a new plan: dsr plan {request}" if changed else f"run again when it is mended: dsr run {request}"
    return "not finished; what was done is kept and will not be done twice\n" + "\n".join(lines) + f"\n{way}"


def write_package(service: Service, request: str, folder: Path, progress: Progress) -> Package:
    """Export what the latest plan found, as far as it may be disclosed, and journal what was withheld."""
    planned = service.show_plan(request)
    with service.journal.lease(request):
        subject, locators = _resolved(service, request, planned.digest)
        systems = service.workspace.connectors(service.now())
        package = export(planned.plan, subject, locators, systems, folder, progress=progress)
        told = {
            "plan": planned.digest, "files": len(package.files), "bytes": sum(f.bytes for f in package.files),
            "manifest": package.manifest, "withheld": list(package.withheld),
            "left_out": [list(pair) for pair in package.left_out],
        }  # fmt: skip
        service.journal.append(request, "exported", service.actor.id, told)
    return package


def _sign(service: Service, planned: Planned, confirmation: Confirmation) -> Fulfilled:
    workspace, journal, request = service.workspace, service.journal, planned.plan.request
    case = _case(service, planned, confirmation)
    known, _ = _resolved(service, request, planned.digest)
    given = [value for _, value in workspace.vault.open(request).get_json("identifiers")]
    payload = receipt.build(case, workspace.vault.pseudonym, {*given, *(i.value for i in known.identifiers)})
    before = [r for r in journal.receipts(request) if r["plan"] == planned.digest]
    if before and _says(verify(before[-1]["envelope"].encode(), [workspace.signing_key.public])) == _says(payload):
        return _files(workspace, request, len(list(journal.receipts(request))), before[-1]["envelope"], confirmation)
    envelope = envelope_bytes(workspace.signing_key.sign(payload))
    journal.save_receipt(
        request, envelope.decode(), receipt.hash_of(envelope), case.previous,
        plan=planned.digest, final=payload["final"], by=service.actor.id,
    )  # fmt: skip
    number = len(list(journal.receipts(request)))
    done = _files(workspace, request, number, envelope.decode(), confirmation)
    if payload["outcome"] in (receipt.Fulfilment.COMPLETE, receipt.Fulfilment.NOTHING_FOUND):
        # Nothing is open and nothing is kept: nobody needs to find this person again.
        journal.append(request, "closed", service.actor.id, {"outcome": payload["outcome"]})
        workspace.vault.destroy(request, service.actor.id)
    return done


def _case(service: Service, planned: Planned, confirmation: Confirmation) -> receipt.Case:
    journal, inventory, digest = service.journal, service.inventory, planned.digest
    exported = [e.payload for e in journal.entries(planned.plan.request, "exported") if e.payload["plan"] == digest]
    last = exported[-1] if exported else None
    outcomes = journal.outcomes(digest)
    return receipt.Case(
        company=inventory.company, request=service.request(planned.plan.request), plan=planned.plan,
        mode=inventory.approval, issued=service.now(),
        versions=receipt.Versions(inventory.policy.sha256 or inventory.policy.revised, "none"),
        journal=journal.head(), previous=journal.last_receipt_hash(),
        approvals=journal.approvals(digest), overrides=journal.overrides(digest),
        results=tuple(outcomes.values()), confirmation=confirmation, attested=journal.attestations(digest),
        rules=inventory.rules,
        disclosed=receipt.Disclosed(
            last["files"], last["bytes"], last["manifest"], tuple((p, w) for p, w in last["left_out"])
        ) if last else None,
        withheld=tuple(last["withheld"]) if last else (),
        vendors=tuple(_vendors(service, planned, outcomes)),
    )  # fmt: skip


def _vendors(service: Service, planned: Planned, outcomes: Mapping[str, StepResult]) -> Iterator[receipt.Vendor]:
    """An order to a vendor's API is the notice of deletion, and its outcome the answer."""
    for name, system in service.inventory.systems.items():
        answers = [
            outcomes[s.ref] for s in planned.plan.steps
            if s.system == name and s.ref in outcomes and s.action in (Action.DELETE, Action.REDACT)
        ]  # fmt: skip
        if system.third_party and answers:
            waiting = any(a.status is Status.ACCEPTED for a in answers)
            answer = receipt.Answer.ACCEPTED if waiting else receipt.Answer.DELETED
            notified = min((a.at for a in answers if a.at), default=service.now())
            yield receipt.Vendor(name, notified, answer, max((a.at for a in answers if a.at), default=None))


def _says(payload: Mapping[str, Any]) -> Any:
    """What a receipt tells apart from when it was made: equal means there is nothing new to sign."""
    return payload["outcome"], [(s["ref"], s["standing"], s["status"]) for s in payload["steps"]], payload["late"]


def _files(workspace: Workspace, request: str, number: int, envelope: str, confirmation: Confirmation) -> Fulfilled:
    """The receipt as files: they can be written again from the journal at any time."""
    folder = workspace.root / "receipts"
    content = envelope.encode()
    payload = verify(content, [workspace.signing_key.public])
    json_file, page = folder / f"{request}-{number}.json", folder / f"{request}-{number}.html"
    private_file(json_file, content)
    private_file(page, receipt.html(payload, receipt.hash_of(content)).encode())
    private_file(folder / "receipt.pub.pem", workspace.signing_key.public_pem())
    return Fulfilled(json_file, page, dict(payload), confirmation)
