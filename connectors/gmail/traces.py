"""Where Workspace names the person outside of mail: settings of mailboxes, groups, user accounts.

The API changes none of these here: settings need a further scope and groups and accounts an
administrator, and each is somebody's decision.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from connectors.gmail.api import Mailbox, Row
from connectors.gmail.search import Search

# What is read under users/{id}/settings.
SETTINGS = ("filters", "forwardingAddresses", "autoForwarding", "delegates", "sendAs", "vacation")


def settings_of(search: Search, mailbox: Mailbox) -> list[Row]:
    """Settings of a mailbox in which an address of the person's stands, one row for each place."""
    return [
        {"setting": name, "field": field, "value": value}
        for name in SETTINGS
        for field, text in _texts(mailbox.settings(name))
        for value in search.words.found_in(text)
    ]


def memberships(search: Search) -> list[Row]:
    """Groups that the person is a member of, by exact address."""
    directory = search.company.directory
    if directory is None or not search.emails:
        return []
    return [
        {"group": group.get("email"), "role": member.get("role"), "value": str(member["email"]).casefold()}
        for group in search.company.groups
        for member in directory.members(group)
        if str(member.get("email", "")).casefold() in search.emails
    ]


def accounts(search: Search) -> list[Row]:
    """Accounts of users, in whatever place of them the person's address stands."""
    fields = ("primaryEmail", "aliases", "nonEditableAliases", "emails", "recoveryEmail")
    found: dict[tuple[str, str], Row] = {}
    for user in search.company.users if search.emails else ():
        for field in fields:
            for _, text in _texts(user.get(field)):
                if text.casefold() in search.emails:
                    row = {"account": user.get("primaryEmail"), "field": field, "value": text.casefold()}
                    found.setdefault((str(user["id"]), text.casefold()), row)
    return list(found.values())


def _texts(value: object, at: str = "") -> Iterator[tuple[str, str]]:
    """Every text within a JSON value and the path to it."""
    if isinstance(value, Mapping):
        for name, held in value.items():
            yield from _texts(held, f"{at}.{name}".lstrip("."))
    elif isinstance(value, list):
        for held in value:
            yield from _texts(held, at)
    elif isinstance(value, str):
        yield at, value
