"""Everything a letter is made from. The person's name and address are here, and nowhere in the journal."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from orchestrator.clock import Deadline
from orchestrator.inventory.flows import Whether
from orchestrator.inventory.stationery import Stationery
from orchestrator.law import Asked, Law, Purpose
from orchestrator.letters.kinds import Kind, State
from orchestrator.model import Level, Request, Right, Role, Verification
from orchestrator.receipt import Fulfilment


@dataclass(frozen=True, slots=True)
class Addressee:
    """To whom a letter goes."""

    name: str = field(default="", repr=False)
    address: tuple[str, ...] = field(default=(), repr=False)
    email: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Item:
    """One class of data and what became of it. Titles are the inventory's."""

    state: State
    system: str
    what: str = ""
    until: date | None = None
    basis: str = ""
    citation: str = ""
    use: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to, as its receipt says."""

    fulfilment: Fulfilment
    items: tuple[Item, ...]
    withheld: tuple[str, ...] = ()  # types of data that are never disclosed, by name
    files: int = 0  # of the package that was handed over
    searched: int = 0  # systems searched to their end
    roles: frozenset[Role] = frozenset()
    suppressed: bool = False  # the person's addresses were opted out of mailings, and still are
    split: bool = False  # whether some records of one kind are in one state and others in another

    @property
    def states(self) -> frozenset[State]:
        return frozenset(item.state for item in self.items)

    @property
    def whole(self) -> bool:
        """Whether every class of data is gone, as a search has shown, and nothing is left anywhere."""
        return self.fulfilment is Fulfilment.COMPLETE and all(state.clean for state in self.states)

    @property
    def unfinished(self) -> bool:
        """Whether a further letter is owed when what is open or pending is done."""
        return any(state.open or state.pending for state in self.states)


@dataclass(frozen=True, slots=True)
class Extended:
    """The new day and why."""

    until: date
    reason: str


@dataclass(frozen=True, slots=True)
class Denied:
    """The ground in the words of the Data Rights Protocol, or that of a fee, and the reasons."""

    because: str
    reason: str


@dataclass(frozen=True, slots=True)
class Appealed:
    """When the person appealed, what came of it, in the words of the record, and the reasons."""

    on: date
    result: str
    reason: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Since when an opt-out, opt-in or limit holds, and how the person can see that it does (11 CCR 7026(g))."""

    since: date | None
    confirmed_at: str
    purposes: tuple[Purpose, ...] = (Purpose.SALE, Purpose.SHARING)


@dataclass(frozen=True, slots=True)
class Notice:
    """A vendor that is to delete, or an organisation that decides, and by which identifiers it knows the person."""

    vendor: str
    third_party: bool  # it was sold or shared data, or has not the contract of a service provider
    data: tuple[str, ...]  # titles of what it holds
    identifiers: tuple[tuple[str, str], ...] = field(repr=False)  # (title of the kind, value)
    answer_by: date
    passed_on: date | None = None  # when every organisation had the request
    to_contact: bool = False  # whether each by its authorised contact


@dataclass(frozen=True, slots=True)
class Facts:
    """One letter's facts. What a kind of letter needs and is not given is an error, never a gap in the letter."""

    kind: Kind
    request: Request
    asked: Asked
    received: date
    today: date
    law: Law
    deadlines: tuple[Deadline, ...]
    extendable_until: date | None  # the law's last day, if the answer may still be extended
    company: str
    desk: Stationery
    needed: Level  # how surely this right must be verified
    to: Addressee
    policy: str = ""  # the policy's title
    verification: Verification | None = None
    outcome: Outcome | None = None
    extended: Extended | None = None
    denied: Denied | None = None
    appealed: Appealed | None = None
    choice: Choice | None = None
    sells: Whether = Whether.UNKNOWN  # whether the company sells or shares data
    notice: Notice | None = None
    amount: str = ""  # of a fee, such as "25.00 USD"
    asks: tuple[str, ...] = ()  # what more is needed of the person
    asks_by: date | None = None
    again_by: date | None = None  # until when the next letter is promised
    delivery: str = ""  # how a package reaches the person
    covers_from: date | None = None  # the first day that the package covers; None: of whatever date
    agent_of: str = field(default="", repr=False)  # "agent" or "parent": on whose behalf the letter's reader asked

    @property
    def about(self) -> str:
        """What the texts call the right: as the law does, but for categories alone, which come in no package."""
        return str(Right.KNOW if self.request.right is Right.KNOW else self.asked)
