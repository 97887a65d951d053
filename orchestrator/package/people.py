"""Who the subject is, by address and number, and other people's addresses and numbers in a text.

Their names are another matter: see `names`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from connectors.model import Subject
from orchestrator.package.numbers import stretches
from orchestrator.package.vocabulary import Span, Type

REGION = "US"  # where a number without a country code is
_AT = re.compile(r"@|%40|&#64;|&#x40;|&commat;|\\u0040", re.IGNORECASE)
_LOCAL = re.compile(r"[\w!#$%*+/=?^`{|}~&'.-]+")  # from its end
_QUOTED = re.compile(r"\"[^\"\n]{1,64}\"\Z")
_DOMAIN = re.compile(r"(?:[\w-]+\.)+(?:[^\W\d_]{2,24}|xn--[a-z0-9-]+)(?![\w-])|\[\d{1,3}(?:\.\d{1,3}){3}\]")
_NO_DOMAIN = re.compile(r"\.(?:png|jpe?g|gif|svg|webp|js|css|map)$")  # logo@2x.png
_LED_IN = re.compile(r"^(?:.*[=/|{?&`])?['.]*", re.DOTALL)
_LONGEST_LOCAL = 72

_PHONE = re.compile(
    r"(?<![\w.\-+/])(?:"
    r"(?:\+|%2b|00)[1-9]\d{0,2}[ .\-]?(?:\(0?\d{1,5}\)[ .\-]?)?\d(?:[ .\-/]{0,2}\d){5,13}"  # with a country code
    r"|(?:1[ .\-])?\(\d{3}\)[ ]?\d{3}[ .\-]\d{4}"  # (415) 555-2671
    r"|(?:1[ .\-])?\d{3}([.\- ])\d{3}\1\d{4}"  # 415-555-2671
    r")(?![\w\-]|\.\d)",
    re.IGNORECASE,
)
_CALLED = re.compile(
    r"(?<![a-z])(?:tel|telephone|phone|phones|phone_number|mobile|cell|fax|call|whatsapp|sms|text|landline)"
    r"(?:[\s\"':.=#]{1,3}|\b(?:no|number|at|me|on|is)\b){1,5}(\(?\+?\d(?:[ ().\-/]{0,2}\d){6,14})(?![\w\-])"
)
_CALLED_WORDS = ("tel", "phone", "mobile", "cell", "fax", "call", "whatsapp", "sms", "text", "landline")


class Own:
    """The person's own addresses and numbers: what proves to be theirs, and nothing that is only claimed."""

    def __init__(self, subject: Subject = Subject(frozenset())) -> None:  # noqa: B008 (frozen)
        self._addresses: set[str] = set()
        self._numbers: set[str] = set()
        self.learn(i.value for i in subject.identifiers if i.opens)

    def learn(self, values: Iterable[str]) -> None:
        """Take these for the person's own, if they are addresses or telephone numbers at all."""
        for value in values:
            if "@" in value:
                self._addresses.add(_address(value))
            elif number := _number(value.strip().lower()):
                self._numbers.add(number)

    def address(self, value: str) -> bool:
        """Whether this address is theirs, in any casing and with any tag after a plus."""
        plain = _address(value)
        local, at, host = plain.rpartition("@")
        return plain in self._addresses or local.partition("+")[0] + at + host in self._addresses

    def number(self, value: str) -> bool:
        return _number(value) in self._numbers


def others(text: str, folded: str, own: Own) -> Iterator[Span]:
    """Addresses and numbers in a text that are not the person's own."""
    yield from _addresses(text, folded, own)
    for start, end in stretches(folded):
        for found in _PHONE.finditer(folded, max(0, start - 4), end + 2):
            if _number(found[0]) and not own.number(found[0]):
                yield Span(found.start(), found.end(), Type.PHONE)
    if any(word in folded for word in _CALLED_WORDS):
        for found in _CALLED.finditer(folded):
            if _number(found[1], possible=True) and not own.number(found[1]):
                yield Span(found.start(1), found.end(1), Type.PHONE)


def _addresses(text: str, folded: str, own: Own) -> Iterator[Span]:
    if "@" not in folded and "40" not in folded and "64" not in folded and "commat" not in folded:
        return
    for at in _AT.finditer(folded):
        domain = _DOMAIN.match(folded, at.end())
        if not domain or _NO_DOMAIN.search(domain[0]):
            continue
        mine = _local(folded[max(0, at.start() - _LONGEST_LOCAL) : at.start()])
        start = at.start() - len(mine)
        if mine and not own.address(f"{mine}@{domain[0]}"):
            yield Span(start, domain.end(), Type.EMAIL)


def _local(before: str) -> str:
    """What stands before the @, without what leads in to it: "email=", a quote, a full stop."""
    if quoted := _QUOTED.search(before):
        return quoted[0]
    local = _LOCAL.match(before[::-1])
    return _LED_IN.sub("", local[0][::-1]) if local else ""


def _address(value: str) -> str:
    return value.strip().strip("'\"").lower()


@lru_cache(maxsize=4096)
def _number(value: str, *, possible: bool = False) -> str:
    """The number with its country code (E.164); empty if there is no such number."""
    import phonenumbers

    value = value.replace("%2b", "+")
    try:
        number = phonenumbers.parse("+" + value[2:] if value.startswith("00") else value, REGION)
    except phonenumbers.NumberParseException:
        return ""
    good = phonenumbers.is_possible_number(number) if possible or value.startswith("+") else False
    if not (good or phonenumbers.is_valid_number(number)):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
