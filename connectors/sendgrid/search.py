"""Everything of one person's in an account and its subusers, matched again here: no answer is
trusted to be about the person who was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from connectors.errors import ConfigError, RefusedError, TransientError
from connectors.model import Subject
from connectors.sendgrid.api import Account, Api, Row
from connectors.sendgrid.mail import IDS, Mail, askable, spellings
from connectors.sendgrid.people import addresses_of, people
from connectors.sendgrid.settings import (
    CONTACTS,
    LEGACY,
    LOGS,
    MESSAGES,
    PEOPLE,
    SUBUSERS,
    SUPPRESSIONS,
    VERIFIED,
    Settings,
)
from connectors.sendgrid.suppression_lists import SuppressionLists

ERASE = "recipients.erasejob.create"
# What a contact is to the person. ELSEWHERE: bears their number, and an address that is not known to be theirs.
OWN, OTHER, ELSEWHERE, CLAIMED = "", "?other", "?elsewhere", "?claimed"
_PHONE = re.compile(r"\+?[0-9]{7,15}")
_SEARCHED_AT_ONCE = 100


class Search:
    """One search for one person. What is read is kept for as long as this object is."""

    def __init__(self, system: str, api: Api, settings: Settings, subject: Subject) -> None:
        self._system = system
        self._api = api
        self._settings = settings
        kinds = settings.kinds

        def values(of: Iterable[str]) -> tuple[str, ...]:
            return tuple(sorted({v.strip() for kind in of for v in subject.values(kind)} - {""}))

        self.emails = values(kinds.email)
        self._mine = frozenset(email.casefold() for email in self.emails)
        self._external = values(kinds.external)
        self._anonymous = values(kinds.anonymous)
        phones = (re.sub(r"[\s().-]", "", phone) for phone in values(kinds.phone))
        self._phones = tuple(phone for phone in phones if _PHONE.fullmatch(phone))
        self._lists = SuppressionLists(system, api)
        self._kept: dict[tuple[str, Account], list[Row]] = {}

    @property
    def empty(self) -> bool:
        return not (self.emails or self._external or self._anonymous or self._phones)

    def is_mine(self, email: object) -> bool:
        return isinstance(email, str) and email.strip().casefold() in self._mine

    @cached_property
    def main(self) -> Account:
        return Account()

    @cached_property
    def _listed_subusers(self) -> list[Row]:
        return people(self._api, SUBUSERS, self.main)

    @cached_property
    def accounts(self) -> tuple[Account, ...]:
        """Subusers first: what an account sees of a subuser's is the subuser's."""
        if self._settings.subusers == ():
            return (self.main,)
        known = {str(row.get("username")): str(row.get("id")) for row in self._listed_subusers}
        names = sorted(known) if self._settings.subusers is None else self._settings.subusers
        for name in names:
            if name not in known:
                raise ConfigError(self._system, "setting 'subusers' names one that the account does not have")
        return (*(Account(name, known[name]) for name in names), self.main)

    def may_erase(self, account: Account) -> bool:
        """Whether the key may ask for erasure; accounts from before 2023-07-25 may lack it.

        https://www.twilio.com/docs/sendgrid/api-reference/recipients-data-erasure-api
        """
        return ERASE in self.scopes(account)

    def scopes(self, account: Account) -> frozenset[str]:
        rows = self._once("scopes", account, lambda: iter([{"scopes": self._scopes(account)}]))
        return frozenset(rows[0]["scopes"])

    def _scopes(self, account: Account) -> list[str]:
        _, answer = self._api.get("scopes", doing="reading the key's scopes", account=account)
        scopes = answer.get("scopes") if isinstance(answer, dict) else None
        if not isinstance(scopes, list):
            raise TransientError(self._system, "reading the key's scopes: the answer is not a list of them")
        return [str(scope) for scope in scopes]

    def rows(self, collection: str, account: Account) -> list[Row]:
        """The person's rows of a collection in one account; none if the plan lacks it."""
        if self.empty or collection in self._settings.without:
            return []
        if collection != CONTACTS and not self.emails:
            return []
        readers: dict[str, Callable[[], Iterator[Row]]] = {
            CONTACTS: lambda: self._contacts(account),
            LEGACY: lambda: self._legacy(account),
            MESSAGES: lambda: self._mail(MESSAGES, account),
            LOGS: lambda: self._mail(LOGS, account),
            **{name: lambda name=name: self._suppressed(name, account) for name in SUPPRESSIONS},  # type: ignore[misc]
            **{name: lambda name=name: self._people(name, account) for name in PEOPLE},  # type: ignore[misc]
        }
        return self._once(collection, account, readers[collection]) if collection in readers else []

    def _once(self, name: str, account: Account, read: Callable[[], Iterator[Row]]) -> list[Row]:
        if (name, account) not in self._kept:
            self._kept[name, account] = list(read())
        return self._kept[name, account]

    # Contacts

    def standing(self, contact: Row) -> str:
        """What a contact is to the person: theirs, perhaps somebody else's, or only similar.

        Theirs by its address, or by their external id where it has no address: a contact is an address
        first, and the number was put to it. Where one of the two is another's, a person looks. An
        alternate address, a telephone number and an anonymous id prove nothing.
        """
        number, address = (str(contact.get(name) or "").strip() for name in ("external_id", "email"))
        if number and number in self._external:
            return OWN if not address or self.is_mine(address) else ELSEWHERE
        if not self.is_mine(address):
            return CLAIMED
        return OTHER if number and self._external else OWN

    def leads(self, identifiers: Mapping[str, str]) -> bool:
        """Whether one of these identifiers of a contact is known to be the person's, and leads to it again."""
        mine = self.is_mine(identifiers.get("email"))
        return mine or (bool(identifiers.get("external_id")) and identifiers["external_id"] in self._external)

    def named(self, field: str, value: str, account: Account) -> Row | None:
        """The contact that bears this address or number as its own, whoever it is."""
        path = ("search", "identifiers", field)
        asked = {"identifiers": [value.casefold() if field == "email" else value]}
        for contact in self._looked_up(path, asked, account):
            if str(contact.get(field) or "").casefold() == value.casefold():
                return contact
        return None

    def numbered(self, contact: Row) -> bool:
        """Whether a contact bears an external id that is known to be the person's."""
        return str(contact.get("external_id") or "").strip() in self._external

    def entangled(self, account: Account) -> bool:
        """Whether the person's address stands in a contact that is not surely theirs."""
        return any(
            self.standing(contact) != OWN
            and any(self.is_mine(e) for e in (contact.get("email"), *(contact.get("alternate_emails") or ())))
            for contact in self.rows(CONTACTS, account)
        )

    def _contacts(self, account: Account) -> Iterator[Row]:
        found: dict[str, Row] = {}
        asked = [
            (("search", "emails"), "emails", self.emails),
            # Of two contacts, one with the address and one with it as an alternate, the first search
            # names one, undocumented which; this one knows primary addresses only.
            (("search", "identifiers", "email"), "identifiers", tuple(sorted(self._mine))),
            (("search", "identifiers", "external_id"), "identifiers", self._external),
            (("search", "identifiers", "phone_number_id"), "identifiers", self._phones),
            (("search", "identifiers", "anonymous_id"), "identifiers", self._anonymous),
        ]
        for path, name, values in asked:
            for start in range(0, len(values), _SEARCHED_AT_ONCE):
                some = list(values[start : start + _SEARCHED_AT_ONCE])
                for contact in self._looked_up(path, {name: some}, account):
                    found[str(contact["id"])] = contact
        elsewhere = {
            c["id"] for (name, a), rows in self._kept.items() if name == CONTACTS and a != account for c in rows
        }
        if elsewhere.intersection(found):
            message = "contacts: a subuser's answer holds another account's contacts: it was not asked on its behalf"
            raise RefusedError(self._system, message)
        yield from (found[i] for i in sorted(found))

    def _looked_up(self, path: tuple[str, ...], body: Row, account: Account) -> Iterator[Row]:
        """https://www.twilio.com/docs/sendgrid/api-reference/contacts/get-contacts-by-emails:
        404 when none is found, and an error in place of each that is not."""
        doing = "searching contacts"
        status, answer = self._api.post(
            "marketing", "contacts", *path, doing=doing, account=account, body=body, accept=(200, 404)
        )
        result: Any = answer.get("result") if isinstance(answer, dict) else None
        if status == 404 and isinstance(answer, dict) and result is None:
            return
        if not isinstance(result, dict):
            raise TransientError(self._system, f"{doing}: the answer is not one")
        for entry in result.values():
            contact = entry.get("contact") if isinstance(entry, dict) else None
            if isinstance(contact, dict) and contact.get("id"):
                yield contact
            elif not isinstance(entry, dict) or "not found" not in str(entry.get("error", "")).casefold():
                raise TransientError(self._system, f"{doing}: an address was not looked up")

    def _legacy(self, account: Account) -> Iterator[Row]:
        found: dict[str, Row] = {}
        for email in (s for e in self.emails for s in spellings(e)):
            doing = "searching legacy contacts"
            _, answer = self._api.get(
                "contactdb", "recipients", "search", doing=doing, account=account, query={"email": email}
            )
            rows = self._api.listed(answer.get("recipients") if isinstance(answer, dict) else None, doing)
            # The reference describes lists in a list, and shows one list.
            flat = [
                r for row in rows for r in (row["recipients"] if isinstance(row.get("recipients"), list) else [row])
            ]
            found |= {str(row["id"]): row for row in flat if self.is_mine(row.get("email"))}
        yield from (found[i] for i in sorted(found))

    # Messages

    def mail(self, store: str) -> Mail:
        return Mail(self._system, self._api, self._settings.page_size, store)

    def unaskable(self, store: str) -> bool:
        """Whether an address of the person's cannot be put into the store's query language."""
        return store not in self._settings.without and not all(askable(store, e) for e in self.emails)

    def _mail(self, store: str, account: Account) -> Iterator[Row]:
        # An account may see its subusers' messages as well: they count where they are kept.
        before = self.accounts[: self.accounts.index(account)]
        seen = {str(row[IDS[store]]) for a in before for row in self.rows(store, a)}
        for email in (e for e in self.emails if askable(store, e)):
            for row in self.mail(store).to(email, account, self.main):
                if str(row[IDS[store]]) not in seen:
                    seen.add(str(row[IDS[store]]))
                    yield row

    # Suppressions: only ever by the exact address. The lists' own filter matches beginnings.

    def _suppressed(self, collection: str, account: Account) -> Iterator[Row]:
        seen: set[str] = set()
        for email in (s for e in self.emails for s in spellings(e)):
            for row in self._lists.of(collection, email, account):
                if (key := repr(sorted(row.items()))) not in seen:
                    seen.add(key)
                    yield row

    def _people(self, collection: str, account: Account) -> Iterator[Row]:
        """People with a part in the account itself. Some lists are the account's own, not a subuser's."""
        if collection in (SUBUSERS, VERIFIED) and account != self.main:
            return
        if collection == SUBUSERS and self._settings.subusers == ():
            return
        rows = self._listed_subusers if collection == SUBUSERS else people(self._api, collection, account)
        yield from (row for row in rows if any(self.is_mine(email) for email in addresses_of(collection, row)))
