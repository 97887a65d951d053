"""The shape of `exemptions` in the inventory, what speaks against one, and the value made of it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from orchestrator.inventory.exemption import Exemption
from orchestrator.inventory.problems import Place, Problems, nearest
from orchestrator.inventory.words import Date, Entry, Text

if TYPE_CHECKING:
    from orchestrator.inventory.schema import Document


class ExemptEntry(Entry):
    """A place that the inventory leaves out on purpose: SYSTEM, SYSTEM/COLLECTION or SYSTEM/COLLECTION.FIELD.

    The collection is called as the system calls it; a * stands for any characters. After `until` it counts no more.
    """

    what: Text
    reason: Text
    owner: Text | None = None  # who decides anew; the system's owner if left out
    until: Date | None = None


def frozen(entry: ExemptEntry) -> Exemption:
    return Exemption(
        entry.what, entry.reason, entry.owner or "", date.fromisoformat(entry.until) if entry.until else None
    )


def check(document: Document, problems: Problems) -> None:
    """Systems that do not exist, and collections that are described as well."""
    for i, exemption in enumerate(document.exemptions):
        at: Place = ("exemptions", i, "what")
        name, slash, rest = exemption.what.partition("/")
        if name not in document.systems:
            problems.add(at, f"there is no system {name!r}{nearest(name, document.systems)}")
        elif slash and rest in document.systems[name].collections:
            problems.add(at, "is exempted here and described under systems; keep one")
        if exemption.until and _no_day(exemption.until):
            problems.add(("exemptions", i, "until"), "there is no such day")


def _no_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return True
    return False
