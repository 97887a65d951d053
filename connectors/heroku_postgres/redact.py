"""What a redaction puts into a column: NULL where it may be, otherwise something that fits and names nobody.

Where a CHECK or a domain watches the column, there are further values to try: see `trial`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Choice:
    """What a column may be set to, the best first."""

    column: str
    values: Sequence[Composable]

    def clause(self, number: int = 0) -> Composable:
        """A SET clause with one of the values."""
        return SQL("{} = {}").format(Identifier(self.column), self.values[number])


def choices(system: str, table: Table, spec: CollectionSpec, keep: Iterable[str]) -> list[Choice]:
    """What redacts a collection's fields but those to keep: each column once.

    Raises RefusedError naming the column that takes no placeholder.
    """
    fields = [f for f in spec.fields if f.redactable and f.name not in set(keep)]
    places = [(f, place(system, table, f.name)) for f in fields]
    addresses = {i.field for i in spec.identities if is_address(i.kind)}
    whole = {at.column.name: f for f, at in places if not at.path and not at.column.computed}
    found = [Choice(c, _values(system, table, table.columns[c], f, c in addresses)) for c, f in whole.items()]
    inside: dict[str, list[tuple[FieldSpec, Place]]] = {}
    for f, at in places:
        if at.path and at.column.name not in whole and not at.column.computed:
            inside.setdefault(at.column.name, []).append((f, at))
    return found + [Choice(c, [_without(table.columns[c], fields_in)]) for c, fields_in in inside.items()]


def _without(column: Column, found: Sequence[tuple[FieldSpec, Place]]) -> Composable:
    """The JSON with some of its paths emptied."""
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
    return SQL("{}::{}").format(value, SQL("json") if column.type == "json" else SQL("jsonb"))


def _values(system: str, table: Table, column: Column, field: FieldSpec, address: bool) -> list[Composable]:
    how, here = field.redaction, f"{table.name}.{column.name}"
    if how is Redaction.NULL and column.not_null:
        raise RefusedError(system, f"{here} cannot be NULL: choose another redaction for it in the inventory")
    if how is Redaction.NULL or (how is Redaction.AUTO and not column.not_null and not column.checked):
        return [SQL("NULL")]
    unique = how is Redaction.UNIQUE or column.unique
    address = address or "mail" in column.name.lower()
    found: list[Composable] = [SQL("NULL")] if how is Redaction.AUTO and not column.not_null else []
    if column.type == "uuid":
        found.append(SQL("({} || right(gen_random_uuid()::text, 12))::uuid").format(Literal(NOBODY)))
    elif column.category == "S" and how is Redaction.EMPTY:
        found.append(Literal(""))
    elif column.category == "S" and unique and column.length and column.length < _UNIQUE_LENGTH:
        if not found:
            raise RefusedError(system, f"{here} is too short for a placeholder that no other row has; let it be NULL")
    elif column.category == "S":
        found += _texts(column, unique, address, several=how is Redaction.AUTO and column.checked)
    elif (value := filler(column)) is not None and not unique:
        found.append(value)
    if not found:
        raise RefusedError(
            system,
            f"{here} ({column.type}) takes no placeholder: let it be NULL, or mark it redact: none in the inventory",
        )
    return found


def _texts(column: Column, unique: bool, address: bool, several: bool) -> list[Composable]:
    """Texts that name nobody."""
    texts = [_text(column, unique, address)]
    if several:
        texts += [_text(column, unique, not address), *([] if unique else [_text(column, True, False), Literal("")])]
    return texts


def _text(column: Column, unique: bool, address: bool) -> Composable:
    length = column.length or _ADDRESS_LENGTH
    address = address and length >= _ADDRESS_LENGTH
    if not (unique or address):
        return Literal(PLACEHOLDER[:length])
    tail = "@invalid.example" if address else ""
    made = SQL("{} || replace(gen_random_uuid()::text, '-', '') || {}").format(Literal(MARK), Literal(tail))
    return SQL("left({}, {})").format(made, Literal(length))
