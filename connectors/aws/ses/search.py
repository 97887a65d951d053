"""What SES holds of one person. Every list is read once, and compared without regard to case."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from connectors.aws.ses.api import Api, Row, Scope
from connectors.aws.ses.settings import AGES, CONTACTS, IDENTITIES, OPT_OUTS, SUPPRESSED, Settings
from connectors.model import Locator, Subject


class Search:
    """One look at the account. A row of `suppressed` has the tenant's name, one of a contact its list's."""

    def __init__(self, api: Api, settings: Settings, subject: Subject) -> None:
        self._api = api
        self._settings = settings
        self.emails = sorted({value.strip() for kind in sorted(settings.kinds) for value in subject.values(kind)})
        self._folded = {email.casefold() for email in self.emails}

    def is_mine(self, email: str) -> bool:
        return email.casefold() in self._folded

    def at(self, at: Locator) -> list[Row]:
        """The rows of a locator. Its key is a tenant's name, for the account's own list empty."""
        found = [row for row in self.rows(at.collection) if row.get("TenantName", "") == at.key]
        return [row for row in found if _inside(age_of(at.collection, row), at)]

    def rows(self, name: str) -> Sequence[Row]:
        if not self.emails:
            return ()
        if name in (CONTACTS, OPT_OUTS):
            return [row for row in self._contacts if opted_out(row) == (name == OPT_OUTS)]
        return {IDENTITIES: lambda: self._identities, SUPPRESSED: lambda: self._suppressed}.get(name, list)()

    @cached_property
    def _contacts(self) -> list[Row]:
        found: list[Row] = []
        for name in self._api.lists():
            spelt = dict.fromkeys(str(r["EmailAddress"]) for r in self._api.contacts(name))
            held = (self._api.contact(name, email) for email in spelt if self.is_mine(email))
            found.extend({**contact, "ContactListName": name} for contact in held if contact is not None)
        return found

    @cached_property
    def _identities(self) -> list[Row]:
        listed = {str(row["IdentityName"]): row for row in self._api.identities()}
        return [r for n, r in listed.items() if r.get("IdentityType") == "EMAIL_ADDRESS" and self.is_mine(n)]

    @cached_property
    def scopes(self) -> list[Scope]:
        """Every suppression list there is, the tenants' first."""
        named = self._settings.tenants
        names = self._api.tenants() if named is None else named
        own = [scope for name in dict.fromkeys(names) if (scope := self._api.tenant(name)) is not None]
        return [*own, Scope("", (), active=True)]

    @cached_property
    def _suppressed(self) -> list[Row]:
        found: dict[tuple[str, str, str], Row] = {}
        for scope in self.scopes:
            for row in self._api.suppressed(scope):
                email = str(row["EmailAddress"])
                if self.is_mine(email):
                    found[scope.tenant, email, str(row.get("Reason"))] = {**row, **scope.named}
        return list(found.values())


def opted_out(contact: Row) -> bool:
    """Whether the person said no to anything. What a topic presumes of everyone is not their word."""
    said = contact.get("TopicPreferences", ())
    return bool(contact.get("UnsubscribeAll")) or any(p.get("SubscriptionStatus") == "OPT_OUT" for p in said)


def age_of(collection: str, row: Row) -> datetime | None:
    when: Any = row.get(AGES.get(collection, ""))
    return when.astimezone(UTC) if isinstance(when, datetime) else None


def _inside(age: datetime | None, at: Locator) -> bool:
    """A row of unknown age counts as the youngest: it is never deleted for being old."""
    if age is None:
        return at.before is None
    return (at.since is None or age >= at.since) and (at.before is None or age < at.before)
