"""Filter patterns for CloudWatch Logs that find a person in any spelling of their identifiers.

A quoted term matches exactly, and upper case is not lower case; an address would have to be asked for
in every spelling and every encoding. A regular expression needs no more than the letters and digits
in their order: [aA][nN][nN].*[lL][eE][eE]. It finds too much, and every line is checked again.
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html (regular
expressions between %, no groups, no multi-byte characters; 1,024 characters).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from connectors.traces import Traces

LONGEST = 1024  # characters of a pattern
EVERYTHING = ""
_ROOM = LONGEST - len("%%")


def patterns(*wanted: Traces) -> list[str]:
    """As few patterns as fit; EVERYTHING alone where an identifier has no letter or digit to look for."""
    runs = _needed(r for traces in wanted for r in traces.runs)
    if any(not r for r in runs):
        return [EVERYTHING]
    found: list[str] = []
    for expression in map(_expression, runs):
        if found and len(found[-1]) + len(expression) + 1 <= _ROOM:
            found[-1] += f"|{expression}"
        else:
            found.append(expression)
    return [f"%{expression}%" for expression in found]


def _needed(all_runs: Iterable[Sequence[str]]) -> list[Sequence[str]]:
    """Without those that another one finds as well: `ann 40example com` stands within `ann example com`."""
    distinct = sorted({tuple(r) for r in all_runs}, key=lambda r: (len(r), sum(map(len, r)), r))
    kept: list[Sequence[str]] = []
    for runs in distinct:
        if not any(_finds(wider, runs) for wider in kept):
            kept.append(runs)
    return kept


def _finds(wider: Sequence[str], runs: Sequence[str]) -> bool:
    return len(wider) == len(runs) and all(w in r for w, r in zip(wider, runs, strict=True))


def _expression(runs: Sequence[str]) -> str:
    """As much of it as fits: what is left away only makes it find more."""
    return "".join(_within(_pieces(runs)))


def _pieces(runs: Sequence[str]) -> Iterator[str]:
    for n, run in enumerate(runs):
        if n:
            yield ".*"
        yield from (f"[{c}{c.upper()}]" if c.isalpha() else c for c in run)


def _within(pieces: Iterable[str]) -> Iterator[str]:
    room = _ROOM
    for piece in pieces:
        room -= len(piece)
        if room < 0:
            return
        yield piece
