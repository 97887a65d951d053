"""The statute's lists for one person, as a package carries them: what `disclosures` tells, by category.

Individual: only collections in which something of theirs was found, and only categories that stand in it
(Cal. Civ. Code 1798.110(a), 1798.115(a); 11 CCR 7024).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from orchestrator.disclosures import Given, categories
from orchestrator.inventory import Inventory
from orchestrator.model import Plan
from orchestrator.package import Category, Lists


def lists(inventory: Inventory, plan: Plan, first: date, last: date) -> Lists:
    """Categories of this person, with recipients of the period, both days in it."""
    told = categories(plan, inventory, first, last)
    sold, disclosed, undecided = _by_letter(told.sold_or_shared), _by_letter(told.disclosed), _by_letter(told.undecided)
    return Lists(
        tuple(
            Category(
                c.category, c.name, c.sources, c.purposes,
                sold.get(c.category, ()), disclosed.get(c.category, ()), undecided.get(c.category, ()),
            )
            for c in told.collected
        )
    )  # fmt: skip


def _by_letter(given: Iterable[Given]) -> dict[str, tuple[str, ...]]:
    return {one.category: one.to for one in given}
