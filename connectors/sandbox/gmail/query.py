"""The search syntax of the fake: by words, so that it hits neighbours as Gmail's does.

Understood are `{a b}` (any of), terms side by side (all of), `from: to: cc: bcc: deliveredto:
in: label: rfc822msgid:` and quoted phrases. Anything else is a fault of the test that asks.
Source: https://support.google.com/mail/answer/7190
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.sandbox.gmail.mailbox import Box, Message

_TERM = re.compile(r"""\{(?P<any>[^{}]*)\}|(?P<operator>[a-z0-9]+):(?P<value>\S+)|"(?P<phrase>[^"]*)"|(?P<word>\S+)""")
_WORDS = re.compile(r"[^\W_]+")
_HEADERS = {
    "from": ("From",),
    "to": ("To", "Cc", "Bcc"),  # as the reference says of filters
    "cc": ("Cc",),
    "bcc": ("Bcc",),
    "deliveredto": ("Delivered-To",),
}
# Headers that no operator is documented for; whether words find them is not documented either.
_SILENT = ("Reply-To", "Sender", "X-Original-From", "X-Original-Sender", "Return-Path", "Resent-To", "X-Forwarded-To")


def hits(box: Box, message: Message, query: str, *, silent_headers: bool, prefixes: bool) -> bool:
    """Whether a query finds a message. `prefixes`: a word is found by its beginning."""
    return all(_hit(box, message, term, silent_headers, prefixes) for term in _TERM.finditer(query))


def _hit(box: Box, message: Message, term: re.Match[str], silent: bool, prefixes: bool) -> bool:
    if term["any"] is not None:
        return any(_hit(box, message, inner, silent, prefixes) for inner in _TERM.finditer(term["any"]))
    operator, value = term["operator"], term["value"]
    if operator in _HEADERS:
        return any(_phrase(value, message.header(name), prefixes) for name in _HEADERS[operator])
    if operator == "in":
        return value == "anywhere" or value.upper() in message.labels
    if operator == "rfc822msgid":
        return message.header("Message-ID").strip("<>") == value
    if operator:
        raise ValueError(f"the fake does not know the operator {operator}")
    text = box.text_of(message)
    if silent:
        text += " ".join(message.header(name) for name in _SILENT)
    return _phrase(term["phrase"] or term["word"] or "", text, prefixes)


def _phrase(phrase: str, text: str, prefixes: bool) -> bool:
    wanted, there = list(_words(phrase)), list(_words(text))
    for start in range(len(there) - len(wanted) + 1):
        window = there[start : start + len(wanted)]
        if window == wanted or (prefixes and all(t.startswith(w) for t, w in zip(window, wanted, strict=True))):
            return bool(wanted)
    return False


def _words(text: str) -> Iterator[str]:
    return (word.casefold() for word in _WORDS.findall(text))
