"""Fields as SQL: what an inventory name means, when it bears a person, and what a redaction puts there."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg import sql
from psycopg.sql import SQL, Composable, Identifier, Literal

from connectors.errors import ConfigError, RefusedError
from connectors.heroku_postgres.catalogue import Column, Table
from connectors.model import Redaction

if TYPE_CHECKING:
    from collections.abc import Iterable

PLACEHOLDER = "[redacted]"
_MARK = "redacted-"
_JSON = ("json", "jsonb")
_NOBODY = "00000000-0000-0000-0000-"  # a UUID that begins so was put there by a redaction
_EMPTY_JSON = ("{}", "[]", "null", '""', f'"{PLACEHOLDER}"')


@dataclass(frozen=True, slots=True)
class Place:
    """A column, a path inside a JSON column, or the elements of an array column."""

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


def place(system: str, table: Table, name: str) -> Place:
    """What a name of the inventory means. ConfigError with the nearest column if there is none."""
    column, *path = name.split("->")
    elements = column.endswith("[]")
    column = column.removesuffix("[]")
    if column not in table.columns:
        raise ConfigError(system, f"{table.name} has no column {column!r}{nearest(column, table.columns)}")
    found = table.columns[column]
    if path and found.type not in _JSON:
        raise ConfigError(system, f"{table.name}.{column} is {found.type}, and {name!r} needs JSON")
    if elements and found.category != "A":
        raise ConfigError(system, f"{table.name}.{column} is {found.type}, and {name!r} needs an array")
    return Place(found, tuple(path), elements)


def nearest(name: str, candidates: Iterable[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, list(candidates), 1)
    return f"; the nearest is {close[0]!r}" if close else ""


def bears_one_of(at: Place, kind: str, values: Sequence[str]) -> Composable | None:
    """A condition: the place bears one of the values. None if no value fits the column's type."""
    if not values:
        return None
    insensitive = kind.rpartition(".")[2].endswith("email")
    wanted = sorted({v.lower() for v in values}) if insensitive else list(values)
    if at.elements:
        element = SQL("lower(e::text)") if insensitive else SQL("e::text")
        return SQL("EXISTS (SELECT 1 FROM unnest({}) e WHERE {} = ANY ({}))").format(
            at.name, element, Literal(wanted)
        )  # fmt: skip
    if insensitive:
        return SQL("lower({}) = ANY ({})").format(at.text, Literal(wanted))
    if at.path or at.column.category == "S":
        left = at.text if at.path else at.name
        return SQL("{} = ANY ({})").format(left, Literal(wanted))
    fitting = [v for v in wanted if _fits(v, at.column)]
    if not fitting:
        return None
    if at.column.category == "N" or at.column.type == "uuid":
        return SQL("{} = ANY ({}::{})").format(at.name, Literal(fitting), _array_of(at.column))
    return SQL("{} = ANY ({})").format(at.text, Literal(fitting))


def _array_of(column: Column) -> Composable:
    known = {
        "bigint": SQL("bigint[]"),
        "integer": SQL("integer[]"),
        "smallint": SQL("smallint[]"),
        "uuid": SQL("uuid[]"),
    }
    return known.get(column.type, SQL("numeric[]"))


def _fits(value: str, column: Column) -> bool:
    if column.category == "N":
        limits = {"bigint": 63, "integer": 31, "smallint": 15}
        bits = limits.get(column.type, 200)
        return bool(re.fullmatch(r"-?\d{1,60}", value, re.ASCII)) and -(2**bits) <= int(value) < 2**bits
    if column.type == "uuid":
        try:
            uuid.UUID(value)
        except ValueError:
            return False
    return "\x00" not in value


