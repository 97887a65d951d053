"""Requests and systems that staff set aside for a while: nothing is begun, and nothing more is written.

What was done is kept. A paused system is not called at all, for reading neither; other systems go on.
"""

from __future__ import annotations

from orchestrator.errors import NotAllowedError, PausedError, UnknownError
from orchestrator.inventory import nearest
from orchestrator.journal import Journal


def paused(journal: Journal, request: str) -> str:
    """Why a request is paused; empty if it is not."""
    changes = [*journal.entries(request, "paused"), *journal.entries(request, "resumed")]
    last = max(changes, key=lambda change: change.seq, default=None)
    return str(last.payload.get("reason", "")) if last else ""


def paused_systems(journal: Journal) -> dict[str, str]:
    """system -> why it is paused."""
    changes = sorted([*journal.entries("", "paused"), *journal.entries("", "resumed")], key=lambda change: change.seq)
    found = {str(e.payload["system"]): str(e.payload.get("reason", "")) for e in changes}
    return {name: reason for name, reason in found.items() if reason}


def refuse_if_paused(journal: Journal, request: str, system: str = "") -> None:
    """PausedError if the request is paused, or the system is."""
    if why := paused(journal, request):
        raise PausedError(f"{request} is paused: {why}. Go on: dsr resume {request}")
    if system and (set_aside := paused_systems(journal).get(system)):
        raise PausedError(f"{system} is paused: {set_aside}. Go on: dsr resume --system {system}")


def pause(journal: Journal, by: str, request: str, systems: frozenset[str], system: str, reason: str) -> None:
    """Set a request aside, or a system for all requests. Also one that is being run stops before its next write."""
    if not reason.strip():
        raise NotAllowedError("say why: --reason")
    known(journal, request, systems, system)
    journal.append(request, "paused", by, {"system": system, "reason": reason.strip()})


def resume(journal: Journal, by: str, request: str, systems: frozenset[str], system: str) -> None:
    """Take a request, or a system, up again."""
    known(journal, request, systems, system)
    if not (paused_systems(journal).get(system) if system else paused(journal, request)):
        raise NotAllowedError(f"{system or request} is not paused")
    journal.append(request, "resumed", by, {"system": system})


def known(journal: Journal, request: str, systems: frozenset[str], system: str) -> None:
    """That exactly one is named, and exists. NotAllowedError or UnknownError if not."""
    if bool(request) == bool(system):
        raise NotAllowedError("name a request, or a system: --system")
    if system and system not in systems:
        raise UnknownError(f"the inventory has no system {system!r}{nearest(system, systems)}")
    if request:
        journal.request(request)
