"""Which custom fields the contacts of an account and its subusers have; all else is the same in every account.

Sources: https://www.twilio.com/docs/sendgrid/api-reference/custom-fields/get-all-field-definitions,
https://www.twilio.com/docs/sendgrid/api-reference/contacts-api-custom-fields/retrieve-all-custom-fields.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.errors import TransientError
from connectors.model import CollectionSpec
from connectors.sendgrid.api import Account, Api
from connectors.sendgrid.settings import CONTACTS, LEGACY
from connectors.surveys import Found, Part, described

_CALLS = {CONTACTS: ("marketing", "field_definitions"), LEGACY: ("contactdb", "custom_fields")}
_DOING = "listing custom fields"


def survey(
    system: str, api: Api, accounts: Sequence[Account], specs: Mapping[str, CollectionSpec], without: frozenset[str]
) -> Iterator[Found]:
    """Contacts, and those of the former product, with what the account has added to them."""
    for name, path in _CALLS.items():
        if name in without:
            continue
        parts: dict[str, Part] = {}
        for account in accounts:
            _, answer = api.get(*path, doing=_DOING, account=account)
            for row in _fields(system, answer):
                called = f"custom_fields->{row.get('name', '')}"
                parts[called] = Part(called, str(row.get("field_type") or row.get("type") or ""))
        yield Found(name, "contacts", name, tuple(parts.values()), described([specs[name]]))


def _fields(system: str, answer: Any) -> list[dict[str, Any]]:
    """An answer without the list means an account without custom fields only where it says so."""
    held = answer.get("custom_fields") if isinstance(answer, dict) else None
    if held is None and isinstance(answer, dict) and "reserved_fields" in answer:
        return []
    if not isinstance(held, list) or not all(isinstance(row, dict) for row in held):
        raise TransientError(system, f"{_DOING}: the answer is not the list that was asked for")
    return held
