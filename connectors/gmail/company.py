"""Whose mailboxes are searched, and which addresses are the company's own."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from connectors.gmail.api import Directory, Mailbox, Row
from connectors.gmail.headers import Headers
from connectors.gmail.settings import DIRECTORY_SCOPES, SCOPES, Settings
from connectors.google import GoogleClient, ServiceAccount, UnknownSubjectError


class Company:
    """One Workspace account, read anew for every search."""

    def __init__(self, account: ServiceAccount, settings: Settings, clients: dict[str, GoogleClient]) -> None:
        self._account = account
        self._settings = settings
        self._clients = clients

    @cached_property
    def directory(self) -> Directory | None:
        """The directory, if the inventory names an administrator to read it as."""
        admin = self._settings.directory_admin
        if not admin:
            return None
        client = self._client(self._settings.directory_url, DIRECTORY_SCOPES, admin)
        return Directory(self._account.system, client)

    @cached_property
    def users(self) -> list[Row]:
        return self.directory.users() if self.directory else []

    @cached_property
    def groups(self) -> list[Row]:
        return self.directory.groups() if self.directory else []

    @cached_property
    def _opened(self) -> tuple[tuple[Mailbox, ...], tuple[str, ...]]:
        opened: list[Mailbox] = []
        closed: list[Mailbox] = []
        for address, dormant in sorted(self._wanted().items()):
            mailbox = self.mailbox(address)
            try:
                (opened if mailbox.enabled() else closed).append(mailbox)
            except UnknownSubjectError:
                if not dormant:
                    raise
                closed.append(mailbox)
        return tuple(opened), tuple(m.address for m in closed)

    @property
    def mailboxes(self) -> tuple[Mailbox, ...]:
        """The mailboxes in scope that can be searched."""
        return self._opened[0]

    @property
    def unsearched(self) -> tuple[str, ...]:
        """Those that cannot: of users whom nobody can act for, because they are suspended or archived,
        and of users for whom Gmail is switched off. What is in them is still there."""
        return self._opened[1]

    def _wanted(self) -> dict[str, bool]:
        """Address of each mailbox in scope -> whether its user is suspended or archived."""
        listed = {
            str(user.get("primaryEmail", "")).casefold(): bool(user.get("suspended") or user.get("archived"))
            for user in self.users
            if user.get("isMailboxSetup") is not False
        }
        aliases = {alias: primary for primary, user in self._by_primary.items() for alias in _own(user)}
        if self._settings.mailboxes:
            # A mailbox that is named by an alias, and again by its address, is one mailbox.
            named = {aliases.get(m, m) for m in self._settings.mailboxes}
            listed = {m: listed.get(m, False) for m in named}
        return {m: dormant for m, dormant in listed.items() if m and m not in self._settings.leave_out}

    @cached_property
    def _by_primary(self) -> dict[str, Row]:
        return {str(user.get("primaryEmail", "")).casefold(): user for user in self.users}

    def mailbox(self, address: str) -> Mailbox:
        """The mailbox at an address, in its owner's name."""
        client = self._client(self._settings.base_url, (SCOPES[self._settings.deletion],), address)
        return Mailbox(self._account.system, client, address, self._settings.page_size)

    def _client(self, url: str, scopes: tuple[str, ...], subject: str) -> GoogleClient:
        key = f"{scopes[0]} {subject}"
        if key not in self._clients:
            self._clients[key] = GoogleClient(self._account, url, scopes, subject, self._settings.timeout)
        return self._clients[key]

    @cached_property
    def _addresses(self) -> frozenset[str]:
        """Every address at which users and groups of the account receive mail."""
        users = (address for user in self.users for address in _own(user))
        groups = (str(a).casefold() for group in self.groups for a in (group.get("email"), *_listed(group, "aliases")))
        return frozenset((*users, *groups))

    def is_own(self, address: str) -> bool:
        """Whether an address is the company's, whatever stands behind a plus sign in it."""
        local, _, domain = address.rpartition("@")
        plain = f"{local.partition('+')[0]}@{domain}"
        return domain in self._settings.domains or bool(self._addresses & {address, plain})

    def outsiders(self, headers: Headers, emails: Iterable[str]) -> bool:
        """Whether anybody but the person and the company has part in a mail, or may have.

        A person who is of the company has colleagues, and they are other people to them.
        """
        emails = frozenset(emails)
        insider = any(self.is_own(email) for email in emails)
        others = {a for a in headers.people - emails if not self._settings.is_machine(a)}
        if headers.unsure & emails or headers.unsure & others:
            return True
        if any(a in self._settings.open_groups or insider or not self.is_own(a) for a in others):
            return True
        return any(not self._is_own_list(domain) for domain in headers.lists)

    def _is_own_list(self, domain: str) -> bool:
        return any(domain == own or domain.endswith(f".{own}") for own in self._settings.domains)


def _own(user: Row) -> frozenset[str]:
    """The addresses at which a user receives mail here; other addresses of theirs do not count."""
    values = [user.get("primaryEmail"), *_listed(user, "aliases"), *_listed(user, "nonEditableAliases")]
    return frozenset(str(value).casefold() for value in values if value)


def _listed(row: Row, name: str) -> list[object]:
    value = row.get(name)
    return value if isinstance(value, list) else []
