"""The words of which the inventory and the regimes are made: texts, dates, periods, references, names."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints, WithJsonSchema

PERIOD = re.compile(r"(\d{1,4}) (day|month|year)s?")
_REFERENCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:.+")
_PUBLIC_KEY = re.compile(r"ed25519:[A-Za-z0-9+/]{43}=")


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _period(value: str) -> str:
    if not PERIOD.fullmatch(value):
        raise ValueError('a period such as "7 years", "18 months" or "90 days"')
    return value


def _reference(value: str) -> str:
    # The value may be the secret itself: the message must not repeat it.
    if not _REFERENCE.fullmatch(value):
        raise ValueError("env:NAME or file:PATH; a secret itself is never written into the inventory")
    return value


def _public_key(value: str) -> str:
    if not _PUBLIC_KEY.fullmatch(value):
        raise ValueError('an Ed25519 public key: "ed25519:" and the base64 of its 32 bytes')
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (LookupError, OSError, ValueError):
        raise ValueError("a time zone such as America/Chicago, of which this machine has the data") from None
    return value


def _shaped(pattern: re.Pattern[str]) -> WithJsonSchema:
    """Tells editors the form; the validator beside it says it in words."""
    return WithJsonSchema({"type": "string", "pattern": f"^({pattern.pattern})$"})


Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Texts = Annotated[list[Text], BeforeValidator(_listed, json_schema_input_type=str | list[str])]
TimeZone = Annotated[str, AfterValidator(_zone)]
Date = Annotated[str, StringConstraints(pattern=r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]
Period = Annotated[str, AfterValidator(_period), _shaped(PERIOD)]
Reference = Annotated[str, AfterValidator(_reference), _shaped(_REFERENCE)]
PublicKey = Annotated[str, AfterValidator(_public_key), _shaped(_PUBLIC_KEY)]
SystemName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
KindName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.]*$")]
Pseudonym = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*$")]
ConfidenceName = Literal["read", "read_older", "second_hand", "memory"]  # how a rule of law is known
RegimeName = Literal["ccpa", "gdpr", "va", "co", "ct", "tx"]
RoleName = Literal["business", "service_provider"]
LevelName = Literal["reasonable", "reasonably_high"]
Category = Literal["A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K"]
Normalisation = Literal["trim", "case", "unicode", "plus_tag"]
Power = Literal["verify", "plan", "approve", "override", "run", "export", "hold"]


class Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)
