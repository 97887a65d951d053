"""What is told without handing over a single value: the categories held, where from, why, and to whom they went. Pure.

Two lists besides, as Cal. Civ. Code 1798.110, 1798.115 and 1798.130(a)(4) want them apart: what was sold or
shared, and what was disclosed for a business purpose. And of 1798.83: what others got for their direct marketing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial

from connectors.model import ObstacleKind
from orchestrator.days import months_after
from orchestrator.inventory import Collection, Inventory
from orchestrator.inventory.categories import CATEGORIES, SENSITIVE
from orchestrator.inventory.flows import Capacity, Flow, Recipient, Whether
from orchestrator.model import Coverage, Plan, Role, Step

FIRST = date(2022, 1, 1)  # nothing earlier is owed to anybody (Cal. Civ. Code 1798.130(a)(2)(B))
A_YEAR = 12  # months
FOR_OTHERS = "held for a customer organisation, which answers for it"
NOT_CLEARLY = "not clearly this person's alone"
UNSURE = {
    ObstacleKind.CLAIMED, ObstacleKind.SEVERAL_PEOPLE, ObstacleKind.SHARED, ObstacleKind.UNMARKED,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Collected:
    """One category that is held of the person."""

    category: str  # "A" to "K", or "L"
    name: str  # in the terms of the statute
    kinds: tuple[str, ...]  # of "L": which sensitive data
    sources: tuple[str, ...]
    purposes: tuple[str, ...]
    third_parties: tuple[str, ...]  # categories of third parties that get it


@dataclass(frozen=True, slots=True)
class Given:
    """One category that went to others: to which categories of recipients, and for what."""

    category: str
    name: str
    to: tuple[str, ...]
    purposes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Categories:
    """The answer to a request to know categories."""

    first: date  # of the disclosures that are told
    last: date  # receipt
    collected: tuple[Collected, ...]
    sold_or_shared: tuple[Given, ...]
    disclosed: tuple[Given, ...]  # for a business purpose
    undecided: tuple[Given, ...]  # to whom nobody has said whether it was sold or shared
    unknown: tuple[str, ...]  # what nobody has said of a recipient: to be found out before this is an answer
    not_searched: tuple[tuple[str, str], ...]
    left_out: tuple[tuple[str, str], ...]  # ("system/collection", why) of what was found, or is looked for by hand

    @property
    def complete(self) -> bool:
        return not self.unknown


@dataclass(frozen=True, slots=True)
class ForMarketing:
    """A category that a third party got for its own direct marketing."""

    recipient: str
    url: str
    category_of_recipient: str
    category: str
    name: str


@dataclass(frozen=True, slots=True)
class DirectMarketing:
    """The answer to a request under Cal. Civ. Code 1798.83: of the calendar year before."""

    year: int
    given: tuple[ForMarketing, ...]
    unknown: tuple[str, ...]
    says: str

    @property
    def complete(self) -> bool:
        return not self.unknown


@dataclass(frozen=True, slots=True)
class _Held:
    """A category in one collection, with who gets it."""

    category: str
    kinds: tuple[str, ...]
    sources: tuple[str, ...]
    collection: Collection
    flows: tuple[tuple[Recipient, Flow], ...]


def first_day(received: date, since: date | None = None) -> date:
    """The first day of the disclosures that are told: 12 months before receipt, or what was asked for."""
    return max(since or months_after(received, -A_YEAR), FIRST)


def categories(plan: Plan, inventory: Inventory, first: date, last: date) -> Categories:
    """What a plan's search found of the person, by category.

    All that is held counts, whatever its age: that is never less than the 12 months which the law asks for.
    Disclosures are those of the period, both days in it. Left out, and said: what is held as a service
    provider; what is not surely this person's.
    """
    held = [h for step in plan.steps if not left_out(step) for h in _of(step, inventory, first, last)]
    flows = [pair for h in held for pair in h.flows]
    return Categories(
        first,
        last,
        tuple(_collected(held)),
        tuple(_given(held, partial(_sold, Whether.YES))),
        tuple(_given(held, partial(_sold, Whether.NO))),
        tuple(_given(held, partial(_sold, Whether.UNKNOWN))),
        _unknown(inventory, flows, {"sold": lambda f: f.sold, "shared": lambda f: f.shared}),
        tuple((s.system, s.why) for s in plan.coverage if s.coverage is not Coverage.SEARCHED),
        tuple((f"{s.system}/{s.collection}", why) for s in plan.steps if (why := left_out(s))),
    )


def direct_marketing(inventory: Inventory, year: int) -> DirectMarketing:
    """What went to third parties for their own direct marketing in a calendar year; the same for everybody."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    flows = [(r, f) for r in inventory.recipients for f in r.flows if f.ran(first, last)]
    given = tuple(
        ForMarketing(r.title, r.url, f.category, letter, CATEGORIES[letter])
        for r, f in flows if f.direct_marketing is Whether.YES
        for letter in _letters(inventory, f)
    )  # fmt: skip
    unknown = _unknown(inventory, flows, {"given for direct marketing": lambda f: f.direct_marketing})
    none = f"In {year} no personal information was disclosed to third parties for their direct marketing purposes."
    some = f"In {year} personal information was disclosed to these third parties for their direct marketing purposes."
    return DirectMarketing(year, given, unknown, "" if unknown else some if given else none)


