"""Signs what a request came to, and writes the receipt's files. Used by `orchestrator.fulfil` only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors.model import Action, ObstacleKind, Status, Subject
from orchestrator import receipt
from orchestrator.model import Confirmation, Coverage, Right, Step, StepResult
from orchestrator.notices import Notice
from orchestrator.regimes import holidays, regime
from orchestrator.signing import envelope_bytes, verify
from orchestrator.workspace import Workspace, private_file

if TYPE_CHECKING:
    from orchestrator.service import Planned, Service


_NOTICES = ("opt_out", "limit")  # rights whose notices are people's work, and news when one is answered
_CHANGES = (Action.DELETE, Action.REDACT, Action.CORRECT)


@dataclass(frozen=True, slots=True)
class Fulfilled:
    """What a run came to: the receipt's files and what it says."""

    envelope: Path
    page: Path
    payload: dict[str, Any]
    confirmation: Confirmation

    @property
    def unreached(self) -> tuple[str, ...]:
        """Systems that could not be read back."""
        return tuple(s.system for s in self.confirmation.coverage if s.coverage is Coverage.UNREACHABLE)


def issue(service: Service, planned: Planned, known: Subject, confirmation: Confirmation) -> Fulfilled:
    """Sign a receipt unless the last one says the same; then forget what nothing needs any more."""
    workspace, journal, request = service.workspace, service.journal, planned.plan.request
    case = _case(service, planned, confirmation)
    named = {*workspace.vault.names(request), *(i.value for i in known.identifiers)}
    payload = receipt.build(case, workspace.vault.pseudonym, named)
    before = [r for r in journal.receipts(request) if r["plan"] == planned.digest]
    if before and _says(receipt.of_request(before[-1], request, workspace.public_keys)) == _says(payload):
        done = _files(workspace, request, len(list(journal.receipts(request))), before[-1]["envelope"], confirmation)
        service.settle(planned.plan, payload, confirmation)
        return done
    envelope = envelope_bytes(workspace.signing_key.sign(payload))
    journal.save_receipt(
        request, envelope.decode(), receipt.hash_of(envelope), case.previous,
        plan=planned.digest, final=payload["final"], by=service.actor.id,
    )  # fmt: skip
    number = len(list(journal.receipts(request)))
    done = _files(workspace, request, number, envelope.decode(), confirmation)
    service.settle(planned.plan, payload, confirmation)
    return done


def _case(service: Service, planned: Planned, confirmation: Confirmation) -> receipt.Case:
    journal, inventory, digest = service.journal, service.inventory, planned.digest
    exported = [e.payload for e in journal.entries(planned.plan.request, "exported") if e.payload["plan"] == digest]
    last = exported[-1] if exported else None
    told = [e.payload for e in journal.entries(planned.plan.request, "told") if e.payload["plan"] == digest]
    asked = service.request(planned.plan.request)
    letters = service.letters(asked.id)
    sent = {letter.kind: letter.at for letter in letters}
    outcomes = journal.outcomes(digest)
    earlier = [r["hash"] for r in journal.receipts(asked.id) if r["plan"] != digest]
    return receipt.Case(
        company=inventory.company, request=asked, plan=planned.plan,
        mode=inventory.approval, issued=service.now(),
        versions=receipt.Versions(
            asked.policy or inventory.policy.version, holidays().version, regime(asked.regime).digest
        ),
        acknowledged=sent.get("acknowledgement"), answered=sent.get("answer"),
        extended=service.extended_until(asked.id),
        letters=tuple(letter for letter in letters if letter.sha256),
        journal=journal.head(), previous=journal.last_receipt_hash(),
        supplements=earlier[0] if earlier else "",
        approvals=journal.approvals(digest), overrides=journal.overrides(digest),
        results=tuple(outcomes.values()), confirmation=confirmation, attested=service.attested(planned.plan),
        rules=inventory.rules,
        disclosed=_package(last) if last else _answer(told[-1]) if told else None,
        withheld=tuple(last["withheld"]) if last else (),
        vendors=tuple(
            _notices(service, asked.id) if asked.right in _NOTICES
            else _vendors(service, planned, outcomes, confirmation)
        ),
        contested=service.decisions(asked.id) if asked.right is Right.CORRECT else (),
    )  # fmt: skip


