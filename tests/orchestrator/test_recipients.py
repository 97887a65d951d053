"""To whom data goes: the inventory's section, its mistakes, and what is made of it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from orchestrator.errors import InventoryError
from orchestrator.inventory import Inventory
from orchestrator.inventory.flows import Capacity, Sensitive, Tells, Whether
from tests.orchestrator.inventories import MINIMAL, written

ROOT = Path(__file__).parent.parent.parent
BUYER = """\
recipients:
  - id: buyer
    title: List Buyer Inc
    category: Data broker
    capacity: third_party
    contract: "no"
    owner: marketing
    notice: Mail to its privacy desk
    gets:
      - {what: shop/orders, purposes: Their advertising, sold: "yes", since: 2025-02-01, until: 2026-03-31}
      - {what: [paper], category: Archive, purposes: [Storage]}
"""


def test_a_recipient_is_read_and_what_nobody_said_is_unknown(tmp_path: Path) -> None:
    inventory = Inventory.load(written(tmp_path, MINIMAL + BUYER))
    (buyer,) = inventory.recipients
    assert (buyer.capacity, buyer.contract, buyer.counts_as) == (
        Capacity.THIRD_PARTY, Whether.NO, Capacity.THIRD_PARTY,
    )  # fmt: skip
    sold, stored = buyer.flows
    assert (sold.category, sold.sold, sold.shared) == ("Data broker", Whether.YES, Whether.UNKNOWN)
    assert (stored.category, stored.sold, stored.direct_marketing) == ("Archive", Whether.UNKNOWN, Whether.UNKNOWN)
    assert inventory.recipients_of("shop", "orders") == ((buyer, sold),)
    assert inventory.recipients_of("shop", "users") == ()
    assert inventory.recipients_of("paper", "anything") == ((buyer, stored),)


@pytest.mark.parametrize(
    ("first", "last", "ran"),
    [
        (date(2025, 1, 1), date(2025, 1, 31), False),
        (date(2025, 1, 1), date(2025, 2, 1), True),
        (date(2026, 3, 31), date(2026, 12, 31), True),
        (date(2026, 4, 1), date(2026, 12, 31), False),
    ],
)
def test_a_flow_runs_from_its_first_day_to_its_last(tmp_path: Path, first: date, last: date, ran: bool) -> None:
    sold, stored = Inventory.load(written(tmp_path, MINIMAL + BUYER)).recipients[0].flows
    assert sold.ran(first, last) is ran
    assert stored.ran(first, last), "one without dates runs always"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("what: shop/orders", "what: shop/order", "shop has no collection 'order'; did you mean 'orders'?"),
        ("what: [paper]", "what: [papers]", "there is no system 'papers'; did you mean 'paper'?"),
        ("until: 2026-03-31", "until: 2024-03-31", "until: lies before `since`"),
        ("capacity: third_party", "capacity: contractor", "what is sold or shared goes to a third party"),
        ('contract: "no"', "contract: false", "contract: expected one of: no, unknown, yes"),
        ("    owner: marketing\n", "", "owner: is missing"),
    ],
)
def test_a_recipient_without_sense_is_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert BUYER.count(old) == 1
    with pytest.raises(InventoryError) as caught:
        Inventory.load(written(tmp_path, MINIMAL + BUYER.replace(old, new)))
    assert says in str(caught.value)


def test_a_vendor_nobody_names_and_a_name_given_twice_are_refused(tmp_path: Path) -> None:
    vendor = MINIMAL.replace("    title: Shop\n", "    title: Shop\n    third_party_category: Shop provider\n")
    Inventory.load(written(tmp_path, vendor))
    only_paper = BUYER.replace("what: shop/orders", "what: paper")
    with pytest.raises(InventoryError, match=r"systems\.shop: is at a vendor's, and no entry of `recipients` gets it"):
        Inventory.load(written(tmp_path, vendor + only_paper))
    with pytest.raises(InventoryError, match="'buyer' stands here twice"):
        Inventory.load(written(tmp_path, MINIMAL + BUYER + BUYER.partition("\n")[2]))


def test_training_tracker_says_of_every_vendor_what_its_policy_says() -> None:
    inventory = Inventory.load(ROOT / "inventory.yaml")
    for name, system in inventory.systems.items():
        if system.third_party:
            found = {f.category for _, f in inventory.recipients_of(name, "*")}
            assert found == {system.third_party}, name
    flows = [f for r in inventory.recipients for f in r.flows]
    assert {f.sold for f in flows} | {f.shared for f in flows} | {f.direct_marketing for f in flows} == {Whether.NO}
    assert [r.id for r in inventory.recipients if r.contract is not Whether.YES] == ["hatchbuck"]
    profiles = inventory.system("app_db").collections["public.profiles"]
    assert profiles.tells == {"data->birth_date": Tells.BIRTH_DATE}
    assert profiles.sensitive == {"data->tax_number": Sensitive.GOVERNMENT_ID}
    assert {n: s.suppression for n, s in inventory.systems.items() if s.suppression} == {
        "hatchbuck": "marketing", "mail": "all_mail", "sendgrid": "all_mail",
    }  # fmt: skip
