"""What is left of a template: blank bullets, lone numbers, brackets that do not close. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.policy.sight import Hit
from orchestrator.policy.text import Text

_BULLETS = "●•*-"
_OPENS = {")": "(", "]": "["}


def leftovers(text: Text) -> Iterator[Hit]:
    """Everything of that kind, in the order of the text for each kind."""
    yield from _blank_bullets(text)
    for number, line in enumerate(text.lines, 1):
        if line.strip().rstrip(".)").isdecimal():
            yield Hit(number, line.strip(), "a number stands alone in its line")
    yield from _brackets(text)


def _blank_bullets(text: Text) -> Iterator[Hit]:
    """One hit for each run of blank bullets."""
    run = 0
    for number, line in enumerate([*text.lines, ""], 1):
        blank = bool(line.strip()) and not line.strip(_BULLETS + " \t")
        if run and not blank:
            yield Hit(number - run, text.lines[number - run - 1].strip(), f"{run} bullets with nothing in them")
        run = run + 1 if blank else 0


def _brackets(text: Text) -> Iterator[Hit]:
    """Brackets that close nothing, and those that a paragraph leaves open. A bullet begins a paragraph."""
    open_: list[tuple[str, int]] = []
    for number, line in enumerate([*text.lines, ""], 1):
        if line.lstrip()[:1] in tuple(_BULLETS):
            yield from _left_open(open_, text)
        for letter in line:
            if letter in _OPENS.values():
                open_.append((letter, number))
            elif letter in _OPENS:
                if open_ and open_[-1][0] == _OPENS[letter]:
                    open_.pop()
                else:
                    yield Hit(number, _around(text, number), f"{letter!r} closes nothing")
    yield from _left_open(open_, text)


def _left_open(open_: list[tuple[str, int]], text: Text) -> Iterator[Hit]:
    for letter, number in open_:
        yield Hit(number, _around(text, number), f"{letter!r} is not closed")
    open_.clear()


def _around(text: Text, number: int) -> str:
    return text.lines[number - 1].strip()
