"""Opting a person out of mail: the API knows it of contacts only, not of addresses.

The vendor has a suppression list of its own for those who unsubscribed by themselves
(https://help.benchmarkone.com/en/articles/5014602); no call reads it. Whether a change of
`subscribed` takes effect is not documented, so only reading again counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from connectors.hatchbuck.api import HatchbuckApi
from connectors.hatchbuck.profile import addresses
from connectors.hatchbuck.search import SEVERAL, SHARED, Search
from connectors.hatchbuck.settings import CONTACTS
from connectors.model import Locator, Outcome, Status, SystemSpec

_NOT_KEPT = "the vendor said yes or refused, and the contact is still subscribed: unsubscribe it on its page"
_OTHERS = "the address is in a contact that may be somebody else's as well: see whose it is, and unsubscribe it by hand"


class OptOut:
    """The opt-out of one person, always read afresh."""

    def __init__(self, spec: SystemSpec, api: HatchbuckApi, search: Callable[[], Search]) -> None:
        self._spec = spec
        self._api = api
        self._afresh = search

    def suppress(self) -> Iterator[Outcome]:
        """One outcome for the person's own contacts, and FAILED for those that may be others' too."""
        search = self._afresh()
        at = Locator(self._spec.system, CONTACTS)
        open_ones = [r for r in search.alone if addresses(r) and r.get("subscribed") is not False]
        for row in open_ones:
            self._spec.gate(CONTACTS)
            self._api.change(row["contactId"], {"subscribed": False})
        if open_ones:
            ids = {row["contactId"] for row in open_ones}
            kept = sum(r["contactId"] in ids and r.get("subscribed") is False for r in self._afresh().contacts)
            done = kept == len(open_ones)
            yield Outcome(at, Status.DONE if done else Status.FAILED, kept, reason="" if done else _NOT_KEPT)
        else:
            yield Outcome(at, Status.ABSENT, reason="no contact of the person's own is subscribed")
        if others := [r for r in search.of(SHARED, SEVERAL) if r.get("subscribed") is not False]:
            yield Outcome(Locator(self._spec.system, CONTACTS, SHARED), Status.FAILED, len(others), reason=_OTHERS)

    def suppressed(self) -> bool:
        """Whether every address stands in contacts that are all unsubscribed; without one it does not."""
        search = self._afresh()
        said = {
            email: [r.get("subscribed") is False for r in search.contacts if email in _folded(addresses(r))]
            for email in _folded(search.emails)
        }
        return bool(said) and all(answers and all(answers) for answers in said.values())


def _folded(emails: list[str] | tuple[str, ...]) -> set[str]:
    return {email.strip().casefold() for email in emails}
