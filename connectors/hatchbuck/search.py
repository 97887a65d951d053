"""Everything of one person's in one account: every answer of the vendor's is matched again here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from functools import cached_property

from connectors.hatchbuck.api import HatchbuckApi, Row
from connectors.hatchbuck.profile import PERSONAL, addresses, bears, flat
from connectors.hatchbuck.settings import ADDRESSES, CAMPAIGNS, CONTACT_ID, CONTACTS, TAGS, Settings
from connectors.model import CollectionSpec, Redaction, Subject

# What a contact is to the person, as keys of locators.
OWN = ""
SHARED = "shared"  # bears an address as well that is not known to be theirs
SEVERAL = "several"  # another contact bears the same address
EMPTIED = "emptied"  # theirs, with nobody in it any more


class Search:
    """One search for one person. What is read is kept for as long as this object is."""

    def __init__(
        self,
        api: HatchbuckApi,
        settings: Settings,
        contacts: CollectionSpec,
        subject: Subject,
        also: Iterable[str] = (),
    ) -> None:
        """`also`: ids of contacts that are looked at whether or not the subject leads there."""
        self._api = api
        self._described = frozenset(f.name for f in contacts.fields)
        by_hand = {f.name for f in contacts.fields if f.redaction is Redaction.NONE}
        described = [f.name for f in contacts.fields if f.name not in by_hand]
        # The address is emptied last, so that a contact half done is found as before.
        self.fields = tuple(sorted({*described, *PERSONAL} - by_hand, key=lambda n: (n == ADDRESSES, n)))
        self.emails = _values(subject, settings.kinds(ADDRESSES))
        self.ids = (*_values(subject, settings.kinds(CONTACT_ID)), *also)
        self._mine = frozenset(_folded(email) for email in self.emails)

    @property
    def empty(self) -> bool:
        return not (self.emails or self.ids)

    @cached_property
    def contacts(self) -> tuple[Row, ...]:
        """Contacts that bear an address of the person's, or are known by id to be theirs.

        One search for each address: whether several in one are alternatives is not documented. An
        address is asked for as given and in small letters: whether the vendor minds the case is not
        documented either.
        """
        found: dict[str, Row] = {}
        for email in sorted({*self.emails, *map(_folded, self.emails)}):
            for contact in self._api.by_address(email):
                if self.known(contact):
                    found[contact["contactId"]] = contact
        for contact_id in sorted(set(self.ids) - set(found)):
            found |= {contact["contactId"]: contact for contact in self._api.by_id(contact_id)}
        return tuple(flat(found[contact_id], self._described) for contact_id in sorted(found))

    @cached_property
    def _bearers(self) -> Counter[str]:
        """Address of the person's -> how many contacts bear it."""
        return Counter(a for row in self.contacts for a in {_folded(a) for a in addresses(row)} if a in self._mine)

    def known(self, row: Row) -> bool:
        """Whether a contact bears an address of the person's."""
        return any(_folded(a) in self._mine for a in addresses(row))

    def unknown(self, row: Row) -> list[str]:
        """The addresses of a contact that are not known to be the person's."""
        return sorted({_folded(a) for a in addresses(row)} - self._mine)

    def standing(self, row: Row) -> str:
        """What a contact is to the person."""
        if any(self._bearers[_folded(a)] > 1 for a in addresses(row)):
            return SEVERAL
        if self.unknown(row):
            return SHARED
        return OWN if any(bears(row, name) for name in self.fields) else EMPTIED

    def of(self, *standings: str) -> list[Row]:
        return [row for row in self.contacts if self.standing(row) in standings]

    @property
    def alone(self) -> list[Row]:
        """Contacts that are the person's and nobody else's."""
        return self.of(OWN, EMPTIED)

    def rows(self, collection: str, key: str) -> list[Row]:
        """What a locator points at. Tags and campaigns stand in the profile they hang on."""
        if collection == CONTACTS:
            return self.of(key)
        if collection in (TAGS, CAMPAIGNS):
            return [held for row in self.alone for held in held_by(row, collection)]
        return self.alone


def held_by(row: Row, collection: str) -> list[Row]:
    """Each tag or campaign of a contact once: the vendor was seen to list a campaign twice."""
    held = row.get(collection)
    found = {str(h["name"]): h for h in held if isinstance(h, dict) and h.get("name")} if isinstance(held, list) else {}
    return [found[name] for name in sorted(found)]


def _values(subject: Subject, kinds: Collection[str]) -> tuple[str, ...]:
    return tuple(sorted({v.strip() for kind in kinds for v in subject.values(kind)} - {""}))


def _folded(address: str) -> str:
    return address.strip().casefold()
