"""The connector: what is located, exported and deleted, and what only a person can do."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence

from connectors.errors import AuthError
from connectors.model import (
    Action,
    Artifact,
    Capabilities,
    Correction,
    Held,
    Identifier,
    Locator,
    Obstacle,
    ObstacleKind,
    Order,
    Outcome,
    Probe,
    Record,
    Subject,
    SystemSpec,
    Trust,
)
from connectors.sendgrid.api import Account, Api, Row
from connectors.sendgrid.correct import Corrector, held
from connectors.sendgrid.erasure import Erasure
from connectors.sendgrid.inspect import Inspection, lacking
from connectors.sendgrid.opt_out import OptOut
from connectors.sendgrid.search import ELSEWHERE, OWN, Search
from connectors.sendgrid.selection import account_at, age_of, locators, rows_at, standing_at
from connectors.sendgrid.settings import (
    COLLECTIONS,
    CONTACTS,
    LEGACY,
    LOGS,
    MESSAGES,
    PEOPLE,
    REST,
    SUPPRESSIONS,
    Settings,
)
from connectors.sendgrid.survey import Survey
from connectors.sendgrid.vocabulary import BY_HAND, ENTANGLED, NO_ERASURE, NOTES, STANDINGS, UNASKABLE
from connectors.settings import collections_of
from connectors.surveys import Found


class SendGridConnector:
    """One account at SendGrid and its subusers."""

    def __init__(self, spec: SystemSpec) -> None:
        self.system = spec.system
        self._spec = spec
        self._settings = Settings.of(spec)
        self._collections = collections_of(spec, COLLECTIONS)
        self._api = Api(spec, self._settings)
        self.capabilities = Capabilities(
            needs=self._settings.kinds.all,
            actions=frozenset({Action.DELETE}),
            verifiable=self._settings.verifiable,
            settles_within=self._settings.settles_within,
        )

    def check(self) -> None:
        """Prove that the key has the scopes to search every collection, in every account.

        Raises AuthError naming the missing ones. A missing scope for erasure is no error: older
        accounts do not have it, and the plan then says what is done by hand.
        """
        search = self._search(Subject.of())
        for account in search.accounts:
            if missing := lacking(search.scopes(account), self._settings.without):
                message = f"the key lacks the scopes {', '.join(missing)}; add them, or list under not_in_plan"
                raise AuthError(self.system, f"{message} the collections that the plan does not have")

    def inspect(self) -> Iterator[Probe]:
        """The key's scopes in every account, what the plan has, and whether the inventory says the same."""
        yield from Inspection(self._spec, self._api, self._settings).probes()

    def survey(self) -> Iterator[Found]:
        """Contacts and unsubscribe groups with what the account has added: custom fields, lists, segments, groups."""
        accounts = self._search(Subject.of()).accounts
        yield from Survey(self.system, self._api, accounts).found(self._collections, self._settings.without)

    def mentions(self) -> Mapping[str, str]:
        return {}

    def sample(self, found: Found, most: int) -> Iterator[tuple[str, str]]:
        """Nothing: names and types of the fields say what they are."""
        yield from ()

    def _search(self, subject: Subject) -> Search:
        return Search(self.system, self._api, self._settings, subject)

    def locate(self, subject: Subject) -> Iterator[Record]:
        """Contacts, then messages, then suppressions; the subusers' before the account's own.

        Raises AuthError if a list is refused and the inventory does not say that the plan lacks it.
        """
        search = self._search(subject)
        if search.empty:
            return
        for account in search.accounts:
            yield from self._of(search, account)

    def _of(self, search: Search, account: Account) -> Iterator[Record]:
        kept = [record for name in (CONTACTS, LEGACY) for record in self._records(search, account, name)]
        mail = [record for name in (MESSAGES, LOGS) for record in self._mail(search, account, name)]
        said = [record for name in SUPPRESSIONS for record in self._records(search, account, name)]
        yield from kept
        yield from mail
        if not mail and any(standing_at(record.at) == OWN for record in kept + said):
            yield from self._rest(search, account)
        yield from said
        for name in PEOPLE:
            yield from self._records(search, account, name, Obstacle(ObstacleKind.BY_HAND, BY_HAND[name]))

    def _mail(self, search: Search, account: Account, name: str) -> Iterator[Record]:
        if not search.rows(name, account) and search.unaskable(name):
            obstacle = Obstacle(ObstacleKind.BY_HAND, UNASKABLE)
            yield Record(Locator(self.system, name, account.name), 0, obstacles=(obstacle,))
        yield from self._records(search, account, name, *self._erasure_obstacles(search, account, name))

    def _rest(self, search: Search, account: Account) -> Iterator[Record]:
        """Mail data that no search shows, where something tells that there may be some."""
        obstacles = tuple(self._erasure_obstacles(search, account, REST))
        if search.emails and (obstacles or not self._settings.verifiable) and REST not in self._settings.without:
            yield Record(Locator(self.system, REST, account.name), 0, obstacles=obstacles, note=NOTES[REST])

    def _erasure_obstacles(self, search: Search, account: Account, name: str) -> Iterator[Obstacle]:
        if name != REST and not search.rows(name, account):
            return
        if not search.may_erase(account):
            yield Obstacle(ObstacleKind.BY_HAND, NO_ERASURE)
        if search.entangled(account):
            yield Obstacle(ObstacleKind.BY_HAND, ENTANGLED)

    def _records(self, search: Search, account: Account, name: str, *obstacles: Obstacle) -> Iterator[Record]:
        for at in locators(self.system, self._collections[name], account):
            if rows := rows_at(search, at):
                yield self._record(search, at, rows, obstacles)

    def _record(self, search: Search, at: Locator, rows: Sequence[Row], obstacles: tuple[Obstacle, ...]) -> Record:
        spec = self._collections[at.collection]
        ages = sorted(age for row in rows if (age := age_of(at.collection, row)))
        standing = standing_at(at)
        if standing in STANDINGS:
            obstacles = (Obstacle(*STANDINGS[standing]),)
        borne = ((f.name, sum(row.get(f.name) not in (None, "", [], {}) for row in rows)) for f in spec.fields)
        redactable = {f.name for f in spec.fields if f.redactable}
        return Record(
            at,
            len(rows),
            ages[0] if ages else None,
            ages[-1] if ages else None,
            fields=tuple((name, n) for name, n in borne if name in redactable),
            reveals=self._reveals(search, at, rows) if standing in (OWN, ELSEWHERE) else (),
            obstacles=obstacles,
            people=len(rows) if spec.one_per_person else 1,
            note=NOTES.get(at.collection, ""),
        )

    def _reveals(self, search: Search, at: Locator, rows: Sequence[Row]) -> tuple[Identifier, ...]:
        """What the rows tell. Of a contact that is not surely the person's only the address is told, as a claim: so
        it is seen whose it is. A number under an address alone is a claim as well, for the address may be mistyped."""
        found: set[Identifier] = set()
        contacts = at.collection == CONTACTS
        for row in rows if standing_at(at) == OWN else ():
            for identity in self._collections[at.collection].identities:
                if identity.reveal and isinstance(value := row.get(identity.field), str) and value:
                    origin = f"{self.system}/{at.collection}.{identity.field}"
                    alone = contacts and identity.field == "external_id" and not search.numbered(row)
                    trust = Trust.CLAIMED if alone else identity.trust
                    found.add(Identifier(identity.kind, value, trust, origin))
        if standing_at(at) == ELSEWHERE:
            kind = min(self._settings.kinds.email or {"email"})
            origin = f"{self.system}/{CONTACTS}.email"
            found |= {Identifier(kind, str(row["email"]), Trust.CLAIMED, origin) for row in rows}
        return tuple(sorted(found, key=lambda i: (i.kind, i.value)))

    def export(self, subject: Subject, at: Locator) -> Iterator[Artifact]:
        """The disclosed fields of the person's rows; what a message went through is read one by one."""
        search = self._search(subject)
        if search.empty or standing_at(at) != OWN:
            return
        if not (rows := rows_at(search, at)):
            return
        spec = self._collections[at.collection]
        shown = spec.disclosed
        present = {name for row in rows for name, value in row.items() if value not in (None, "", [], {})}
        if at.collection in (MESSAGES, LOGS):
            present.add("events")
        withheld = spec.withheld(present)
        chunks = (json.dumps(self._line(search, at, row, shown)).encode() + b"\n" for row in rows)
        yield Artifact(f"{at.collection.replace('.', '-')}.jsonl", "application/jsonl", chunks, withheld)

    def _line(self, search: Search, at: Locator, row: Row, shown: Sequence[str]) -> Row:
        if at.collection in (MESSAGES, LOGS) and "events" in shown:
            row = {**search.mail(at.collection).detail(row, account_at(search, at), search.main), **row}
        return {name: row[name] for name in shown if name in row}

    def delete(self, subject: Subject, orders: Sequence[Order]) -> Iterator[Outcome]:
        """Delete contacts, ask for erasure, and look that no opt-out got lost; see `erasure`."""
        yield from Erasure(self._spec, self._api, self._settings, lambda: self._search(subject)).carry_out(orders)

    def held(self, subject: Subject, at: Locator, fields: Collection[str]) -> Iterator[Held]:
        yield from held(self._search(subject), at, fields)

    def correct(self, subject: Subject, corrections: Sequence[Correction]) -> Iterator[Outcome]:
        """Update contacts; put another address on one with its opt-outs going before; see `correct`."""
        yield from Corrector(self._spec, self._api, self._settings, lambda: self._search(subject)).run(corrections)

    def suppress(self, subject: Subject) -> Iterator[Outcome]:
        """Enter the person's addresses into the global unsubscribes of every account, and read back."""
        yield from OptOut(self._spec, self._api, self._search(subject)).suppress()

    def suppressed(self, subject: Subject) -> bool:
        """Whether every address of the person's is globally unsubscribed in every account."""
        return OptOut(self._spec, self._api, self._search(subject)).suppressed()
