"""The texts of letters: read from the files beside this module, and checked for their shape when first read.

A text is a list of blocks: a paragraph, a heading, a list or table of facts, a piece shared with other
letters, or what the law makes the letter say. `when` and `unless` name slots, `only` the rights.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

from pydantic import BaseModel, Field, model_validator

from orchestrator.inventory import document
from orchestrator.inventory.promise import RightName
from orchestrator.inventory.words import ConfidenceName, Entry, LevelName, RegimeName, Text
from orchestrator.letters.kinds import Kind, State

FOLDER = Path(__file__).parent
TopicName = Literal[
    "verify", "pause", "free", "unverified", "service_provider", "records", "exceptions", "hold", "backups", "vendors",
    "never_disclosed", "no_ask", "opt_out_offer", "appeal", "appeal_denied", "complain", "vendor_duty",
    "third_party_duty", "fee", "uncorrected", "older",
]  # fmt: skip
AboutName = RightName | Literal["know"]
ListName = Literal["asks", "withheld", "data"]
Shape = TypeVar("Shape", bound=BaseModel)
_MAKES = ("p", "h", "items", "table", "states", "block", "law")


class Block(Entry):
    """One piece of a letter."""

    p: Text | None = None
    h: Text | None = None
    items: ListName | None = None
    table: Literal["identifiers", "results"] | None = None
    states: Literal[True] | None = None  # a section for each state that data is in
    block: Text | None = None
    law: TopicName | None = None
    when: Text | None = None
    unless: Text | None = None
    only: Annotated[list[AboutName], Field(min_length=1)] | None = None
    needs: Text | None = None  # a slot without which the letter is not written

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if sum(getattr(self, name) is not None for name in _MAKES) != 1:
            raise ValueError(f"a block is exactly one of {', '.join(_MAKES)}")
        return self


class Form(Entry):
    """One kind of letter. `needs` are slots without which there is no such letter, whatever its blocks use."""

    kind: Kind
    subject: Text
    needs: list[Text] = Field(default_factory=list)
    blocks: list[Block] = Field(min_length=1)


class Common(Entry):
    blocks: dict[str, list[Block]]


class StateWords(Entry):
    """A section about data in one state, and what the law adds to it."""

    title: Text
    says: Text
    brief: Text | None = None  # instead of the title, to an organisation about a person
    law: list[TopicName] = Field(default_factory=list)


class Words(Entry):
    rights: dict[str, Text]
    instructions: dict[str, Text]
    requests: dict[str, Text]
    choices: dict[str, Text]
    channels: dict[str, Text]
    levels: dict[LevelName, Text]
    because: dict[str, Text]
    appeals: dict[str, Text]
    states: dict[State, StateWords]
    hints: dict[str, Text]


class Sentence(Entry):
    """What a law makes a letter say on a topic.

    A citation may be a slot: then it is that of a rule of the regime. Without one it is the company's own practice.
    """

    topic: TopicName
    says: Text
    citation: Text | None = None
    confidence: ConfidenceName | None = None
    rights: list[RightName] = Field(default_factory=list)
    only: list[AboutName] = Field(default_factory=list)  # as `rights`, where the law has less for categories alone
    level: LevelName | None = None
    when: Text | None = None

    @model_validator(mode="after")
    def _known_how(self) -> Self:
        typed = self.citation is not None and "{{" not in self.citation
        if typed != (self.confidence is not None):
            raise ValueError("say how a citation is known, unless it is that of a rule of the regime")
        return self


class LawFile(Entry):
    """One law. `dates` and `paper` are as people there write them."""

    regime: RegimeName
    dates: Literal["us", "eu"]
    paper: Literal["us-letter", "a4"]
    sentences: list[Sentence] = Field(min_length=1)


@cache
def form(name: str) -> Form:
    """The text of that name. InventoryError if the file cannot be used."""
    return _read(FOLDER / "texts" / f"{name}.yaml", Form)


@cache
def common() -> dict[str, list[Block]]:
    """The pieces that letters share, by name."""
    return _read(FOLDER / "texts" / "common.yaml", Common).blocks


@cache
def words() -> Words:
    return _read(FOLDER / "texts" / "words.yaml", Words)


@cache
def law_file(regime: str) -> LawFile:
    """What that law makes a letter say."""
    return _read(FOLDER / "laws" / f"{regime}.yaml", LawFile)


def _read(path: Path, shape: type[Shape]) -> Shape:
    return document.shaped(path, shape, strict=False)  # kinds and states are written as texts
