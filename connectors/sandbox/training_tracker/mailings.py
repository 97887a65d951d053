"""The mailings: what the sandbox's SendGrid account and its subuser hold."""

from __future__ import annotations

import copy
from datetime import datetime, timedelta
from typing import Any

from connectors.sandbox.sendgrid import API_KEY, SendGridSandbox
from connectors.sandbox.store import VendorStore
from connectors.sandbox.training_tracker.crowd import person
from connectors.sandbox.training_tracker.people import PEOPLE, USERS, Person

SHOP = "shop"  # the subuser that sends invoices
CROWD = range(11, USERS, 40)


class Mailings(VendorStore):
    """The store: SendGrid."""

    url_variable, secret_variable = "DSR_SANDBOX_SENDGRID_URL", "DSR_SANDBOX_SENDGRID_API_KEY"
    secret = API_KEY
    fake: SendGridSandbox

    def make(self) -> SendGridSandbox:
        return SendGridSandbox()

    def plant(self, now: datetime) -> None:
        self.fake.clear()
        self.fake.now = now
        self.fake.subuser(SHOP)
        self.fake.accounts[""].marketing_lists.append("Newsletter")
        for who in PEOPLE:
            self._mailed(who, 3)
        for number in CROWD:
            self._mailed(person(number), 1)
        subject = PEOPLE.subject
        self.fake.legacy(subject.email, SHOP)
        self.fake.suppress("bounces", subject.email, SHOP)
        self.fake.suppress("unsubscribes", subject.email)
        # Somebody else's contact that names her address as an alternate one: hers it is not.
        other = PEOPLE.attacker
        self.fake.contact("rob.other@example.net", alternate_emails=[subject.email], external_id=str(other.user_id))

    def _mailed(self, who: Person, messages: int) -> None:
        first, _, last = who.name.partition(" ")
        user = str(who.user_id)
        self.fake.contact(who.email, first_name=first, last_name=last, external_id=user, city="Madison")
        for number in range(messages):
            self.fake.message(who.email, "", timedelta(days=number))
        self.fake.message(who.email, SHOP, timedelta(days=messages))
        if who == PEOPLE.bystander:
            self.fake.suppress("newsletter", who.email)

    def of(self, person: Person) -> object:
        """By account; a group's other members are not theirs."""
        theirs: list[tuple[str, Any]] = []
        for name, store in sorted(self.fake.accounts.items()):
            rows = [*store.contacts.values(), *store.legacy.values(), *store.messages, *store.logs]
            rows += [row for kept in store.lists.values() for row in kept]
            mine = {person.email.casefold(), str(person.user_id)}
            theirs += [(name, row) for row in rows if mine & _addresses(row)]
            theirs += [(name, email) for email in store.unsubscribes if email.casefold() in mine]
            theirs += [(name, g["name"]) for g in store.groups.values() if person.email in g["emails"]]
        return copy.deepcopy(theirs)


def _addresses(row: dict[str, Any]) -> set[str]:
    return {str(row[k]).casefold() for k in ("email", "to_email", "external_id") if row.get(k)}
