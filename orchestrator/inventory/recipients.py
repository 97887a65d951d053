"""The shape of `recipients` in the inventory, whether it agrees with the rest, and the frozen values made of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from orchestrator.inventory import flows
from orchestrator.inventory.problems import Problems, nearest
from orchestrator.inventory.words import Date, Entry, Pseudonym, Text, Texts

if TYPE_CHECKING:
    from orchestrator.inventory.schema import System

WhetherName = Literal["yes", "no", "unknown"]
CapacityName = Literal["service_provider", "contractor", "third_party"]
SensitiveName = Literal[
    "government_id", "account_access", "precise_location", "origin_or_belief", "messages", "genetic", "neural",
    "biometric", "health", "sex_life",
]  # fmt: skip
TellsName = Literal["birth_date", "age", "minor", "guessed_age", "parental_consent"]


class Flow(Entry):
    """What a recipient gets of us, why, and whether that is a sale or sharing for advertising."""

    what: Texts = Field(min_length=1)
    category: Text | None = None
    purposes: Texts = Field(min_length=1)
    sold: WhetherName = "unknown"
    shared: WhetherName = "unknown"
    direct_marketing: WhetherName = "unknown"
    since: Date | None = None
    until: Date | None = None


class Recipient(Entry):
    """Somebody outside who gets data: a service provider, a contractor or a third party."""

    id: Pseudonym
    title: Text
    category: Text
    capacity: CapacityName
    contract: WhetherName = "unknown"
    owner: Text
    notice: Text
    url: Text | None = None
    gets: list[Flow] = Field(min_length=1)

    @model_validator(mode="after")
    def _in_capacity(self) -> Self:
        if self.capacity != "third_party" and any("yes" in (f.sold, f.shared) for f in self.gets):
            raise ValueError("what is sold or shared goes to a third party: say so in `capacity`")
        return self


def check(recipients: list[Recipient], systems: Mapping[str, System], problems: Problems) -> None:
    """Add what refers to nothing, and systems at a vendor's of which no recipient is named."""
    for name, n in Counter(r.id for r in recipients).items():
        if n > 1:
            problems.add(("recipients",), f"{name!r} stands here twice")
    for i, recipient in enumerate(recipients):
        for k, flow in enumerate(recipient.gets):
            for n, what in enumerate(flow.what):
                if wrong := _unknown(what, systems):
                    problems.add(("recipients", i, "gets", k, "what", n), wrong)
            if flow.since and flow.until and flow.since > flow.until:
                problems.add(("recipients", i, "gets", k, "until"), "lies before `since`")
    named = {what.partition("/")[0] for r in recipients for flow in r.gets for what in flow.what}
    for name, system in systems.items():
        if recipients and system.third_party_category and name not in named:
            problems.add(("systems", name), "is at a vendor's, and no entry of `recipients` gets it")


def frozen(entry: Recipient) -> flows.Recipient:
    return flows.Recipient(
        id=entry.id,
        title=entry.title,
        capacity=flows.Capacity(entry.capacity),
        contract=flows.Whether(entry.contract),
        owner=entry.owner,
        notice=entry.notice,
        flows=tuple(_flow(f, entry.category) for f in entry.gets),
        url=entry.url or "",
    )


def _flow(entry: Flow, category: str) -> flows.Flow:
    return flows.Flow(
        what=tuple(entry.what),
        category=entry.category or category,
        purposes=tuple(entry.purposes),
        sold=flows.Whether(entry.sold),
        shared=flows.Whether(entry.shared),
        direct_marketing=flows.Whether(entry.direct_marketing),
        since=date.fromisoformat(entry.since) if entry.since else None,
        until=date.fromisoformat(entry.until) if entry.until else None,
    )


def _unknown(what: str, systems: Mapping[str, System]) -> str:
    name, slash, collection = what.partition("/")
    if name not in systems:
        return f"there is no system {name!r}{nearest(name, systems)}"
    held = systems[name].collections
    return (
        f"{name} has no collection {collection!r}{nearest(collection, held)}"
        if slash and collection not in held
        else ""
    )
