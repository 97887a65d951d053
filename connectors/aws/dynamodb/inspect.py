"""What can be told of the tables and the credentials before a request needs them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from connectors.aws.dynamodb.rules import Rules
from connectors.aws.dynamodb.table import Schema, Table, key_of
from connectors.aws.dynamodb.values import Value
from connectors.aws.probes import allowed, fits
from connectors.model import Aspect, Probe

_NOBODY: Mapping[str, Any] = {
    "S": "dsr-orchestrator-permission-check",
    "N": "-987654321",
    "B": b"dsr-orchestrator-permission-check",
}


def inspect(
    system: str,
    tables: Mapping[str, Table],
    rules: Mapping[str, Rules],
    fitting: Callable[[Rules, Schema], None],
    kept: Callable[[str, Schema], Iterable[object]],
) -> Iterator[Probe]:
    """Probes of every collection; `fitting` raises where the inventory does not fit, `kept` lists the backups."""
    for name, table in tables.items():
        found: list[Schema] = []
        yield fits(system, f"{name}: the table exists", _describe, table, found)
        for schema in found:
            yield Probe(Aspect.REACH, True, f"{name}: DynamoDB answers and takes the credentials")
            fit = fits(system, f"{name}: keys and indexes are as the inventory says", fitting, rules[name], schema)
            yield fit
            if fit.ok:
                yield allowed(system, f"{name}: items can be read", _read, table, schema, rules[name])
            what = f"{name}: backups, streams and exports can be listed"
            yield allowed(system, what, kept, table.name, schema)
            says = f"{name}: dynamodb:DeleteItem and dynamodb:UpdateItem cannot be tried without writing"
            yield Probe(Aspect.DELETE, None, says)


def _describe(table: Table, found: list[Schema]) -> None:
    found.append(table.describe())


def _read(table: Table, schema: Schema, rules: Rules) -> Iterator[object]:
    """Look for a key that nobody has, in each way that a search uses; a scan whose filter nothing passes."""
    for way in rules.ways(schema):
        if way.attribute:
            yield from table.query(schema, way.attribute, _nobody(schema, way.attribute), way.index)
        else:
            table.try_scan(schema)
    table.get(schema, [key_of(schema, {name: _nobody(schema, name) for name in schema.keys})])


def _nobody(schema: Schema, attribute: str) -> Value:
    kind = schema.types[attribute]
    return {kind: _NOBODY[kind]}
