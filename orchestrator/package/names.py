"""Other people's names in running text: known ones, and those told by their words and by what leads to them.

Sure: names in the lines of mails and in fields that name somebody else; a first name, alone or with what follows it;
a name after a greeting, a title, "my manager"; before "wrote:" and before somebody's address. Doubtful: two
capitalised words that no list knows, in running text. The person's own name is never taken for anybody else's: where
both could be meant ("Lee") it stays. A package tells the two apart, for a person to look at what is doubtful.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from itertools import groupby

from orchestrator.package.known_names import known
from orchestrator.package.lexicon import Word
from orchestrator.package.name_cues import by_cues
from orchestrator.package.name_rules import Capitals, Guess, by_words
from orchestrator.package.persons import OtherNames, OwnNames
from orchestrator.package.vocabulary import Span, Type
from orchestrator.package.words import Token, adjacent, tokens

_MARK = re.compile(r"\[withheld: [^\]\n]{1,60}\]")


class Doubt(StrEnum):
    """What becomes of words that may be somebody's name."""

    BLACK_OUT = "black_out"
    HOLD = "hold"
    LEAVE = "leave"


class Names:
    """Finds them on behalf of one person. `titles`: what the company and its systems are called."""

    def __init__(self, titles: Iterable[str] = (), doubt: Doubt = Doubt.BLACK_OUT) -> None:
        self.own = OwnNames()
        self.others = OtherNames(self.own)
        self.doubt = doubt
        self._titles = frozenset(t.plain for title in titles for t in tokens(title) if t.kind is Word.UNKNOWN)

    def spans(self, text: str, own_address: Callable[[str], bool]) -> Iterator[Span]:
        """Where they are. `own_address`: whether an address is the person's."""
        marks = [m.span() for m in _MARK.finditer(text)] if "[withheld:" in text else []
        for span in self._spans(text, own_address):
            if not any(start <= span.start and span.end <= end for start, end in marks):
                yield span

    def _spans(self, text: str, own_address: Callable[[str], bool]) -> Iterator[Span]:
        capitals = Capitals(text, self._titles)
        here = OtherNames(self.own)
        theirs = frozenset(self._own_words(capitals))
        guesses = [*by_cues(capitals, own_address), *by_words(capitals)]
        guesses = [g for guess in guesses for g in self._without_own(capitals, guess, theirs)]
        for guess in guesses:  # its parts are looked for in the rest of the text
            if guess.sure and sum(not t.initial for t in guess.words) > 1:
                here.add(tuple(t.plain for t in guess.words))
        sure = [g for g in guesses if g.sure]
        yield from (Span(g.start, g.end, Type.NAME) for g in sure)
        if self.doubt is not Doubt.LEAVE:
            covered = {t.start for g in sure for t in g.words}
            doubted = (g for g in guesses if not g.sure and covered.isdisjoint(t.start for t in g.words))
            yield from (Span(g.start, g.end, Type.MAYBE_NAME) for g in doubted)
        yield from known(text, self.own, (self.others, here))

    def _without_own(self, capitals: Capitals, guess: Guess, theirs: frozenset[int]) -> Iterator[Guess]:
        """What is left of a guess without the words that are the person's own full name, or could be their name."""
        if self.own.theirs(guess.words):
            return
        words = guess.words
        if words[0].plain in self.own and len(words) > 1 and capitals.broken(words[0], words[1]):
            words = words[1:]  # "Thanks Ann", and a name on the next line
        if words[0].plain in self.own and all(capitals.kind(t) is Word.ORDINARY for t in words[1:]):
            return  # "Ann Please"
        for own, some in groupby(words, lambda t: t.start in theirs):
            rest = tuple(some)
            if not own and not all(t.initial for t in rest) and not self.own.theirs(rest):
                yield Guess(rest, guess.sure)

    def _own_words(self, capitals: Capitals) -> Iterator[int]:
        """Where words of the person's own full name start: two of them or more next to each other."""
        last: Token | None = None
        for one in (t for run in capitals.runs for t in run):
            mine = one.plain in self.own
            if mine and last is not None and last.plain != one.plain and adjacent(capitals.text, last, one):
                yield from (last.start, one.start)
            last = one if mine else (last if last is not None and one.initial else None)
