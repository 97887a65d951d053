"""What the connector says to people, and the scopes that SendGrid wants.

Scopes: https://www.twilio.com/docs/sendgrid/ui/account-and-settings/teammate-permissions. None is
documented for e-mail logs and verified senders: those are proven by the first search.
"""

from __future__ import annotations

from collections.abc import Mapping

from connectors.model import ObstacleKind
from connectors.sendgrid.search import CLAIMED, ELSEWHERE, OTHER
from connectors.sendgrid.settings import (
    ALERTS,
    BLOCKS,
    BOUNCES,
    CONTACTS,
    GROUPS,
    INVALID,
    INVITED,
    LEGACY,
    MESSAGES,
    REST,
    SENDERS,
    SPAM,
    SUBUSERS,
    SUPPRESSIONS,
    TEAMMATES,
    UNSUBSCRIBES,
    VERIFIED,
)

# Collection -> the scopes of which one is enough to search it.
SCOPES: Mapping[str, tuple[str, ...]] = {
    CONTACTS: ("marketing.read",),
    SENDERS: ("marketing.read",),
    LEGACY: ("marketing_campaigns.read",),
    MESSAGES: ("messages.read",),
    BOUNCES: ("suppression.bounces.read", "suppression.read"),
    BLOCKS: ("suppression.blocks.read", "suppression.read"),
    INVALID: ("suppression.invalid_emails.read", "suppression.read"),
    SPAM: ("suppression.spam_reports.read", "suppression.read"),
    UNSUBSCRIBES: ("asm.suppressions.global.read",),
    GROUPS: ("asm.groups.suppressions.read", "asm.groups.read"),
    TEAMMATES: ("teammates.read",),
    INVITED: ("teammates.read",),
    ALERTS: ("alerts.read",),
}

NO_ERASURE = (
    "the key may not ask for erasure (scope recipients.erasejob.create): ask SendGrid's support to enable the "
    "Recipients' Data Erasure API for the account, then plan again; or have support erase the addresses"
)
ENTANGLED = (
    "the person's address also stands in a contact that is not surely theirs, and whether an erasure reaches that "
    "contact is not documented: settle whose it is, then plan again"
)
UNASKABLE = (
    "an address of the person's holds a quote or a backslash, which the query language cannot carry: look for it "
    "in Email Activity and Email Logs in the web console"
)
BY_HAND: Mapping[str, str] = {
    TEAMMATES: "the person signs in to the account: an administrator removes the teammate in the web console",
    INVITED: "the person is invited to the account: an administrator withdraws the invitation, or it ends in 7 days",
    SUBUSERS: "the person is the contact of a subuser: change its address; deleting it would delete all of its data",
    SENDERS: "the person is a sender of campaigns: replace and delete the sender in the web console",
    VERIFIED: "the person is a verified sender: replace and delete it in the web console, or mail from it stops",
    ALERTS: "the person receives account alerts: change the recipient in the web console",
}
STANDINGS: Mapping[str, tuple[ObstacleKind, str]] = {
    CLAIMED: (
        ObstacleKind.CLAIMED,
        "found only by an alternate address, a telephone number or an anonymous id, which prove nothing",
    ),
    OTHER: (
        ObstacleKind.SEVERAL_PEOPLE,
        "the contact bears the person's address and another external id than the person's",
    ),
    ELSEWHERE: (
        ObstacleKind.SHARED,
        (
            "the contact bears the person's external id and an address that is not known to be theirs: if it is, "
            "confirm that address and plan again; if not, correct the number in the contact"
        ),
    ),
}
_STOPS_BLOCKING = "kept so that nobody is written to again: without it SendGrid delivers to the address"
NOTES: Mapping[str, str] = {
    REST: "mail data that no search of this plan shows: its erasure is accepted and cannot be proven",
    **dict.fromkeys(SUPPRESSIONS, _STOPS_BLOCKING),
}
