"""When an erased person is looked for again: what an integration or an import made anew has no other sign. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from connectors.model import Action
from orchestrator.model import Confirmation, Coverage, Plan, Right

RECHECKS = (timedelta(days=1), timedelta(days=7), timedelta(days=30))  # after the first reading back
_ERASES = (Action.DELETE, Action.REDACT, Action.MANUAL)


def next_recheck(plan: Plan, confirmations: Iterable[Confirmation]) -> datetime | None:
    """The next look that is due on a plan that was carried out; None after the last, and where nobody was erased.

    A reading stands for every look that was due by then, unless a system did not answer it.
    """
    read = list(confirmations)
    if not read or plan.right is not Right.DELETE or not any(s.count and s.action in _ERASES for s in plan.steps):
        return None
    first = read[0].at
    whole = [c.at for c in read if all(s.coverage is not Coverage.UNREACHABLE for s in c.coverage)]
    last = max(whole, default=first)
    return next((first + after for after in RECHECKS if first + after > last), None)
