"""The fake answers in the shapes that were recorded of the vendor, and refuses what the vendor refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import requests

from connectors.sandbox.hatchbuck import API_KEY, HatchbuckSandbox
from connectors.sandbox.serve import Server

from .conftest import ANN, JO
from .test_laws import things

SHAPES: dict[str, Any] = json.loads((Path(__file__).parent / "shapes.json").read_text())


def call(server: Server, method: str, path: str, body: object = None, key: str = API_KEY) -> requests.Response:
    return requests.request(method, f"{server.url}/api/v1/{path}", params={"api_key": key}, json=body, timeout=5)


def planted(fake: HatchbuckSandbox) -> dict[str, Any]:
    row = fake.contact(ANN, first="Ann", **things("Ann"))
    fake.tag(row, "trial")
    fake.campaign(row, "Brochure")
    return row


def test_a_contact_has_the_recorded_keys_and_types(server: Server, fake: HatchbuckSandbox) -> None:
    planted(fake)
    (found,) = call(server, "POST", "contact/search", {"emails": [{"address": ANN}]}).json()
    shape = SHAPES["contact"]
    assert set(found) <= set(shape)
    assert set(shape) - set(found) <= set(SHAPES["optional"])
    for name, kind in shape.items():
        if isinstance(kind, str):
            assert type(found.get(name)).__name__ in (kind, "NoneType"), name
            continue
        assert found[name], f"{name}: nothing planted to compare"
        for item in found[name]:
            assert set(item) <= set(kind), name
            assert [k for k, v in item.items() if type(v).__name__ != kind[k]] == [], name


def test_statuses_and_bodies_are_the_recorded_ones(server: Server, fake: HatchbuckSandbox) -> None:
    number = planted(fake)["contactId"]
    answers = [
        call(server, "POST", "contact/search", {"emails": [{"address": JO}]}),
        call(server, "GET", "user", key="another"),
        call(server, "DELETE", f"contact/{number}/Tags", [{"name": "trial"}]),
        call(server, "DELETE", f"contact/{number}/Campaign", [{"name": "Brochure"}]),
    ]
    recorded = [(a["status"], a["body"]) for a in SHAPES["answers"]]
    assert [(a.status_code, a.json()) for a in answers] == recorded


def test_what_the_vendor_does_not_do_the_fake_does_not_either(server: Server, fake: HatchbuckSandbox) -> None:
    row = planted(fake)
    other = fake.contact(JO)
    number = row["contactId"]
    assert call(server, "DELETE", f"contact/{number}").status_code == 405
    assert call(server, "DELETE", "contact", {"contactId": number}).status_code == 405
    unmarked = requests.post(f"{server.url}/api/v1/contact/search?api_key={API_KEY}", data="{}", timeout=5)
    assert unmarked.status_code == 415
    in_a_header = {"Authorization": f"Bearer {API_KEY}"}
    assert requests.get(f"{server.url}/api/v1/user", headers=in_a_header, timeout=5).status_code == 401
    taken = {"contactId": other["contactId"], "emails": [{"id": other["emails"][0]["id"], "address": ANN}]}
    assert call(server, "PUT", "contact", taken).status_code == 400
    assert (
        call(server, "POST", "contact", {"emails": [{"address": ANN}], "status": {"name": "Lead"}}).status_code == 400
    )
    assert call(server, "POST", "contact/search", {}).json() != SHAPES["answers"][0]["body"]


def test_a_change_merges_items_by_id(server: Server, fake: HatchbuckSandbox) -> None:
    row = planted(fake)
    first, second = row["phones"]
    sent = {"contactId": row["contactId"], "phones": [{"id": first["id"], "number": "", "type": "Work"}]}
    assert call(server, "PUT", "contact", sent).json()["phones"] == [second]
    added = {"contactId": row["contactId"], "phones": [{"number": "+1 555-010-0177", "type": "Work"}]}
    assert len(call(server, "PUT", "contact", added).json()["phones"]) == 2
    assert row["firstName"] == "Ann"


@pytest.mark.parametrize("means", ["or", "and"])
def test_several_addresses_in_one_search(server: Server, fake: HatchbuckSandbox, means: str) -> None:
    fake.several_addresses_mean = means
    planted(fake)
    asked = {"emails": [{"address": ANN}, {"address": JO}]}
    assert call(server, "POST", "contact/search", asked).status_code == (200 if means == "or" else 400)
