"""Constant texts: what stands in the way of a record, and what a person does about it."""

from __future__ import annotations

from connectors.hatchbuck.search import OWN, SEVERAL, SHARED
from connectors.hatchbuck.settings import CAMPAIGNS, CONTACTS, LOG, PAGES
from connectors.model import ObstacleKind

# (collection, key of the locator) -> the obstacle
OBSTACLES: dict[tuple[str, str], tuple[ObstacleKind, str]] = {
    (CONTACTS, SHARED): (
        ObstacleKind.SHARED,
        (
            "the contact also bears an address that is not known to be the person's: confirm that identifier and plan "
            "again if it is, otherwise take the person out of the contact on its page"
        ),
    ),
    (CONTACTS, SEVERAL): (
        ObstacleKind.SEVERAL_PEOPLE,
        "contacts that bear the same address: see whose each is, and merge or correct them on their pages",
    ),
    (PAGES, OWN): (
        ObstacleKind.BY_HAND,
        (
            "no call deletes a contact: delete it on its page, with notes, tasks, deals, mail and files (once emptied "
            "it is named “erased”), then run again: a search by every address and by its id must find no contact"
        ),
    ),
    (LOG, OWN): (
        ObstacleKind.BY_HAND,
        (
            "the vendor logs each API request, with the address that was searched for, and keeps backups: ask its "
            "support how long, note the answer and when both are gone"
        ),
    ),
}
BY_HAND = "contacts are emptied; no call deletes one, and whether this key may change one is seen when it does"
NOTES = {
    CAMPAIGNS: "stops the campaigns",
    CONTACTS: "empties the contact, whose opt-out goes with its address: a list of one's own must keep it",
}
# What no call reads, as types that the person is told of.
UNREADABLE = {
    PAGES: ("deals", "e-mail history", "files", "form answers", "notes", "page visits", "purchases", "tasks"),
    LOG: ("vendor's log of API requests",),
}
UNLISTED = (
    "custom fields and tags: no call lists those of an account, only those that one contact has; its administrator "
    "compares them in the account's settings with the fields customFields and the collection tags of the inventory"
)
