"""Fields as SQL: what a name of the inventory means, whether it bears an identifier, or a person at all."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from psycopg.sql import SQL, Composable, Identifier, Literal

from connectors.errors import ConfigError
from connectors.heroku_postgres.catalogue import Column, Table

PLACEHOLDER = "[redacted]"
MARK = "redacted-"  # a text that begins so was put there by a redaction
NOBODY = "00000000-0000-0000-0000-"  # and a UUID that begins so
JSON = ("json", "jsonb")
_EMPTY_JSON = ("{}", "[]", "null", '""', f'"{PLACEHOLDER}"')
_TYPED = {"bigint": SQL("bigint"), "integer": SQL("integer"), "smallint": SQL("smallint"), "numeric": SQL("numeric"),
          "uuid": SQL("uuid")}  # fmt: skip
_BEARS = SQL(f"({{0}}::text NOT IN ('{PLACEHOLDER}', '') AND NOT starts_with({{0}}::text, '{MARK}'))")
_BEARS_SHORT = SQL(f"({{0}}::text NOT IN ({{1}}, '') AND NOT starts_with({{0}}::text, '{MARK}'))")
_BEARS_IN_JSON = SQL(f"({{0}} NOT IN ('{PLACEHOLDER}', '', '{{{{}}}}', '[]') AND NOT starts_with({{0}}, '{MARK}'))")
_WHOLE = {"bigint": 63, "integer": 31, "smallint": 15}  # type -> bits of its largest value


@dataclass(frozen=True, slots=True)
class Place:
    """A column of `t`, a path inside a JSON column, or the elements of an array column."""

    column: Column
    path: tuple[str, ...] = ()
    elements: bool = False

    @property
    def name(self) -> Composable:
        return Identifier("t", self.column.name)

    @property
    def text(self) -> Composable:
        """The value as text."""
        if self.path:
            return SQL("({} #>> {}::text[])").format(self.name, Literal(list(self.path)))
        return SQL("{}::text").format(self.name)

    @property
    def instant(self) -> Composable:
        """The value as an instant; NULL where it is none (infinity, or before the calendar of the caller)."""
        at = SQL("({})::timestamptz").format(self.text if self.path else self.name)
        return SQL("CASE WHEN {0} BETWEEN '0001-01-02' AND '9999-12-30' THEN {0} END").format(at)


def place(system: str, table: Table, name: str) -> Place:
    """What a name of the inventory means. ConfigError with the nearest column if there is none."""
    if name in table.columns:
        return Place(table.columns[name])
    column, *path = name.split("->")
    elements = column.endswith("[]")
    column = column.removesuffix("[]")
    if column not in table.columns:
        raise ConfigError(system, f"{table.name} has no column {column!r}{nearest(column, table.columns)}")
    found = table.columns[column]
    if path and found.type not in JSON:
        raise ConfigError(system, f"{table.name}.{column} is {found.type}, and {name!r} needs JSON")
    if elements and found.category != "A":
        raise ConfigError(system, f"{table.name}.{column} is {found.type}, and {name!r} needs an array")
    return Place(found, tuple(path), elements)


def age(system: str, table: Table, name: str) -> Place:
    """The place cut-offs are compared with. ConfigError if it is no date."""
    at = place(system, table, name)
    if at.column.category != "D" and not at.path:
        raise ConfigError(system, f"{table.name}.{name} is {at.column.type}; an age is counted from a date")
    return at


def nearest(name: str, candidates: Iterable[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, list(candidates), 1)
    return f"; the nearest is {close[0]!r}" if close else ""


def is_address(kind: str) -> bool:
    """Whether identifiers of that kind are e-mail addresses, which match whatever their case."""
    return kind.rpartition(".")[2].endswith("email")


def wanted(at: Place, kind: str, values: Sequence[str]) -> tuple[str, ...]:
    """The values that the place could bear, as the comparison needs them; empty if none fits its type."""
    fitting = (v for v in values if "\x00" not in v)
    if is_address(kind):
        # A server whose locale is C folds only ASCII, so both cases of other letters are asked for.
        return tuple(sorted({folded for v in fitting for folded in (v.lower(), v.upper(), v)}))
    if at.elements or at.path or at.column.category == "S":
        return tuple(fitting)
    return tuple(v for v in fitting if _fits(v, at.column))


def bears_one_of(at: Place, kind: str, known: Composable) -> Composable:
    """A condition: the place bears one of the values that the query `known` yields as text.

    The values are cast to the column's type, so that an index on it can be used.
    """
    if is_address(kind):
        folded = SQL("ARRAY(SELECT lower(v) FROM ({}) k (v))").format(known)
        if at.elements:
            return SQL("EXISTS (SELECT 1 FROM unnest({}) e WHERE lower(e::text) = ANY ({}))").format(at.name, folded)
        return SQL("lower({}) = ANY ({})").format(at.text, folded)
    if at.elements:
        return SQL("EXISTS (SELECT 1 FROM unnest({}) e WHERE e::text = ANY (ARRAY({})))").format(at.name, known)
    if at.path or at.column.category == "S":
        return SQL("{} = ANY (ARRAY({}))").format(at.text if at.path else at.name, known)
    if typed := _TYPED.get(at.column.type):
        return SQL("{} = ANY (ARRAY(SELECT v::{} FROM ({}) k (v)))").format(at.name, typed, known)
    return SQL("{} = ANY (ARRAY({}))").format(at.text, known)


def _fits(value: str, column: Column) -> bool:
    if column.type in _WHOLE:
        limit = 2 ** _WHOLE[column.type]
        return bool(re.fullmatch(r"-?\d{1,20}", value, re.ASCII)) and -limit <= int(value) < limit
    if column.type == "numeric":
        return bool(re.fullmatch(r"-?\d{1,60}(\.\d{1,60})?", value, re.ASCII))
    if column.type == "uuid":
        try:
            uuid.UUID(value)
        except ValueError:
            return False
    return True


def bears_a_person(at: Place, filler: Composable | None) -> Composable:
    """A condition: the place holds something that is neither blank nor what a redaction puts there.

    `filler` is what stands for nobody in a column that is no text, and cannot or may not be NULL.
    """
    if at.path or at.column.category == "S":
        return _bears_text(at)
    column = at.column
    blank: Composable
    if column.type in JSON:
        blank = SQL("{} = ANY ({}::text[])").format(at.text, Literal(list(_EMPTY_JSON)))
    elif column.category == "A":
        blank = SQL("cardinality({}) = 0").format(at.name)
    elif column.type == "uuid":
        blank = SQL("starts_with({}, {})").format(at.text, Literal(NOBODY))
    elif (column.not_null or column.checked) and filler is not None:
        blank = SQL("{} = {}").format(at.name, filler)
    else:
        return SQL("({} IS NOT NULL)").format(at.name)
    return SQL("({} IS NOT NULL AND NOT ({}))").format(at.name, blank)


def _bears_text(at: Place) -> Composable:
    if at.path:
        return _BEARS_IN_JSON.format(at.text)
    if at.column.length and at.column.length < len(PLACEHOLDER):
        return _BEARS_SHORT.format(at.name, Literal(PLACEHOLDER[: at.column.length]))
    return _BEARS.format(at.name)
