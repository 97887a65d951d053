"""The published policy as a text with lines: what it says where, its table of categories, its list of third parties."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from orchestrator.errors import UnknownError

CATEGORIES = "ABCDEFGHIJK"
_MOST = 2_000_000  # bytes: a text for people
_ROW = re.compile(r"^([A-K])\.[ \t]+(\S.*)$", re.MULTILINE)
_ANSWER = re.compile(r"\[?\s*\bYES\s*/\s*NO\b\s*\]?|\[?\b(YES|NO)\b\]?")
_LAST_ROW = 12  # lines in which the last row has its answer: what follows it is no row
_LISTED = r"share your personal information with the following( categories of)? third parties:"
_LONGEST_NAME = 80  # characters: what is longer is a sentence, and the list is over
_BULLET = "●"


@dataclass(frozen=True, slots=True)
class Found:
    """A place in the text. Lines are counted from 1."""

    line: int
    words: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table of categories. `answer` is "YES", "NO", or "" while it is left blank."""

    category: str
    title: str
    line: int
    answer: str
    answer_line: int
    span: tuple[int, int]  # where the answer stands in the content; empty if there is none


@dataclass(frozen=True)
class Text:
    """The words of a policy."""

    content: str
    name: str = "policy"

    @classmethod
    def read(cls, path: Path) -> Text:
        """UnknownError if there is no such file, or it is no text in UTF-8."""
        try:
            with path.open("rb") as file:
                raw = file.read(_MOST + 1)
            content = raw.decode() if len(raw) <= _MOST else ""
        except OSError as error:
            raise UnknownError(f"cannot read the policy's text {path}: {error.strerror}") from None
        except UnicodeDecodeError:
            content = ""
        if not content:
            raise UnknownError(f"{path} is empty, larger than {_MOST} bytes, or no text in UTF-8")
        return cls(content, path.name)

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.content.encode()).hexdigest()

    @cached_property
    def lines(self) -> tuple[str, ...]:
        return tuple(self.content.split("\n"))

    def line_of(self, offset: int) -> int:
        return self.content.count("\n", 0, offset) + 1

    def find(self, pattern: str) -> Iterator[Found]:
        """Every place that the pattern matches, whatever its case; a space in it is any white space."""
        for match in compiled(pattern).finditer(self.content):
            yield Found(self.line_of(match.start()), " ".join(match[0].split()))

    def says(self, pattern: str) -> Found | None:
        """The first such place."""
        return next(self.find(pattern), None)

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The rows of the table of categories, those it has, each category once and in order."""
        starts: list[re.Match[str]] = []
        for match in _ROW.finditer(self.content):
            if match[1] == CATEGORIES[len(starts) : len(starts) + 1]:
                starts.append(match)
        ends = [m.start() for m in starts[1:]] + [self._after(starts[-1].start(), _LAST_ROW)] if starts else []
        return tuple(self._row(m, end) for m, end in zip(starts, ends, strict=True))

    def _row(self, start: re.Match[str], end: int) -> Row:
        answer = _ANSWER.search(self.content, start.start(), end)
        if answer is None:
            return Row(start[1], start[2], self.line_of(start.start()), "", self.line_of(start.start()), (end, end))
        return Row(
            start[1], start[2], self.line_of(start.start()), answer[1] or "", self.line_of(answer.start()),
            answer.span(),
        )  # fmt: skip

    def _after(self, offset: int, lines: int) -> int:
        for _ in range(lines):
            offset = self.content.find("\n", offset) + 1 or len(self.content)
        return offset

    @cached_property
    def listing(self) -> Found | None:
        """The sentence before the list of third parties."""
        return self.says(_LISTED)

    @cached_property
    def third_parties(self) -> tuple[Found, ...]:
        """The entries of that list."""
        start = next(compiled(_LISTED).finditer(self.content), None)
        if start is None:
            return ()
        found = []
        first = self.line_of(start.end())
        for number, line in enumerate(self.lines[first:], first + 1):
            words = line.replace(_BULLET, "").strip()
            if len(words) > _LONGEST_NAME or words.endswith("."):
                break
            if words:
                found.append(Found(number, words))
        return tuple(found)

    def filled(self, answers: dict[str, str]) -> str:
        """The text with its blank rows answered: category -> "YES" or "NO"."""
        content = self.content
        for row in reversed(self.rows):
            if not row.answer and row.span[0] < row.span[1]:
                content = content[: row.span[0]] + answers[row.category] + content[row.span[1] :]
        return content


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern over a text that is broken into lines anywhere."""
    return re.compile(re.sub(r" +", r"\\s+", pattern), re.IGNORECASE)
