"""From the files beside this module to a `Regime` and a `Calendar`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from orchestrator.canonical import digest
from orchestrator.days import Calendar
from orchestrator.errors import InventoryError, UnknownError
from orchestrator.law import Asked, Law, Regime, Rule, Topic

if TYPE_CHECKING:
    from pydantic import BaseModel

    from orchestrator.regimes.schema import RuleEntry

FOLDER = Path(__file__).parent
Shape = TypeVar("Shape", bound="BaseModel")


@cache
def regime(name: str, folder: Path = FOLDER) -> Regime:
    """The law of that name. UnknownError if there is no file, InventoryError if it cannot be used."""
    from orchestrator.regimes.schema import RegimeFile  # pydantic: only when a file is read

    path = folder / f"{name}.yaml"
    if not name.isidentifier() or not path.is_file():
        raise UnknownError(f"no law {name!r} in {folder.name}")
    file = read(path, RegimeFile)
    rules = _rules(file.rules, promise=False)
    for asked in (Asked.ACCESS, Asked.DELETE):
        if not any(r.topic is Topic.ANSWER and asked in r.rights for r in rules):
            raise InventoryError(f"{path}: no rule says when a request to {asked} must be answered")
    if len({r.id for r in rules}) != len(rules) or file.regime != name:
        raise InventoryError(f"{path}: the name is not the file's, or two rules have the same id")
    return Regime(name, file.title, file.verification_pauses, rules, digest(file.model_dump(mode="json")))


@cache
def house(folder: Path = FOLDER) -> tuple[Rule, ...]:
    """When a request is due of which a law says nothing: like promises, they add and never narrow."""
    from orchestrator.regimes.schema import HouseFile

    return _rules(read(folder / "house.yaml", HouseFile).rules, promise=True)


@cache
def holidays(folder: Path = FOLDER) -> Calendar:
    """The days off. InventoryError if the file cannot be used."""
    from orchestrator.regimes.schema import CalendarFile

    file = read(folder / "holidays.yaml", CalendarFile)
    content = digest(file.model_dump(mode="json"))
    federal, state = (frozenset(date.fromisoformat(h.on) for h in listed) for listed in (file.federal, file.state))
    first, last = date.fromisoformat(file.first), date.fromisoformat(file.last)
    if outside := [day for day in federal | state if not first <= day <= last]:
        raise InventoryError(f"{folder / 'holidays.yaml'}: {min(outside)} lies outside of {first} to {last}")
    return Calendar(f"{file.calendar} {file.version} {content}", first, last, federal, state)


def law_of(name: str, promises: tuple[Rule, ...]) -> Law:
    """The law of that name with the company's promises over it, and the house's rules where both are silent."""
    law = Law(regime(name), promises)
    silent = (r for r in house() if not any(law.rules(Topic.ANSWER, asked) for asked in r.rights))
    return Law(law.regime, (*promises, *silent))


def _rules(entries: Sequence[RuleEntry], *, promise: bool) -> tuple[Rule, ...]:
    from orchestrator.inventory.promise import rule
    from orchestrator.law import Confidence

    return tuple(
        rule(
            r,
            confidence=Confidence(r.confidence),
            first_day_counts=r.first_day_counts,
            calendar_year=r.calendar_year,
            promise=promise,
        )
        for r in entries
    )


def read(path: Path, shape: type[Shape]) -> Shape:
    """A file of rules, in its shape. InventoryError with every problem, each with its line."""
    from orchestrator.inventory import document  # pydantic and ruamel: only when a file is read

    return document.shaped(path, shape)
