"""One spelling of a text for looking things up in it: same length, so that positions stay what they were."""

from __future__ import annotations

import unicodedata


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
