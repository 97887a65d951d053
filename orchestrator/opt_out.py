"""Keeps a person from being written to again by whoever imports their address next.

Deleting a contact forgets its opt-out too. So before anything is deleted the person's addresses
are entered into a list of our own, which holds keyed hashes and no address, and into the opt-outs
of every vendor that mails and knows the person; afterwards each is read again. A missing one is a
failure. While a vendor's cannot be entered nothing is deleted at any system that mails, since
they copy contacts from one another; all others go on. Kept under Cal. Civ. Code 1798.105(c)(2)
and 16 CFR 316.5 (an opt-out does not lapse).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from connectors.errors import ConnectorError
from connectors.model import Status, Subject
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
    with ThreadPoolExecutor(max_workers=max(1, len(plan.suppresses))) as vendors:
        asked = [vendors.submit(_opted_out, name, systems.get(name), subject) for name in plan.suppresses]
    troubles = []
    for name, answer in zip(plan.suppresses, asked, strict=True):  # journalled in the plan's order
        entered_there = answer.result()
        if isinstance(entered_there, Trouble):
            troubles.append(entered_there)
        else:
            told = {"plan": digest, "system": name, "count": entered_there}
            log.append(plan.request, "suppressed", by, told)
    return tuple(troubles)


def still_there(plan: Plan, subject: Subject, systems: Mapping[str, Suppresses]) -> tuple[tuple[str, bool], ...]:
    """(system, whether every address is still opted out there). One that cannot be read is not."""
    with ThreadPoolExecutor(max_workers=max(1, len(plan.suppresses))) as vendors:
        kept = vendors.map(lambda name: _still(systems.get(name), subject), plan.suppresses)
        return tuple(zip(plan.suppresses, kept, strict=True))


def _opted_out(name: str, system: Suppresses | None, subject: Subject) -> int | Trouble:
    """Enter the addresses at one vendor: how many were entered, or what kept it from that."""
    if system is None:  # the plan may be years old
        return Trouble(name, "opt-out not entered: the inventory has no such mailing system any more", changed=True)
    try:
        outcomes = list(system.suppress(subject))
    except (ConnectorError, HeldError, PausedError) as error:
        return Trouble(name, f"opt-out not entered: {error}", isinstance(error, HeldError))
    if failed := [o.reason or "not entered" for o in outcomes if o.status is Status.FAILED]:
        return Trouble(name, f"opt-out not entered: {'; '.join(sorted(set(failed)))}")
    return sum(o.count for o in outcomes if o.status is Status.DONE)


def _still(system: Suppresses | None, subject: Subject) -> bool:
    try:
        return system is not None and system.suppressed(subject)
    except ConnectorError:
        return False
