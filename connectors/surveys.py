"""What exists in a system, in its own words: what a listing of it shows, whether or not an inventory knows of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.spec import CollectionSpec


@dataclass(frozen=True, slots=True)
class Part:
    """A column, attribute or custom field, with its type as the system declares it."""

    name: str
    type: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """One table, bucket, prefix, log group or vendor object type.

    `parts` are those that a listing shows; a sample may show more. `entry`: what an entry of the inventory needs to
    say besides name and fields. `holds` is False for what only shows what others hold, such as a view.
    """

    name: str  # "public.orders", "tt-uploads", "tt-uploads/exports/", "/aws/lambda/reports"
    kind: str  # "table", "view", "bucket", "prefix", "log group", …
    collection: str = ""  # of the inventory; empty: it mentions nothing of the kind
    parts: tuple[Part, ...] = ()
    described: frozenset[str] | None = None  # names of parts that the inventory describes; None: it names none
    rows: int | None = None  # an estimate
    entry: Mapping[str, Any] = field(default_factory=dict, compare=False)
    holds: bool = True
    sampled: bool = False  # no listing shows what is in it, a sample may


def described(specs: Iterable[CollectionSpec]) -> frozenset[str] | None:
    """The fields that entries of the inventory name, and what they stand in; None if they name none at all."""
    given, names = list(specs), set[str]()
    for spec in given:
        names |= {f.name for f in spec.fields} | {i.field for i in spec.identities}
        names |= {column for link in spec.links for column in link.fields}
    if not any(spec.fields for spec in given):
        return None
    return frozenset(outermost(name) for name in names) | frozenset(name for name in names if "->" in name)


def outermost(name: str) -> str:
    """The column or attribute in which a field stands: `data` of `data->address->city`, `cc` of `cc[]`."""
    return name.partition("->")[0].removesuffix("[]")
