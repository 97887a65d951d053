"""What a person is called in Analytics, in the spelling in which deletion is asked for.

Source of the spellings: https://developers.google.com/analytics/devguides/config/admin/v1/rest/v1alpha/properties/submitUserDeletion
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from connectors.model import CollectionSpec, Subject, Trust

CLIENTS, APPS, USERS, PROVIDED = "client_ids", "app_instances", "user_ids", "user_provided_data"
LINKS, TEXTS = "bigquery_links", "event_parameters"
COLLECTIONS = (LINKS, TEXTS, CLIENTS, APPS, USERS, PROVIDED)
ASKED = {CLIENTS: "client_id", APPS: "app_instance_id", USERS: "user_id", PROVIDED: "user_provided_data"}
SEEN = (CLIENTS, APPS, USERS)  # an audience lists its members by these
_KINDS = {CLIENTS: ("ga.client_id",), APPS: ("ga.app_instance_id",), USERS: ("user_id",), PROVIDED: ("email", "phone")}
_COOKIE = re.compile(r"GA\d+\.[\d-]+\.(\d+\.\d+)")  # the whole _ga cookie: GA1.1.CLIENT_ID
_NOT_PLUS = "the telephone number has no country code, and with another's it would be another person's: look it up"


@dataclass(frozen=True, slots=True)
class Name:
    """One identifier in one collection. `doubt` says why deletion must not be asked for it."""

    collection: str
    value: str = field(repr=False)
    doubt: str = ""


def kinds_of(collections: Mapping[str, CollectionSpec]) -> dict[str, tuple[str, ...]]:
    """Collection -> the kinds of identifiers that stand in it, as the inventory says or by default."""
    found = {}
    for name, usual in _KINDS.items():
        proven = [i.kind for i in collections[name].identities if i.match and i.trust is not Trust.CLAIMED]
        found[name] = tuple(dict.fromkeys(proven)) if collections[name].identities else usual
    return found


def names_of(subject: Subject, kinds: Mapping[str, tuple[str, ...]]) -> list[Name]:
    """Every opening identifier of the subject as a name in Analytics, each once, in a fixed order."""
    found = (
        name for collection, some in kinds.items() for kind in some for name in _names(subject, collection, kind)
    )  # fmt: skip
    return list(dict.fromkeys(found))


def _names(subject: Subject, collection: str, kind: str) -> Iterator[Name]:
    for value in subject.values(kind):
        if collection == PROVIDED:
            name = provided_phone(value) if kind.rpartition(".")[2] == "phone" else provided_email(value)
        elif collection == CLIENTS:
            cookie = _COOKIE.fullmatch(value.strip())
            name = Name(collection, cookie[1] if cookie else value.strip())
        else:
            name = Name(collection, value.strip())
        if name.value:
            yield name


def provided_email(value: str) -> Name:
    """Lower case, without spaces; for gmail.com and googlemail.com also without dots before the @."""
    local, _, domain = "".join(value.split()).lower().rpartition("@")
    if domain in ("gmail.com", "googlemail.com"):
        local = local.replace(".", "")
    return Name(PROVIDED, f"{local}@{domain}" if local and domain else "")


def provided_phone(value: str) -> Name:
    """`+` and digits. A number without a country code is in doubt, for none may be made up."""
    digits = re.sub(r"\D", "", value)
    if value.strip().startswith("+"):
        return Name(PROVIDED, f"+{digits}" if digits else "")
    if digits.startswith("00"):
        return Name(PROVIDED, f"+{digits[2:]}")
    return Name(PROVIDED, digits, _NOT_PLUS)
