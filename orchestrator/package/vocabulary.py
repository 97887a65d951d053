"""What a package never holds, by type; what is blacked out for the sake of others; what becomes of a file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

NEVER = "11 CCR 7024(d)"
OTHERS = "Cal. Civ. Code 1798.145(k)"
UNSEEN = "it could hold what must not be disclosed"
# What the inventory's own words for a field that is never handed out (`never: password hash`) come under.
_DECLARED = (
    (re.compile(r"another person|other people|\b(employee|organisation)\b"), OTHERS),
    (re.compile(r"password|token|secret|security question|social security|passport|licen[cs]e|biometric|"
                r"identity document|tax number|(bank|financial) account number|insurance number|medical"), NEVER),
)  # fmt: skip


def rule_of(declared: str) -> str:
    """The rule by which a declared type is withheld; empty where it is the company's own decision."""
    return next((rule for words, rule in _DECLARED if words.search(declared.lower())), "")


class Type(StrEnum):
    """A type of value that is told of and not handed out. The words are those the person reads."""

    SSN = "Social Security number"
    LICENSE = "driver's license number"
    PASSPORT = "passport number"
    GOVERNMENT = "government identification number"
    ACCOUNT = "financial account number"
    CARD = "payment card number"
    CARD_CODE = "payment card security code"
    INSURANCE = "health insurance number"
    MEDICAL = "medical identification number"
    PASSWORD = "account password"  # noqa: S105 (what it is called)
    HASH = "password hash"
    QUESTION = "security question or answer"
    TOKEN = "access token or session"  # noqa: S105
    KEY = "secret key"
    SEED = "seed or recovery code of a second factor"
    BIOMETRIC = "unique biometric data"
    EMAIL = "another person's e-mail address"
    PHONE = "another person's telephone number"
    PERSON = "another person's name and address"
    NAME = "another person's name"
    MAYBE_NAME = "what may be another person's name"
    ENCODED = "encoded data that cannot be looked into"

    @property
    def reason(self) -> str:
        """The rule by which it is withheld."""
        if self in (Type.EMAIL, Type.PHONE, Type.PERSON, Type.NAME, Type.MAYBE_NAME):
            return OTHERS
        return UNSEEN if self is Type.ENCODED else NEVER

    @property
    def mark(self) -> str:
        """What stands in its place in a copy."""
        return f"[withheld: {self}]".replace("'", "\u2019")  # a straight one ends an attribute of a page


@dataclass(frozen=True, slots=True)
class Span:
    """Where in a text something stands that must not be handed out."""

    start: int
    end: int
    type: Type


class Verdict(StrEnum):
    """What becomes of a file."""

    WHOLE = "as it is"
    COPY = "a copy, parts of it blacked out"
    TEXT = "its text only, parts of it blacked out"
    UNPACKED = "unpacked, each file by itself"
    HELD = "held until a person has looked at it"
    WITHHELD = "looked at by a person and withheld"
    RELEASED = "looked at by a person and released"