def left_out(step: Step) -> str:
    """Why a step says nothing about categories, in words; empty if it does."""
    if step.role is Role.SERVICE_PROVIDER:
        return FOR_OTHERS
    if {o.kind for o in step.obstacles} & UNSURE:
        return NOT_CLEARLY
    return f"searched by hand: {step.owner}" if step.collection == "*" else ""


def _of(step: Step, inventory: Inventory, first: date, last: date) -> Iterator[_Held]:
    collection = inventory.systems[step.system].collections.get(step.collection)
    if collection is None or not step.count:
        return
    flows = tuple((r, f) for r, f in inventory.recipients_of(step.system, step.collection) if f.ran(first, last))
    copied = _once(s for name in inventory.systems[step.system].copies_of for s in inventory.systems[name].sources)
    sources = copied or collection.sources  # a copy has its data from where its original has it
    for letter in step.categories:
        yield _Held(letter, (), sources, collection, flows)
    marked = {k for name, k in collection.sensitive.items() if name in step.fields or not step.fields}
    if marked:
        yield _Held("L", tuple(sorted(SENSITIVE[k] for k in marked)), sources, collection, flows)


def _collected(held: Iterable[_Held]) -> Iterator[Collected]:
    for letter, mine in _by_letter(held):
        third = (f.category for h in mine for r, f in h.flows if _third(r, f))
        yield Collected(
            letter, CATEGORIES[letter], _once(k for h in mine for k in h.kinds),
            _once(s for h in mine for s in h.sources), _once(p for h in mine for p in h.collection.purposes),
            _once(third),
        )  # fmt: skip


def _given(held: Iterable[_Held], chosen: Callable[[Flow], bool]) -> Iterator[Given]:
    for letter, mine in _by_letter(held):
        flows = [f for h in mine for _, f in h.flows if chosen(f)]
        if flows:
            to, why = _once(f.category for f in flows), _once(p for f in flows for p in f.purposes)
            yield Given(letter, CATEGORIES[letter], to, why)


def _sold(said: Whether, flow: Flow) -> bool:
    """Whether it was sold or shared, as was said. What nobody has said is never taken for a no."""
    told = {flow.sold, flow.shared}
    return said is next((w for w in (Whether.YES, Whether.UNKNOWN) if w in told), Whether.NO)


def _third(recipient: Recipient, flow: Flow) -> bool:
    return recipient.counts_as is Capacity.THIRD_PARTY or Whether.YES in (flow.sold, flow.shared)


def _unknown(
    inventory: Inventory, flows: Iterable[tuple[Recipient, Flow]], asked: Mapping[str, Callable[[Flow], Whether]]
) -> tuple[str, ...]:
    if not inventory.recipients:
        return ("the inventory names no recipients: nobody has said to whom data goes",)
    return _once(
        f"{recipient.title}: nobody has said whether data is {what}"
        for recipient, flow in flows
        for what, of in asked.items()
        if of(flow) is Whether.UNKNOWN
    )


def _letters(inventory: Inventory, flow: Flow) -> tuple[str, ...]:
    found = (
        letter
        for name, system in inventory.systems.items()
        for collection in system.collections.values()
        if flow.covers(name, collection.name)
        for letter in collection.categories
    )
    return tuple(sorted(set(found)))


def _by_letter(held: Iterable[_Held]) -> Iterator[tuple[str, list[_Held]]]:
    found: dict[str, list[_Held]] = {}
    for one in held:
        found.setdefault(one.category, []).append(one)
    yield from sorted(found.items())


def _once(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
