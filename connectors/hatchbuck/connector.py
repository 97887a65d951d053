"""The connector: what is located, exported and emptied, and what only a person can do."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence

from connectors.errors import ConfigError
from connectors.hatchbuck.api import HatchbuckApi, Row
from connectors.hatchbuck.correct import Corrector, held
from connectors.hatchbuck.erasure import Erasure
from connectors.hatchbuck.opt_out import OptOut
from connectors.hatchbuck.profile import bears, empties, placeholder, shown
from connectors.hatchbuck.search import OWN, SEVERAL, SHARED, Search
from connectors.hatchbuck.settings import (
    ADDRESSES,
    CAMPAIGNS,
    COLLECTIONS,
    CONTACT_ID,
    CONTACTS,
    LOG,
    PAGES,
    TAGS,
    Settings,
)
from connectors.hatchbuck.vocabulary import BY_HAND, NOTES, OBSTACLES, UNREADABLE
from connectors.model import (
    Action,
    Artifact,
    Aspect,
    Capabilities,
    Correction,
    Held,
    Identifier,
    Locator,
    Obstacle,
    Order,
    Outcome,
    Probe,
    Record,
    Subject,
    SystemSpec,
    Trust,
)
from connectors.settings import collections_of


class HatchbuckConnector:
    """One account at Hatchbuck, now BenchmarkONE."""

    def __init__(self, spec: SystemSpec) -> None:
        self.system = spec.system
        self._spec = spec
        self._settings = settings = Settings.of(spec)
        self._collections = collections_of(spec, COLLECTIONS)
        for name in (f.name for f in self._collections[CONTACTS].fields if f.redactable and not empties(f.name)):
            message = f"{CONTACTS}.{name}: no call is known to empty it; put it under `plain`, or give it redact: none"
            raise ConfigError(spec.system, message)
        self._api = HatchbuckApi(spec, settings.base_url, settings.timeout)
        self.capabilities = Capabilities(
            needs=settings.kinds(ADDRESSES) | settings.kinds(CONTACT_ID),
            actions=frozenset({Action.REDACT}),  # an order to delete a contact ends as MANUAL
            unexported=frozenset(UNREADABLE),
            settles_within=settings.settles_within,
        )

    def check(self) -> None:
        """Search for an address that nobody has: the key is accepted, and absence is said as expected."""
        self._api.by_address(placeholder())

    def inspect(self) -> Iterator[Probe]:
        """The same, and what no call can do. Raises AuthError for another key."""
        self.check()
        yield Probe(Aspect.REACH, True)
        yield Probe(Aspect.LOCATE, True)
        yield Probe(Aspect.EXPORT, None, f"profiles; by hand: {', '.join(UNREADABLE[PAGES])}")
        yield Probe(Aspect.DELETE, None, BY_HAND)

    def _search(self, subject: Subject, also: Collection[str] = ()) -> Search:
        return Search(self._api, self._settings, self._collections[CONTACTS], subject, also)

    def locate(self, subject: Subject) -> Iterator[Record]:
        """Campaigns and tags, then contacts, then the pages that only a person can delete.

        A contact that was emptied is not among the contacts any more, and its page waits. Raises
        RefusedError if the vendor refuses a search.
        """
        search = self._search(subject)
        if search.empty:
            return
        for name in (CAMPAIGNS, TAGS):
            yield from self._record(search, name, OWN)
        for standing in (OWN, SHARED, SEVERAL):
            yield from self._record(search, CONTACTS, standing)
        yield from self._record(search, PAGES, OWN)
        if search.alone:
            yield Record(self._at(LOG, OWN), 0, obstacles=(Obstacle(*OBSTACLES[LOG, OWN]),))

    def _at(self, name: str, key: str) -> Locator:
        """Nothing here has an age: all of it counts as the youngest, and is never deleted for being old."""
        cutoffs = self._collections[name].cutoffs
        return Locator(self.system, name, key, cutoffs[-1] if cutoffs else None)

    def _record(self, search: Search, name: str, key: str) -> Iterator[Record]:
        rows = search.rows(name, key)
        if not rows:
            return
        several = key == SEVERAL or self._collections[name].one_per_person
        yield Record(
            self._at(name, key),
            len(rows),
            fields=self._borne(search, name, rows),
            reveals=tuple(self._reveals(search, name, key, rows)),
            obstacles=(Obstacle(*OBSTACLES[name, key]),) if (name, key) in OBSTACLES else (),
            people=len(rows) if several else 1,
            note=NOTES.get(name, ""),
        )

    def _borne(self, search: Search, name: str, rows: Sequence[Row]) -> tuple[tuple[str, int], ...]:
        if name == CONTACTS:
            return tuple((field, sum(bears(row, field) for row in rows)) for field in search.fields)
        described = [f.name for f in self._collections[name].fields if f.redactable]
        return () if name == PAGES else tuple((f, sum(bears(row, f) for row in rows)) for f in described)

    def _reveals(self, search: Search, name: str, key: str, rows: Sequence[Row]) -> Iterator[Identifier]:
        """The ids of the person's own contacts, so that one is found without its address; and, as
        a claim, an address that stands beside the person's."""
        for identity in self._settings.identities if name in (CONTACTS, PAGES) else ():
            origin = f"{self.system}/{CONTACTS}.{identity.field}"
            if identity.reveal and identity.field == CONTACT_ID and name == PAGES:
                yield from (Identifier(identity.kind, row[CONTACT_ID], identity.trust, origin) for row in rows)
            if identity.reveal and identity.field == ADDRESSES and key == SHARED:
                claims = sorted({a for row in rows for a in search.unknown(row)})
                yield from (Identifier(identity.kind, address, Trust.CLAIMED, origin) for address in claims)

    def export(self, subject: Subject, at: Locator) -> Iterator[Artifact]:
        """The disclosed fields of the person's own rows; of what no call reads, that it is to be added."""
        search = self._search(subject)
        if search.empty or at.key != OWN:
            return
        rows = search.rows(at.collection, at.key)
        if at.collection in UNREADABLE:
            if rows:
                what = UNREADABLE[at.collection]
                text = f"Not in this file, and to be added by hand from the web console: {', '.join(what)}.\n"
                yield Artifact(f"{at.collection}.txt", "text/plain", iter([text.encode()]), what)
            return
        spec = self._collections[at.collection]
        names = spec.disclosed
        present = {name for row in rows for name, value in row.items() if value not in (None, "", [], {})}
        withheld = spec.withheld(present)
        lines = (json.dumps({n: shown(row, n) for n in names if n in row}).encode() + b"\n" for row in rows)
        yield Artifact(f"{at.collection}.jsonl", "application/jsonl", lines, withheld)

    def delete(self, subject: Subject, orders: Sequence[Order]) -> Iterator[Outcome]:
        """Take contacts out of campaigns and tags, empty them, and read back; see `erasure`."""
        ways = {f.name: f.redaction for f in self._collections[CONTACTS].fields}
        erasure = Erasure(self._spec, self._api, self._settings, ways, lambda also: self._search(subject, also))
        yield from erasure.carry_out(orders)

    def held(self, subject: Subject, at: Locator, fields: Collection[str]) -> Iterator[Held]:
        yield from held(self._search(subject), at, fields)

    def correct(self, subject: Subject, corrections: Sequence[Correction]) -> Iterator[Outcome]:
        """Change single values of the person's own contacts, and read back; see `correct`."""
        corrector = Corrector(self._spec, self._api, self._settings, lambda also: self._search(subject, also))
        yield from corrector.run(corrections)

    def suppress(self, subject: Subject) -> Iterator[Outcome]:
        """Unsubscribe the person's own contacts, and read back; see `opt_out`."""
        yield from OptOut(self._spec, self._api, lambda: self._search(subject)).suppress()

    def suppressed(self, subject: Subject) -> bool:
        """Whether no contact that bears an address of the person's is subscribed."""
        return OptOut(self._spec, self._api, lambda: self._search(subject)).suppressed()
