"""What must not stand in a person's own words: addresses, telephone and card numbers, the request's identifiers.

The journal is kept for years and outlives the vault, so what names somebody is refused before it is written.
Names of people cannot be told from other words, and are not looked for.

Sources: ISO/IEC 7812-1 annex B (the check digit of card numbers), ITU-T E.164 (15 digits at most),
https://nationalnanpa.com (the form of North American numbers).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator

_ADDRESS = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>]{2,}")
_CARD = re.compile(r"(?<![\w.+-])\d(?:[ -]?\d){12,18}(?![\w-])")
_PHONES = (
    re.compile(r"(?<![\w+])(?:\+|00)[1-9][\d ()./-]{6,18}\d(?!\w)"),
    re.compile(r"(?<![\w.-])(?:1[-. ])?\d{3}([-. ])\d{3}\1\d{4}(?![\w-])"),
    re.compile(r"\(\d{3}\) ?\d{3}[-. ]\d{4}(?![\w-])"),
    re.compile(r"(?<![\w.-])\d{3}-\d{4}(?![\w-])"),
)
_LONG_ENOUGH = 5  # signs of an identifier that is looked for anywhere; a shorter one is too often another number
_CALLED = r"(?:user|account|customer|contact|client|id|number|no|nr)\b[\s.:=#]*|#\s*"
_REMOVED = "[{} removed]"


def personal(text: str, names: Collection[str] = ()) -> str:
    """What in a text names a person: "an e-mail address" and so on; empty if nothing does.

    `names`: identifiers of the person it is about, in any casing.
    """
    return next((what for _, what in _found(text, names)), "")


def without_personal(text: str, names: Collection[str] = ()) -> str:
    """The text with all that names a person taken out."""
    for found, what in list(_found(text, names)):
        text = text.replace(found, _REMOVED.format(what.removeprefix("an ").removeprefix("a ")))
    return text


def _found(text: str, names: Collection[str]) -> Iterator[tuple[str, str]]:
    """(what stands there, what it is)."""
    for name in sorted(names, key=len, reverse=True):
        for match in _named(name).finditer(text):
            yield match[0], "an e-mail address" if "@" in name else "an identifier of the person's"
    for pattern, what, sure in _PATTERNS:
        yield from ((match[0], what) for match in pattern.finditer(text) if sure(match[0]))


def _named(name: str) -> re.Pattern[str]:
    value = rf"{re.escape(name)}(?!\w)"
    return re.compile(
        rf"(?<!\w){value}" if len(name) >= _LONG_ENOUGH else rf"(?<!\w)(?:{_CALLED}){value}", re.IGNORECASE
    )


def _is_card(text: str) -> bool:
    """Whether the last digit checks the others."""
    digits = [int(c) for c in text if c.isdigit()][::-1]
    doubled = (d * 2 - 9 if d > 4 else d * 2 for d in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0 and len(set(digits)) > 1


def _is_phone(text: str) -> bool:
    return 7 <= sum(c.isdigit() for c in text) <= 15


_PATTERNS: tuple[tuple[re.Pattern[str], str, Callable[[str], bool]], ...] = (
    (_ADDRESS, "an e-mail address", bool),
    (_CARD, "a card number", _is_card),
    *((pattern, "a telephone number", _is_phone) for pattern in _PHONES),
)
