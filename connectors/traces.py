"""How a person shows in a log line: what to search for, and what counts as a hit.

Searches of logs find substrings, so `42` finds `420` and `ann@example.com` finds
`joann@example.com`. Every line is therefore checked again here, on the edges of the token.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from urllib.parse import quote, unquote

from connectors.errors import ConfigError
from connectors.model import CollectionSpec, IdentitySpec, Subject, Trust

SLOT = "{value}"
ELSEWHERE = "[another person's address]"
_MIN_LITERAL = 3  # characters around the value without which a number is no identifier
_UNICODE_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_LETTER_ESCAPE = re.compile(r'\\[nrtbf"/\\]')
_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
# A country code before a national number makes it another number.
_NO_COUNTRY_CODE = r"(?<![\w+])" + "".join(rf"(?<!\+\d{{{n}}}[\s.(-])" for n in (1, 2, 3))


def is_email(kind: str) -> bool:
    return kind.rpartition(".")[2] == "email"


def is_phone(kind: str) -> bool:
    return kind.rpartition(".")[2] in ("phone", "phone_number")


def require_searchable(system: str, identity: IdentitySpec) -> None:
    """Raise ConfigError if this kind of identifier cannot be told from other text in a line."""
    if SLOT in identity.field:
        if len(identity.field.replace(SLOT, "").strip()) < _MIN_LITERAL:
            raise ConfigError(system, f"found_by {identity.kind!r}: a bare value is no identifier in a log line")
    elif not (is_email(identity.kind) or is_phone(identity.kind)):
        raise ConfigError(
            system,
            f"found_by {identity.kind!r}: the option 'patterns' must say how it is written, such as "
            f"{identity.kind}={{{identity.kind}}}",
        )


def identities(system: str, spec: CollectionSpec) -> Iterator[IdentitySpec]:
    """Each identity, by the patterns that the option `patterns` gives for its kind, if any.

    Raises ConfigError for an option that is no list of texts.
    """
    patterns = spec.options.get("patterns", ())
    if isinstance(patterns, str) or not all(isinstance(p, str) for p in patterns):
        raise ConfigError(system, f"{spec.name}: option 'patterns' must be a list, such as ['user_id={{user_id}}']")
    for identity in spec.identities:
        slot = f"{{{identity.kind}}}"
        own = [pattern.replace(slot, SLOT) for pattern in patterns if slot in pattern]
        yield from (replace(identity, field=pattern) for pattern in own)
        if not own or is_email(identity.kind) or is_phone(identity.kind):
            yield identity


class Traces:
    """The phrases that one subject may be found by, and the check of a line against them."""

    def __init__(self, subject: Subject, identities: Iterable[IdentitySpec]) -> None:
        self.phrases: tuple[str, ...] = ()
        patterns: set[str] = set()
        phrases: set[str] = set()
        others: set[str] = set()
        for identity in identities:
            for value in filter(None, (v.strip() for v in subject.values(identity.kind))):
                if SLOT in identity.field:
                    text = identity.field.replace(SLOT, value)
                    phrases.add(text)
                    others.add(re.escape(identity.field).replace(re.escape(SLOT), r"[\w-]+"))
                    patterns.add(rf"(?<!\w){re.escape(text)}(?![\w-])(?!\.\w)")
                elif is_email(identity.kind):
                    phrases.update(_email_forms(value))
                    patterns.add(_email_pattern(value))
                else:
                    phrases.update(forms := _phone_forms(value))
                    patterns.update(rf"{_NO_COUNTRY_CODE}{re.escape(form)}(?![\w-])" for form in forms)
        self.phrases = tuple(sorted(phrases))
        self._pattern = re.compile("|".join(sorted(patterns)), re.IGNORECASE) if patterns else None
        self._others = [_ADDRESS, *(re.compile(rf"(?<!\w){o}", re.IGNORECASE) for o in sorted(others))]
        self.runs = sorted({_runs(phrase) for phrase in phrases})  # without one of these in order there is no hit

    def __bool__(self) -> bool:
        return self._pattern is not None

    def may_be_in(self, text: str) -> bool:
        """A quick no for most lines: without every run of letters of some phrase there is no hit."""
        lowered = text.lower()
        return any(all(run in lowered for run in runs) for runs in self.runs)

    def in_line(self, *texts: str) -> bool:
        """Whether any of the texts names the person, plainly or encoded as URL or JSON."""
        return any(self._in_text(text) for text in texts if text)

    def _in_text(self, text: str) -> bool:
        if self._pattern is None or not self.may_be_in(text):
            return False
        return bool(self._pattern.search(text) or self._pattern.search(_decoded(text)))

    def others_named(self, text: str) -> bool:
        """Whether the text holds an address or a declared identifier that is not the subject's."""
        return any(not self._is_own(m) for other in self._others for m in other.finditer(text))

    def without_others(self, text: str) -> str:
        """The text with everybody else's e-mail addresses replaced."""
        return _ADDRESS.sub(lambda m: m.group() if self._is_own(m) else ELSEWHERE, text)

    def _is_own(self, match: re.Match[str]) -> bool:
        # What is found may begin with what stands before an address in a line ("to=ann@…"), or
        # with the letter of an escape, whose backslash decides how it is read.
        return self._in_text(match.string[max(0, match.start() - 1) : match.end()])


def traces_of(subject: Subject, spec: CollectionSpec) -> tuple[Traces, Traces]:
    """What the person is proven by in a collection, and what only hints at them."""
    matching = [i for i in spec.identities if i.match]
    proven = Traces(subject, (i for i in matching if i.trust is not Trust.CLAIMED))
    return proven, Traces(subject, (i for i in spec.identities if i.trust is Trust.CLAIMED))


def _runs(phrase: str) -> tuple[str, ...]:
    """The ASCII letters and digits of a phrase, in runs: what every encoding of it has in common."""
    return tuple(re.findall(r"[a-z0-9]+", phrase.lower()))


def _decoded(text: str) -> str:
    text = _UNICODE_ESCAPE.sub(lambda m: chr(int(m.group(1), 16)), text)
    text = _LETTER_ESCAPE.sub(" ", text)
    return unquote(unquote(text))


def _email_forms(value: str) -> set[str]:
    return {value, quote(value, safe=""), value.replace("@", "%40"), quote(quote(value, safe=""), safe="")}


def _email_pattern(value: str) -> str:
    # An apostrophe is part of an address (o'neil@) unless nothing stands before it ('ann@').
    forms = "|".join(re.escape(form) for form in sorted({value, quote(value, safe=""), value.replace("@", "%40")}))
    return rf"(?<!\w')(?<![\w.+%-])(?:{forms})(?![\w-])(?!\.\w)"


def _phone_forms(value: str) -> set[str]:
    """The ways a number is written. Never bare digits, which any order or timestamp could be."""
    digits = re.sub(r"\D", "", value)
    forms = {value} if re.search(r"\D", value) else set()
    if value.lstrip().startswith("+") or len(digits) > 10:
        forms |= {f"+{digits}", f"%2B{digits}"}
    if len(digits) == 11 and digits.startswith("1"):  # North America: country code 1
        digits = digits[1:]
    if len(digits) == 10:
        area, office, line = digits[:3], digits[3:6], digits[6:]
        national = {f"({area}) {office}-{line}", *(f"{area}{s}{office}{s}{line}" for s in "-. ")}
        forms |= national | {f"+1{s}{form}" for form in national for s in " -"} | {f"+1{digits}", f"%2B1{digits}"}
        forms |= {f"1-{area}-{office}-{line}"}
    return forms
