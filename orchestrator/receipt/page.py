"""A receipt for people: one page without scripts or anything from elsewhere, in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from connectors.model import Action
from orchestrator.model import Coverage, Right
from orchestrator.receipt.settle import Fulfilment, Standing

_OUTCOMES = {
    Fulfilment.COMPLETE: (
        "Done",
        "Everything that was found has been dealt with, and a fresh search confirmed what systems can show.",
    ),
    Fulfilment.COMPLETE_WITH_RETENTION: (
        "Done, with exceptions",
        "What was found has been dealt with, except for what the law lets or makes us keep. It is listed below.",
    ),
    Fulfilment.ACCEPTED_PENDING: (
        "Accepted, not finished",
        "Nothing failed, but some of it has not been shown to be gone yet. It is listed below with its dates.",
    ),
    Fulfilment.OPEN: ("Not finished", "Some of it still has to be done. It is listed below."),
    Fulfilment.NOTHING_FOUND: ("Nothing found", "Every system was searched to its end, and nothing was found."),
    Fulfilment.NOTHING_FOUND_IN_SEARCHED: (
        "Nothing found where we could search",
        "Nothing was found in the systems that were searched. Those that were not are listed below.",
    ),
}
_STANDINGS = {
    Standing.GONE: "a fresh search no longer finds it",
    Standing.NOT_PROVABLE: "done; the system has no search that could prove it",
    Standing.RETAINED: "kept under an exception",
    Standing.ATTESTED: "done by hand; attested, not verified",
    Standing.LEFT: "left at the person’s wish",
    Standing.HONOURED: "honoured, and read back",
    Standing.CORRECTED: "corrected; a fresh reading shows the right value",
    Standing.IN_PLACE: "was right already",
    Standing.UNCORRECTED: "left as it is",
    Standing.DISCLOSED: "handed over",
    Standing.UNCONFIRMED: "done; a fresh search is still due",
    Standing.ACCEPTED: "accepted by the vendor, who does it later",
    Standing.STILL_THERE: "a fresh search still finds it",
    Standing.NO_END: "kept, and nobody has said until when",
    Standing.BY_HAND: "to be done by hand",
    Standing.FAILED: "failed",
    Standing.NOT_ATTEMPTED: "not attempted",
}
_CORRECTIONS = {
    Fulfilment.COMPLETE: (
        "Done",
        "What was contested is right wherever it was found; a fresh reading shows it. What was left is listed below.",
    ),
    Fulfilment.COMPLETE_WITH_RETENTION: (
        "Done, except for what a legal hold keeps",
        "What was contested is right, except for what must stay as it is for now. It is listed below.",
    ),
    Fulfilment.ACCEPTED_PENDING: (
        "Accepted, not finished",
        "Nothing failed, but some of it does not show yet. It is listed below with its dates.",
    ),
    Fulfilment.NOTHING_FOUND: ("Nothing to correct", "Every system that may hold it was searched, and none does."),
    Fulfilment.NOTHING_FOUND_IN_SEARCHED: (
        "Nothing to correct where we could search",
        "It stands in none of the systems that were searched. Those that were not are listed below.",
    ),
}
_DECISIONS = {
    "corrected": "put right",
    "deleted_instead": "deleted instead (11 CCR 7023(e))",
    "refused": "left as it is",
}
_GROUNDS = {
    "more_likely_accurate": "more likely than not accurate (11 CCR 7023(b))",
    "impossible_or_disproportionate": "impossible, or out of proportion (11 CCR 7023(f))",
}
_ACTIONS = {
    Action.DELETE: "Delete",
    Action.REDACT: "Remove the person",
    Action.CORRECT: "Correct",
    Action.RETAIN: "Keep",
    Action.MANUAL: "By hand",
}
_COVERAGES = {
    Coverage.SEARCHED: "searched to its end",
    Coverage.NOT_SEARCHABLE: "not searchable with what we know",
    Coverage.UNREACHABLE: "could not be reached",
    Coverage.MANUAL_OPEN: "to be searched by hand",
}
_RIGHTS = {
    Right.DELETE: "Deletion of personal data",
    Right.ACCESS: "Access to personal data",
    Right.CORRECT: "Correction of personal data",
    Right.KNOW: "Categories of personal data",
    Right.OPT_OUT: "Opt-out of sale and sharing",
    Right.OPT_IN: "Opt-in after an opt-out",
    Right.LIMIT: "Limited use of sensitive data",
    Right.SHINE_THE_LIGHT: "Disclosures for direct marketing",
}
_CHOICES = {
    Fulfilment.COMPLETE: ("Done", "What was asked is in force. It is listed below."),
    Fulfilment.OPEN: ("Not finished", "What people still have to do for it is listed below."),
}
_NO_APPROVAL = "Such a request waits for no approval: it is carried out at once."
_LEVELS = {"reasonable": "to a reasonable degree", "reasonably_high": "to a reasonably high degree"}
_REGIMES = {
    "ccpa": "California Consumer Privacy Act",
    "gdpr": "General Data Protection Regulation",
    "va": "Virginia Consumer Data Protection Act",
    "co": "Colorado Privacy Act",
    "ct": "Connecticut Data Privacy Act",
    "tx": "Texas Data Privacy and Security Act",
}
_ANSWERS = {
    "none": "has not answered yet",
    "accepted": "has accepted",
    "deleted": "says it has deleted",
    "corrected": "says it has corrected",
    "nothing_held": "says it holds nothing",
    "refused": "has refused",
}
_ROLES = {"business": "for ourselves", "service_provider": "for a customer organisation"}


def html(payload: Mapping[str, Any], envelope_sha: str) -> str:
    """The page of one receipt. `envelope_sha` is the hash of its file, in hexadecimal."""
    outcome = Fulfilment(payload["outcome"])
    right = Right(payload["right"])
    correction = right is Right.CORRECT
    words = _CORRECTIONS if correction else _OUTCOMES if right.reaches_data else _CHOICES
    headline, explained = words.get(outcome, _OUTCOMES[outcome])
    standings = [Standing(s["standing"]) for s in payload["steps"]]
    waiting = [s for s, standing in zip(payload["steps"], standings, strict=True) if standing.open or standing.pending]
    return _template().render(
        receipt=payload,
        sha=envelope_sha.removeprefix("sha256:"),
        tone=_tone(outcome),
        headline=headline,
        explained=explained,
        systems=_systems(payload),
        waiting=waiting,
        unsearched=[r for r in payload["not_searched"] if not _covered_by_step(r, waiting)],
        unproven=[s for s in payload["steps"] if s["standing"] == Standing.NOT_PROVABLE],
        found=sum(s["planned"] for s in payload["steps"]),
        access=right in (Right.ACCESS, Right.KNOW, Right.SHINE_THE_LIGHT),
        choice=not right.reaches_data,
        correction=correction,
        emptied={c["attribute"] for c in payload.get("contested", ()) if c["decision"] == "deleted_instead"},
        titles={c["attribute"]: c["title"] for c in payload.get("contested", ())},
        decided=_decided(payload) if right.reaches_data else _NO_APPROVAL,
    )


def _tone(outcome: Fulfilment) -> str:
    if outcome is Fulfilment.OPEN:
        return "open"
    return "done" if outcome.final else "pending"


def _decided(payload: Mapping[str, Any]) -> str:
    """How many eyes saw the plan: read from the decisions, not from the setting."""
    approvers = {a["by"] for a in payload["approval"]["approvals"]}
    if not approvers:
        return "Nobody has approved the plan yet."
    if approvers - {payload["plan"]["made_by"]}:
        return "One person made the plan and another approved it."
    return "One person made the plan and approved it. There was no second pair of eyes."


def _systems(payload: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each system with its steps, in the order of the coverage list."""
    rows = []
    for system in payload["systems"]:
        mine = [s for s in payload["steps"] if s["system"] == system["system"]]
        tone, tag = _tag(system, [Standing(s["standing"]) for s in mine])
        rows.append({**system, "steps": mine, "tone": tone, "tag": tag})
    return rows


