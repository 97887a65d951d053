"""The statute's lists for one person: what the search found, where it comes from, what for, and to whom it went.

Individual: only collections in which something of theirs was found, and only categories that stand in it
(Cal. Civ. Code 1798.110(a), 1798.115(a); 11 CCR 7024).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from connectors.model import ObstacleKind
from orchestrator.inventory import Inventory
from orchestrator.model import Plan, Role, Step
from orchestrator.package import Category, Lists
from orchestrator.policy.parties import parties

_NOT_THEIRS = frozenset({ObstacleKind.CLAIMED, ObstacleKind.SEVERAL_PEOPLE})


def lists(inventory: Inventory, plan: Plan, today: date) -> Lists:
    """Categories A to K of this person, with recipients of the twelve months before `today`."""
    theirs = [s for s in plan.steps if _theirs(s)]
    found = {(s.system, s.collection) for s in theirs}
    systems = {
        name: replace(system, collections={n: c for n, c in system.collections.items() if (name, n) in found})
        for name, system in inventory.systems.items()
        if name in {place[0] for place in found}
    }
    categories = {c for s in theirs for c in s.categories}
    told = parties(replace(inventory, systems=systems), today).categories
    return Lists(
        tuple(
            Category(c.category, c.name, c.sources, c.purposes, c.sold_or_shared, c.disclosed, c.unsaid)
            for c in told
            if c.category in categories
        )
    )


def _theirs(step: Step) -> bool:
    kinds = {o.kind for o in step.obstacles}
    return bool(step.count) and step.role is Role.BUSINESS and not kinds & _NOT_THEIRS
