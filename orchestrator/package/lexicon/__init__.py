"""What a capitalised word usually is: a first name, an ordinary word, both, or none that the lists know.

The lists, and where they are from: given.txt, also.txt, words.txt, surnames.txt in this folder. They are read once,
when the first text is looked through.
"""

from __future__ import annotations

import unicodedata
from enum import Enum
from functools import lru_cache
from pathlib import Path

_HERE = Path(__file__).parent
# Words that are almost always somebody when they are capitalised.
_NAMES_FIRST = frozenset(
    {"bob", "harry", "jack", "ken", "maria", "martin", "matt", "mike", "nick", "peter", "rob", "sally"}
)


class Word(Enum):
    """What the lists say of a word."""

    GIVEN = "a first name and nothing else"
    EITHER = "a first name and an ordinary word, or a place"
    SURNAME = "an ordinary word, and a frequent family name"
    ORDINARY = "an ordinary word"
    UNKNOWN = "in none of the lists"


def plain(word: str) -> str:
    """A word as the lists spell it: small letters, no accents, nothing that cannot be seen."""
    if word.isascii():
        return word.lower()
    apart = unicodedata.normalize("NFKD", word.casefold()).translate(_SPELT)
    return "".join(c for c in apart if unicodedata.category(c) not in ("Mn", "Cf"))


_SPELT = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe"})


@lru_cache(maxsize=16_384)
def kind(word: str) -> Word:
    """Of a word as `plain` spells it; of one with hyphens what makes it a name, if anything does."""
    if "-" in word or "'" in word:
        kinds = [kind(part) for part in word.replace("'", "-").split("-") if len(part) > 1]
        order = (Word.GIVEN, Word.ORDINARY, Word.EITHER, Word.SURNAME)
        return next((k for k in order if k in kinds), Word.UNKNOWN)
    given, also, words, surnames = _lists()
    if word in _NAMES_FIRST:
        return Word.GIVEN
    if word in given:
        return Word.EITHER if word in words or word in also else Word.GIVEN
    if word in also:
        return Word.ORDINARY
    if word in surnames:
        return Word.SURNAME
    if word in words or (word.endswith("s") and word[:-1] in words):
        return Word.ORDINARY
    return Word.UNKNOWN


@lru_cache(maxsize=1)
def _lists() -> tuple[frozenset[str], ...]:
    return _read("given"), _read("also"), _read("words"), _read("surnames")


def _read(name: str) -> frozenset[str]:
    lines = (_HERE / f"{name}.txt").read_text("ascii").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())
