"""What exists in a system, in its own words: what a listing of it shows, whether or not an inventory knows of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.spec import CollectionSpec

_HIDDEN = "{…}"
_NAMES_SOMEBODY = re.compile(r"@|\d{5}")  # an address, a number of a person or a telephone
_MOST = 100  # characters of a name


@dataclass(frozen=True, slots=True)
class Part:
    """A column, attribute or custom field, with its type as the system declares it.

    `apart`: it is to be named by itself. That the field in which it stands is described says nothing of it: who is on
    a list is said to be what the list is called.
    """

    name: str
    type: str = ""
    apart: bool = False


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
    refused: str = ""  # why this could not be listed, where the rest could


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


def named(within: str, name: object, kind: str) -> Part:
    """What an account has made up itself (a list, a tag, a question), as a part that is to be named by itself.

    Its name is free text: one that holds an address or a number of a person is shown as `{…}`.
    """
    spelt = " ".join(str(name or "").split())
    hidden = not spelt or len(spelt) > _MOST or _NAMES_SOMEBODY.search(spelt)
    return Part(f"{within}->{_HIDDEN if hidden else spelt}", kind, apart=True)
