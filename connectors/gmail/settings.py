"""What the inventory says about one company's mail, checked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from connectors import settings
from connectors.errors import ConfigError
from connectors.model import SystemSpec, Trust

MESSAGES, CORRESPONDENCE, MENTIONS, DRAFTS = "messages", "request_correspondence", "mentions", "drafts"
SETTINGS, GROUPS, ACCOUNTS = "mailbox_settings", "group_memberships", "directory_accounts"
VAULT, UNSEARCHED = "vault", "unsearched_mailboxes"
COLLECTIONS = (DRAFTS, MESSAGES, CORRESPONDENCE, MENTIONS, SETTINGS, GROUPS, ACCOUNTS, VAULT, UNSEARCHED)
MAILS = (DRAFTS, MESSAGES, CORRESPONDENCE, MENTIONS)

TRASH, PERMANENT = "trash", "permanent"
SCOPES = {
    TRASH: "https://www.googleapis.com/auth/gmail.modify",
    # The only scope that deletes for good: https://developers.google.com/workspace/gmail/api/auth/scopes
    PERMANENT: "https://mail.google.com/",
}
DIRECTORY_SCOPES = (
    "https://www.googleapis.com/auth/admin.directory.user.readonly",
    "https://www.googleapis.com/auth/admin.directory.group.readonly",
    "https://www.googleapis.com/auth/admin.directory.group.member.readonly",
)
_KNOWN = (
    "base_url",
    "directory_url",
    "timeout",
    "page_size",
    "domains",
    "mailboxes",
    "directory_admin",
    "leave_out",
    "deletion",
    "trash_days",
    "vault",
    "read_every_header",
    "machines",
    "open_groups",
    "privacy_addresses",
    "request_label",
    "request_message_ids",
)
_MOST_ROWS = 500  # of one answer: https://developers.google.com/workspace/gmail/api/reference/rest, `maxResults`
_DOMAIN = re.compile(r"[^\s@]+\.[^\s@.]+")
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@.]+")


@dataclass(frozen=True, slots=True)
class Settings:
    """Addresses and domains are in lower case."""

    base_url: str
    directory_url: str
    timeout: float  # seconds
    page_size: int
    domains: frozenset[str]  # the company's own
    mailboxes: tuple[str, ...]  # empty: all that the directory lists
    directory_admin: str  # whom the directory is read as; empty: it is not read
    leave_out: frozenset[str]
    deletion: str
    trash_days: int
    vault: bool
    read_every_header: bool
    machines: frozenset[str]  # addresses and domains behind which nobody stands
    open_groups: frozenset[str]  # own groups with members from outside
    privacy_addresses: frozenset[str]
    request_label: str
    request_message_ids: str  # the domain in Message-IDs of letters about requests

    @classmethod
    def of(cls, spec: SystemSpec) -> Self:
        """The settings of an entry; raises ConfigError naming the setting that is wrong."""
        settings.known(spec, _KNOWN)
        mailboxes = _addresses(spec, "mailboxes")
        admin = str(spec.settings.get("directory_admin") or "").casefold()
        if admin and not _ADDRESS.fullmatch(admin):
            raise ConfigError(spec.system, "setting 'directory_admin' must be an administrator's address")
        if not mailboxes and not admin:
            message = "give 'mailboxes', or 'directory_admin' so that the directory is asked for all of them"
            raise ConfigError(spec.system, message)
        domains = _lower(spec, "domains")
        if not domains or not all(_DOMAIN.fullmatch(d) for d in domains):
            raise ConfigError(spec.system, "setting 'domains' must list the company's own mail domains")
        return cls(
            settings.base_url(spec, "https://gmail.googleapis.com"),
            settings.base_url(spec, "https://admin.googleapis.com", "directory_url"),
            settings.number(spec, "timeout", 30.0, least=0.001),
            settings.whole(spec, "page_size", _MOST_ROWS, 1, _MOST_ROWS),
            domains,
            tuple(sorted(mailboxes)),
            admin,
            _addresses(spec, "leave_out"),
            settings.choice(spec, "deletion", (TRASH, PERMANENT), TRASH),
            settings.whole(spec, "trash_days", 30, least=30),
            settings.flag(spec, "vault", True),
            settings.flag(spec, "read_every_header", False),
            _lower(spec, "machines"),
            _addresses(spec, "open_groups"),
            _addresses(spec, "privacy_addresses"),
            str(spec.settings.get("request_label") or "").casefold(),
            str(spec.settings.get("request_message_ids") or "").casefold().lstrip("@"),
        )

    @property
    def permanent(self) -> bool:
        return self.deletion == PERMANENT

    @property
    def trashed_for(self) -> timedelta:
        """How long a message in Trash can be there and be taken back, with a day's margin."""
        return timedelta(days=self.trash_days + 1)

    def is_machine(self, address: str) -> bool:
        return address in self.machines or address.rpartition("@")[2] in self.machines


def kinds_of(spec: SystemSpec) -> frozenset[str]:
    """The kinds of identifiers it is searched by: e-mail addresses, as the inventory calls them."""
    found = {i.kind for c in spec.collections for i in c.identities if i.match and i.trust is not Trust.CLAIMED}
    for kind in (k for k in found if k.rpartition(".")[2] != "email"):
        raise ConfigError(spec.system, f"found_by {kind!r}: mailboxes can be searched by e-mail address only")
    return frozenset(found or {"email"})


def _lower(spec: SystemSpec, name: str) -> frozenset[str]:
    return frozenset(value.casefold() for value in settings.names(spec, name))


def _addresses(spec: SystemSpec, name: str) -> frozenset[str]:
    found = _lower(spec, name)
    if not all(_ADDRESS.fullmatch(address) for address in found):
        raise ConfigError(spec.system, f"setting {name!r} must be a list of e-mail addresses")
    return found
