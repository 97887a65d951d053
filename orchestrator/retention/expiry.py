"""What a past request kept until a date, and a person approved in advance to let go then.

When an exception ends the request is planned anew: holds, disputes, other exceptions and what came since are decided
as ever, and the guard looks at it. The new plan counts as approved only if every change in it is about rows that an
ended exception kept, or about what was emptied on their account, and the exception's standing approval covers them.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from connectors.model import Action
from orchestrator import canonical
from orchestrator.inventory import Inventory
from orchestrator.model import Plan, Signed, Step
from orchestrator.retention import standing
from orchestrator.retention.standing import Standing
from orchestrator.staff import SINGLE, genuine

if TYPE_CHECKING:
    from orchestrator.service import Planned, Service

SCOPE = "expiry:"
_PURPOSE = "standing:"
_CHANGES = (Action.DELETE, Action.REDACT)


def bound(inventory: Inventory, rule_id: str) -> str:
    """Digest of a rule and of the collections that it covers; empty if there is no such rule."""
    for rule in (r for r in inventory.rules if r.id == rule_id):
        places = (place.partition("/") for place in rule.collections)
        entries = {
            f"{system}/{name}": inventory.systems[system].collections[name].spec
            for system, _, name in places if system in inventory.systems
        }  # fmt: skip
        return canonical.digest({"rule": rule, "entries": entries})
    return ""


def approve(service: Service, request: str) -> tuple[str, ...]:
    """Approve the latest plan of a request on the strength of approvals in advance; their ids, or none."""
    planned = service.show_plan(request)
    covering = _covering(service, planned)
    if not covering:
        return ()
    ids = tuple(sorted({s.id for s in covering}))
    first = min(covering, key=lambda s: s.id)
    reason = f"approved in advance by {', '.join(ids)}"
    signed = Signed(_PURPOSE + ",".join(ids), planned.digest, first.decision.by, service.now(), reason)
    service.journal.append(request, "approved", service.actor.id, canonical.plain(signed))
    return ids


def holds_good(service: Service, planned: Planned, decision: Signed, *, at_any_age: bool) -> bool:
    """Whether a decision stands on approvals in advance: in force before it is acted on, genuine ever after."""
    if not decision.purpose.startswith(_PURPOSE) or decision.signature:
        return False
    ids = set(decision.purpose.removeprefix(_PURPOSE).split(","))
    if not at_any_age:
        return ids == {s.id for s in _covering(service, planned)}
    made = [canonical.decode(Standing, dict(e.payload)) for e in service.journal.entries(kind="standing_approved")]
    named = [s for s in made if s.id in ids]
    return len(named) == len(ids) and all(genuine(service.inventory, s.decision) for s in named)


def _covering(service: Service, planned: Planned) -> list[Standing]:
    """The approvals in advance that cover all of a plan; none if something in it is not covered."""
    before = _carried_out(service, planned)
    changing = [s for s in planned.plan.steps if s.action in _CHANGES]
    if before is None or planned.open or not changing:
        return []
    rows, found = Counter[str](), dict[str, Standing]()
    for step in changing:
        rules = _ended(service, before, step)
        if rules is None:
            return []
        rows.update(dict.fromkeys(rules, step.count))
    for rule in rows:
        ahead = standing.of_scope(service.journal, SCOPE + rule)
        known = bound(service.inventory, rule)
        if ahead is None or ahead.void(service.inventory, known, service.now()) or rows[rule] > ahead.limit:
            return []
        if service.inventory.approval != SINGLE and ahead.decision.by == planned.plan.made_by:
            return []
        found[rule] = ahead
    return list(found.values())


def _carried_out(service: Service, planned: Planned) -> Plan | None:
    """The last plan before this one that was acted on."""
    for entry in reversed(list(service.journal.entries(planned.plan.request, "planned"))):
        digest = str(entry.payload["digest"])
        if digest != planned.digest and service.journal.outcomes(digest):
            return service.journal.plan(digest)
    return None


def _ended(service: Service, before: Plan, step: Step) -> frozenset[str] | None:
    """The exceptions that kept these rows and have ended; none of what was emptied before; None if it is neither.

    No more and no younger rows than were there then: what came since is a person's to decide.
    """
    rules, now = {r.id for r in service.inventory.rules}, service.now()
    there = [s for s in before.steps if (s.system, s.collection) == (step.system, step.collection)]
    ended = [s for s in there if s.rule in rules and s.until and s.until <= now]
    emptied = [s for s in there if s.action is Action.REDACT and not s.rule]
    if step.count > sum(s.count for s in (*ended, *emptied)):
        return None
    newest = max((s.newest for s in (*ended, *emptied) if s.newest), default=None)
    if step.newest and (newest is None or step.newest > newest):
        return None
    if not ended and step.fields:
        return None
    return frozenset(s.rule for s in ended)
