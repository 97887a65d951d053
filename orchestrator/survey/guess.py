"""What a field may hold, by its name, its declared type and a sample of its values: a proposal for people to decide.

Values are looked at with the detectors that keep packages clean (check digits of cards, parsers of addresses and
telephone numbers) and forgotten; counts are all that is kept of them.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from connectors.surveys import Part, outermost
from orchestrator.package.fieldnames import keyed, words
from orchestrator.package.scan import Scanner
from orchestrator.package.vocabulary import OTHERS, UNSEEN, Type
from orchestrator.survey.model import Guess

IP, EMAIL, PHONE = "IP address", "e-mail address", "telephone number"
_HIDDEN = "{…}"
_AROUND = " \t\r\n{}[]<>\"'"  # of a list that the database writes as text
# The policy's categories. What gives access identifies; numbers of cards and papers stand in the customer records
# statute (Cal. Civ. Code 1798.80(e)).
_OF_TYPE: Mapping[str, str] = {
    **dict.fromkeys((Type.PASSWORD, Type.HASH, Type.QUESTION, Type.TOKEN, Type.KEY, Type.SEED), "A"),
    **dict.fromkeys((Type.SSN, Type.LICENSE, Type.PASSPORT, Type.GOVERNMENT, Type.ACCOUNT, Type.CARD), "B"),
    **dict.fromkeys((Type.CARD_CODE, Type.INSURANCE, Type.MEDICAL, Type.PERSON), "B"),
    Type.BIOMETRIC: "E", EMAIL: "A", PHONE: "B", IP: "F",
}  # fmt: skip
_NAMED = [
    (re.compile(pattern), category, called)
    for category, called, pattern in (
        ("A", EMAIL, r"(?:^| )e ?mails?(?: address(?:es)?)?$|(?:^| )mailbox$"),
        ("F", IP, r"(?:^| )ip(?: address)?$|(?:^| )(?:remote|client) addr(?:ess)?$"),
        ("B", PHONE, r"(?:^| )(?:phone|mobile|cell|fax|tel|telephone|msisdn)(?: number| no)?$"),
        ("C", "date of birth", r"birth|(?:^| )(?:dob|born)$"),
        ("C", "protected characteristic", r"gender|(?:^| )(?:sex|age)$|ethnic|religio|nationality|marital|disabil"),
        ("G", "location", r"latitude|longitude|(?:^| )(?:lat|lng|lon|geo|location|coordinates)$|(?:^| )city$"),
        ("B", "postal address", r"street|(?:^| )(?:zip|postal code|postcode|address)(?: (?:line )?\d)?$"),
        ("B", "name", r"(?:^| )(?:first|last|given|family|full|middle|sur|holder|contact|customer|billing) ?name$"),
        ("B", "name", r"^name$|(?:^| )signature$"),
        ("H", "picture or recording", r"photo|avatar|picture|portrait|audio|video|recording|voice"),
        ("J", "education", r"school|student|degree|diploma|transcript"),
        ("I", "work", r"(?:^| )(?:job|employer|employee|occupation|salary|department|manager)(?: |$)|job title"),
        ("K", "inference", r"interest|preference|segment|propensity|persona|(?:^| )score$"),
        ("D", "purchase", r"(?:^| )(?:order|purchase|plan|product|subscription|basket|cart)s?(?: name| code)?$"),
        ("F", "activity", r"user agent|browser|referr?er|cookie|click|visit|(?:^| )(?:url|page|path|query|event)$"),
        ("F", "text", r"(?:^| )(?:note|notes|comment|remark|body|message|text|feedback|subject)s?$"),
        ("A", "account or device", r"(?:^| )(?:login|handle|username|user name|device id|account)$"),
    )
]  # fmt: skip
_PLAIN = re.compile(
    r"^(?:bool|date|time|timestamp|small|big|int|numeric|real|double|uuid|serial|money|interval|number|oid)"
)
# What an account has made up itself: a listing shows its name and nothing else.
_MADE_UP = {
    "list": ("who is on it is said to be so", "K"), "segment": ("who is in it is said to be so", "K"),
    "group": ("who left it wants no such mail", "F"), "question": ("answers", "F"), "sender": ("log lines", "F"),
}  # fmt: skip
_LOOKS = {EMAIL: "e-mail addresses", PHONE: "telephone numbers", IP: "IP addresses"}


@dataclass(slots=True)
class Tally:
    """What was seen of one field: how many values, how many are wholly something, how many contain it."""

    values: int = 0
    wholly: Counter[str] = field(default_factory=Counter)
    within: Counter[str] = field(default_factory=Counter)


def tallied(sample: Iterable[tuple[str, str]], scanner: Scanner) -> dict[str, Tally]:
    """Counts by field. A name that is itself an address or a number is called `{…}`."""
    found: dict[str, Tally] = {}
    for name, value in sample:
        tally = found.setdefault(shown(name, scanner), Tally())
        tally.values += 1
        whole, within = _seen(name, value.strip(_AROUND), scanner)
        tally.wholly.update(whole)
        tally.within.update(within)
    return found


def shown(name: str, scanner: Scanner) -> str:
    """A field's name, which of a map may be anything."""
    return _HIDDEN if name.isdigit() or len(name) > 120 or scanner.spans(name) else name


