"""SendGrid's six lists of addresses that are not written to, each asked for one exact address.

The lists' own filter `email` is not used: it matches beginnings, and % anything.
https://www.twilio.com/docs/sendgrid/api-reference/bounces-api/retrieve-all-bounces
"""

from __future__ import annotations

from collections.abc import Iterator

from connectors.errors import TransientError
from connectors.sendgrid.api import Account, Api, Row
from connectors.sendgrid.settings import BLOCKS, BOUNCES, GROUPS, INVALID, SPAM, UNSUBSCRIBES

_NAMES = {BOUNCES: "bounces", BLOCKS: "blocks", INVALID: "invalid_emails", SPAM: "spam_reports"}
_DOING = "reading suppressions"


class SuppressionLists:
    """What the lists say now: every call asks again."""

    def __init__(self, system: str, api: Api) -> None:
        self._system = system
        self._api = api

    def of(self, collection: str, email: str, account: Account) -> Iterator[Row]:
        """The entries of one list for exactly this address."""
        if collection == UNSUBSCRIBES:
            rows = self._globally(email, account)
        elif collection == GROUPS:
            rows = self._groups(email, account)
        else:
            _, answer = self._api.get("suppression", _NAMES[collection], email, doing=_DOING, account=account)
            rows = self._api.listed(answer, _DOING)
        yield from (r for r in rows if str(r.get("email", "")).strip().casefold() == email.casefold())

    def _globally(self, email: str, account: Account) -> list[Row]:
        _, answer = self._api.get("asm", "suppressions", "global", email, doing=_DOING, account=account)
        if not isinstance(answer, dict):
            raise TransientError(self._system, f"{_DOING}: the answer is not one")
        said = str(answer.get("recipient_email") or "")
        return [{"email": said.casefold()}] if said else []

    def _groups(self, email: str, account: Account) -> list[Row]:
        """Every group is listed, whether the address is in it or not."""
        _, answer = self._api.get("asm", "suppressions", email, doing=_DOING, account=account)
        groups = self._api.listed(answer.get("suppressions") if isinstance(answer, dict) else None, _DOING)
        return [{**group, "email": email.casefold()} for group in groups if group.get("suppressed")]


def path_of(collection: str, row: Row) -> tuple[str, ...]:
    """The path of one entry, by which it is deleted and nothing else."""
    email = str(row["email"])
    if collection == UNSUBSCRIBES:
        return ("asm", "suppressions", "global", email)
    if collection == GROUPS:
        return ("asm", "groups", str(row["id"]), "suppressions", email)
    return ("suppression", _NAMES[collection], email)
