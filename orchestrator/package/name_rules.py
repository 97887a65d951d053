"""What in a run of capitalised words is somebody's name, told by the words themselves and by what leads to them.

Each rule is sure, or doubtful: then what it finds *may* be a name, and the inventory says what becomes of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from orchestrator.package.lexicon import Word
from orchestrator.package.words import CAPITALISED, FARTHEST, JOINED, TURNED, Token, tokens

LONGEST = 4  # words of one name
_PLACES = re.compile(
    r"(?:san|santa|santo|saint|los|las|el|new|fort|mount|lake|port|north|south|east|west|cape|st)\Z"
)  # and the word after it
_ENTITIES = re.compile(
    r"(?:inc|llc|ltd|gmbh|corp|corporation|company|co|university|college|school|institute|center|centre|department|"
    r"team|support|street|avenue|road|lane|boulevard|drive|county|city|state|park|river|beach|valley|office|hotel|"
    r"airport|ave|blvd|training|courses?|group|systems|software|services|solutions|labs|cloud)\Z"
)
_MONTHS = re.compile(r"(?:january|february|march|april|may|june|july|august|september|october|november|december)\Z")
_DAYS = re.compile(r"(?:mon|tues|wednes|thurs|fri|satur|sun)day\Z|please\Z|i\Z")
_OPENS = re.compile(r"(?:\A|[.!?:;\n\"“(\[•*>|]|\s[-–—])[\s>*\"“'‘(]*\Z")
_SPEAKS = re.compile(
    r"\b(?:the|an?|to|and|with|by|is|was|are|were|has|have|had|for|from|said|says|my|your|his|her|their|our|i|you|he|"
    r"she|we|they|not|that|this|who|will|can|please|about|of|in|on|at|as|it|be)\b"
)
_AROUND = 240


@dataclass(frozen=True, slots=True)
class Guess:
    """Words that are a name, or may be one."""

    words: tuple[Token, ...]
    sure: bool

    @property
    def start(self) -> int:
        return self.words[0].start

    @property
    def end(self) -> int:
        return self.words[-1].end


class Capitals:
    """The capitalised words of a text, in runs. `known`: words that are a company's or a system's."""

    def __init__(self, text: str, known: frozenset[str] = frozenset()) -> None:
        self.text, self._known = text, known
        self.runs: list[list[Token]] = []
        self.at: dict[int, tuple[int, int]] = {}  # where a word starts -> its run, its place in it
        for one in tokens(text, CAPITALISED):
            last = self.runs[-1][-1] if self.runs else None
            if last is None or one.start - last.end > FARTHEST or not JOINED.match(text[last.end : one.start]):
                self.runs.append([])
            self.runs[-1].append(one)
            self.at[one.start] = (len(self.runs) - 1, len(self.runs[-1]) - 1)

    def kind(self, one: Token) -> Word:
        return Word.ORDINARY if one.plain in self._known else one.kind

    def opens(self, one: Token) -> bool:
        """Whether a word stands where a sentence or a line begins, so that its capital says nothing."""
        return bool(_OPENS.search(self.text, max(0, one.start - 12), one.start))

    def spoken(self, guess: Guess) -> bool:
        """Whether a guess stands in running text, not in a heading, a list or a line of a program."""
        first = max(self.text.rfind("\n\n", 0, guess.start), guess.start - _AROUND, 0)
        last = self.text.find("\n\n", guess.end, guess.end + _AROUND)
        around = self.text[first : last if last >= 0 else guess.end + _AROUND]
        return len(_SPEAKS.findall(around)) >= 2

    def broken(self, one: Token, after: Token) -> bool:
        """Whether a line ends between two words."""
        return "\n" in self.text[one.end : after.start]

    def name_from(self, run: Sequence[Token], at: int, least: int = 1) -> tuple[Token, ...]:
        """The words of a run that go on a name which begins at one of them; the first `least` of them in any case."""
        end = at + 1
        while end < len(run) and end - at < LONGEST:
            after = run[end]
            if end - at >= least and not self._goes_on(run[end - 1], after, end - at):
                break
            end += 1
        while end - at > 1 and run[end - 1].initial and run[end - 1].plain == "i":  # "asked Olga I think"
            end -= 1
        return tuple(run[at:end])

    def _goes_on(self, last: Token, after: Token, so_far: int) -> bool:
        what = self.kind(after)
        if self.broken(last, after):
            return so_far == 1 and what in (Word.UNKNOWN, Word.SURNAME) and not last.initial
        if what is Word.ORDINARY:  # "Keira Even": so is many a family name
            first = so_far == 1 and self.kind(last) is Word.GIVEN and not last.shouted
            return first and not after.shouted and not _ENTITIES.match(after.plain) and not _DAYS.match(after.plain)
        return after.initial or what in (Word.UNKNOWN, Word.GIVEN, Word.EITHER, Word.SURNAME)


def by_words(capitals: Capitals) -> Iterator[Guess]:
    """Names told by their own words: a first name, perhaps with what follows; two words that no list knows."""
    for number, run in enumerate(capitals.runs):
        at = 0
        while at < len(run):
            guess = _guess(capitals, run, at)
            if guess is None:
                at += 2 if _PLACES.match(run[at].plain) and not _named_so(capitals, run, at) else 1
                continue
            yield _turned(capitals, number, guess) if at == 0 else guess
            at = next(i for i, one in enumerate(run) if one.end >= guess.end) + 1


def _named_so(capitals: Capitals, run: Sequence[Token], at: int) -> bool:
    """Whether what follows a word as of a place is a person all the same: "West Olga"."""
    return at + 1 < len(run) and capitals.broken(run[at], run[at + 1])


def _guess(capitals: Capitals, run: Sequence[Token], at: int) -> Guess | None:
    one, kind = run[at], capitals.kind(run[at])
    after = run[at + 1] if at + 1 < len(run) and not capitals.broken(one, run[at + 1]) else None
    what = capitals.kind(after) if after else None
    if kind is Word.GIVEN:
        found = capitals.name_from(run, at)
        if len(found) == 1 and (one.shouted or _place(capitals, run, at + 1)):  # "DOC", "Madison Avenue"
            return None
        return Guess(found, True)
    if after is None or what is None or _ENTITIES.match(after.plain) or _PLACES.match(one.plain):
        return None
    if one.initial:
        dotted = capitals.text[one.end : one.end + 1] == "."
        named = dotted and (after.initial or what is not Word.ORDINARY)
        found = capitals.name_from(run, at)
        if not named or all(t.initial for t in found):
            return None
        return _doubted(capitals, Guess(found, not capitals.opens(one)))  # "B. Redaction" is a heading
    if kind is Word.EITHER and _MONTHS.match(one.plain) and what not in (Word.UNKNOWN, Word.GIVEN):
        return None
    if kind is Word.EITHER and what is not Word.ORDINARY and not one.shouted:
        sure = what in (Word.UNKNOWN, Word.GIVEN) and not capitals.opens(one)
        return _doubted(capitals, Guess(capitals.name_from(run, at), sure))
    if kind is Word.UNKNOWN and what is Word.GIVEN:
        return Guess(tuple(run[at : at + 2]), True)
    if kind is Word.UNKNOWN and what in (Word.UNKNOWN, Word.SURNAME, Word.EITHER) and not one.shouted:
        return _doubted(capitals, Guess(capitals.name_from(run, at), False))
    return None


def _place(capitals: Capitals, run: Sequence[Token], after: int) -> bool:
    """Whether a first name is a part of what a street, a school or a company is called: "Madison Avenue"."""
    return (
        after < len(run) and bool(_ENTITIES.match(run[after].plain)) and not capitals.broken(run[after - 1], run[after])
    )


def _doubted(capitals: Capitals, guess: Guess) -> Guess | None:
    ends = guess.words[-1]
    number, place = capitals.at[ends.start]
    if _place(capitals, capitals.runs[number], place + 1):
        return None
    return guess if guess.sure or capitals.spoken(guess) else None


def _turned(capitals: Capitals, number: int, guess: Guess) -> Guess:
    """With the family name before it, if it is turned round: "Chen, Olga"."""
    if not number or not guess.sure:
        return guess
    before = capitals.runs[number - 1][-1]
    gap = capitals.text[before.end : guess.start]
    if len(gap) > 20 or not TURNED.match(gap) or capitals.kind(before) in (Word.ORDINARY, Word.GIVEN):
        return guess
    if capitals.kind(before) is Word.EITHER and capitals.opens(before) and not before.shouted:
        return guess  # "Will, Olga said"
    return Guess((before, *guess.words), True)
