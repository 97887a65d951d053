"""From facts and texts to a letter's content: blocks of plain text, without any form. Pure.

Fails closed: a slot that the letter needs and has no value is an error that says where it comes from. What
comes from people (names, reasons) is put into finished texts as it is, and cannot become a text of its own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, StrictUndefined, Template, meta

from orchestrator.errors import NotAllowedError
from orchestrator.letters import wording
from orchestrator.letters.claims import untrue
from orchestrator.letters.facts import Facts, Item
from orchestrator.letters.kinds import Kind, State
from orchestrator.letters.slots import Slots, day, slots
from orchestrator.letters.wording import Block as Told
from orchestrator.letters.wording import Sentence
from orchestrator.model import Right
from orchestrator.regimes.outcomes import outcomes

_OF_INSTRUCTIONS: Mapping[Kind, str] = {  # the outcome of which such a letter tells an organisation
    Kind.ACKNOWLEDGEMENT: "instruction_received",
    Kind.DENIAL: "instruction_refused",
    Kind.APPROVAL: "instruction_done",
    Kind.COMPLETION: "instruction_done",
    Kind.PARTIAL_DENIAL: "instruction_done",
    Kind.NOTHING_FOUND: "instruction_done",
}
LONGEST_NAME, LONGEST_LINE, MOST_LINES = 200, 120, 8
# Signs that change the direction or order of what stands around them, and those that are not seen.
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_JOINERS = {"\u200c", "\u200d"}  # which some scripts and emoji are written with


@dataclass(frozen=True, slots=True)
class Heading:
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str


@dataclass(frozen=True, slots=True)
class Items:
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Block = Heading | Paragraph | Items | Table


@dataclass(frozen=True, slots=True)
class Content:
    """A letter without its form. `paper` is "us-letter" or "a4"."""

    kind: Kind
    reference: str
    date: str
    sender: tuple[str, ...]  # the company's name and postal address
    contact: tuple[str, ...]
    recipient: tuple[str, ...]
    subject: str
    salutation: str
    blocks: tuple[Block, ...]
    closing: str
    signature: tuple[str, ...]
    paper: str
    iso_date: str


def compose(facts: Facts) -> Content:
    """The content of one letter.

    NotAllowedError naming every slot that is empty, and for a text that claims more than the facts bear out.
    """
    given = slots(facts)
    form = wording.form(text_of(facts))
    writing = _Writing(facts, given)
    writing.need(["to", "right", *form.needs])
    blocks = tuple(writing.blocks(form.blocks))
    writing.stop()
    content = _letter(facts, writing.filled(form.subject), blocks)
    whole = facts.outcome is not None and facts.outcome.whole
    said = [content.subject, *(t for b in blocks for t in _prose(b))]
    if facts.kind is not Kind.VENDOR_NOTICE and untrue(said, whole=whole):  # which says what is to be done
        way = "word the reason, or the text in orchestrator/letters/texts, without that"
        raise NotAllowedError(f"the letter would say that all is gone or nothing is left, which is not shown: {way}")
    return content


def text_of(facts: Facts) -> str:
    """The name of the text that such a letter has, as the rules of outcomes say: a denial of specific pieces is not
    one of categories, and a customer organisation is not written to as a person is.

    NotAllowedError where there is none.
    """
    if facts.request.organisation:
        if facts.kind not in _OF_INSTRUCTIONS:
            raise NotAllowedError(f"no letter of the kind {facts.kind} goes to the organisation that instructs us")
        return outcomes().of(_OF_INSTRUCTIONS[facts.kind]).letter
    if facts.kind is Kind.DENIAL and facts.denied is not None:
        return outcomes().of_denial(facts.denied.because, facts.request.right).letter
    return str(facts.kind)


class _Writing:
    """Goes through the blocks of a text, and gathers what is missing."""

    def __init__(self, facts: Facts, given: Slots) -> None:
        self._facts, self._given = facts, given
        self._missing: dict[str, None] = {}

    def need(self, names: Iterable[str]) -> None:
        self._missing.update(dict.fromkeys(n for n in names if not self._given.has(n)))

    def stop(self) -> None:
        """Raise NotAllowedError if anything is missing."""
        if self._missing:
            hints = wording.words().hints
            lines = "\n".join(f"  {n}: {hints.get(n, 'has no value')}" for n in self._missing)
            raise NotAllowedError(f"the letter ({self._facts.kind}) lacks:\n{lines}")

    def filled(self, text: str) -> str:
        template, names = _compiled(text)
        self.need(names)
        return _plain(template.render({name: self._given.texts.get(name, "") for name in names}))

    def blocks(self, told: Iterable[Told]) -> Iterator[Block]:
        for block in told:
            if self._applies(block):
                yield from self._made(block)

    def _applies(self, block: Told) -> bool:
        if block.only and self._facts.about not in block.only:
            return False
        if block.when and not self._given.has(block.when):
            return False
        return not (block.unless and self._given.has(block.unless))

    def _made(self, block: Told) -> Iterator[Block]:
        if block.needs and not self._given.has(block.needs):
            self.need([block.needs])
        elif block.p:
            yield Paragraph(self.filled(block.p))
        elif block.h:
            yield Heading(self.filled(block.h))
        elif block.block:
            yield from self.blocks(wording.common()[block.block])
        elif block.law:
            yield from self._law(block.law)
        elif block.states:
            yield from self._states()
        elif block.items:
            self.need([block.items])
            yield Items(tuple(_plain(t) for t in self._given.lists[block.items]))
        elif block.table == "results":
            yield self._results()
        else:
            self.need(["identifiers"])
            rows = tuple((_plain(a), _plain(b)) for a, b in self._given.pairs)
            yield Table("The person's identifiers", ("What", "Value"), rows)

    def _law(self, topic: str) -> Iterator[Block]:
        """What the regime of the request makes the letter say, each sentence with its citation."""
        facts = self._facts
        for sentence in wording.law_file(facts.law.regime.name).sentences:
            if sentence.topic == topic and self._concerns(sentence):
                cited = f" ({self.filled(sentence.citation)})" if sentence.citation else ""
                yield Paragraph(self.filled(sentence.says) + cited)

    def _concerns(self, sentence: Sentence) -> bool:
        facts = self._facts
        return (
            (not sentence.rights or str(facts.asked) in sentence.rights)
            and (not sentence.only or facts.about in sentence.only)
            and (sentence.level is None or sentence.level == facts.needed)
            and (sentence.when is None or self._given.has(sentence.when))
        )

    def _states(self) -> Iterator[Block]:
        """A section for each state that data is in, with what the law adds the first time."""
        added: set[str] = set()
        for state in State:
            if state is State.DISCLOSED and self._facts.about == Right.KNOW:
                continue  # categories were told: no package has the data itself
            items = [item for item in self._given.items if item.state is state]
            if items:
                words = wording.words().states[state]
                yield Heading(words.title)
                yield Paragraph(words.says)
                told = any(i.until or i.basis for i in items)
                yield self._table(words.title, items) if told else _listed(items)
                for topic in (t for t in words.law if t not in added):
                    yield from self._law(topic)
                added |= set(words.law)

    def _results(self) -> Table:
        """What became of each class of data, in one table: what it means to the person is not said."""
        states, items = wording.words().states, self._given.items
        rows = [(_where(i), states[i.state].brief or states[i.state].title) for i in items]
        if not any(i.basis or i.until for i in items):
            return Table("What became of the data", ("What", "Where it stands"), tuple(rows))
        whole = tuple((*row, _reason(i), day(self._facts, i.until)) for row, i in zip(rows, items, strict=True))
        return Table("What became of the data", ("What", "Where it stands", "Why", "Until, at the latest"), whole)

    def _table(self, caption: str, items: list[Item]) -> Table:
        if not any(i.until or i.use for i in items):
            why = tuple((_where(i), _reason(i)) for i in items)
            return Table(caption, ("What", "Why"), why)
        if any(i.basis for i in items):
            rows = tuple((_where(i), _reason(i), _plain(i.use), day(self._facts, i.until)) for i in items)
            return Table(caption, ("What", "Why", "Used only for", "Until, at the latest"), rows)
        until = [(_where(i), day(self._facts, i.until) or "no day is known yet") for i in items]
        return Table(caption, ("What", "Until, at the latest"), tuple(until))


def _listed(items: Iterable[Item]) -> Items:
    return Items(tuple(map(_where, items)))


def _where(item: Item) -> str:
    return _plain(f"{item.system}: {item.what}" if item.what else item.system)


def _reason(item: Item) -> str:
    return _plain(f"{item.basis} ({item.citation})" if item.citation else item.basis)


def _prose(block: Block) -> Iterator[str]:
    """The texts of a block that are sentences. Lists and tables hold titles, which claim nothing."""
    if isinstance(block, Heading | Paragraph):
        yield block.text


def _letter(facts: Facts, subject: str, blocks: tuple[Block, ...]) -> Content:
    desk, to = facts.desk, facts.to
    name = clean(to.name, LONGEST_NAME)
    if len(to.address) > MOST_LINES:
        raise NotAllowedError(f"an address has at most {MOST_LINES} lines")
    lines = (name, *(clean(line, LONGEST_LINE) for line in to.address))
    by_mail = tuple(line for line in lines if line)
    if not to.address and to.email:
        by_mail = (*by_mail, clean(to.email, LONGEST_LINE))
    contact = (desk.reply_to, *((desk.telephone,) if desk.telephone else ()))
    return Content(
        facts.kind, facts.request.id, day(facts, facts.today), (facts.company, *desk.address), contact, by_mail,
        subject, f"Dear {name}," if name else "Hello,", blocks, "Sincerely,", (desk.signed_by, facts.company),
        wording.law_file(facts.law.regime.name).paper, facts.today.isoformat(),
    )  # fmt: skip


def clean(text: str, longest: int) -> str:
    """One line of what somebody gave, without signs that are not seen or turn the line around.

    NotAllowedError if it is longer than any name or line of an address.
    """
    seen = _plain(text)
    if len(seen) > longest:
        raise NotAllowedError(f"a line of the address is longer than {longest} signs")
    return seen


def _plain(text: str) -> str:
    kept = (c if c in _JOINERS or unicodedata.category(c) not in _UNSEEN else " " for c in text)
    return re.sub(r"\s+", " ", "".join(kept)).strip()


@cache
def _environment() -> Environment:
    # Plain text is made here; whatever writes it as HTML or anything else escapes it there.
    return Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701


@cache
def _compiled(text: str) -> tuple[Template, tuple[str, ...]]:
    names = meta.find_undeclared_variables(_environment().parse(text))
    return _environment().from_string(text), tuple(sorted(names))
