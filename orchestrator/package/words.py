"""The words of a text that a name may be made of, and what may stand between two words of one name."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.package.lexicon import Word, kind, plain

_UPPER = "".join(re.escape(c) for c in map(chr, range(0x41, 0x2C00)) if c.isupper() or c.istitle())
_IN_WORD = "\u0300-\u036f\u00ad\u200b-\u200d\u2060"  # accents of their own; what nobody sees
_LETTER = rf"[^\W\d_]|[{_IN_WORD}]"
_HYPHEN = "['’\u02bc\\-\u2010\u2011]"
_WORD = rf"(?:[^\W\d_](?:{_LETTER})*(?:{_HYPHEN}[^\W\d_](?:{_LETTER})*)*)"
WORDS = re.compile(_WORD)
CAPITALISED = re.compile(rf"(?<![\w@/\\$%#'’-])(?=[{_UPPER}]){_WORD}(?![\w@/\\]|\(|=)")
_POSSESSIVE = re.compile(r"['’\u02bc]s$", re.IGNORECASE)
_TYPOGRAPHIC = str.maketrans({"’": "'", "\u02bc": "'", "\u2010": "-", "\u2011": "-"})
_PARTICLES = "van|von|de|der|den|del|della|di|da|dos|das|du|la|le|bin|bint|ibn|al|el|ter|ten|zu|af|av"
_PARTICLE = rf"(?:(?:{_PARTICLES})[ \t\xa0]{{1,2}}){{0,3}}"
_UNSEEN = "[\u00ad\u200b-\u200d\u2060]*"  # also where a tag of a page was (see `pages`)
_BREAK = r"[ \t]{0,4}\r?\n[ \t>|]{0,12}"
JOINED = re.compile(rf"{_UNSEEN}\.?{_UNSEEN}(?:(?:[ \t\xa0]{_UNSEEN}){{1,3}}|{_BREAK}){_UNSEEN}{_PARTICLE}\Z")
_INITIAL = re.compile(r"[ \t\xa0]{1,2}[^\W\d_]\.?[ \t\xa0]{1,2}\Z")  # Ann M. Lee
HYPHENATED = re.compile(rf"[-\u2010]{_BREAK}\Z")
TURNED = re.compile(rf"{_UNSEEN},{_UNSEEN}(?:(?:[ \t\xa0]{_UNSEEN}){{1,2}}|{_BREAK})\Z")  # Lee, Ann
FARTHEST = 400  # characters between two words of one name, tags of a page among them
_NOTHING = "\u00ad\u200b\u200c\u200d\u2060"
_CAMEL = re.compile(r"[a-z][A-Z]")
_HIGHLAND = re.compile(r"(?:Mc|Mac|Fitz|De|Di|Du|La|Le|Van|O['’])[A-Z][a-z]+\Z")


@dataclass(frozen=True, slots=True)
class Token:
    """One word, without the 's of a possessive. `plain`: as the lists spell it."""

    start: int
    end: int
    shown: str
    plain: str

    @property
    def kind(self) -> Word:
        """What it usually is; a name of a program ("PostgreSQL") is no name of a person."""
        if _CAMEL.search(self.shown) and not _HIGHLAND.match(self.shown):
            return Word.ORDINARY
        return kind(self.plain)

    @property
    def initial(self) -> bool:
        return len(self.plain) == 1

    @property
    def shouted(self) -> bool:
        return len(self.shown) > 1 and self.shown.isupper()


def tokens(text: str, pattern: re.Pattern[str] = WORDS) -> Iterator[Token]:
    """All words, or those of another pattern, in order."""
    for found in pattern.finditer(text):
        yield token(found[0], found.start())


def token(word: str, start: int = 0) -> Token:
    shown = _POSSESSIVE.sub("", word.rstrip(_NOTHING)).rstrip(_NOTHING)
    return Token(start, start + len(shown), shown, sys.intern(plain(shown).translate(_TYPOGRAPHIC)))


def adjacent(text: str, one: Token, after: Token) -> bool:
    """Whether two words can be of one name, in this order or turned round, with at most an initial between them."""
    gap = text[one.end : min(after.start, one.end + FARTHEST)]
    return bool(JOINED.match(gap) or TURNED.match(gap) or _INITIAL.match(gap))