def _package(exported: Mapping[str, Any]) -> receipt.Disclosed:
    left_out = tuple((place, why) for place, why in exported["left_out"])
    return receipt.Disclosed(exported["files"], exported["bytes"], exported["manifest"], left_out)


def _answer(told: Mapping[str, Any]) -> receipt.Disclosed:
    """An answer that holds no values: one document, named by the hash of its canonical form."""
    return receipt.Disclosed(1, told["bytes"], told["hash"])


def _notices(service: Service, request: str) -> Iterator[receipt.Vendor]:
    """Whom people told, and what each said last."""
    answers = {e.payload["vendor"]: e for e in service.journal.entries(request, "vendor_answered")}
    for entry in service.journal.entries(request, "vendor_notified"):
        name, at = entry.payload["vendor"], datetime.fromisoformat(entry.payload["at"])
        said = answers.get(name)
        answer = receipt.Answer(said.payload["answer"]) if said else receipt.Answer.NONE
        yield receipt.Vendor(name, at, answer, said.at if said else None)


def _vendors(
    service: Service, planned: Planned, outcomes: Mapping[str, StepResult], confirmation: Confirmation
) -> Iterator[receipt.Vendor]:
    """An order to a vendor's API is the notice of deletion, and its outcome the answer.

    While there is something that the API cannot do, the vendor has not deleted.
    """
    written = {n.instruction.vendor: n for n in service.notices(planned.plan.request) if n.notified}
    gone = {r.ref for r in confirmation.results if r.confirmed}
    left = {s.system for s in planned.plan.steps if s.ref not in gone and _beyond_the_api(s)}
    for name, system in service.inventory.systems.items():
        answers = [
            outcomes[s.ref] for s in planned.plan.steps
            if s.system == name and s.ref in outcomes and s.action in _CHANGES
        ]  # fmt: skip
        if system.third_party and answers:
            waiting = any(a.status is Status.ACCEPTED for a in answers)
            done = receipt.Answer.CORRECTED if planned.plan.right is Right.CORRECT else receipt.Answer.DELETED
            answer = receipt.Answer.ACCEPTED if waiting else done
            notified = min((a.at for a in answers if a.at), default=service.now())
            if name in left and not waiting:
                told = written.pop(name, None)
                yield _told(told) if told else receipt.Vendor(name, notified)
                continue
            yield receipt.Vendor(name, notified, answer, max((a.at for a in answers if a.at), default=None))
        elif name in written:
            yield _told(written[name])


def _told(notice: Notice) -> receipt.Vendor:
    """A vendor that people wrote to, and what it answered."""
    return receipt.Vendor(notice.instruction.vendor, notice.notified or notice.due, notice.answer, notice.answered)


def _beyond_the_api(step: Step) -> bool:
    return step.action is Action.MANUAL and any(o.kind is ObstacleKind.BY_HAND for o in step.obstacles)


def _says(payload: Mapping[str, Any]) -> Any:
    """What a receipt tells apart from when it was made: equal means there is nothing new to sign."""
    return (
        payload["outcome"],
        {what: payload["dates"][what] for what in ("acknowledged", "extended_until", "answered")},
        [(s["ref"], s["standing"], s["status"], s["attested"]) for s in payload["steps"]],
        payload["late"],
        payload["opt_outs"],
        payload["vendors"],
    )


def _files(workspace: Workspace, request: str, number: int, envelope: str, confirmation: Confirmation) -> Fulfilled:
    """The receipt as files: they can be written again from the journal at any time."""
    folder = workspace.root / "receipts"
    content = envelope.encode()
    payload = verify(content, workspace.public_keys)
    json_file, page = folder / f"{request}-{number}.json", folder / f"{request}-{number}.html"
    private_file(json_file, content)
    private_file(page, receipt.html(payload, receipt.hash_of(content)).encode())
    private_file(folder / "receipt.pub.pem", workspace.public_pem())
    return Fulfilled(json_file, page, dict(payload), confirmation)
