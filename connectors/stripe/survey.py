"""Which keys of metadata the company's own code writes: no call lists them, so a page of objects is looked at.

Source: https://docs.stripe.com/metadata (50 keys an object, of any name).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from connectors.model import CollectionSpec
from connectors.stripe.transport import Api
from connectors.stripe.vocabulary import BY_NAME
from connectors.surveys import Found, described

_WRITTEN = ("customers", "payment_intents", "charges", "invoices")  # what metadata is mostly written on
_OBJECTS = 100


def survey(specs: Mapping[str, CollectionSpec]) -> Iterator[Found]:
    """No call: what there is shows in a sample only."""
    for name in _WRITTEN:
        if name in specs and name in BY_NAME:
            known = described([specs[name]])
            within = None if known is None else frozenset(_arrowed(field) for field in known)
            yield Found(name, "objects", name, described=within, entry={"path": "."}, sampled=True)


def _arrowed(field: str) -> str:
    """`metadata.seat` of an entry as others write it."""
    return field.replace(".", "->", 1) if field.startswith("metadata.") else field


def sample(api: Api, found: Found, most: int) -> Iterator[tuple[str, str]]:
    """Values of metadata of the youngest objects, by key."""
    seen: dict[str, int] = {}
    for item in islice(api.listed(BY_NAME[found.name].path, f"looking at {found.name}"), _OBJECTS):
        metadata = item.get("metadata")
        for key, value in metadata.items() if isinstance(metadata, Mapping) else ():
            name = f"metadata->{key}"
            seen[name] = seen.get(name, 0) + 1
            if seen[name] <= most:
                yield name, str(value)
