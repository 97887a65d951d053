"""Texts of policies and inventories that the lint is tried on, with how many findings each gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from orchestrator.inventory import Inventory
from orchestrator.inventory.flows import Capacity, Flow, Recipient, Whether
from orchestrator.policy.text import Text
from tests.orchestrator.inventories import MINIMAL, written

LIST = "We share your personal information with the following categories of third parties:\n"
CHILDREN = "from a child under 13 without verification of parental consent, we will delete it"
COMPLETE = """\
We have not shared data for cross-context advertising. We honor Global Privacy Control. You have the right to request
that we correct, and the right to limit the use of sensitive personal information. We retain identifiers for 2 years.
We collect identifiers from the following categories of sources. The purposes for which we collect each category are:"""
EXCEPTIONS = """\
We may deny your deletion request: peer-reviewed research with informed consent; a warranty or recall;
● Detect security incidents where necessary and proportionate
● Enable solely internal uses compatible with the context
● Perform a contract"""


@cache
def inventory(old: str = "", new: str = "") -> Inventory:
    """Categories A, B and J, the last for customer organisations; on demand with something changed."""
    assert old in MINIMAL
    with TemporaryDirectory() as folder:
        return Inventory.load(written(Path(folder), MINIMAL.replace(old, new, 1) if old else MINIMAL))


def with_(*recipients: Recipient, held: Inventory | None = None) -> Inventory:
    return replace(held or inventory(), recipients=recipients)


def recipient(
    title: str, category: str = "Payment processor", contract: Whether = Whether.YES, sold: Whether = Whether.NO,
    marketing: Whether = Whether.NO, until: date | None = None,
) -> Recipient:  # fmt: skip
    capacity = Capacity.THIRD_PARTY if sold is Whether.YES else Capacity.SERVICE_PROVIDER
    flow = Flow(("shop",), category, ("Selling",), sold, Whether.NO, marketing, until=until)
    return Recipient(title.lower(), title, capacity, contract, "s1", "mail", (flow,))


STRIPE = recipient("Stripe")
SELLS = with_(recipient("Buyer", sold=Whether.YES))
UNSAID = with_(recipient("Buyer", sold=Whether.UNKNOWN))


def table(**answers: str) -> str:
    """A table that is right for the inventory above, but for these answers; "-" leaves the row out."""
    right = dict.fromkeys("ABCDEFGHIJK", "NO") | {"A": "YES", "B": "YES", "J": "YES"}
    rows = {c: a for c, a in {**right, **answers}.items() if a != "-"}
    return "".join(f"{c}. Something\nwith examples\n{a}\n" for c, a in rows.items())


def third(system: str = "Analytics provider") -> Inventory:
    return with_(STRIPE, held=inventory("    title: Shop\n", f"    title: Shop\n    third_party_category: {system}\n"))


Held = Callable[[], Inventory]
CASES: Mapping[str, list[tuple[str, int, Held | None]]] = {
    # rule: (text, how many findings, the inventory)
    "LNT-1": [
        (table(), 0, None),
        (table(A="[YES / NO]"), 1, None),
        (table(A="[ YES/NO ]"), 1, None),
        (table(A="[YES]"), 0, None),
        (table(A="NO"), 1, None),
        (table(E="YES"), 1, None),
        (table(K="-"), 1, None),
        ("no table at all", 11, None),
    ],
    "LNT-2": [
        ("● Name, company name, address\n" + table(), 0, None),
        ("● Name, company name,\naddress\n" + table(B="[YES / NO]"), 1, None),
        ("We may send a cookie to your computer.\n" + table(), 1, None),
        ("We may send a cookie to your computer.\n" + table(F="YES"), 0, None),
        ("the name of a street address\n" + table(A="NO"), 0, None),
    ],
    "LNT-3": [
        ("we have not disclosed personal information for a business purpose.", 1, None),
        ("we have not disclosed personal\ninformation for a business purpose.", 0, lambda: with_()),
        (
            "we have not disclosed personal information for a business purpose.", 0,
            lambda: with_(recipient("Stripe", until=date(2025, 11, 24))),
        ),
        ("we have disclosed identifiers for a business purpose.", 0, None),
    ],
    "LNT-4": [
        (LIST + "● Stripe\n● Payment processor\n", 1, None),
        (LIST + "● Payment processor\n", 0, None),
        ("Stripe is mentioned elsewhere.", 0, None),
    ],
    "LNT-5": [
        ("All is well (or so it seems).\n● one\n● two\n", 0, None),
        ("●\n●\n● three\n", 1, None),
        ("Some words\n1.\nmore words\n", 1, None),
        ("It may sell (or give (see below).\n● next (fine)\n", 1, None),
        ("with the title “Do Not Sell”)].\n", 2, None),
        ("a (bracket\nthat closes) in the next line\n", 0, None),
    ],
    "LNT-6": [
        ("We may sell your personal information. We have not sold personal information.", 1, None),
        ("We may sell your personal information.", 0, None),
        ("We have not sold personal information.", 0, None),
        ("We have not sold personal information.", 1, lambda: SELLS),
        ("We may sell your personal information. We have not sold personal information.", 2, lambda: SELLS),
    ],
    "LNT-7": [
        ("Nothing.", 8, None),
        (
            COMPLETE, 0, None,
        ),
    ],
    "LNT-8": [
        ("Any disclosures we provide will only cover the 12 month\nperiod preceding the request.", 1, None),
        ("Disclosures cover the 12 months before, or all since 1 January 2022 if you ask.", 0, None),
    ],
    "LNT-9": [
        (
            EXCEPTIONS, 0, None,
        ),
        ("● Make other internal and lawful uses of it; informed consent; recall", 1, None),
        ("● Enable solely internal uses that you expect ● compatible; informed consent; recall", 1, None),
        ("or otherwise perform the Services; informed consent; recall", 1, None),
        ("● Detect security incidents ● other; informed consent; recall", 1, None),
        ("We may deny your deletion request.", 2, None),
    ],
    "LNT-10": [
        ("Only you, or a person registered with the California Secretary of State", 1, None),
        ("You, a natural person you choose or a person registered with the California Secretary of State", 0, None),
    ],
    "LNT-11": [
        ("We endeavor to respond within 45 days.", 3, None),
        ("We confirm within 10 business days, answer within 45 days, at most 90 days with reasons.", 0, None),
    ],
    "LNT-12": [
        ("a consumer who is between 13 and 16 years of age", 1, None),
        ("a consumer who is at least 13 and less than 16 years of age", 0, None),
    ],
    "LNT-13": [
        ("track non-personally identifiable usage", 1, third),
        ("track non-personally identifiable usage", 0, None),  # no analytics vendor is there
        ("cookies will not be used to associate individual\nvisitors to anything", 1, third),
        ("track usage by an online identifier", 0, third),
    ],
    "LNT-14": [
        ("● Billing information, such as credit card number", 1, lambda: third("Payment processor")),
        ("● Billing information, such as credit card number", 1, None),
        (
            "● Billing information, such as credit card number", 0,
            lambda: inventory("name: {category: B, disclose: true}", "name: {category: B, never: full card number}"),
        ),
        ("● The brand of your card", 0, lambda: third("Payment processor")),
    ],
    "LNT-15": [
        ("All financial and billing information is used solely to bill.", 1,
         lambda: inventory("{name: {category: B", "{name: {category: D")),
        ("All financial and billing information is used solely to bill.", 0, None),
        ("All financial and billing information is used solely to bill.", 0,
         lambda: replace(inventory("purposes: [Selling]\n    owner: engineering",
                                   "purposes: [Billing]\n    owner: engineering"))),
    ],
    "LNT-16": [
        ("information regarding our company or partners", 1, None),
        ("information regarding our company", 0, None),
    ],
    "LNT-17": [
        (LIST + "● Stripe\n", 0, None),
        (LIST + "● Stripe Inc\n", 2, None),
        (LIST + "● Stripe\n● Mailchimp\n", 1, None),
        (LIST + "● Old\n", 1, lambda: with_(recipient("Old (now New)"))),
        (LIST + "● New\n", 0, lambda: with_(recipient("Old (now New)"))),
        ("no list", 1, None),
    ],
    "LNT-18": [
        ("We enter a contract that binds. Services are subject to those third-parties’ applicable terms.", 1, None),
        ("Services are subject to those third-parties’ applicable terms.", 0, None),
        (LIST + "● Stripe\n", 1, lambda: with_(recipient("Stripe", contract=Whether.UNKNOWN))),
        (LIST + "● Stripe\n", 1, lambda: with_(recipient("Stripe", contract=Whether.NO))),
    ],
    "LNT-19": [
        ("24 C.F.R.\nPart 99, HIPPA, the FRCP and FIPA", 4, None),
        ("34 C.F.R. Part 99, HIPAA, the FCRA and CalFIPA", 0, None),
    ],
    "LNT-20": [
        ("The date the Policy was last revised is identified at the bottom of the page.\nContact us.", 1, None),
        ("The date the Policy was last revised is identified at the bottom.\nLast revised: March 3, 2026", 0, None),
        ("Revised 2026-03-03\n" + "words\n" * 20, 1, None),
        ("words\nEffective 3 March 2026", 0, None),
    ],
    "LNT-21": [
        ("delete (and direct our service providers to delete) it", 1, None),
        ("delete, and direct our service providers, contractors and third parties to delete it", 0, None),
    ],
    "LNT-22": [
        ("through your continued use, you will be transferring and you consent to that transfer.", 1, None),
        ("We rely on standard contractual clauses for a transfer.", 0, None),
    ],
    "LNT-23": [
        ("by sending an email to a@example.com with the title X. You may opt back in by sending an email", 2, None),
        ("by the link on every page. You may opt back in and confirm it", 0, None),
    ],
    "LNT-24": [
        (CHILDREN, 1, None),  # school records
        (
            CHILDREN, 0,
            lambda: inventory("{content: {category: J}}", "{content: {category: I}}"),
        ),
        (
            CHILDREN, 1,
            lambda: inventory("{content: {category: J}}", "{content: {category: C, tells: birth_date}}"),
        ),
        ("We ask for no age.", 0, None),
    ],
    "LNT-25": [
        ("categories of information from our\ncustomers; information that we collected from you and retained", 2, None),
        ("that we collected from you and retained; we act as a service provider to customers", 0, None),
        ("that we collected from you and retained", 0, lambda: inventory("role: service_provider", "role: business")),
    ],
    "LNT-26": [
        ("We cannot respond to your request or provide you with personal information if we cannot verify you", 1, None),
        ("If we cannot verify you, we answer a request to know with categories", 0, None),
    ],
    "POL-1": [
        ("text", 0, None),
        ("text", 1, lambda: replace(inventory(), policy=replace(inventory().policy, sha256="0" * 64))),
        ("text", 0, lambda: replace(inventory(), policy=replace(inventory().policy, sha256=Text("text").sha256))),
    ],
    "POL-2": [
        ("text", 0, None),
        ("text", 1, lambda: replace(inventory(), policy=replace(inventory().policy, revised="2025-11-24"))),
        ("text", 0, lambda: replace(inventory(), policy=replace(inventory().policy, revised="2025-11-25"))),
    ],
}  # fmt: skip