def guesses(parts: Iterable[Part], seen: Mapping[str, Tally]) -> tuple[Guess, ...]:
    """One for each part of a listing, and for each field that only a sample shows."""
    declared = {part.name: part.type for part in parts}
    return tuple(_guess(name, declared.get(name, ""), seen.get(name)) for name in {**declared, **seen})


def _seen(name: str, value: str, scanner: Scanner) -> tuple[set[str], set[str]]:
    if _ip(value):
        return {IP}, set()
    whole: set[str] = set()
    within: set[str] = set()
    for span in scanner.spans(value, name):
        called = {Type.EMAIL: EMAIL, Type.PHONE: PHONE}.get(span.type, str(span.type))
        (whole if span.end - span.start >= len(value) else within).add(called)
    return whole, within - whole


def _ip(value: str) -> bool:
    try:
        ipaddress.ip_interface(value)
    except ValueError:
        return False
    return "." in value or ":" in value


def _guess(name: str, declared: str, tally: Tally | None) -> Guess:
    called, category, because = _named(name)
    if not category and declared in _MADE_UP:
        (called, category), because = _MADE_UP[declared], "that is all its name tells"
    if tally and tally.values and (best := _most(tally)):
        kind, count, wholly = best
        verb = "look like" if wholly else "contain"
        because = f"{count} of {tally.values} {verb} {_LOOKS.get(kind, f'a {kind}')}"
        if wholly or not category or kind in _never():
            called, category = kind, _OF_TYPE.get(kind, category or "F")
        if not wholly and called not in _never():
            called = called if called == "text" else f"text with {_LOOKS.get(kind, kind)}"
    plain = not category and bool(_PLAIN.match(declared))
    never = called if called in _never() else ""
    found_by = {EMAIL: "email", PHONE: "phone"}.get(called, "")
    return Guess(name, declared, category, called, because, never, found_by, plain)


def _named(name: str) -> tuple[str, str, str]:
    """What a name alone says: called, category, because."""
    if kind := keyed(outermost(name.rpartition("->")[2])):
        return str(kind), _OF_TYPE.get(kind, ""), "its name says so"
    spelt = words(name).rstrip("?!: ")
    found = next(((called, category) for p, category, called in _NAMED if p.search(spelt)), None)
    return (*found, "its name says so") if found else ("", "", "")


def _most(tally: Tally) -> tuple[str, int, bool] | None:
    """What most values are, if half are; else what is worst to have in them, however rare."""
    for kind, count in tally.wholly.most_common(1):
        if 2 * count >= tally.values:
            return kind, count, True
    together = tally.wholly + tally.within
    return max(
        ((kind, count, False) for kind, count in together.items() if kind != str(Type.ENCODED)),
        key=lambda row: (row[0] in _never(), row[1]), default=None,
    )  # fmt: skip


def _never() -> frozenset[str]:
    """Types that are never disclosed."""
    return frozenset(str(kind) for kind in Type if kind.reason not in (OTHERS, UNSEEN))
