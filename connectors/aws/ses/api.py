"""The calls of SES (API v2), read whole or not at all.

https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Operations.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from connectors.aws.answers import call, rows
from connectors.errors import TransientError

Row = Mapping[str, Any]
NOBODY, NO_LIST = "dsr-orchestrator-permission-check@example.com", "dsr-orchestrator-permission-check"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_GONE = frozenset({"NotFoundException"})
_NO_LIST = _GONE | {"BadRequestException"}


@dataclass(frozen=True, slots=True)
class Scope:
    """One suppression list: the account's, whose `tenant` is empty, or a tenant's own.

    `reasons`: for which SES does suppress. `active`: whether the list is in use; a tenant's stays when
    it is switched off, and holds again when it is switched on.
    """

    tenant: str
    reasons: tuple[str, ...]
    active: bool

    @property
    def named(self) -> dict[str, str]:
        return {"TenantName": self.tenant} if self.tenant else {}


@dataclass(frozen=True, slots=True)
class Api:
    system: str
    client: Any = field(repr=False)
    page_size: int | None

    def prove(self) -> None:
        """Use the permissions that reading needs: on an address, a list and a time that are nobody's."""
        self.lists()
        call(self.system, "ses:ListContacts", self.client.list_contacts, _GONE, ContactListName=NO_LIST)
        self.contact(NO_LIST, NOBODY)
        call(self.system, "ses:ListEmailIdentities", self.client.list_email_identities, PageSize=1)
        self.has_identity(NOBODY)
        account = Scope("", (), active=True)
        list(self.suppressed(account, StartDate=_EPOCH, EndDate=_EPOCH))
        self.suppression(account, NOBODY)

    def _rows(self, permission: str, verb: str, member: str, **asked: Any) -> Iterator[Row]:
        size: dict[str, Any] = {"PageSize": self.page_size} if self.page_size else {}
        return rows(self.system, f"ses:{permission}", getattr(self.client, verb), member, **size, **asked)

    def _one(self, permission: str, verb: str, **asked: Any) -> Any:
        return call(self.system, f"ses:{permission}", getattr(self.client, verb), _GONE, **asked)

    def lists(self) -> list[str]:
        listed = self._rows("ListContactLists", "list_contact_lists", "ContactLists")
        return [str(row["ContactListName"]) for row in listed]

    def contacts(self, name: str) -> Iterator[Row]:
        return self._rows("ListContacts", "list_contacts", "Contacts", ContactListName=name)

    def contact(self, name: str, email: str) -> Row | None:
        """A contact with its attributes, by its stored spelling; None if there is none."""
        answer: Row | None = self._one("GetContact", "get_contact", ContactListName=name, EmailAddress=email)
        return self._about(answer, "GetContact", "EmailAddress", email)

    def identities(self) -> Iterator[Row]:
        return self._rows("ListEmailIdentities", "list_email_identities", "EmailIdentities")

    def has_identity(self, name: str) -> bool:
        answer: Row | None = self._one("GetEmailIdentity", "get_email_identity", EmailIdentity=name)
        return self._about(answer, "GetEmailIdentity", "IdentityType", "EMAIL_ADDRESS") is not None

    def account(self) -> Scope:
        """The account's own suppression list."""
        answer = self._one("GetAccount", "get_account")
        if answer is None or "SendingEnabled" not in answer:
            raise TransientError(self.system, "ses:GetAccount: the answer is not about the account")
        return Scope("", tuple(answer.get("SuppressionAttributes", {}).get("SuppressedReasons", ())), active=True)

    def tenants(self) -> list[str]:
        return [str(row["TenantName"]) for row in self._rows("ListTenants", "list_tenants", "Tenants")]

    def tenant(self, name: str) -> Scope | None:
        """A tenant's list, in use or not; None if there is no such tenant."""
        answer = self._one("GetTenant", "get_tenant", TenantName=name)
        if answer is None:
            return None
        told = answer.get("Tenant", {})
        if told.get("TenantName") != name:
            raise TransientError(self.system, "ses:GetTenant: the answer is not about the tenant")
        given = told.get("SuppressionAttributes") or {}
        return Scope(name, tuple(given.get("SuppressedReasons", ())), given.get("SuppressionScope") == "TENANT")

    def suppressed(self, scope: Scope, **within: datetime) -> Iterator[Row]:
        """What is on a list, perhaps since `StartDate` or until `EndDate`.

        Whether a tenant's list that is not in use can be asked for is not documented.
        """
        asked: dict[str, Any] = {**({"PageSize": self.page_size} if self.page_size else {}), **scope.named, **within}
        verb = self.client.list_suppressed_destinations
        absent = _GONE if scope.active else _NO_LIST
        doing, member = "ses:ListSuppressedDestinations", "SuppressedDestinationSummaries"
        return rows(self.system, doing, verb, member, absent=absent if scope.tenant else frozenset(), **asked)

    def suppression(self, scope: Scope, email: str) -> Row | None:
        """One entry by its stored spelling; None if there is none."""
        answer = self._one("GetSuppressedDestination", "get_suppressed_destination", EmailAddress=email, **scope.named)
        told = None if answer is None else answer.get("SuppressedDestination", {})
        return self._about(told, "GetSuppressedDestination", "EmailAddress", email)

    def write(self, permission: str, verb: str, **asked: Any) -> None:
        """A call that changes something; nothing where it is gone already."""
        self._one(permission, verb, **asked)

    def _about(self, answer: Row | None, permission: str, name: str, value: str) -> Row | None:
        if answer is not None and answer.get(name) != value:
            raise TransientError(self.system, f"ses:{permission}: the answer is about something else")
        return answer