def bears_a_person(at: Place) -> Composable:
    """A condition: the place holds something that is neither blank nor a redaction's placeholder."""
    if at.path or at.column.category == "S":
        return SQL("({0} <> '' AND {0} NOT LIKE {1} AND {0} NOT LIKE {2})").format(
            at.text, Literal("[redacted%"), Literal(f"{_MARK}%")
        )  # fmt: skip
    blank: Composable
    match at.column:
        case Column(type=kind) if kind in _JSON:
            blank = SQL("{} = ANY ({})").format(at.text, Literal(list(_EMPTY_JSON)))
        case Column(category="A"):
            blank = SQL("cardinality({}) = 0").format(at.name)
        case Column(type="uuid"):
            blank = SQL("{} LIKE {}").format(at.text, Literal(f"{_NOBODY}%"))
        case Column(category="E"):
            blank = SQL("{} LIKE {}").format(at.text, Literal("%redacted%"))
        case Column(not_null=True) as column if filler(column) is not None:
            blank = SQL("{} = {}").format(at.name, filler(column))
        case _:
            return SQL("({} IS NOT NULL)").format(at.name)
    return SQL("({} IS NOT NULL AND NOT ({}))").format(at.name, blank)


def filler(column: Column) -> Composable | None:
    """What stands for nobody in a column that cannot be NULL and is not text."""
    match column.category:
        case "N":
            return SQL("0")
        case "D":
            return SQL("'1970-01-01'")
        case "B":
            return SQL("false")
        case "A":
            return SQL("'{}'")
        case "T":
            return SQL("'0'")
        case "I":
            return SQL("'0.0.0.0'")
    if column.type in _JSON:
        return SQL("'{}'")
    if column.type == "bytea":
        return SQL("''::bytea")
    return None


def redacted(system: str, table: Table, column: Column, how: Redaction) -> Composable:
    """What a redaction puts into a whole column. RefusedError if nothing fits."""
    nullable = not column.not_null
    if how is Redaction.NULL and not nullable:
        raise RefusedError(system, f"{table.name}.{column.name} cannot be NULL: choose another redaction for it")
    if nullable and how in (Redaction.AUTO, Redaction.NULL):
        return SQL("NULL")
    if how is Redaction.EMPTY and column.category == "S":
        return SQL("''")
    unique = how is Redaction.UNIQUE or column.unique
    if column.type == "uuid":
        return SQL("({} || right(gen_random_uuid()::text, 12))::uuid").format(Literal(_NOBODY))
    if column.category == "S":
        return _text(column, unique)
    if (value := filler(column)) is not None and not unique:
        return value
    raise RefusedError(
        system,
        f"{table.name}.{column.name} ({column.type}) takes no placeholder: let it be NULL, or mark it redact: none",
    )


def _text(column: Column, unique: bool) -> Composable:
    address = "mail" in column.name.lower()
    if not (unique or address):
        return Literal(PLACEHOLDER[: column.length] if column.length else PLACEHOLDER)
    tail = "@invalid.example" if address and (column.length or 99) >= 50 else ""
    made = SQL("{} || replace(gen_random_uuid()::text, '-', '') || {}").format(Literal(_MARK), Literal(tail))
    return SQL("left({}, {})").format(made, Literal(column.length)) if column.length else made


def assignments(
    system: str, table: Table, wanted: Sequence[tuple[Place, Redaction]]
) -> list[Composable]:  # fmt: skip
    """The SET clauses that redact these places: whole columns once, paths of one column together."""
    whole = {at.column.name: how for at, how in wanted if not at.path}
    clauses: list[Composable] = [
        SQL("{} = {}").format(Identifier(name), redacted(system, table, table.columns[name], how))
        for name, how in whole.items()
        if not table.columns[name].computed
    ]
    paths: dict[str, list[tuple[str, ...]]] = {}
    for at, _ in wanted:
        if at.path and at.column.name not in whole:
            paths.setdefault(at.column.name, []).append(at.path)
    for name, inside in paths.items():
        value: Composable = SQL("{}::jsonb").format(Identifier("t", name))
        for path in sorted(inside):
            value = SQL("({} #- {}::text[])").format(value, Literal(list(path)))
        clauses.append(
            sql.SQL("{} = {}::{}").format(
                Identifier(name), value, SQL("jsonb") if table.columns[name].type == "jsonb" else SQL("json")
            )
        )
    return clauses
