"""Opting a person out of mail: the API knows it of contacts only, not of addresses.

So it does not outlive the contact; what keeps a later import from writing to the person is a list
of one's own. The vendor has one too, of those who unsubscribed by themselves
(https://help.benchmarkone.com/en/articles/5014602), which no call reads. Whether a change of
`subscribed` takes effect is not documented: only reading again counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from connectors.hatchbuck.api import HatchbuckApi, Row
from connectors.hatchbuck.search import Search
from connectors.hatchbuck.settings import CONTACTS
from connectors.model import Locator, Outcome, Status, SystemSpec

_NOT_KEPT = "the contact is still subscribed, whatever the vendor said: unsubscribe it on its page, and run again"


class OptOut:
    """The opt-out of one person, always read afresh."""

    def __init__(self, spec: SystemSpec, api: HatchbuckApi, search: Callable[[], Search]) -> None:
        self._spec = spec
        self._api = api
        self._afresh = search

    def suppress(self) -> Iterator[Outcome]:
        """One outcome, for the contacts that are surely the person's: the others are not touched."""
        at = Locator(self._spec.system, CONTACTS)
        search = self._afresh()
        open_ones = [row for row in search.alone if _is_written_to(search, row)]
        for row in open_ones:
            self._spec.gate(CONTACTS)
            self._api.change(row["contactId"], {"subscribed": False})
        if not open_ones:
            yield Outcome(at, Status.ABSENT, reason="no contact of the person's own is subscribed")
            return
        ids = {row["contactId"] for row in open_ones}
        again = self._afresh()
        kept = sum(row["contactId"] in ids and not _is_written_to(again, row) for row in again.contacts)
        if kept < len(open_ones):
            yield Outcome(at, Status.FAILED, kept, reason=_NOT_KEPT)
        else:
            yield Outcome(at, Status.DONE, kept)

    def suppressed(self) -> bool:
        """Whether nobody is written to: true as well when no contact bears an address of the person's."""
        search = self._afresh()
        return not any(_is_written_to(search, row) for row in search.contacts)


def _is_written_to(search: Search, row: Row) -> bool:
    return search.known(row) and row.get("subscribed") is not False
