"""Where names that are known stand in a text: whole, turned round, with initials, cut by a line's end, in part."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from orchestrator.package.lexicon import Word, kind
from orchestrator.package.persons import Name, OtherNames, OwnNames
from orchestrator.package.vocabulary import Span, Type
from orchestrator.package.words import FARTHEST, HYPHENATED, JOINED, TURNED, WORDS, Token, token, tokens


def known(text: str, own: OwnNames, others: Sequence[OtherNames]) -> Iterator[Span]:
    """Names of others in a text; what can be the person's own is none."""
    for name in {name for some in others for name in some.unspaced}:
        for found in re.finditer(re.escape(name), text):
            if not any(name in mine and mine in text for mine in own.unspaced):
                yield Span(found.start(), found.end(), Type.NAME)
    others = [some for some in others if some.words]
    if others and (_any_of(text, others) or _CUT.search(text)):
        yield from _Search(text, list(tokens(text)), own, others).spans()


_CUT = re.compile(r"[^\W\d_]-[ \t]*\r?\n")


def _any_of(text: str, others: Sequence[OtherNames]) -> bool:
    present = {token(word).plain for word in set(WORDS.findall(text))}
    return any(not present.isdisjoint(some.words) for some in others)


@dataclass(frozen=True, slots=True)
class _Search:
    text: str
    words: list[Token]
    own: OwnNames
    others: Sequence[OtherNames]

    def spans(self) -> Iterator[Span]:
        at = 0
        while at < len(self.words):
            taken = 0 if self._own_here(at) else self._whole(at) or self._part(at)
            if taken:
                yield Span(self.words[at].start, self.words[at + taken - 1].end, Type.NAME)
            at += taken or 1

    def _whole(self, at: int) -> int:
        """How many words at that place are a whole name."""
        one = self.words[at]
        found = [self._straight(at, name) for some in self.others for name in some.by_first.get(one.plain, ())]
        found += [self._turned(at, name) for name in self._ending(one)]
        return max(found, default=0)

    def _part(self, at: int) -> int:
        """How many words at that place are a part of a name: one of its words, or its last behind an initial."""
        one, after = self.words[at], self._after(at)
        if one.initial:
            names = self._ending(after) if after and self._joined(one, after) else ()
            return 2 if any(n[0][:1] == one.plain and len(n) > 1 for n in names) else 0
        if self._theirs(one.plain) and self._alone(one):
            return 1
        if after and HYPHENATED.match(self._gap(one, after)):
            return 2 if self._theirs(token(one.shown + after.shown).plain) else 0
        return 0

    def _ending(self, one: Token) -> Iterator[Name]:
        for some in self.others:
            yield from some.by_last.get(one.plain, ())

    def _theirs(self, word: str) -> bool:
        return word not in self.own and any(word in some.words for some in self.others)

    def _straight(self, at: int, name: Name) -> int:
        """A name as it is, perhaps with an initial in it, or for one of its words ("Tom L.")."""
        place, got = at, 0
        while got < len(name) and place < len(self.words):
            one = self.words[place]
            if place > at and not self._joined(self.words[place - 1], one):
                break
            if one.plain == name[got] or (got and one.initial and one.plain == name[got][0]):
                got += 1
            elif not (got and one.initial):
                break
            place += 1
        return place - at if got == len(name) and len(name) > 1 else 0

    def _turned(self, at: int, name: Name) -> int:
        """The last word first: "LEE, Tom", "Lee Tom", "Lee, T."."""
        one, after = self.words[at], self._after(at)
        if len(name) < 2 or after is None:
            return 0
        comma = bool(TURNED.match(self._gap(one, after)))
        if not comma and not self._joined(one, after):
            return 0
        return 2 if after.plain == name[0] or (comma and after.initial and after.plain == name[0][0]) else 0

    def _own_here(self, at: int) -> bool:
        """Whether the person's own full name begins, or goes on, at that place."""
        one = self.words[at]
        if one.plain not in self.own:
            return False
        near = [(self.words[i], self.words[i + 1]) for i in (at - 1, at) if i >= 0 and i + 1 < len(self.words)]
        return any(a.plain in self.own and b.plain in self.own and self._joined(a, b) for a, b in near)

    def _alone(self, one: Token) -> bool:
        """Whether a word means somebody by itself; one that is ordinary too: with its capital."""
        what = kind(one.plain)
        if what in (Word.GIVEN, Word.UNKNOWN):
            return True
        if what is Word.ORDINARY or not one.shown[:1].isupper():
            return False
        if what is Word.EITHER:  # "Grant will see it": better a word too many than a name too few
            return True
        before = self.text[max(0, one.start - 12) : one.start].rstrip(" \t\xa0")
        return bool(before) and (before[-1].isalnum() or before[-1] in ",'’")

    def _after(self, at: int) -> Token | None:
        return self.words[at + 1] if at + 1 < len(self.words) else None

    def _gap(self, one: Token, after: Token) -> str:
        return self.text[one.end : min(after.start, one.end + FARTHEST)]

    def _joined(self, one: Token, after: Token) -> bool:
        return bool(JOINED.match(self._gap(one, after)))
