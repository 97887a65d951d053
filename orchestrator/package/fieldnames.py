"""What a field's name says of its value: "passwordHash", "password_hash" and "Password-Hash" say the same."""

from __future__ import annotations

import re
from functools import lru_cache

from orchestrator.package.vocabulary import Type

_BODY = r"(?:finger|face|facial|iris|retina|voice|palm|vein|biometric)"
_NUMBER = r"(?: (?:number|no|id))?$"
_KEYS = [
    (re.compile(pattern), kind)
    for kind, pattern in (
        (Type.PASSWORD, r"(?:^| )(?:password|passwd|pwd|passphrase|passcode|pin)(?: plain| current| old| new)?$"),
        (
            Type.HASH,
            r"(?:password|passwd|pwd) (?:hash|digest|salt|crypt)|(?:encrypted|hashed|crypted) (?:password|passwd)$",
        ),
        (Type.QUESTION, r"(?:security|secret) (?:question|answer)s?\d?$|mother'?s? maiden|maiden name$"),
        (Type.SEED, r"(?:^| )(?:totp|otp|mfa|2fa)(?: secret| seed)?$|(?:recovery|backup|scratch) codes?$"),
        (Type.SEED, r"(?:seed|recovery) phrase$|mnemonic$|(?:^| )seed$"),
        (Type.TOKEN, r"(?:^| )(?:token|session|session id|sid|cookies?|jwt|bearer|authorization)$"),
        (Type.KEY, r"(?:api|secret|private|signing|encryption|access|client) (?:key|secret)$"),
        (Type.KEY, r"(?:^| )secret(?: access key)?$|apikey$"),
        (Type.BIOMETRIC, _BODY + r" ?(?:print)? ?(?:template|encoding|embedding|vector|data|minutiae|code|hash)s?$"),
        (Type.BIOMETRIC, r"faceprint$|voiceprint$|minutiae$|biometrics?$"),
        (Type.SSN, r"(?:^| )(?:ssn|social security)" + _NUMBER),
        (Type.LICENSE, r"driv(?:er|ers|er's|ing) licen[cs]e" + _NUMBER + r"|(?:^| )dl number$"),
        (Type.PASSPORT, r"passport" + _NUMBER),
        (Type.GOVERNMENT, r"(?:(?:national|state|military|personal|taxpayer) id|(?:^| )nino|(?:^| )itin)" + _NUMBER),
        (Type.ACCOUNT, r"(?:^| )(?:iban|(?:bank )?account (?:number|no)|routing number|sort code|bank account)$"),
        (Type.CARD, r"(?:^| )(?:pan|(?:credit |debit )?card (?:number|no))$"),
        (Type.CARD_CODE, r"(?:^| )(?:cvv2?|cvc2?|card security code)$"),
        (Type.INSURANCE, r"(?:health |medical )?insurance (?:number|id|policy(?: number)?|member id)$"),
        (Type.INSURANCE, r"(?:^| )(?:medicare|medicaid)" + _NUMBER),
        (Type.MEDICAL, r"(?:^| )mrn$|medical record (?:number|no|id)$|patient (?:id|number)$"),
    )
]
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_BREAKS = re.compile(r"[\s_.\-/\[\]>:]+")


@lru_cache(maxsize=4096)
def words(key: str) -> str:
    """A field's name as words in small letters."""
    return _BREAKS.sub(" ", _CAMEL.sub(" ", key)).strip().lower()


@lru_cache(maxsize=4096)
def keyed(key: str) -> Type | None:
    """The type that a field of such a name holds, whatever stands in it."""
    spelt = words(key)
    return next((kind for pattern, kind in _KEYS if pattern.search(spelt)), None)
