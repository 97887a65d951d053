"""The vendors that the policy lists beside those that the inventory names. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from orchestrator.inventory import Inventory
from orchestrator.inventory.flows import Recipient
from orchestrator.policy.sight import Hit, Sight

_RENAMED = re.compile(r"\(now ([^)]+)\)")


def key(name: str) -> str:
    """A name without what stands in brackets, in small letters and digits."""
    return " ".join(re.findall(r"[a-z0-9]+", re.sub(r"\(.*?\)", " ", name).lower()))


def fits(entry: str, recipient: Recipient) -> bool:
    """Whether an entry of the policy's list is about this recipient."""
    whole = " ".join(re.findall(r"[a-z0-9]+", recipient.title.lower()))
    known = {key(recipient.title), key(recipient.id), whole, *(key(n) for n in _RENAMED.findall(recipient.title))}
    return key(entry) in known


def named(entry: str, inventory: Inventory) -> Recipient | None:
    """The recipient that an entry of the policy's list is about."""
    return next((r for r in inventory.recipients if fits(entry, r)), None)


def described(recipient: Recipient) -> str:
    """ "Payment processor (service provider)"."""
    categories = dict.fromkeys(flow.category for flow in recipient.flows)
    return f"{' and '.join(categories)} ({recipient.counts_as.replace('_', ' ')})"


def drift(sight: Sight) -> Iterator[Hit]:
    """Recipients that the policy does not list, entries that are no recipient, and vendors with a new name."""
    listed, inventory = sight.text.third_parties, sight.inventory
    at = sight.text.listing
    for recipient in inventory.recipients:
        mine = next((e for e in listed if fits(e.words, recipient)), None)
        if mine is None:
            where = ", ".join(what for flow in recipient.flows for what in flow.what)
            says = f"{recipient.title} gets data ({where}) and is not listed"
            yield Hit(at.line if at else None, at.words if at else "", says)
        elif (new := _RENAMED.search(recipient.title)) and key(new[1]) != key(mine.words):
            yield Hit(mine.line, mine.words, f"is called {new[1]} now")
    categories = {key(flow.category) for r in inventory.recipients for flow in r.flows}
    for entry in listed:
        if not named(entry.words, inventory) and key(entry.words) not in categories:
            yield Hit(entry.line, entry.words, "is listed, and no recipient of the inventory")
