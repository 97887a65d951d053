"""What stands in the way of a deletion, in words for those who do it by hand."""

from __future__ import annotations

from connectors.gmail.search import SHARED, UNPROVEN
from connectors.gmail.settings import ACCOUNTS, DRAFTS, GROUPS, SETTINGS, VAULT
from connectors.model import Obstacle, ObstacleKind

_TAKES_PART = (
    "other people take part in these mails or their conversation: in the mailbox, delete what is the person's alone, "
    "and settle the rest with those whose mail it is"
)
NAMED = Obstacle(
    ObstacleKind.SHARED,
    "mails between other people that name the person: look whether they are about them, and edit or delete by hand",
)
_BY_HAND = {
    DRAFTS: "an unsent draft: whoever owns the mailbox sends or discards it",
    SETTINGS: "a filter, signature, delegate or another setting names the person: whoever owns the mailbox changes it",
    GROUPS: "the person is a member of groups: an administrator removes them, and looks in the groups' own archives",
    ACCOUNTS: "the address stands in a user account of Workspace: an administrator settles it with the account",
    VAULT: (
        "deleted mail stays in Google Vault where a hold or a retention rule covers it: an administrator looks whether "
        "one does and until when"
    ),
}
CLOSED = Obstacle(
    ObstacleKind.BY_HAND,
    "mailboxes that cannot be searched, because their users are suspended or archived or Gmail is switched off for "
    "them: an administrator opens them up, or looks through them with Vault",
    opaque=True,
)
OBSTACLES = {
    SHARED: Obstacle(ObstacleKind.SHARED, _TAKES_PART),
    UNPROVEN: Obstacle(
        ObstacleKind.CLAIMED, "Gmail's search hit something that is not text here, such as an attachment: look inside"
    ),
}
UNLISTED = (
    "labels and filters are each member's own, and are not listed: what is filed under one is found in the mailbox all "
    "the same"
)
WITHHELD = "mail that other people take part in"


def by_hand(collection: str) -> Obstacle:
    """The obstacle of a collection that the API changes nothing in."""
    return Obstacle(ObstacleKind.BY_HAND, _BY_HAND[collection])
