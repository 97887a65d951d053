"""The few calls of Hatchbuck's API: search, change, and take tags and campaigns off a contact.

None deletes a contact. Source: the vendor's description of 18 pages, kept at
https://github.com/jakesen/pyhatchbuck/blob/master/docs/hatchbuck_api.pdf, and the traffic recorded
in the same repository.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from connectors.errors import RefusedError, TransientError
from connectors.http import HttpClient
from connectors.model import SystemSpec
from connectors.settings import secret

Row = dict[str, Any]
_NOTHING = "no contact found"  # how HTTP 400 says that there is none; any other 400 is a refusal


class HatchbuckApi:
    """One account. The key travels in the query string of every call, as the vendor wants it."""

    def __init__(self, spec: SystemSpec, base_url: str, timeout: float) -> None:
        key = secret(spec, "api_key", "the key of Account Settings, Web API")
        self._system = spec.system
        self._http = HttpClient(spec.system, base_url, timeout=timeout, params={"api_key": key.reveal()})

    def by_address(self, address: str) -> list[Row]:
        """What a search for one address brings: not every contact of it need bear the address."""
        return self._search({"emails": [{"address": address}]})

    def by_id(self, contact_id: str) -> list[Row]:
        """The contact of this id, or none."""
        return [row for row in self._search({"contactId": contact_id}) if row["contactId"] == contact_id]

    def _search(self, by: Row) -> list[Row]:
        doing = "searching contacts"
        status, answer = self._http.request("POST", "contact/search", doing=doing, json_body=by, accept=(200, 400))
        if status == 400:
            message = answer.get("Message") if isinstance(answer, dict) else None
            if isinstance(message, str) and message.strip().casefold().startswith(_NOTHING):
                return []
            raise RefusedError(self._system, f"{doing}: refused (HTTP 400)")
        if not isinstance(answer, list) or not all(_is_contact(row) for row in answer):
            raise TransientError(self._system, f"{doing}: the answer is not a list of contacts")
        return answer

    def change(self, contact_id: str, fields: Row) -> bool:
        """Send new values of some fields, which alone change; whether the vendor took them."""
        body = {"contactId": contact_id, **fields}
        status, _ = self._http.request("PUT", "contact", doing="changing a contact", json_body=body, accept=(200, 400))
        return status == 200

    def take_off(self, contact_id: str, what: str, names: Iterable[str]) -> bool:
        """Take `Tags` or `Campaign` off a contact, by name; whether the vendor said yes.

        It answers 200 for tags and 201 for campaigns.
        """
        status, _ = self._http.request(
            "DELETE", f"contact/{quote(contact_id, safe='')}/{what}",
            doing=f"taking {what} off a contact", json_body=[{"name": name} for name in names], accept=(200, 201, 400),
        )  # fmt: skip
        return status != 400


def _is_contact(row: object) -> bool:
    return isinstance(row, dict) and isinstance(row.get("contactId"), str) and bool(row["contactId"])
