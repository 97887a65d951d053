"""An opt-out goes along with the person: what the old address said no to, the new one is entered for.

Bounces, blocks and invalid addresses are about the old mailbox and stay with it. A complaint cannot be
entered by a call; whoever complained is globally unsubscribed.
https://www.twilio.com/docs/sendgrid/api-reference/suppressions-suppressions/add-suppressions-to-a-suppression-group
"""

from __future__ import annotations

from connectors.model import SystemSpec
from connectors.sendgrid.api import Account, Api
from connectors.sendgrid.settings import GROUPS, SPAM, UNSUBSCRIBES
from connectors.sendgrid.suppression_lists import SuppressionLists


class Carrying:
    """The opt-outs of one account, always read afresh."""

    def __init__(self, spec: SystemSpec, api: Api) -> None:
        self._spec = spec
        self._api = api
        self._lists = SuppressionLists(spec.system, api)

    def carried(self, old: str, new: str, account: Account) -> bool:
        """Whether the new address opted out of everything the old one did."""
        return self._said_no(old, account) <= self._said_no(new, account)

    def over(self, old: str, new: str, account: Account) -> bool:
        """Enter the new address wherever the old one opted out; whether it is seen there afterwards."""
        wanted, there = self._said_no(old, account), self._said_no(new, account)
        for group in sorted(wanted - there):
            path = ("asm", "groups", group, "suppressions") if group else ("asm", "suppressions", "global")
            self._spec.gate(GROUPS if group else UNSUBSCRIBES)
            body = {"recipient_emails": [new.casefold()]}
            self._api.post(*path, doing="carrying an opt-out over", account=account, body=body, accept=(200, 201))
        return wanted <= there or wanted <= self._said_no(new, account)

    def _said_no(self, email: str, account: Account) -> set[str]:
        """Ids of groups the address left; "" for all mail."""
        groups = {str(row["id"]) for row in self._lists.of(GROUPS, email.casefold(), account)}
        everything = any(True for name in (UNSUBSCRIBES, SPAM) for _ in self._lists.of(name, email.casefold(), account))
        return groups | ({""} if everything else set())
