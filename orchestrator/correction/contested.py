"""What a person contests: attributes with their right values. Personal: in memory and the vault only. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from connectors.model import Locator, Record
from orchestrator.errors import NotAllowedError
from orchestrator.inventory import Inventory, nearest
from orchestrator.inventory.attributes import Attribute
from orchestrator.model import Discovery


@dataclass(frozen=True, slots=True)
class Contested:
    """One attribute, the right value, and the wrong ones where the person named them.

    An empty new value: the contested data is deleted instead (11 CCR 7023(e)).
    """

    attribute: str
    new: str = field(repr=False)
    was: tuple[str, ...] = field(default=(), repr=False)


def given(inventory: Inventory, new: Mapping[str, str], was: Iterable[tuple[str, str]]) -> tuple[Contested, ...]:
    """What was said, checked. NotAllowedError for an unknown attribute or a value that cannot be one."""
    wrong: dict[str, list[str]] = {}
    for name, value in was:
        wrong.setdefault(name, []).append(value)
    if not inventory.attributes:
        raise NotAllowedError("the inventory names no attributes that can be corrected: see `attributes`")
    for name in [*new, *wrong]:
        if name not in inventory.attributes:
            raise NotAllowedError(f"there is no attribute {name!r}{nearest(name, inventory.attributes)}")
        if name not in new:
            raise NotAllowedError(f"the {name} that is wrong is named, and not the right one: set {name}=…")
    found = []
    for name, value in new.items():
        if why := inventory.attributes[name].unfit(value):
            raise NotAllowedError(why)
        if any(inventory.alike(name, value, old) for old in wrong.get(name, ())):
            raise NotAllowedError(f"the right {name} and the wrong one are the same")
        found.append(Contested(name, value.strip(), tuple(wrong.get(name, ()))))
    return tuple(found)


def effective(contested: Sequence[Contested], attributes: Mapping[str, Attribute]) -> tuple[Contested, ...]:
    """With every whole that follows from its parts: a first and a last name make a name.

    A whole is not taken apart: nobody can tell where one name ends and the other begins.
    """
    said = {c.attribute: c for c in contested}
    for name, attribute in attributes.items():
        parts = [said[part] for part in attribute.joins if part in said]
        if attribute.joins and name not in said and len(parts) == len(attribute.joins) and all(p.new for p in parts):
            old = [p.was for p in parts]
            was = (" ".join(w[0] for w in old),) if all(len(w) == 1 for w in old) else ()
            said[name] = Contested(name, " ".join(p.new for p in parts), was)
    return tuple(said[name] for name in attributes if name in said)


def follows(names: Iterable[str], attributes: Mapping[str, Attribute]) -> dict[str, tuple[str, ...]]:
    """The wholes that follow from these attributes, with their parts."""
    those = set(names)
    return {n: a.joins for n, a in attributes.items() if a.joins and n not in those and set(a.joins) <= those}


def emptied(contested: Iterable[Contested], instead: Iterable[str]) -> tuple[Contested, ...]:
    """The same, with those attributes deleted instead of corrected."""
    those = set(instead)
    return tuple(replace(c, new="") if c.attribute in those else c for c in contested)


def points(contested: Iterable[Contested], inventory: Inventory) -> frozenset[str]:
    """Every word by which a point of comparison may name a contested datum: 11 CCR 7060(h).

    An attribute by its name, title, kind and the fields that hold it; with a whole its parts, and the reverse.
    """
    names = {c.attribute for c in contested}
    names |= {part for name in names for part in inventory.attributes[name].joins}
    names |= {name for name, attribute in inventory.attributes.items() if names & set(attribute.joins)}
    words = set(names)
    for name in names:
        words |= {inventory.attributes[name].title, inventory.attributes[name].kind}
    for system in inventory.systems.values():
        for collection in system.collections.values():
            words |= {f for f, held in collection.holds.items() if names & set(held)}
    return frozenset(_word(w) for w in words if w)


def named(point: str, words: frozenset[str]) -> bool:
    """Whether a point of comparison, as staff worded it, is a contested one."""
    return _word(point) in words


def _word(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def records(found: Discovery) -> tuple[tuple[int, Record], ...]:
    """What was found, whatever its age: a correction knows no cut-offs, and those of rules move with the day."""
    whole: dict[tuple[Locator, bool], tuple[int, Record]] = {}
    for hop, record in found.records:
        at = replace(record.at, since=None, before=None)
        mine = replace(record, at=at)
        if before := whole.get((at, record.mentions)):
            mine = _together(before[1], mine)
        whole[at, record.mentions] = (hop, mine)
    return tuple(whole.values())


def _together(one: Record, other: Record) -> Record:
    ages = [age for age in (one.oldest, other.oldest, one.newest, other.newest) if age is not None]
    return replace(
        one, count=one.count + other.count, oldest=min(ages, default=None), newest=max(ages, default=None),
        obstacles=tuple(dict.fromkeys((*one.obstacles, *other.obstacles))), people=max(one.people, other.people),
        reveals=tuple(dict.fromkeys((*one.reveals, *other.reveals))),
    )  # fmt: skip
