"""Whom we hold data for and pass requests on to, and what a requester may be asked: frozen values of the inventory."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class HandOver:
    """Who passes requests on to customer organisations, how, and in how many days from receipt."""

    owner: str = ""
    how: str = ""
    within_days: int = 7


@dataclass(frozen=True, slots=True)
class Organisation:
    """A customer organisation, and the addresses whose instructions about its data are followed."""

    id: str
    title: str
    contacts: frozenset[str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Point:
    """What a requester may be asked. Places are (system, collection, field)."""

    name: str
    title: str
    held: tuple[tuple[str, str, str], ...]
    writable: tuple[tuple[str, str, str], ...]
    compare: str  # "text" or "digits"
    weak: bool = False
