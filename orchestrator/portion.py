"""A deletion of portions, at the person's wish: what is meant stays as planned, everything else is left. Pure.

Offered only beside the deletion of everything, which is the more prominent choice (11 CCR 7022(h)). A portion
is a category of the policy (A to K), a system, or "system/collection".
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from connectors.model import Action
from orchestrator.inventory import Collection as Held
from orchestrator.inventory import Inventory, nearest
from orchestrator.law import Purpose
from orchestrator.model import Right, Step

WISH = "wish"  # the rule of what is left because the person did not ask for it
_LEFT = "left at the person's wish: the request is for other portions only"
_CATEGORIES = frozenset("ABCDEFGHIJK")


def wrong(right: Right, only: Collection[str], inventory: Inventory) -> str:
    """Why these parts make no sense of such a request, in words; empty if they do."""
    if not only:
        return ""
    if right in (Right.OPT_OUT, Right.OPT_IN):
        known = {p.value for p in Purpose if p is not Purpose.SENSITIVE}
        return next((f"{o!r} is no purpose{nearest(o, known)}" for o in only if o not in known), "")
    if right is not Right.DELETE:
        return f"a request to {right} has no portions"
    for part in only:
        name, slash, collection = part.partition("/")
        if part in _CATEGORIES or (not slash and name in inventory.systems):
            continue
        if name not in inventory.systems:
            return f"{part!r} is neither a category (A to K) nor a system{nearest(name, inventory.systems)}"
        if collection not in (held := inventory.systems[name].collections):
            return f"{name} has no collection {collection!r}{nearest(collection, held)}"
    return ""


def limited(step: Step, held: Held | None, only: Collection[str], *, redacts: bool) -> Step:
    """What becomes of a step where only portions are to be deleted.

    `redacts`: whether the system can empty some fields of a row and keep the others; where it cannot, and
    only some are meant, a person does it.
    """
    place = f"{step.system}/{step.collection}"
    if not only or step.system in only or place in only or step.rule == "hold":
        return step
    wanted = set(only) & (_CATEGORIES if step.collection == "*" else set(step.categories))
    if wanted and step.collection == "*":  # searched by hand: what is there, nobody has seen
        return replace(step, note=f"only {', '.join(sorted(wanted))} at the person's wish: {step.note}")
    if not wanted or held is None:
        return replace(step, action=Action.RETAIN, rule=WISH, basis=_LEFT, until=None, keep=(), note="")
    present = step.fields or tuple(held.fields)  # what nobody has counted may all be there
    others = tuple(n for n in present if n in held.fields and held.fields[n].category not in wanted)
    if not others or step.action is Action.RETAIN:
        return step
    note = f"only {', '.join(sorted(wanted))} at the person's wish; {', '.join(others)} stay"
    if step.action is Action.MANUAL or not redacts:
        return replace(step, action=Action.MANUAL, note=f"do not delete the whole: {note}")
    keep = tuple(sorted({*step.keep, *others}))
    rule, basis = (step.rule, step.basis) if step.rule else (WISH, _LEFT)
    return replace(step, action=Action.REDACT, keep=keep, rule=rule, basis=basis, note=note)