def _tag(system: Mapping[str, Any], standings: Sequence[Standing]) -> tuple[str, str]:
    if not system["settled"] or any(s.open for s in standings):
        return "open", "open"
    if any(s.pending for s in standings):
        return "pending", "waiting"
    return ("unknown", "not searched") if system["coverage"] == Coverage.NOT_SEARCHABLE else ("done", "settled")


def _covered_by_step(row: Mapping[str, Any], waiting: Sequence[Mapping[str, Any]]) -> bool:
    """A system searched by hand has an open step of its own, which says the same."""
    return any(s["system"] == row["system"] and s["collection"] == "*" for s in waiting)


def _day(value: str | None) -> str:
    return f"{datetime.fromisoformat(value):%d %B %Y}".lstrip("0") if value else "not yet"


def _moment(value: str | None) -> str:
    return f"{_day(value)}, {datetime.fromisoformat(value):%H:%M} UTC" if value else "not yet"


def _words(table: Mapping[Any, str]) -> Any:
    return lambda value: table.get(value, str(value).replace("_", " "))


def _breakable(name: str) -> Markup:
    """A long name that may break after its underscores and points."""
    return Markup("_<wbr>").join(Markup(".<wbr>").join(part.split(".")) for part in name.split("_"))


def _place(step: Mapping[str, Any]) -> str:
    return str(step["system"]) if step["collection"] == "*" else f"{step['system']} / {step['collection']}"


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("orchestrator", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "day": _day,
        "moment": _moment,
        "place": _place,
        "action": _words(_ACTIONS),
        "answer": _words(_ANSWERS),
        "breakable": _breakable,
        "coverage": _words(_COVERAGES),
        "decision": _words(_DECISIONS),
        "ground": _words(_GROUNDS),
        "level": _words(_LEVELS),
        "plainly": _words({}),
        "regime": _words(_REGIMES),
        "right": _words(_RIGHTS),
        "role": _words(_ROLES),
        "standing": _words(_STANDINGS),
        "count": lambda n: "–" if n is None else f"{n:,}",
    }
    return environment.get_template("receipt.html")
