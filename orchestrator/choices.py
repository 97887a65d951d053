"""Opt-out, opt-in, limit and Shine the Light as plans: what is entered in our own list, who is told, by whom. Pure.

Nothing is searched and nobody is verified: an opt-out must not wait for either (11 CCR 7026(d)), and an answer
from the inventory says the same to everybody who asks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from connectors.model import Action, Locator
from orchestrator.inventory import Inventory
from orchestrator.inventory.flows import Capacity, Flow, Recipient, Whether
from orchestrator.law import Purpose
from orchestrator.model import Request, Right, Role, Step

OUR_LIST = "our_list"  # what such a step names as its system
NOTICE = "notice"  # and as its collection, where a recipient is told
ANSWER = "answer"
MARKETING_ONLY = "marketing"  # `suppression` of a system whose opt-outs stop nothing else
BY_LAW = (Purpose.SALE, Purpose.SHARING)
_FLAGS: Mapping[Purpose, Callable[[Flow], Whether]] = {
    Purpose.SALE: lambda flow: flow.sold,
    Purpose.SHARING: lambda flow: flow.shared,
}


class Age(StrEnum):
    """How old the person is who opts in (Cal. Civ. Code 1798.120(c))."""

    SIXTEEN = "16_or_older"
    THIRTEEN = "13_to_15"
    CHILD = "under_13"


class By(StrEnum):
    """Who confirms an opt-in."""

    PERSON = "person"
    PARENT = "parent"


@dataclass(frozen=True, slots=True)
class Setting:
    """What the steps depend on besides the request."""

    due: datetime  # by when people must have done theirs
    received: date
    today: date
    tags: int  # how many identifiers the request names
    mailing: Collection[str] = ()  # systems in which a person can be opted out of mail
    entered: Collection[str] = ()  # those in which an earlier opt-out of ours was entered
    listed: Collection[Purpose] = ()  # what stands in our list of the person


def purposes(request: Request) -> tuple[Purpose, ...]:
    """What a request is about. An opt-out that names nothing is of sale and sharing, which the law gives."""
    if request.right is Right.LIMIT:
        return (Purpose.SENSITIVE,)
    return tuple(p for p in Purpose if p in request.only) if request.only else BY_LAW


def steps(request: Request, inventory: Inventory, setting: Setting, ref: Callable[[Locator], str]) -> tuple[Step, ...]:
    """The steps of a request that reaches no data, in the order in which they are done."""
    made = {
        Right.OPT_OUT: _opt_out, Right.OPT_IN: _opt_in, Right.LIMIT: _limit, Right.SHINE_THE_LIGHT: _shine,
    }[request.right](request, inventory, setting)  # fmt: skip
    drafts = (replace(s, due=setting.due) if s.action is Action.MANUAL else s for s in made)
    return tuple(replace(s, ref=ref(Locator(s.system, s.collection))) for s in drafts)


def suppresses(request: Request, inventory: Inventory, mailing: Collection[str]) -> tuple[str, ...]:
    """Systems in which an opt-out of marketing is entered by machine: those where it stops nothing but marketing."""
    if request.right is not Right.OPT_OUT or Purpose.MARKETING not in purposes(request):
        return ()
    return tuple(sorted(n for n in mailing if inventory.systems[n].suppression == MARKETING_ONLY))


def to_tell(
    inventory: Inventory, wanted: Collection[Purpose], first: date, last: date
) -> Iterator[tuple[Recipient, bool]]:
    """Who has to hear of an opt-out, and whether that is sure: who buys, is shared with, or is a third party.

    So whoever got data on any day from the request to now, or gets it still.
    What nobody has said is no "no": such a recipient is told as well (11 CCR 7026(f)(2), (3)).
    """
    for recipient in inventory.recipients:
        running = [f for f in recipient.flows if f.ran(first, last)]
        said = {_FLAGS[p](flow) for flow in running for p in wanted if p in _FLAGS}
        third = recipient.counts_as is Capacity.THIRD_PARTY and bool(running) and bool(set(wanted) & set(BY_LAW))
        if third or said - {Whether.NO}:
            yield recipient, third or Whether.YES in said


def sells(inventory: Inventory, today: date) -> bool:
    """Whether data is sold or shared, or nobody has said that it is not."""
    return any(True for _ in to_tell(inventory, BY_LAW, today, today))


def not_confirmed(age: Age, by: By) -> str:
    """Why such a confirmation of an opt-in does not count, in words; empty if it does."""
    if age is Age.CHILD and by is not By.PARENT:
        return "for a child under 13 a parent or guardian confirms (Cal. Civ. Code 1798.120(c))"
    if age is not Age.CHILD and by is By.PARENT:
        return "who is 13 or older confirms for themself (Cal. Civ. Code 1798.120(c))"
    return ""


def _opt_out(request: Request, inventory: Inventory, setting: Setting) -> Iterator[Step]:
    wanted = purposes(request)
    for purpose in wanted:
        yield _entry(purpose, setting.tags, "entered as a keyed hash: not honoured before it stands there")
    for recipient, sure in to_tell(inventory, wanted, setting.received, setting.today):
        doubt = "" if sure else "; nobody has said whether they buy or share: find out"
        what = "opted out: use and disclose nothing received since the request, and tell whom they passed it to"
        yield _by_hand(recipient.id, NOTICE, recipient.owner, f"tell {recipient.title}: {what}{doubt}")
    if Purpose.MARKETING in wanted:
        for name in sorted(n for n in setting.mailing if inventory.systems[n].suppression != MARKETING_ONLY):
            note = "take the address out of marketing mail there: an entry in its list would stop receipts, too"
            yield _by_hand(name, Purpose.MARKETING, inventory.systems[name].owner, note)


def _opt_in(request: Request, inventory: Inventory, setting: Setting) -> Iterator[Step]:
    for purpose in purposes(request):
        yield _entry(purpose, setting.tags, "taken off our list, once the second step has confirmed it")
    if Purpose.MARKETING in purposes(request):
        for name in sorted(n for n in setting.entered if n in inventory.systems):
            note = "lift the opt-out that we entered, unless the person unsubscribed there, too: the list cannot tell"
            yield _by_hand(name, Purpose.MARKETING, inventory.systems[name].owner, note)


def _limit(request: Request, inventory: Inventory, setting: Setting) -> Iterator[Step]:
    yield _entry(Purpose.SENSITIVE, setting.tags, "entered as a keyed hash: asked before any such use")
    told: set[str] = set()
    for name, system in inventory.systems.items():
        for collection in system.collections.values():
            if not collection.sensitive_uses:
                continue
            uses = ", ".join(collection.sensitive_uses)
            yield _by_hand(name, collection.name, system.owner, f"end for this person: {uses} (11 CCR 7027(g))")
            for recipient, flow in inventory.recipients_of(name, collection.name):
                if recipient.id not in told and flow.ran(setting.received, setting.today):
                    told.add(recipient.id)
                    note = f"tell {recipient.title} to end these uses: {uses}"
                    yield _by_hand(recipient.id, NOTICE, recipient.owner, note)


def _shine(request: Request, inventory: Inventory, setting: Setting) -> Iterator[Step]:
    yield _entry(Right.SHINE_THE_LIGHT, 1, "answered from the inventory: the same to everybody who asks")


def _entry(what: str, count: int, basis: str) -> Step:
    return Step("", OUR_LIST, str(what), Action.RETAIN, count, 0, Role.BUSINESS, rule=OUR_LIST, basis=basis)


def _by_hand(system: str, collection: str, owner: str, note: str) -> Step:
    return Step("", system, str(collection), Action.MANUAL, 1, 0, Role.BUSINESS, owner=owner, note=note)
