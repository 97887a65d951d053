"""The shape of `attributes` in the inventory, and whether the fields that hold them agree with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import StringConstraints, model_validator

from orchestrator.inventory import attributes
from orchestrator.inventory.problems import Place, Problems, nearest
from orchestrator.inventory.words import Entry, Text, Texts

if TYPE_CHECKING:
    from orchestrator.inventory.schema import Document

AttributeName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]


class Attribute(Entry):
    """Something about a person that they may have put right; fields say with `holds` that they hold it."""

    title: Text
    kind: Text | None = None
    joins: Texts | None = None
    compare: Literal["exact", "case", "digits"] = "exact"
    date: bool = False

    @model_validator(mode="after")
    def _of_one_sort(self) -> Self:
        if self.joins is not None and (len(self.joins) < 2 or self.kind or self.date):
            raise ValueError("`joins` names two attributes or more, and goes with neither `kind` nor `date`")
        return self


def check(document: Document, problems: Problems) -> None:
    """Add attributes and kinds that do not exist, and words about corrections where nothing is held."""
    known: Mapping[str, Attribute] = document.attributes
    for name, attribute in known.items():
        place: Place = ("attributes", name)
        if attribute.kind and attribute.kind not in document.identifiers:
            hint = nearest(attribute.kind, document.identifiers)
            problems.add((*place, "kind"), f"the kind {attribute.kind!r} is not declared under identifiers{hint}")
        for n, part in enumerate(attribute.joins or ()):
            if part not in known or known[part].joins:
                problems.add((*place, "joins", n), f"there is no such single attribute {part!r}{nearest(part, known)}")
    for name, system in document.systems.items():
        for title, collection in system.collections.items():
            place = ("systems", name, "collections", title)
            for field, described in collection.fields.items():
                for n, held in enumerate(described.holds):
                    if held not in known:
                        said = f"there is no attribute {held!r}{nearest(held, known)}"
                        problems.add((*place, "fields", field, "holds", n), said)
            if (collection.uncorrected or collection.carried_over) and not any(
                f.holds for f in collection.fields.values()
            ):
                problems.add(place, "says how it is corrected, and no field `holds` an attribute")


def frozen(name: str, entry: Attribute) -> attributes.Attribute:
    return attributes.Attribute(
        name, entry.title, entry.kind or "", tuple(entry.joins or ()), entry.compare, entry.date
    )  # fmt: skip
