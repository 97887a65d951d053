"""What in a text must not be handed out, and the text without it."""

from __future__ import annotations

import base64
import binascii
import re
from collections import Counter
from collections.abc import Iterator

from orchestrator.package.credentials import credentials
from orchestrator.package.fieldnames import words
from orchestrator.package.folding import folded
from orchestrator.package.names import Names
from orchestrator.package.numbers import numbers
from orchestrator.package.pages import words_in_place
from orchestrator.package.people import Own, others
from orchestrator.package.vocabulary import Span, Type

# A run that long is a picture, a key or a file in disguise, and says nothing to a reader.
_LETTER = r"[A-Za-z0-9+/_\-]"
_ENCODED = re.compile(
    rf"(?<!{_LETTER}){_LETTER}{{48,}}+={{0,2}}(?:\\?[\s\\rn]{{1,10}}{_LETTER}{{48,}}+={{0,2}})*+(?:\s{{1,4}}{_LETTER}{{2,47}}={{0,2}}(?=\s|\Z))?"
)
_LEAST = 256
_PLAIN = re.compile(r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd]*")
Found = Counter[Type]


class Scanner:
    """Looks through texts on behalf of one person, to whom their own addresses and numbers are shown.

    `names`: what finds other people's names; without it none are looked for.
    """

    def __init__(self, own: Own | None = None, names: Names | None = None, *, page: bool = False) -> None:
        self.own = own or Own()
        self.names = names
        self._page = page

    def of_pages(self) -> Scanner:
        """The same, for the source of a page: names are looked for in what its reader sees."""
        return Scanner(self.own, self.names, page=True)

    def spans(self, text: str, context: str = "") -> list[Span]:
        """What must not be handed out, in order and without overlaps.

        `context` is the name of the field it stands in: a number says what it is there.
        """
        lead = f"{words(context)}: " if context else ""
        whole = lead + text
        found = [
            Span(max(0, s.start - len(lead)), s.end - len(lead), s.type)
            for s in self._all(whole)
            if s.end > len(lead)
        ]  # fmt: skip
        return _apart(found)

    def cleaned(self, text: str, found: Found, context: str = "") -> str:
        """The text with a mark in place of each; counts them in `found`."""
        return blacked_out(text, self.spans(text, context), found)

    def _all(self, text: str) -> Iterator[Span]:
        plain = folded(text)
        yield from numbers(plain)
        yield from credentials(text, plain)
        yield from others(text, plain, self.own)
        yield from self._encoded(text)
        if self.names:
            yield from self.names.spans(words_in_place(text) if self._page else text, self.own.address)

    def _encoded(self, text: str) -> Iterator[Span]:
        for run in _ENCODED.finditer(text):
            if len(run[0]) < _LEAST:
                continue
            inner = _decoded(run[0])
            if inner is None or self.spans(inner):
                yield Span(run.start(), run.end(), Type.ENCODED)


def blacked_out(text: str, spans: list[Span], found: Found) -> str:
    """The text with a mark in place of each span, counted in `found`."""
    parts, at = [], 0
    for span in spans:
        parts += [text[at : span.start], span.type.mark]
        at = span.end
        found[span.type] += 1
    return "".join([*parts, text[at:]]) if spans else text


def _apart(found: list[Span]) -> list[Span]:
    """In order; of two that overlap one that covers both, called what the first of them is."""
    apart: list[Span] = []
    for span in sorted(found, key=lambda s: (s.start, -s.end)):
        if apart and span.start < apart[-1].end:
            last = apart[-1]
            apart[-1] = Span(last.start, max(last.end, span.end), last.type)
        else:
            apart.append(span)
    return apart


def _decoded(run: str) -> str | None:
    """The text that is written in base64 there; None if it is none."""
    compact = "".join(run.split()).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        inner = base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    return inner if _PLAIN.fullmatch(inner) else None
