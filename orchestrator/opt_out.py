"""Keeps a person from being written to again by whoever imports their address next.

Deleting a contact forgets its opt-out too. So before anything is deleted the person's addresses
are entered into a list of our own, which holds keyed hashes and no address, and into the opt-outs
of every vendor that mails and knows the person; afterwards each is read again. A missing one is a
failure. While a vendor's cannot be entered nothing is deleted at any system that mails, since
they copy contacts from one another; all others go on. Kept under Cal. Civ. Code 1798.105(c)(2)
and 16 CFR 316.5 (an opt-out does not lapse).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from connectors.errors import ConnectorError
from connectors.model import Outcome, Status, Subject
from connectors.protocol import Suppresses
from orchestrator.errors import HeldError, PausedError
from orchestrator.execute import Trouble
from orchestrator.law import Purpose
from orchestrator.model import Plan
from orchestrator.preferences import ENTRY, LISTED

MAILED = "email"  # the kind of identifier that mail is sent to


class OptOutLog(Protocol):
    """The part of the journal that this stage writes."""

    def append(self, request: str, kind: str, by: str, payload: Mapping[str, Any], key: str | None = None) -> Any: ...


def enter(
    plan: Plan, digest: str, subject: Subject, systems: Mapping[str, Suppresses],
    log: OptOutLog, by: str, tag: Callable[[str, str], str], *, partial: bool = False,
) -> tuple[Trouble, ...]:  # fmt: skip
    """Enter the person's addresses wherever the plan says; return what kept it from being done.

    `tag` is the keyed hash of an identifier. Our own list is always written, and first. `partial`: only portions
    are deleted, the person stays and may be written to. Safe to repeat: what is entered already stays so.
    """
    for value in subject.values(MAILED) if plan.changes and not partial else ():
        entered = tag(MAILED, value)
        entry = {"tag": entered, "purpose": Purpose.MARKETING}
        log.append("", LISTED, by, entry, tag(ENTRY, f"{plan.request}/{entered}"))
    troubles = []
    for name in plan.suppresses:
        if name not in systems:  # the plan may be years old
            gone = "opt-out not entered: the inventory has no such mailing system any more"
            troubles.append(Trouble(name, gone, changed=True))
            continue
        try:
            outcomes = list(systems[name].suppress(subject))
        except (ConnectorError, HeldError, PausedError) as error:
            troubles.append(Trouble(name, f"opt-out not entered: {error}", isinstance(error, HeldError)))
            continue
        if failed := [o.reason or "not entered" for o in outcomes if o.status is Status.FAILED]:
            troubles.append(Trouble(name, f"opt-out not entered: {'; '.join(sorted(set(failed)))}"))
        else:
            told = {"plan": digest, "system": name, "count": _entered(outcomes)}
            log.append(plan.request, "suppressed", by, told)
    return tuple(troubles)


def still_there(plan: Plan, subject: Subject, systems: Mapping[str, Suppresses]) -> tuple[tuple[str, bool], ...]:
    """(system, whether every address is still opted out there). One that cannot be read is not."""
    return tuple((name, _still(systems.get(name), subject)) for name in plan.suppresses)


def _entered(outcomes: Iterable[Outcome]) -> int:
    return sum(o.count for o in outcomes if o.status is Status.DONE)


def _still(system: Suppresses | None, subject: Subject) -> bool:
    try:
        return system is not None and system.suppressed(subject)
    except ConnectorError:
        return False
