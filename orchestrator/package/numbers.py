"""Numbers that are never disclosed: of payment cards, bank accounts, governments, insurers, medicine.

Cards need issuer prefix, length and check digit (ISO/IEC 7812) and a usual grouping, so that order ids,
timestamps and telephone numbers are none; IBANs their check digits (ISO 13616); Social Security numbers their
grouping, or a word before them. Everything else is recognised by the words before it.
https://www.ssa.gov/employer/randomization.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from orchestrator.package.labels import Label, Labels
from orchestrator.package.vocabulary import Span, Type

# Where so many digits stand closely together, singly or in groups, a number of one of these kinds may be.
_STRETCH = re.compile(r"\d(?:[ \t\r\n.\-()/]{0,2}\d){8,}")
_RUN = re.compile(r"\d(?:[ \t\r\n.\-]{0,2}\d){12,}")
_GROUP = re.compile(r"\d+")
_SSN = re.compile(r"(?<![\d\-.])(\d{3})([ \-.]|-\r?\n)(\d{2})(\2|[ \-.]\r?\n)(\d{4})(?![\d\-]|\.\d)")
_IBAN = re.compile(r"(?<![a-z0-9])[a-z]{2}\d{2}(?:[ \-]?[a-z0-9]{4}){2,7}(?:[ \-]?[a-z0-9]{1,3})?(?![a-z0-9])")
_MBI = re.compile(
    r"(?<![a-z0-9])[1-9][ac-hj-kmnp-rt-y][ac-hj-kmnp-rt-y0-9]\d-?[ac-hj-kmnp-rt-y][ac-hj-kmnp-rt-y0-9]\d"
    r"-?[ac-hj-kmnp-rt-y]{2}\d{2}(?![a-z0-9])"
)  # https://www.cms.gov/training-education/medicare-identifier

_SHAPES = {
    (4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (4, 4, 4, 4, 1), (4, 4, 4, 4, 2), (4, 4, 4, 4, 3), (8, 8), (4, 4, 5, 2),
    (6, 10), (4, 12), (12, 4), (6, 9), (4, 4, 4, 3), (4, 4, 8), (8, 4, 4),
}  # fmt: skip
_CARD_WORD = re.compile(
    r"card|visa|master|amex|american express|discover|diners|jcb|maestro|credit|debit|\bpan\b|\bcc\b"
)
_OTHER_NUMBER = re.compile(
    r"(?:order|invoice|tracking|shipment|parcel|event|request|message|ticket|trace|item|article|product|build|job|"
    r"serial|sku|isbn|imei|timestamp|time|ts)[ _-]?(?:id|no|nr|number|num|ref)?[\"']?[ .]{0,2}[:=#]?[ \"'#]{0,3}$"
)

_GAP = r"[\s\"'`*_:=#()\[<>/,.|;-]{0,8}"
_FILL = (
    rf"(?:(?:no|nr|num|number|numbers|id|ids|code|is|was|value|my|the|your|his|her|new|old|us)(?![a-z]){_GAP}){{0,4}}+"
)
_PART = r"[a-z]{0,3}\d[a-z0-9]{0,20}"  # every group of such a number has a digit


def _labelled(digits: int) -> str:
    """A number of letters and digits, perhaps in groups, with that many digits at least."""
    return rf"((?=(?:[a-z -]{{0,4}}\d){{{digits}}})(?:[a-z]{{1,4}}[ -]?)?{_PART}(?:[ -]{_PART}){{0,5}})(?![a-z0-9])"


def _label(hint: str, words: str, value: str, kind: Type) -> Label:
    return Label(hint, words, rf"[a-z]{{0,4}}(?:'s)?{_GAP}{_FILL}{value}", kind)


_ID = _labelled(4)
_DIGITS = r"(\d(?:[ -]?\d){4,18})(?![a-z0-9])"
_NINE = r"(\d(?:[ -]?\d){8})(?!\d)"
_LONG = r"(\d(?:[ -]?\d){12,18})(?!\d)"
_SHORT = r"(\d{3,4})(?!\d)"
_LABELS = Labels(
    _label(hint, words, value, kind)
    for kind, value, rows in (
        (Type.SSN, _NINE, (("ssn", "ssn"), ("social sec", "social security|social sec"), ("soc sec", "soc sec"))),
        (
            Type.LICENSE,
            _ID,
            (
                ("licen", "driver's licen|drivers licen|driver licen|driving licen"),
                ("licen", "driver_licen|drivers_licen|driver-licen|license_number"),
                ("licen", "licence no|license no|licence number|license number"),
                ("dl", "dl no|dl number|dl#|dl #|dl_number"),
            ),
        ),
        (Type.PASSPORT, _ID, (("passport", "passport"),)),
        (
            Type.GOVERNMENT,
            _ID,
            (
                ("insurance", "national insurance|social insurance"),
                ("tax", "taxpayer|tax id|tax_id"),
                ("ident", "identity card|identity number"),
                (" id", "national id|state id|military id"),
                ("_id", "national_id|state_id|military_id"),
                ("alien", "alien registration|alien number"),
                ("card", "green card|id card|voter card"),
                *((word, word) for word in ("nino", "itin", "a-number", "visa number", "voter id", "known traveler")),
                *((word, word) for word in ("personnummer", "aadhaar", "codice fiscale")),
            ),
        ),
        (
            Type.ACCOUNT,
            _DIGITS,
            (
                ("account", "account number|account_number|account no|account #|accountnumber"),
                ("account", "bank account|bank_account|checking account|savings account"),
                *((word, word) for word in ("acct", "routing", "aba number", "sort code", "sort_code", "iban")),
            ),
        ),
        (Type.CARD, _LONG, (("card", "card number|card_number|card no|cardnumber|credit card|debit card"),)),
        (
            Type.CARD_CODE,
            _SHORT,
            tuple((word, word) for word in ("cvv", "cvc", "card verification", "security code", "csc")),
        ),
        (
            Type.INSURANCE,
            _ID,
            (
                ("insurance", "health insurance|insurance policy|insurance id|insurance number|insurance member"),
                ("member", "member id|member_id"),
                ("subscriber", "subscriber id|subscriber_id"),
                ("policy", "policy number|policy_number|policy no"),
                *((word, word) for word in ("health plan", "medicare", "medicaid", "group number", "hicn")),
            ),
        ),
        (
            Type.MEDICAL,
            _ID,
            (
                ("medical", "medical record|medical_record|medical id|medical number"),
                ("patient", "patient id|patient_id|patient number"),
                ("mrn", "mrn"),
                ("nhs", "nhs number"),
            ),
        ),
    )
    for hint, words in rows
)


@lru_cache(maxsize=1)
def stretches(folded: str) -> tuple[tuple[int, int], ...]:
    """Where digits stand so closely that a number may: looked for once, and used for cards and telephones alike."""
    return tuple((m.start(), m.end()) for m in _STRETCH.finditer(folded))


def numbers(folded: str) -> Iterator[Span]:
    """Of a text as `folding.folded` spells it."""
    for start, end in stretches(folded):
        yield from _cards(folded, start, end)
        for found in _SSN.finditer(folded, start, end + 2):
            if found[1] + found[3] + found[5] != "0" * 9:
                yield Span(found.start(), found.end(), Type.SSN if found[1] < "900" else Type.GOVERNMENT)
    yield from _ibans(folded)
    for found in _MBI.finditer(folded):
        yield Span(found.start(), found.end(), Type.INSURANCE)
    for found, kind in _LABELS.found(folded, folded):
        yield Span(found.start(1), found.end(1), kind)


def _cards(text: str, start: int, end: int) -> Iterator[Span]:
    for run in _RUN.finditer(text, start, end):
        groups = [(m.start(), m.end()) for m in _GROUP.finditer(text, run.start(), run.end())]
        first = 0
        while first < len(groups):
            last = _card_from(text, groups, first)
            if last is None:
                first += 1
                continue
            yield Span(groups[first][0], groups[last][1], Type.CARD)
            first = last + 1


def _card_from(text: str, groups: list[tuple[int, int]], first: int) -> int | None:
    """The last group of a card number that begins with this group; None if none does."""
    digits, shape = "", []
    for last in range(first, len(groups)):
        start, end = groups[last]
        digits += text[start:end]
        shape.append(end - start)
        if len(digits) > 19:
            return None
        if len(digits) >= 13 and _card(text, groups[first][0], end, digits, tuple(shape)):
            return last
    return None


def _card(text: str, start: int, end: int, digits: str, shape: tuple[int, ...]) -> bool:
    from stdnum import luhn

    if not _issued(digits) or not luhn.is_valid(digits):
        return False
    if len(shape) > 1:
        return shape in _SHAPES or set(shape) == {1}
    before = text[max(0, start - 40) : start]
    if _inside_word(text, start, end) or (before[-1:] == "." and before[-2:-1].isdigit()):
        return False
    if _CARD_WORD.search(before):
        return True
    return len(digits) in (15, 16) and not _OTHER_NUMBER.search(before)


def _issued(digits: str) -> bool:
    """Whether an issuer has such numbers: prefix and length."""
    size, two, three, four = len(digits), int(digits[:2]), int(digits[:3]), int(digits[:4])
    if digits[0] == "4":
        return size in (13, 16, 19)
    if 51 <= two <= 55 or 2221 <= four <= 2720 or 2200 <= four <= 2204:
        return size == 16
    if two in (34, 37):
        return size == 15
    if two in (36, 38, 39) or 300 <= three <= 305:
        return size in (14, 16)
    return 16 <= size <= 19 and (two in (50, 56, 57, 58, 60, 62, 63, 64, 65, 67, 81) or 3528 <= four <= 3589)


def _inside_word(text: str, start: int, end: int) -> bool:
    """Whether the digits are a piece of a hash or of a long id in hexadecimal."""
    left, right = start, end
    while left and text[left - 1] in "0123456789abcdef-" and start - left < 64:
        left -= 1
    while right < len(text) and text[right] in "0123456789abcdef-" and right - end < 64:
        right += 1
    token = text[left:right].strip("-")
    return len(token) >= 24 and any(c in "abcdef" for c in token)


def _ibans(text: str) -> Iterator[Span]:
    for found in _IBAN.finditer(text):
        from stdnum import iban

        value, end = found[0], found.end()
        while len(value) >= 15:  # a word after it may look like its last group
            if iban.is_valid(value):
                yield Span(found.start(), end, Type.ACCOUNT)
                break
            cut = max(value.rfind(" "), value.rfind("-"))
            if cut < 0:
                break
            value, end = value[:cut], found.start() + cut
