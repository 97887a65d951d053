"""What a redaction puts into a column: NULL where it may be, otherwise something that fits and names nobody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from psycopg.sql import SQL, Composable, Identifier, Literal

from connectors.errors import RefusedError
from connectors.heroku_postgres.catalogue import Column, Table
from connectors.heroku_postgres.fields import JSON, MARK, NOBODY, PLACEHOLDER, Place, is_address, place
from connectors.model import CollectionSpec, FieldSpec, Redaction

_UNIQUE_LENGTH = len(MARK) + 8  # characters that a placeholder no other row has needs at least
_ANY = Column("", "text", "S", not_null=False, length=None, computed=False)
_ADDRESS_LENGTH = len(MARK) + 32 + len("@invalid.example")
# Type category -> what stands for nobody there, where NULL is not allowed.
_FILLERS = {
    "N": SQL("0"),
    "D": SQL("'1970-01-01'"),
    "B": SQL("false"),
    "A": SQL("'{}'"),
    "T": SQL("'0'"),
    "I": SQL("'0.0.0.0'"),
}


def filler(column: Column) -> Composable | None:
    """What stands for nobody in a column that is not text; None if nothing does."""
    if column.type in JSON:
        return SQL("'{}'")
    if column.type == "bytea":
        return SQL("''::bytea")
    if column.type.startswith("time "):
        return SQL("'00:00'")
    return _FILLERS.get(column.category)


def assignments(system: str, table: Table, spec: CollectionSpec, keep: Iterable[str]) -> list[Composable]:
    """The SET clauses that redact a collection's fields but those to keep: each column once.

    Raises RefusedError naming the column that takes no placeholder.
    """
    fields = [f for f in spec.fields if f.redactable and f.name not in set(keep)]
    places = [(f, place(system, table, f.name)) for f in fields]
    addresses = {i.field for i in spec.identities if is_address(i.kind)}
    whole = {at.column.name: f for f, at in places if not at.path and not at.column.computed}
    clauses = [
        SQL("{} = {}").format(Identifier(name), _value(system, table, table.columns[name], f, name in addresses))
        for name, f in whole.items()
    ]
    inside: dict[str, list[tuple[FieldSpec, Place]]] = {}
    for f, at in places:
        if at.path and at.column.name not in whole and not at.column.computed:
            inside.setdefault(at.column.name, []).append((f, at))
    return clauses + [_paths(table.columns[name], found) for name, found in inside.items()]


def _paths(column: Column, found: Sequence[tuple[FieldSpec, Place]]) -> Composable:
    value: Composable = SQL("{}::jsonb").format(Identifier("t", column.name))
    for f, at in sorted(found, key=lambda pair: pair[1].path):
        path = Literal(list(at.path))
        if f.redaction in (Redaction.PLACEHOLDER, Redaction.UNIQUE, Redaction.EMPTY):
            text = (
                Literal("") if f.redaction is Redaction.EMPTY else _text(_ANY, f.redaction is Redaction.UNIQUE, False)
            )
            value = SQL("jsonb_set({}, {}::text[], to_jsonb({}::text), false)").format(value, path, text)
        else:
            value = SQL("({} #- {}::text[])").format(value, path)
    kind = SQL("json") if column.type == "json" else SQL("jsonb")
    return SQL("{} = {}::{}").format(Identifier(column.name), value, kind)


def _value(system: str, table: Table, column: Column, field: FieldSpec, address: bool) -> Composable:
    how, here = field.redaction, f"{table.name}.{column.name}"
    if how is Redaction.NULL and column.not_null:
        raise RefusedError(system, f"{here} cannot be NULL: choose another redaction for it in the inventory")
    if not column.not_null and how in (Redaction.AUTO, Redaction.NULL):
        return SQL("NULL")
    unique = how is Redaction.UNIQUE or column.unique
    if column.type == "uuid":
        return SQL("({} || right(gen_random_uuid()::text, 12))::uuid").format(Literal(NOBODY))
    if column.category == "S":
        if how is Redaction.EMPTY:
            return Literal("")
        if unique and column.length and column.length < _UNIQUE_LENGTH:
            raise RefusedError(system, f"{here} is too short for a placeholder that no other row has; let it be NULL")
        return _text(column, unique, address or "mail" in column.name.lower())
    if (value := filler(column)) is not None and not unique:
        return value
    raise RefusedError(
        system, f"{here} ({column.type}) takes no placeholder: let it be NULL, or mark it redact: none in the inventory"
    )


def _text(column: Column, unique: bool, address: bool) -> Composable:
    length = column.length or _ADDRESS_LENGTH
    address = address and length >= _ADDRESS_LENGTH
    if not (unique or address):
        return Literal(PLACEHOLDER[:length])
    tail = "@invalid.example" if address else ""
    made = SQL("{} || replace(gen_random_uuid()::text, '-', '') || {}").format(Literal(MARK), Literal(tail))
    return SQL("left({}, {})").format(made, Literal(length))
