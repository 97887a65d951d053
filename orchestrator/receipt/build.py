"""From a case to the payload that is signed. Pure.

Free of personal data by construction: the payload is made of named fields only, of counts,
instants, closed vocabularies and the inventory's own names. The few texts that a vendor or a
person worded lose everything that looks like an address, a number to call, or an identifier of
the subject.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Any

from orchestrator.canonical import digest, plain
from orchestrator.errors import IntegrityError
from orchestrator.model import Attested, Coverage, Right, Rule, Signed
from orchestrator.receipt.case import Case
from orchestrator.receipt.settle import Reach, Settled, Standing, fulfilment, is_final, keeps, mismatch, reaches, steps

TYPE = "dsr-receipt/1"
_LONGEST = 300  # characters of a text that someone else worded
_TELLING = re.compile(
    r"[^\s@<>\"']+@[^\s@<>\"']+"  # an address
    r"|https?://\S+"
    r"|(?<![\w-])(?!\d{4}-\d\d-\d\d(?!\d))\+?\d[\d ()./-]{7,}\d(?!\w)"  # a number to call, or to pay with; not a date
)
_KEEPS = (Right.DELETE, Right.CORRECT)  # what else stays was not asked to go
_TRIED = (Coverage.SEARCHED, Coverage.UNREACHABLE)
_USE_LIMITS = {
    "hold": "only to comply with law, or to exercise or defend legal claims",
    "vendor": "kept by the vendor; not used by us",
}


def build(case: Case, pseudonym: Callable[[str], str], subject: Collection[str] = ()) -> dict[str, Any]:
    """The payload of a receipt.

    `pseudonym` names staff; `subject` are the person's own identifiers, to be kept out of texts
    that others worded. IntegrityError if decisions or results are not of this plan.
    """
    plan_digest = digest(case.plan)
    _same_plan(case, plan_digest)
    worded = _Wording(subject)
    settled = steps(case)
    reached = reaches(case, settled)
    ending = fulfilment(case, settled, reached)
    late = case.confirmation.late if case.confirmation else ()
    opt_outs = case.confirmation.opt_outs if case.confirmation else ()
    payload = {
        "type": TYPE,
        "company": case.company,
        "request": case.request.id,
        "right": case.request.right,
        "regime": case.request.regime,
        "ground": case.request.ground,
        "channel": case.request.channel,
        "replays": case.request.replays,
        "instructed_by": case.request.organisation,
        "roles": Counter(str(s.step.role) for s in settled),
        "outcome": ending,
        "final": is_final(ending, settled, reached),
        "dates": {
            "received": case.request.received,
            "acknowledged": case.acknowledged,
            "extended_until": case.extended,
            "answered": case.answered,
            "issued": case.issued,
            "confirmed": case.confirmation.at if case.confirmation else None,
        },
        "verification": {
            "level": case.plan.verification.level,
            "method": worded(case.plan.verification.method),
            "matched": [worded(m) for m in case.plan.verification.matched],
            "basis": worded(case.plan.verification.basis),
            "by": pseudonym(case.plan.verification.by),
            "at": case.plan.verification.at,
        },
        "plan": {
            "digest": plan_digest,
            "made_at": case.plan.made_at,
            "made_by": pseudonym(case.plan.made_by),
            "replaces": case.plan.replaces,
            "claimed": len(case.plan.claimed),
            "conflicts": len(case.plan.conflicts),
        },
        "approval": _approval(case, pseudonym),
        "systems": [_system(r, worded) for r in reached],
        "contested": [{**plain(c), "reason": worded(c.reason)} for c in case.contested],
        "steps": [_step(s, case, worded, pseudonym) for s in settled],
        "late": [{"system": s, "collection": c, "count": n} for s, c, n in late],
        "opt_outs": [{"system": s, "kept": kept} for s, kept in opt_outs],
        "retained": [_retained(s, case.rules) for s in settled if keeps(s) and case.plan.right in _KEEPS],
        "not_searched": [
            {"system": r.searched.system, "coverage": r.searched.coverage, "why": worded(r.searched.why)}
            for r in reached
            if not r.to_its_end
        ],
        "disclosed": _disclosed(case),
        "withheld": sorted(set(case.withheld)),
        "vendors": plain(case.vendors),
        "letters": plain(case.letters),
        "versions": {
            "policy": case.versions.policy,
            "calendar": case.versions.calendar,
            "law": case.versions.law,
            "rules": case.plan.rules,
            "inventory": case.plan.inventory,
            "code": case.plan.code,
        },
        "supplements": case.supplements,
        "previous": case.previous,
        "journal": case.journal,
    }
    return dict(plain(payload))


class _Wording:
    """Texts worded by others, made fit for a receipt."""

    def __init__(self, subject: Collection[str]) -> None:
        values = sorted((v for v in subject if len(v) > 1), key=len, reverse=True)
        self._subject = re.compile("|".join(rf"(?<!\w){re.escape(v)}(?!\w)" for v in values) or r"(?!)", re.IGNORECASE)

    def __call__(self, text: str) -> str:
        for telling in (self._subject, _TELLING):
            text = telling.sub("[removed]", text)
        text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
        return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _same_plan(case: Case, plan_digest: str) -> None:
    refs = {s.ref for s in case.plan.steps}
    if case.request.id != case.plan.request or case.request.right != case.plan.right:
        raise IntegrityError("the plan is another request's")
    if any(d.digest != plan_digest for d in (*case.approvals, *case.overrides)):
        raise IntegrityError("a decision is of another plan")
    answered = {r.ref for r in (*case.results, *(case.confirmation.results if case.confirmation else ()))}
    if (answered | {a.ref for a in case.attested}) - refs:
        raise IntegrityError("a result is of a step that the plan does not have")


def _approval(case: Case, pseudonym: Callable[[str], str]) -> dict[str, Any]:
    def decision(signed: Signed) -> dict[str, Any]:
        ahead = signed.purpose.removeprefix("standing:") if signed.purpose.startswith("standing:") else ""
        return {"by": pseudonym(signed.by), "at": signed.at, "signed": bool(signed.signature), "standing": ahead}

    return {
        "mode": case.mode,
        "approvals": [decision(s) for s in case.approvals],
        "overrides": [
            decision(s) | {"finding": s.purpose.removeprefix("override:")} for s in case.overrides
        ],
        "os_users": sorted({pseudonym(s.os_user) for s in case.approvals if s.os_user}),
    }  # fmt: skip


def _system(reach: Reach, worded: _Wording) -> dict[str, Any]:
    searched, again = reach.searched, reach.again
    return {
        "system": searched.system,
        "coverage": searched.coverage,
        "searched_at": searched.at if searched.coverage in _TRIED else None,
        "records": searched.records,
        "why": worded(searched.why),
        "again": {"coverage": again.coverage, "at": again.at, "records": again.records} if again else None,
        "settled": reach.settled,
    }


def _step(settled: Settled, case: Case, worded: _Wording, pseudonym: Callable[[str], str]) -> dict[str, Any]:
    step, result = settled.step, settled.result
    by_hand = next((a for a in case.attested if a.ref == step.ref), None)
    left_out = dict(case.disclosed.left_out) if case.disclosed else {}
    why = result.reason if result and case.plan.right not in (Right.ACCESS, Right.KNOW) else ""
    return {
        "ref": step.ref,
        "system": step.system,
        "collection": step.collection,
        "attribute": step.attribute,
        "fields": step.fields if step.attribute else (),
        "role": step.role,
        "action": step.action,
        "planned": step.count,
        "attempted": result.attempted if result else None,
        "confirmed": _confirmed(settled),
        "left": result.left if result else None,
        "mismatch": mismatch(settled),
        "status": result.status if result else None,
        "standing": settled.standing,
        "at": result.at if result else None,
        "until": (result.until if result else None) or step.until,
        "categories": step.categories,
        "owner": worded(step.owner),
        "note": worded(_why_left(settled) or why or left_out.get(f"{step.system}/{step.collection}", "") or step.note),
        "due": step.due,
        "attested": _attested(by_hand, pseudonym) if by_hand else None,
    }


def _why_left(settled: Settled) -> str:
    """Of what is not corrected, why not."""
    return settled.step.basis if settled.standing in (Standing.UNCORRECTED, Standing.IN_PLACE) else ""


def _attested(word: Attested, pseudonym: Callable[[str], str]) -> dict[str, Any]:
    recorded = pseudonym(word.recorded_by) if word.recorded_by else ""
    return {"by": pseudonym(word.by), "at": word.at, "evidence": word.evidence, "recorded_by": recorded}


def _confirmed(settled: Settled) -> int | None:
    """How many a fresh search no longer found; None where it has not looked or cannot tell."""
    result = settled.result
    if result is None or settled.standing not in (Standing.GONE, Standing.CORRECTED, Standing.STILL_THERE):
        return None
    return max(0, result.attempted - (result.left or 0))


def _retained(settled: Settled, rules: tuple[Rule, ...]) -> dict[str, Any]:
    step, result = settled.step, settled.result
    rule = next((r for r in rules if r.id == step.rule), None)
    whole = settled.standing in (Standing.RETAINED, Standing.NO_END)
    return {
        "system": step.system,
        "collection": step.collection,
        "fields": step.keep or (step.fields if whole else ()),
        "count": step.count,
        "exception": step.rule,
        "statute": rule.exception if rule else "",
        "basis": rule.basis if rule else step.basis,
        "citation": rule.citation if rule else "",
        "use_limit": rule.use_limit if rule else _USE_LIMITS.get(step.rule, ""),
        "until": (result.until if result else None) or step.until,
    }


def _disclosed(case: Case) -> Mapping[str, Any] | None:
    if case.disclosed is None:
        return None
    return {"files": case.disclosed.files, "bytes": case.disclosed.bytes, "manifest": case.disclosed.manifest}
