"""One spelling of a text for looking things up in it: same length, so that positions stay what they were."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")


class _Fold(dict[int, str]):
    """Code point -> the plain character it looks like: other scripts' digits, wide letters, dashes, spaces."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        plain = unicodedata.normalize("NFKC", character)
        plain = plain if len(plain) == 1 else character
        kind = unicodedata.category(plain)
        if kind == "Nd":
            plain = str(unicodedata.decimal(plain))
        elif kind == "Pd" or plain == "\u2212":
            plain = "-"
        elif kind in ("Zs", "Cf"):
            plain = " "
        elif plain in "\u2018\u2019\u02bc":
            plain = "'"
        lower = plain.lower()
        self[code] = lower if len(lower) == 1 else plain
        return self[code]


_FOLD = _Fold()


def folded(text: str) -> str:
    """The text in small letters, with plain digits, dashes, quotes and spaces. As long as the text."""
    return text.lower() if text.isascii() else text.translate(_FOLD)


def occurring(hints: Mapping[str, Sequence[T]], folded: str) -> Iterator[T]:
    """What stands under the hints that occur in a text: most texts have none, and nothing more is looked for."""
    for hint, entries in hints.items():
        if hint in folded:
            yield from entries


def occurrences(word: str, folded: str) -> Iterator[int]:
    """Where a word begins, unless it is the end of a longer one."""
    at = folded.find(word)
    while at >= 0:
        if not (at and folded[at - 1].isalnum()):
            yield at
        at = folded.find(word, at + 1)
