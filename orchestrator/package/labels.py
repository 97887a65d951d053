"""Values that are known by the words before them: found word by word, since a pattern of all words would be slow."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from orchestrator.package.vocabulary import Type


@dataclass(frozen=True, slots=True)
class Label:
    """Words ("a|b") and the pattern of what comes after, of which group 1 is the value.

    `hint` stands in all of the words, and in few texts: where it does not, they are not looked for.
    """

    hint: str
    words: str
    after: str
    type: Type


class Labels:
    """Many labels at once."""

    def __init__(self, labels: Iterable[Label]) -> None:
        self._by_hint: dict[str, list[tuple[str, re.Pattern[str], Type]]] = {}
        for label in labels:
            same = self._by_hint.setdefault(label.hint, [])
            for word in label.words.split("|"):
                pattern = re.compile(rf".{{{len(word)}}}{label.after}", re.IGNORECASE | re.DOTALL)
                same.append((word, pattern, label.type))

    def found(self, text: str, folded: str) -> Iterator[tuple[re.Match[str], Type]]:
        """Matches in a text; the words are looked for in its spelling by `folding.folded`."""
        for hint, same in self._by_hint.items():
            if hint in folded:
                for word, pattern, kind in same:
                    for at in _occurrences(word, folded):
                        if match := pattern.match(text, at):
                            yield match, kind


def _occurrences(word: str, folded: str) -> Iterator[int]:
    """Where a word begins, unless it is the end of a longer one."""
    at = folded.find(word)
    while at >= 0:
        if not (at and folded[at - 1].isalnum()):
            yield at
        at = folded.find(word, at + 1)
