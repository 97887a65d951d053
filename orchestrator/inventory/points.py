"""What a requester may be asked to prove who they are: points, and the fields that they are compared with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from orchestrator.inventory.problems import Problems, nearest
from orchestrator.inventory.words import Category, Entry, LevelName, Text, Texts

if TYPE_CHECKING:
    from orchestrator.inventory.schema import Document


class Point(Entry):
    """One thing to ask for. `held`: "system/collection.field", of which any may match. `writable`: such fields that
    anybody may fill in about somebody else, as a contact form: what only matches there does not count.
    """

    title: Text
    held: Texts = Field(default_factory=list)
    writable: Texts = Field(default_factory=list)
    compare: Literal["text", "digits"] = "text"
    weak: bool = False


class Sensitive(Entry):
    """What makes a deletion sensitive: categories of the policy and types, as fields bear them."""

    sensitive_categories: list[Category] = Field(default_factory=list)
    sensitive_level: LevelName = "reasonably_high"


def check_points(document: Document, problems: Problems) -> None:
    """Every place exists, may be disclosed, and is not one that anybody could have written."""
    for name, point in document.points.items():
        if not point.held:
            problems.add(("points", name), "is held nowhere: give the fields it is compared with in `held`")
        for kind, places in (("held", point.held), ("writable", point.writable)):
            for n, what in enumerate(places):
                for why in _unfit(document, what, reliable=kind == "held"):
                    problems.add(("points", name, kind, n), why)


def split(place: str) -> tuple[str, str, str]:
    """System, collection and field of "system/collection.field"; the collection may have points of its own."""
    system, _, rest = place.partition("/")
    head, arrow, path = rest.partition("->")
    collection, _, field = head.rpartition(".")
    return system, collection, field + arrow + path


def _unfit(document: Document, place: str, *, reliable: bool) -> Iterator[str]:
    system_name, collection_name, field = split(place)
    system = document.systems.get(system_name)
    if system is None:
        yield f"there is no system {system_name!r}{nearest(system_name, document.systems)}"
        return
    collection = system.collections.get(collection_name)
    if collection is None:
        yield f"{system_name} has no {collection_name!r}{nearest(collection_name, system.collections)}"
        return
    if (collection.role or system.role) == "service_provider":
        yield "is held for a customer organisation, and not to be used for purposes of our own"
    described = collection.fields.get(field)
    if described is None and field not in collection.plain:
        yield f"has no field {field!r}{nearest(field, {*collection.fields, *collection.plain})}"
    elif described is not None and not described.disclose:
        yield "is not disclosed to anybody, and so not compared with what anybody says"
    if reliable and any(f.field == field and f.trust == "claimed" for f in collection.found_by):
        yield "is claimed: whoever typed it may be somebody else. Give it under `writable`"
