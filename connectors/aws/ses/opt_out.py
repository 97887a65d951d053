"""Keeping a person from being written to: entered into suppression lists, and read back.

https://docs.aws.amazon.com/ses/latest/dg/sending-email-suppression-list.html: SES suppresses only for
reasons that account or tenant is set to; an entry under another reason does not stop it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from connectors.aws.ses.api import Api, Scope
from connectors.aws.ses.search import Search
from connectors.aws.ses.settings import SUPPRESSED
from connectors.model import Gate, Locator, Outcome, Status

_REASONS = ("COMPLAINT", "BOUNCE")  # in order of preference
NO_REASON = "suppresses for no reason at all: set its suppressed reasons first (BOUNCE and COMPLAINT)"
_NOT_KEPT = "SES said yes, and reading again does not show the address on the list"


@dataclass(frozen=True, slots=True)
class OptOut:
    """The suppression lists in use, and one person's addresses on them."""

    system: str
    api: Api
    search: Search
    gate: Gate

    def suppress(self) -> Iterator[Outcome]:
        """One outcome per list in use: DONE for what was entered and read back, ABSENT where all stood there."""
        for scope in self._scopes() if self.search.emails else ():
            at = Locator(self.system, SUPPRESSED, scope.tenant)
            missing = self._missing(scope)
            if not missing:
                yield Outcome(at, Status.ABSENT, reason="suppressed before")
                continue
            reason = next((r for r in _REASONS if r in scope.reasons), None)
            if reason is None:
                yield Outcome(at, Status.FAILED, reason=NO_REASON)
                continue
            for email in missing:
                self.gate(SUPPRESSED)
                self.api.write(
                    "PutSuppressedDestination", "put_suppressed_destination",
                    EmailAddress=email, Reason=reason, **scope.named,
                )  # fmt: skip
            kept = len(missing) - len(self._missing(scope))
            if kept < len(missing):
                yield Outcome(at, Status.FAILED, kept, reason=_NOT_KEPT)
            else:
                yield Outcome(at, Status.DONE, kept)

    def suppressed(self) -> bool:
        """Whether it holds for every address on every list in use; without an address it does not."""
        return bool(self.search.emails) and not any(self._missing(scope) for scope in self._scopes())

    def _scopes(self) -> list[Scope]:
        return [*(s for s in self.search.scopes if s.tenant and s.active), self.api.account()]

    def _missing(self, scope: Scope) -> list[str]:
        """Addresses that the list does not stop, in any casing."""
        listed = self.api.suppressed(scope)
        stopped = {str(row["EmailAddress"]).casefold() for row in listed if row.get("Reason") in scope.reasons}
        return [email for email in self.search.emails if email.casefold() not in stopped]
