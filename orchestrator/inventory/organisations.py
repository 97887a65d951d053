"""Customer organisations: who may instruct us about their data, who is told of requests, and which rows are theirs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from orchestrator.inventory.problems import Problems, nearest
from orchestrator.inventory.words import Entry, Text, Texts

if TYPE_CHECKING:
    from orchestrator.inventory.schema import Collection, Document, System


class HandOver(Entry):
    """Who passes requests on to the customer organisation whose data it is, how, and in how many days."""

    owner: Text
    how: Text
    within_days: Annotated[int, Field(gt=0, le=45)] = 7


class Organisation(Entry):
    """A customer organisation. `contacts`: addresses whose instructions about its data are followed."""

    title: Text
    contacts: Texts = Field(min_length=1)


def check_organisations(document: Document, problems: Problems) -> None:
    """A collection's `organisation` leads by links of its system to a column, and is held for organisations."""
    for name, system in document.systems.items():
        for held, collection in system.collections.items():
            for why in _astray(system, collection):
                problems.add(("systems", name, "collections", held, "organisation"), why)
    if document.organisations and "organisation_id" not in document.identifiers:
        problems.add(("organisations",), "need an identifier kind organisation_id")


def _astray(system: System, collection: Collection) -> Iterator[str]:
    if not collection.organisation:
        return
    if (collection.role or system.role) != "service_provider":
        yield "is held for ourselves: only what is held as service_provider is an organisation's"
    here = collection
    *links, column = collection.organisation
    for step in links:
        to = next((k.to for k in here.links if k.fields == [step]), "")
        if not to or to not in system.collections:
            yield f"no link leads on by {step!r}{nearest(step, [f for k in here.links for f in k.fields])}"
            return
        here = system.collections[to]
    if column not in {*here.fields, *here.plain}:
        yield f"{column!r} is neither under `fields` nor under `plain`{nearest(column, {*here.fields, *here.plain})}"
