"""People with a part in the account itself: whole lists, in which the person is looked for here.

https://www.twilio.com/docs/sendgrid/api-reference/teammates/retrieve-all-teammates and the pages
of verified senders, senders and alerts.
"""

from __future__ import annotations

from connectors.sendgrid.api import Account, Api, Row
from connectors.sendgrid.settings import ALERTS, INVITED, SENDERS, SUBUSERS, TEAMMATES, VERIFIED

_WHOLE = {INVITED: ("teammates", "pending"), SENDERS: ("marketing", "senders"), ALERTS: ("alerts",)}
_PAGED = {TEAMMATES: ("teammates",), SUBUSERS: ("subusers",), VERIFIED: ("verified_senders",)}


def people(api: Api, collection: str, account: Account) -> list[Row]:
    """Everybody of one list."""
    if collection in _PAGED:
        path = _PAGED[collection]
        return api.rows(*path, doing=f"listing {collection}", account=account, by_id=collection == VERIFIED)
    doing = f"listing {collection}"
    return api.listed(api.get(*_WHOLE[collection], doing=doing, account=account)[1], doing)


def addresses_of(collection: str, row: Row) -> list[object]:
    """Every field of a row in which an address stands."""
    if collection == SENDERS:
        ways = [row.get("from"), row.get("reply_to")]
        return [way.get("email") for way in ways if isinstance(way, dict)]
    if collection == VERIFIED:
        return [row.get("from_email"), row.get("reply_to")]
    return [row.get("email_to" if collection == ALERTS else "email")]
