"""The statute's lists beside the data: what a package takes from whoever knows them, and writes as `categories.json`.

Cal. Civ. Code 1798.110(a), 1798.115(a), 1798.130(a)(3)(B) and (a)(4)(B)-(C).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Category:
    """One category of personal information, in the statute's terms."""

    code: str  # A to K, or L: sensitive
    name: str
    sources: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    sold_or_shared_to: tuple[str, ...] = ()  # categories of third parties
    disclosed_to: tuple[str, ...] = ()  # categories of persons, for a business purpose
    undecided_to: tuple[str, ...] = ()  # of whom nobody has said whether it is a sale or sharing


@dataclass(frozen=True, slots=True)
class Lists:
    """What was collected about this person, and the two lists: sold or shared, and disclosed for a business purpose."""

    collected: tuple[Category, ...]
    note: str = ""  # for the person, in plain words
