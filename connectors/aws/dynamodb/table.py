"""One table over the wire: pages that are whole or raise, consistent reads, conditional writes.

Sources: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html (a page may
be empty and not the last), https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
(100 keys, 16 MB, the rest is unprocessed), .../API_DeleteItem.html.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.aws.dynamodb.values import Item, Value, path
from connectors.aws.session import code, member, named_errors
from connectors.errors import TransientError

MOST_KEYS = 100  # of one BatchGetItem
Key = tuple[tuple[str, Any], ...]  # (attribute, its value in Python), hashable


@dataclass(frozen=True, slots=True)
class Schema:
    """What DescribeTable says. `keys`: attribute -> type, partition key first; `indexes`: name -> partition key."""

    arn: str
    keys: Mapping[str, str]
    types: Mapping[str, str]
    indexes: Mapping[str, str]
    indexed: frozenset[str]  # every attribute that is a key of an index
    items: int  # as counted every six hours
    streaming: bool
    replicas: tuple[str, ...]  # regions

    @property
    def partition(self) -> str:
        return next(iter(self.keys))


@dataclass(frozen=True, slots=True)
class Condition:
    """What must still be so for a write to happen: attribute paths and what stood there, None for nothing."""

    held: tuple[tuple[str, Value | None], ...] = field(repr=False)

    def expressed(self, key: str) -> tuple[str, dict[str, str], dict[str, Value]]:
        """The expression, its names and values. The item must exist: UpdateItem would make one."""
        parts, names, values = ["attribute_exists(#k)"], {"#k": key}, {}
        for n, (where, value) in enumerate(self.held):
            spelt = spell(where, f"#c{n}", names)
            if value is None:
                parts.append(f"attribute_not_exists({spelt})")
            else:
                parts.append(f"{spelt} = :c{n}")
                values[f":c{n}"] = value
        return " AND ".join(parts), names, values


def spell(where: str, stem: str, names: dict[str, str]) -> str:
    """A document path with its names put apart, so that no reserved word or dot is misread."""
    marks = []
    for n, part in enumerate(path(where)):
        names[f"{stem}_{n}"] = part
        marks.append(f"{stem}_{n}")
    return ".".join(marks)


@dataclass(frozen=True, slots=True)
class Table:
    system: str
    name: str
    client: Any = field(repr=False)
    page_size: int = 1000

    def describe(self) -> Schema:
        doing = f"dynamodb:DescribeTable on {self.name}"
        with named_errors(self.system, doing):
            answer = self.client.describe_table(TableName=self.name)
        said = member(self.system, answer, "Table", doing)
        types = {a["AttributeName"]: a["AttributeType"] for a in said["AttributeDefinitions"]}
        ordered = sorted(said["KeySchema"], key=lambda k: k["KeyType"] != "HASH")
        indexes = [*said.get("GlobalSecondaryIndexes", ()), *said.get("LocalSecondaryIndexes", ())]
        return Schema(
            said["TableArn"],
            {k["AttributeName"]: types[k["AttributeName"]] for k in ordered},
            types,
            {
                index["IndexName"]: next(k["AttributeName"] for k in index["KeySchema"] if k["KeyType"] == "HASH")
                for index in said.get("GlobalSecondaryIndexes", ())
            },
            frozenset(k["AttributeName"] for index in indexes for k in index["KeySchema"]),
            int(said.get("ItemCount", 0)),
            bool(said.get("StreamSpecification", {}).get("StreamEnabled")),
            tuple(sorted(r["RegionName"] for r in said.get("Replicas", ()))),
        )

    def query(self, schema: Schema, attribute: str, value: Value, index: str = "") -> Iterator[Item]:
        """The keys of the items under one partition, of the table or of an index.

        An index is eventually consistent and may not project what is needed: it tells where to look.
        """
        asked: dict[str, Any] = {
            "KeyConditionExpression": "#p = :p",
            "ExpressionAttributeValues": {":p": value},
            **_projected(schema.keys, {"#p": attribute}),
        }
        yield from self._pages("query", {**asked, "IndexName": index} if index else {**asked, "ConsistentRead": True})

    def scan(self, schema: Schema, attributes: Iterable[str]) -> Iterator[Item]:
        """Every item of the table, with its key and these attributes only."""
        wanted = dict.fromkeys([*schema.keys, *attributes])
        yield from self._pages("scan", {**_projected(wanted, {}), "ConsistentRead": True})

    def try_scan(self, schema: Schema) -> None:
        """Use the permission to scan, and be shown nothing: no item is without its key."""
        with named_errors(self.system, f"dynamodb:Scan on {self.name}"):
            self.client.scan(
                TableName=self.name,
                Limit=1,
                FilterExpression="attribute_not_exists(#k)",
                ExpressionAttributeNames={"#k": schema.partition},
            )

    def _pages(self, verb: str, asked: Mapping[str, Any]) -> Iterator[Item]:
        doing = f"dynamodb:{verb.title()} on {self.name}"
        after: Mapping[str, Any] = {}
        while True:
            with named_errors(self.system, doing):
                page = getattr(self.client, verb)(TableName=self.name, Limit=self.page_size, **asked, **after)
            items = member(self.system, page, "Items", doing)
            if page.get("Count") != len(items):
                raise TransientError(self.system, f"{doing}: the answer is not whole")
            yield from items
            last = page.get("LastEvaluatedKey")
            if not last:
                return
            if last == after.get("ExclusiveStartKey"):
                raise TransientError(self.system, f"{doing}: cut short, a page leads back to itself")
            after = {"ExclusiveStartKey": last}

    def get(self, schema: Schema, keys: Sequence[Key]) -> dict[Key, Item]:
        """The items that exist, whole and as they are now (a consistent read)."""
        doing = f"dynamodb:BatchGetItem on {self.name}"
        found: dict[Key, Item] = {}
        todo = [dict(k) for k in dict.fromkeys(keys)]
        while todo:
            batch, todo = todo[:MOST_KEYS], todo[MOST_KEYS:]
            with named_errors(self.system, doing):
                answer = self.client.batch_get_item(RequestItems={self.name: {"Keys": batch, "ConsistentRead": True}})
            got = member(self.system, answer, "Responses", doing).get(self.name, ())
            left = member(self.system, answer, "UnprocessedKeys", doing).get(self.name, {}).get("Keys", [])
            if len(left) >= len(batch):
                raise TransientError(self.system, f"{doing}: none of the keys was processed")
            found.update((key_of(schema, item), item) for item in got)
            todo += left
        return found

    def delete(self, key: Key, partition: str, condition: Condition) -> bool:
        """Whether the item was deleted, or was gone; False if it is not what it was any more."""
        expression, names, values = condition.expressed(partition)
        return self._write("delete_item", "DeleteItem", key, {"ConditionExpression": expression}, names, values)

    def update(self, key: Key, partition: str, condition: Condition, changes: Mapping[str, Value | None]) -> bool:
        """Set (or, with None, remove) paths of one item; as `delete` otherwise."""
        expression, names, values = condition.expressed(partition)
        sets, removed = [], []
        for n, (where, value) in enumerate(changes.items()):
            spelt = spell(where, f"#u{n}", names)
            if value is None:
                removed.append(spelt)
            else:
                sets.append(f"{spelt} = :u{n}")
                values[f":u{n}"] = value
        update = (f"SET {', '.join(sets)} " if sets else "") + (f"REMOVE {', '.join(removed)}" if removed else "")
        asked = {"ConditionExpression": expression, "UpdateExpression": update}
        return self._write("update_item", "UpdateItem", key, asked, names, values)

    def _write(
        self, verb: str, called: str, key: Key, asked: Mapping[str, Any], names: Mapping[str, str],
        values: Mapping[str, Value],
    ) -> bool:  # fmt: skip
        from botocore.exceptions import ClientError

        with named_errors(self.system, f"dynamodb:{called} on {self.name}"):
            try:
                getattr(self.client, verb)(
                    TableName=self.name, Key=dict(key), ExpressionAttributeNames=dict(names), **asked,
                    **({"ExpressionAttributeValues": dict(values)} if values else {}),
                )  # fmt: skip
            except ClientError as error:
                if code(error) != "ConditionalCheckFailedException":
                    raise
                return False
        return True


def key_of(schema: Schema, item: Item) -> Key:
    return tuple((name, _Frozen(item[name])) for name in schema.keys)


class _Frozen(dict[str, Any]):
    """A key's attribute value ({"S": …}, {"N": …}, {"B": …}) that can stand in a set."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(self.items()))


def _projected(attributes: Iterable[str], names: dict[str, str]) -> dict[str, Any]:
    marks = {f"#a{n}": name for n, name in enumerate(attributes)}
    return {"ProjectionExpression": ", ".join(marks), "ExpressionAttributeNames": {**names, **marks}}
