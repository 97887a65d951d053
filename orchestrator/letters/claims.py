"""Whether a text claims more than is true: the last look at a letter before it has a form. Pure.

While anything is kept, pending, by hand, in a backup, at a vendor that has not confirmed, or unsearched, no
sentence may say that all of the data is gone or that nothing is left, whoever worded it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_WHOLE = (
    r"\b(all|each|every\w*|any\w*|entire\w*|whole|complet\w+|fully|permanent\w*|total\w*|nothing|none"
    r"|no\b.{0,40}\b(data|information|cop(y|ies)|records?|traces?))\b"
)
_GONE = (
    r"\b(delet\w+|eras\w+|remov\w+|destroy\w*|purg\w+|wip(e|ed)|gone|left|remain\w*"
    r"|(do not|don't|no longer) (hold|have|keep|store))\b"
)
_SENTENCE = re.compile(r"(?<=[.!?:;])\s+")
_CLAIMS = re.compile(_WHOLE, re.IGNORECASE), re.compile(_GONE, re.IGNORECASE)


def untrue(said: Iterable[str], *, whole: bool) -> str:
    """The first sentence that claims the whole while `whole` is not so; empty if there is none."""
    if whole:
        return ""
    for text in said:
        for sentence in _SENTENCE.split(text):
            if all(claim.search(sentence) for claim in _CLAIMS):
                return sentence
    return ""
