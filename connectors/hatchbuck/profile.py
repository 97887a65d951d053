"""What of a contact's profile says something about the person, and what it is emptied to.

A contact is a row: its fields as the API gives them. Custom fields that the inventory describes as
`customFields->NAME` stand apart, each as a list of one.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Iterator

from connectors.hatchbuck.api import Row
from connectors.model import Redaction

CUSTOM = "customFields"
ERASED = "erased"  # also tells people which contact waits to be deleted
_PLACEHOLDER = re.compile(r"erased-[0-9a-f]{32}@invalid\.example")
TEXTS = ("firstName", "lastName", "title", "company", "referredBy")
# Lists, and what of an item is personal. An item whose values are all empty is removed:
# https://github.com/vshn/python-hatchbuck, clean_all_phone_numbers and clean_all_addresses.
LISTS = {
    "phones": ("number",),
    "addresses": ("street", "city", "state", "zip", "country", "countryId"),
    "socialNetworks": ("address",),
    "instantMessaging": ("address",),
    "website": ("websiteUrl",),
    CUSTOM: ("value",),
    "emails": ("address",),
}
_NAMES_NOBODY = "countryId"  # an id of the vendor's; the country's name says it
PERSONAL = (*TEXTS, *LISTS)  # in the order of emptying: a contact is found by its address to the last


def placeholder() -> str:
    """An address that no other contact has: the vendor refuses one that does."""
    return f"erased-{secrets.token_hex(16)}@invalid.example"


def flat(contact: Row, described: Collection[str]) -> Row:
    """The row of a contact as the search gave it."""
    row = {name: value for name, value in contact.items() if name != CUSTOM}
    for held in items(contact, CUSTOM):
        own = f"{CUSTOM}->{held.get('name')}"
        row.setdefault(own if own in described else CUSTOM, []).append(held)
    return row


def addresses(row: Row) -> list[str]:
    """Every address of a contact that is not a placeholder, as it is written."""
    return [str(item.get("address")) for item in items(row, "emails") if personal(item.get("address"))]


def bears(row: Row, name: str) -> bool:
    """Whether a field says something about the person: blank and placeholder do not."""
    field = name.partition("->")[0]
    if field not in LISTS:
        return personal(row.get(name))
    return any(_bears(item, field) for item in items(row, name))


def empties(name: str) -> bool:
    """Whether a way is known to take the person out of a field."""
    field = name.partition("->")[0]
    return field in PERSONAL and field in (name, CUSTOM)


def emptied(row: Row, name: str, redaction: Redaction) -> tuple[Row, bool]:
    """What to send so that a field loses the person, and whether that is all of it.

    A list's items are addressed by id, custom fields by name. An item that cannot be addressed would
    be added as new, so it is not sent.
    """
    field = name.partition("->")[0]
    if field in TEXTS:
        # Whether an empty text empties a field is not documented: a word does, unless the inventory says otherwise.
        return {field: "" if redaction in (Redaction.EMPTY, Redaction.NULL) else ERASED}, True
    borne = [item for item in items(row, name) if _bears(item, field)]
    keys = ("name",) if field == CUSTOM else ("id", "type")
    sent = [{k: item[k] for k in keys if item.get(k)} | _blank(field) for item in borne if item.get(keys[0])]
    return ({field: sent} if sent else {}), len(sent) == len(borne)


def shown(row: Row, name: str) -> object:
    """A field as it is handed out: without the vendor's own numbers."""
    if name.partition("->")[0] not in LISTS:
        return row.get(name)
    return [{k: v for k, v in item.items() if k not in ("id", "typeId", "countryId")} for item in items(row, name)]


def _bears(item: Row, field: str) -> bool:
    return any(personal(item.get(part)) for part in LISTS[field] if part != _NAMES_NOBODY)


def _blank(field: str) -> Row:
    """An address is replaced: whether a contact may lose its last one is not documented."""
    return {"address": placeholder()} if field == "emails" else dict.fromkeys(LISTS[field], "")


def items(row: Row, name: str) -> Iterator[Row]:
    """The items of a list of a contact's."""
    held = row.get(name)
    yield from (item for item in held if isinstance(item, dict)) if isinstance(held, list) else ()


def personal(value: object) -> bool:
    """Whether a value names anybody: blank and placeholder do not."""
    text = "" if value is None else str(value).strip()
    return text.casefold() not in ("", ERASED) and not _PLACEHOLDER.fullmatch(text)
