"""A page's words where they stand in its source, so that a name is found in it whatever tags are around it."""

from __future__ import annotations

import html
import re

_INLINE = r"(?:a|abbr|b|bdi|bdo|big|cite|em|font|i|ins|label|mark|q|s|small|span|strike|strong|sub|sup|tt|u|wbr)"
_NO_WORDS = re.compile(
    r"(?P<inline></?" + _INLINE + r"(?:\s[^<>]*)?/?>)|(?P<entity>&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});)"
    r"|<(?P<code>script|style)\b[^<>]*>[\s\S]*?</(?P=code)\s*>|<!--[\s\S]*?-->|<[^<>]*>",
    re.IGNORECASE,
)
_JOINER = "\u2060"  # no letter and no space: see `words`


def words_in_place(page: str) -> str:
    """A page as long as it is, with nothing where a tag within a line stood, and an empty line for any other."""
    return _NO_WORDS.sub(_instead, page)


def _instead(found: re.Match[str]) -> str:
    size = len(found[0])
    if found["inline"]:
        return _JOINER * size
    if found["entity"]:
        shown = html.unescape(found["entity"])
        return shown + _JOINER * (size - 1) if len(shown) == 1 else found[0]
    return "\n\n" + " " * (size - 2)
