"""Whose row it is: columns that name people, the people asked for, and the verdict on one row.

A row is somebody's if one of its columns says so and none says otherwise: a column of identifiers that the
person is known by too, and that holds another value, names somebody else. Such rows are SHARED and stay.
Blank columns, and columns of kinds that the person is not known by, say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from urllib.parse import unquote

SLOT = "{value}"
_NUMBER = re.compile(r"0|-?[1-9][0-9]*")  # as a number is written back
_REMEMBERED = 100_000  # verdicts, as the same few people come again and again
# Without the signs that stand before an address in a line ("to=ann@…", "?m=ann@…") more often than in one.
_ADDRESS = re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")
_TOKEN = r"([\w@+-]+(?:\.[\w@+-]+)*)"  # noqa: S105 (a pattern of identifiers in a text)


class Verdict(StrEnum):
    """What a row is to the people asked for."""

    MINE = "rows"
    SHARED = "shared"  # names somebody else too
    CLAIMED = "claimed"  # named by an unproven identifier only
    OTHERS = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A place in a row where identifiers of one kind stand.

    `name`: a column, or a path into nested ones ("user.id"). `folded`: compared without regard to case.
    `pattern`: the column is a text in which identifiers stand, such as "user_id={value}"; "{value}" alone means
    addresses of e-mail. `claimed`: it proves nothing, and neither gives nor takes a row.
    """

    name: str
    kind: str
    folded: bool = False
    pattern: str = ""
    claimed: bool = False

    def values(self, held: object) -> frozenset[str]:
        """The identifiers that stand in what a row holds, as they are compared. Blank ones are none."""
        if isinstance(held, list | tuple):
            return frozenset().union(*(self.values(each) for each in held))
        if not (text := plain(held)).strip():
            return frozenset()
        if not self.pattern:
            return frozenset([self.fold(text)])
        texts = {text, unquote(text)} if "%" in text else {text}
        return frozenset(self.fold(found) for text in texts for found in self._named(text))

    def fold(self, value: str) -> str:
        return value.strip().casefold() if self.folded else value

    def _named(self, text: str) -> Iterable[str]:
        if self.pattern == SLOT:
            return (found.strip("'`.") for found in _ADDRESS.findall(text))
        before, _, after = self.pattern.partition(SLOT)
        edge = r"(?<!\w)" if before[:1].isalnum() else ""
        return (str(found) for found in re.findall(edge + re.escape(before) + _TOKEN + re.escape(after), text))


def plain(held: object) -> str:
    """A value as the identifier it is: 42 and 42.0 are "42", text stays as it is, nothing is ""."""
    if isinstance(held, str):
        return held
    if held is None or isinstance(held, bool):
        return ""
    if isinstance(held, float):
        return str(int(held)) if held.is_integer() else repr(held)
    return held.decode("utf-8", "surrogateescape") if isinstance(held, bytes) else str(held)


class Wanted(frozenset[str]):
    """Values that are looked for, and the whole numbers among them; both made once for all row groups of a file."""

    @cached_property
    def numbers(self) -> tuple[int, ...]:
        return tuple(sorted(int(value) for value in self if _NUMBER.fullmatch(value)))

    @cached_property
    def encoded(self) -> tuple[bytes, ...]:
        return tuple(sorted(value.encode("utf-8", "surrogateescape") for value in self))


@dataclass(frozen=True)
class People:
    """Those whose rows are asked for: for each person, kind of identifier -> values."""

    columns: tuple[Column, ...]
    known: tuple[Mapping[str, frozenset[str]], ...] = field(repr=False)

    @classmethod
    def of(cls, columns: Sequence[Column], people: Iterable[Mapping[str, Iterable[str]]]) -> People:
        folded = {c.kind for c in columns if c.folded}
        kinds = {c.kind for c in columns}
        known = tuple(
            {
                kind: frozenset(v.strip().casefold() if kind in folded else v for v in values if v.strip())
                for kind, values in person.items()
                if kind in kinds and any(v.strip() for v in values)
            }
            for person in people
        )
        return cls(tuple(columns), tuple(k for k in known if k))

    def __bool__(self) -> bool:
        return bool(self.known)

    def __post_init__(self) -> None:
        owners: dict[tuple[str, str], set[int]] = {}
        for number, person in enumerate(self.known):
            for kind, values in person.items():
                for value in values:
                    owners.setdefault((kind, value), set()).add(number)
        object.__setattr__(self, "_owners", owners)
        object.__setattr__(self, "_verdicts", {})
        object.__setattr__(self, "_wanted", {})

    def wanted(self, column: Column) -> Wanted:
        """All values that make a row worth a look in this column."""
        held: dict[str, Wanted] = self._wanted  # type: ignore[attr-defined]
        if column.kind not in held:
            held[column.kind] = Wanted(v for person in self.known for v in person.get(column.kind, ()))
        return held[column.kind]

    @property
    def matching(self) -> tuple[Column, ...]:
        """The columns in which somebody asked for can be found."""
        kinds = frozenset().union(*self.known) if self.known else frozenset()
        return tuple(c for c in self.columns if c.kind in kinds)

    def verdict(self, held: Sequence[object]) -> Verdict:
        """Of one row, by what its columns hold, in the order of `columns`."""
        key = tuple(held)
        try:
            known: Verdict | None = self._verdicts.get(key)  # type: ignore[attr-defined]
        except TypeError:  # a list
            return self._verdict(held)
        if known is None:
            known = self._verdict(held)
            if len(self._verdicts) < _REMEMBERED:  # type: ignore[attr-defined]
                self._verdicts[key] = known  # type: ignore[attr-defined]
        return known

    def _verdict(self, held: Sequence[object]) -> Verdict:
        owners: dict[tuple[str, str], set[int]] = self._owners  # type: ignore[attr-defined]
        named: dict[str, set[str]] = {}
        candidates: set[int] = set()
        claimed = False
        for column, what in zip(self.columns, held, strict=True):
            values = column.values(what)
            found = [owners[column.kind, v] for v in values if (column.kind, v) in owners]
            if column.claimed:
                claimed = claimed or bool(found)
                continue
            named.setdefault(column.kind, set()).update(values)
            candidates.update(*found)
        if any(self._agrees(self.known[number], named) for number in candidates):
            return Verdict.MINE
        if candidates:
            return Verdict.SHARED
        return Verdict.CLAIMED if claimed else Verdict.OTHERS

    @staticmethod
    def _agrees(person: Mapping[str, frozenset[str]], named: Mapping[str, set[str]]) -> bool:
        return all(values <= person[kind] for kind, values in named.items() if kind in person)
