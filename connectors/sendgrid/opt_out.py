"""Opt-outs: what keeps a person from being written to again, entered, read and compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from connectors.model import Locator, Outcome, Status, SystemSpec
from connectors.sendgrid.api import Account, Api
from connectors.sendgrid.search import Search
from connectors.sendgrid.settings import OPT_OUTS, UNSUBSCRIBES
from connectors.sendgrid.suppression_lists import SuppressionLists

_NOT_KEPT = "the vendor said yes, and reading again does not show the address among the global unsubscribes"


class OptOut:
    """The global unsubscribes and the other opt-outs of one person, always read afresh."""

    def __init__(self, spec: SystemSpec, api: Api, search: Search) -> None:
        self._spec = spec
        self._api = api
        self._search = search
        self._lists = SuppressionLists(spec.system, api)

    def suppress(self) -> Iterator[Outcome]:
        """One outcome per account: DONE for what was entered and read back, ABSENT where nothing was to do.

        https://www.twilio.com/docs/sendgrid/api-reference/suppressions-global-suppressions
        """
        emails = [email.casefold() for email in self._search.emails]
        for account in self._search.accounts if emails else ():
            at = Locator(self._spec.system, UNSUBSCRIBES, account.name)
            open_ones = [email for email in emails if not self.holds(email, account)]
            if not open_ones:
                yield Outcome(at, Status.ABSENT, reason="unsubscribed before")
                continue
            self._spec.gate(UNSUBSCRIBES)
            self._api.post(
                "asm", "suppressions", "global",
                doing="unsubscribing", account=account, body={"recipient_emails": open_ones}, accept=(200, 201),
            )  # fmt: skip
            kept = sum(self.holds(email, account) for email in open_ones)
            if kept < len(open_ones):
                yield Outcome(at, Status.FAILED, kept, reason=_NOT_KEPT)
            else:
                yield Outcome(at, Status.DONE, kept)

    def suppressed(self) -> bool:
        """Whether it holds for every address in every account; without an address it does not."""
        emails = self._search.emails
        return bool(emails) and all(self.holds(e, account) for account in self._search.accounts for e in emails)

    def holds(self, email: str, account: Account) -> bool:
        return any(True for _ in self._lists.of(UNSUBSCRIBES, email.casefold(), account))

    def snapshot(self, emails: Iterable[str], account: Account, without: Iterable[str]) -> frozenset[tuple[str, ...]]:
        """Every opt-out of these addresses in one account, but for collections that are to be deleted."""
        wanted = [name for name in OPT_OUTS if name not in set(without)]
        return frozenset(
            (name, email, str(row.get("id", "")))
            for name in wanted
            for email in emails
            for row in self._lists.of(name, email, account)
        )
