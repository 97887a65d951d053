"""How the SendGrid fake takes updates of contacts: checked at once, done later, told to nobody.

Source: https://github.com/twilio/sendgrid-oai (tsg_mc_contacts_v3, tsg_lmc_contactdb_v3, tsg_suppressions_v3).
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.wrappers import Response

from connectors.sandbox.sendgrid.stores import Row, Store

if TYPE_CHECKING:
    from connectors.sandbox.sendgrid import SendGridSandbox

IDENTIFIERS = ("email", "phone_number_id", "external_id", "anonymous_id")
KINDS = {"EMAIL": "email", "PHONENUMBERID": "phone_number_id", "EXTERNALID": "external_id",
         "ANONYMOUSID": "anonymous_id"}  # fmt: skip
_LONGEST = {"first_name": 50, "last_name": 50, "city": 60, "country": 50, "address_line_1": 100,
            "address_line_2": 100, "state_province_region": 50, "email": 254, "external_id": 254}  # fmt: skip
_OTHERS = ("first_name", "last_name", "address_line_1", "address_line_2", "city", "state_province_region",
           "postal_code", "country", "alternate_emails", "custom_fields")  # fmt: skip
_VALID = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_NUMBER = re.compile(r"\+?[0-9]{7,15}")
_JOB = {"job_id": "00000000-0000-0000-0000-0000000000aa"}


def updated(
    fake: SendGridSandbox, store: Store, method: str, parts: list[str], body: Any, lie: bool
) -> Response | None:  # fmt: skip
    """The answer to a call that updates something; None if it is another call."""
    match [method, *parts]:
        case ["PUT", "marketing", "contacts"]:
            return upsert(fake, store, body, lie)
        case ["DELETE", "marketing", "contacts", contact, "identifiers"]:
            return drop_identifier(fake, store, contact, body, lie)
        case ["PATCH", "contactdb", "recipients"]:
            return patch_legacy(fake, store, body, lie)
        case ["POST", "asm", "groups", number, "suppressions"]:
            return join_group(store, number, body, lie)
    return None


def upsert(fake: SendGridSandbox, store: Store, body: Any, lie: bool) -> Response:
    """`PUT /v3/marketing/contacts`."""
    contacts = body.get("contacts") if isinstance(body, dict) else None
    if not contacts or set(body) - {"contacts", "list_ids"}:
        raise BadRequest("contacts must be set")
    for contact in contacts:
        _check(contact)
        if not lie:
            due = fake.now + timedelta(hours=fake.upsert_hours)
            store.upserts.append((due, lambda c=contact: _put(fake, store, c, body.get("list_ids") or [])))  # type: ignore[misc]
    store.expire(fake.now)
    return _json(_JOB, 202)


def _check(contact: Row) -> None:
    if set(contact) - {*IDENTIFIERS, *_OTHERS} or not any(contact.get(name) for name in IDENTIFIERS):
        raise BadRequest("an unknown field, or no identifier")
    if any(len(str(contact.get(name) or "")) > most for name, most in _LONGEST.items()):
        raise BadRequest("a value is too long")
    if contact.get("email") and not _VALID.fullmatch(contact["email"]):
        raise BadRequest("email is not valid")
    if contact.get("phone_number_id") and not _NUMBER.fullmatch(contact["phone_number_id"]):
        raise BadRequest("phone_number_id is not valid")


def _put(fake: SendGridSandbox, store: Store, contact: Row, list_ids: list[str]) -> None:
    """What a job does; where it fails, nobody is told but who reads its results."""
    given = {name: str(contact[name]) for name in IDENTIFIERS if contact.get(name)}
    given |= {"email": given["email"].lower()} if "email" in given else {}
    met = [c for c in store.contacts.values() if any(c.get(name) == value for name, value in given.items())]
    if not met:
        row = fake.contact(given.get("email", ""), **{k: v for k, v in contact.items() if k != "email"})
        store.contacts[row["id"]] = row  # of whichever account was asked
        if store is not fake.accounts[""]:
            del fake.accounts[""].contacts[row["id"]]
        row |= {"first_name": contact.get("first_name", ""), "list_ids": list(list_ids)}
        return
    row = met[0]
    present = {name: row[name] for name in IDENTIFIERS if row.get(name)}
    adds = set(given) - set(present)
    if len(met) > 1 or any(given.get(n) != v for n, v in present.items()) or (adds and not fake.adds_identifiers):
        return  # "all of its existing identifiers must be present"
    row |= {k: v for k, v in contact.items() if k != "email"} | given
    row["list_ids"] = sorted({*row["list_ids"], *list_ids})


def drop_identifier(fake: SendGridSandbox, store: Store, contact: str, body: Any, lie: bool) -> Response:
    """`DELETE /v3/marketing/contacts/{id}/identifiers`."""
    if contact not in store.contacts:
        raise NotFound("contact not found")
    name, value = KINDS[body["identifier_type"]], body["identifier_value"]

    def drop() -> None:
        row = store.contacts.get(contact, {})
        if row.get(name) == value and sum(bool(row.get(i)) for i in IDENTIFIERS) > 1:
            row[name] = ""

    if not lie:
        store.upserts.append((fake.now + timedelta(hours=fake.upsert_hours), drop))
        store.expire(fake.now)
    return _json(_JOB, 202)


def patch_legacy(fake: SendGridSandbox, store: Store, body: Any, lie: bool) -> Response:
    """`PATCH /v3/contactdb/recipients`."""
    updated, wrong = 0, 0
    for sent in body if isinstance(body, list) else []:
        met = [row for row in store.legacy.values() if row["email"].casefold() == sent["email"].casefold()]
        if not met or any(len(str(sent.get(n) or "")) > _LONGEST[n] for n in ("first_name", "last_name")):
            wrong += 1
            continue
        updated += 1
        if not lie:
            met[0].update({k: v for k, v in sent.items() if k != "email"})
    told = {"new_count": 0, "updated_count": updated, "error_count": wrong, "error_indices": [],
            "unmodified_indices": [], "persisted_recipients": [], "errors": []}  # fmt: skip
    return _json(told, 201)


def join_group(store: Store, number: str, body: Any, lie: bool) -> Response:
    """`POST /v3/asm/groups/{id}/suppressions`."""
    if not lie:
        store.groups[int(number)]["emails"].update(body["recipient_emails"])
    return _json({"recipient_emails": body["recipient_emails"]}, 201)


def _json(value: object, status: int) -> Response:
    return Response(json.dumps(value), status, mimetype="application/json")
