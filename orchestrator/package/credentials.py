"""What lets somebody in, and what a body is recognised by: passwords and hashes, security answers, tokens,
keys, seeds, biometric templates. By their own form where they have one, otherwise by the words before them.

Forms: https://docs.github.com/en/code-security/secret-scanning/introduction/supported-secret-scanning-patterns
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from orchestrator.package.folding import occurrences, occurring
from orchestrator.package.vocabulary import Span, Type

_FORMS = [
    (hint, re.compile(pattern), kind)
    for hint, pattern, kind in (
        ("$2", r"\$2[abxy]?\$\d\d\$[./A-Za-z0-9]{53}", Type.HASH),
        ("$argon2", r"\$argon2(?:id?|d)\$[^\s\"'<>]{20,200}", Type.HASH),
        ("$", r"\$(?:1|5|6|7|y|scrypt|pbkdf2[a-z0-9-]*)\$[./A-Za-z0-9$=,+-]{12,200}", Type.HASH),
        ("pbkdf2_", r"pbkdf2_sha\d+\$\d+\$[^\s\"'<>$]+\$[A-Za-z0-9+/=]{20,}", Type.HASH),
        ("SHA", r"\{S?SHA(?:256|512)?\}[A-Za-z0-9+/=]{20,}", Type.HASH),
        ("eyJ", r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*){0,3}", Type.TOKEN),
        ("PRIVATE KEY", r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY(?: BLOCK)?-----(?:[\s\S]{0,16000}?-----END [A-Z ]{0,20}PRIVATE KEY(?: BLOCK)?-----|[\s\S]{0,16000})", Type.KEY),
        ("A", r"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])", Type.KEY),
        ("gh", r"gh[pousr]_[A-Za-z0-9]{30,}", Type.TOKEN),
        ("github_pat_", r"github_pat_[A-Za-z0-9_]{30,}", Type.TOKEN),
        ("k_", r"[rsp]k_(?:live|test)_[A-Za-z0-9]{10,}", Type.KEY),
        ("whsec_", r"whsec_[A-Za-z0-9+/=]{16,}", Type.KEY),
        ("_secret_", r"(?:pi|seti|cs|src)_[A-Za-z0-9]+_secret_[A-Za-z0-9]{10,}", Type.KEY),
        ("xox", r"xox[abeoprs]-[A-Za-z0-9-]{10,}", Type.TOKEN),
        ("AIza", r"AIza[0-9A-Za-z_-]{35}", Type.KEY),
        ("ya29.", r"ya29\.[0-9A-Za-z_-]{20,}", Type.TOKEN),
        ("SG.", r"SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}", Type.KEY),
        ("otpauth", r"otpauth(?:-migration)?://[^\s\"'<>]+", Type.SEED),
        ("://", r"(?<=://)[^\s/@:\"'<>]{1,64}:[^\s/@\"'<>]{1,128}(?=@)", Type.PASSWORD),
        ("AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[A-Z0-9]{50,}", Type.KEY),
    )
]  # fmt: skip

_NO_VALUE = r"(?!null\b|none\b|nil\b|true\b|false\b|undefined\b|\*{3,}|\[(?:withheld|filtered|redacted|removed|masked))"
_IS = r"[\"']?\]?\s{0,3}(?:[:=]{1,2}>?|->|>)\s{0,3}+[\"']?+"
_QUIET = rf"(?:{_IS}|\s+(?:is|was|are|=)\s++[\"']?+(?=\S*[\d!@$%^&*+?_])|\s+[\"'](?=[^\s\"']+[\"']))"
_TOKENISH = rf"{_NO_VALUE}([^\s\"'<>&;,|]{{4,4000}})"
_LINE = rf"{_NO_VALUE}([^\r\n\"<>|]{{2,160}}?)(?=[\"<>|\r\n]|\s{{2,}}|\s+\w{{1,24}}\s?[:=]|[;&,]|\Z)"
_CODES = r"((?:(?=[a-z-]{0,20}\d)[a-z0-9]{4,16}(?:-[a-z0-9]{3,16}){0,5}[\s,;]{0,4}){1,24})(?<=[a-z0-9])"
_WORDS = r"((?:[a-z]{3,10}[\s,]{1,3}){11,24}[a-z]{3,10})"
_BLOB = r"(\[[\s\d.,e+-]{16,20000}\]?|[A-Za-z0-9+/=_-]{12,20000})"
_SAID = r"\s+(?:is|are|was)\s++"
# A hint that most texts lack, the words, what comes after them, the type.
_LABELS: tuple[tuple[str, str, str, Type], ...] = (
    ("pass", "password|passwd|passphrase|pass phrase|passcode|passwort", rf"{_QUIET}{_LINE}", Type.PASSWORD),
    ("pwd", "pwd", rf"{_QUIET}{_LINE}", Type.PASSWORD),
    ("kennwort", "kennwort", rf"{_QUIET}{_LINE}", Type.PASSWORD),
    (
        "ecurity", "security answer|security_answer|security question|security_question",
        rf"(?:{_IS}|{_SAID})(?!\[withheld)([^\r\n\"<>|]{{2,200}})", Type.QUESTION,
    ),
    (
        "ecret", "secret answer|secret_answer|secret question|secret_question",
        rf"(?:{_IS}|{_SAID})(?!\[withheld)([^\r\n\"<>|]{{2,200}})", Type.QUESTION,
    ),
    ("maiden", "maiden name|maiden_name", rf"(?:{_IS}|{_SAID})(?!\[withheld)([^\r\n\"<>|]{{2,200}})", Type.QUESTION),
    (
        "token", "access_token|refresh_token|auth_token|id_token|csrf_token|session_token|reset_token|"
        "reset_password_token|confirmation_token|invitation_token|login_token|token", rf"{_IS}{_TOKENISH}", Type.TOKEN,
    ),
    ("sess", "session_id|sessionid|session|jsessionid|phpsessid", rf"{_IS}{_TOKENISH}", Type.TOKEN),
    ("sid", "connect.sid|sid", rf"{_IS}{_TOKENISH}", Type.TOKEN),
    ("x-amz-", "x-amz-security-token|x-amz-signature|x-amz-credential", rf"{_IS}{_TOKENISH}", Type.TOKEN),
    ("sig", "signature|sig", rf"{_IS}{_TOKENISH}", Type.TOKEN),
    ("magic", "magic_link|magic link", rf"{_IS}{_TOKENISH}", Type.TOKEN),
    ("bearer", "bearer", rf"\s++{_NO_VALUE}([A-Za-z0-9._~+/=-]{{8,4000}})", Type.TOKEN),
    (
        "authorization", "authorization",
        rf"{_IS}(?:(?:basic|digest|token|bearer)\s)?+\s*+{_NO_VALUE}([^\r\n\"'<>]{{6,4000}})", Type.TOKEN,
    ),
    ("cookie", "cookie", rf"{_IS}{_NO_VALUE}([^\r\n\"'<>]{{4,4000}})", Type.TOKEN),
    ("key", "api_key|api-key|apikey|api key|encryption_key|signing_key|private_key|private key", rf"{_IS}{_TOKENISH}", Type.KEY),
    (
        "secret", "secret_key|secret key|client_secret|client secret|secret_access_key|signing_secret|webhook_secret|secret",
        rf"{_IS}{_TOKENISH}", Type.KEY,
    ),
    ("otp", "totp secret|totp_secret|otp secret|otp_secret|totp seed|otp seed|totp_seed|totp", rf"{_QUIET}{_TOKENISH}", Type.SEED),
    ("fa secret", "2fa secret|mfa secret", rf"{_QUIET}{_TOKENISH}", Type.SEED),
    ("authenticator", "authenticator key", rf"{_QUIET}{_TOKENISH}", Type.SEED),
    ("setup key", "setup key", rf"{_QUIET}{_TOKENISH}", Type.SEED),
    ("seed", "seed", rf"{_QUIET}{_TOKENISH}", Type.SEED),
    (
        "code", "recovery code|recovery_code|backup code|backup_code|scratch code|one-time code",
        rf"s?(?:{_IS}|{_SAID}|\s*\n\s*){_CODES}", Type.SEED,
    ),
    (
        "phrase", "seed phrase|recovery phrase|seed_phrase|recovery_phrase",
        rf"(?:{_IS}|{_SAID}|\s*\n\s*){_WORDS}", Type.SEED,
    ),
    ("mnemonic", "mnemonic", rf"(?:{_IS}|{_SAID}|\s*\n\s*){_WORDS}", Type.SEED),
    *((word, word, rf"(?:[\"']?\s{{0,3}}[:=]\s{{0,3}}+[\"']?+|\s++)(?!\[withheld){_BLOB}", Type.BIOMETRIC) for word in (
      "template", "encoding", "embedding", "minutiae", "faceprint", "voiceprint", "iris code", "iris_code", "vector",
      "fingerprint data", "fingerprint_data", "face data", "biometric data", "biometric_data")),
)  # fmt: skip
_Pattern = tuple[str, re.Pattern[str], Type]
_PATTERNS: dict[str, list[_Pattern]] = {}
for _hint, _spelt, _tail, _kind in _LABELS:
    _PATTERNS.setdefault(_hint, []).extend(
        (w, re.compile(rf".{{{len(w)}}}{_tail}", re.IGNORECASE | re.DOTALL), _kind) for w in _spelt.split("|")
    )
_BODY = re.compile(r"finger|face|facial|iris|retina|voice|palm|vein|biometric|minutiae", re.IGNORECASE)
_BODY_NEAR = 40  # characters before "template" and the like


def credentials(text: str, folded: str) -> Iterator[Span]:
    """Of a text and its spelling by `folding.folded`: tokens tell large letters from small."""
    for hint, pattern, kind in _FORMS:
        if hint in text:
            yield from (Span(m.start(), m.end(), kind) for m in pattern.finditer(text))
    for word, pattern, kind in occurring(_PATTERNS, folded):
        for at in occurrences(word, folded):
            found = pattern.match(text, at)
            if found and (kind is not Type.BIOMETRIC or _BODY.search(text, max(0, at - _BODY_NEAR), found.start(1))):
                yield Span(found.start(1), found.end(1), kind)


_KEYS = [
    (re.compile(pattern), kind)
    for pattern, kind in (
        (r"(?:^| )(?:password|passwd|pwd|passphrase|passcode|pin)(?: plain| plaintext| current| old| new)?$", Type.PASSWORD),
        (r"(?:password|passwd|pwd) (?:hash|digest|salt|crypt)|(?:encrypted|hashed|crypted) (?:password|passwd)$", Type.HASH),
        (r"(?:security|secret) (?:question|answer)s?\d?$|mother'?s? maiden|maiden name$", Type.QUESTION),
        (r"(?:^| )(?:totp|otp|mfa|2fa)(?: secret| seed)?$|(?:recovery|backup|scratch) codes?$|(?:seed|recovery) phrase$|mnemonic$|(?:^| )seed$", Type.SEED),
        (r"(?:^| )(?:token|session|session id|sid|cookies?|jwt|bearer|authorization)$", Type.TOKEN),
        (r"(?:api|secret|private|signing|encryption|access|client) (?:key|secret)$|(?:^| )secret(?: access key)?$|apikey$", Type.KEY),
        (r"(?:finger|face|facial|iris|retina|voice|palm|vein|biometric) ?(?:print)? ?(?:template|encoding|embedding|vector|data|minutiae|code|hash)s?$|faceprint$|voiceprint$|minutiae$|biometrics?$", Type.BIOMETRIC),
        (r"(?:^| )(?:ssn|social security(?: (?:number|no))?)$", Type.SSN),
        (r"driv(?:er|ers|er's|ing) licen[cs]e(?: (?:number|no|id))?$|(?:^| )dl number$", Type.LICENSE),
        (r"passport(?: (?:number|no|id))?$", Type.PASSPORT),
        (r"(?:national|state|military) id(?: number)?$|(?:^| )(?:nino|itin|taxpayer id(?: number)?|personal id number)$", Type.GOVERNMENT),
        (r"(?:^| )(?:iban|(?:bank )?account (?:number|no)|routing number|sort code|bank account)$", Type.ACCOUNT),
        (r"(?:^| )(?:pan|(?:credit |debit )?card (?:number|no))$", Type.CARD),
        (r"(?:^| )(?:cvv2?|cvc2?|card security code)$", Type.CARD_CODE),
        (r"(?:health |medical )?insurance (?:number|id|policy(?: number)?|member id)$|(?:^| )(?:medicare|medicaid)(?: (?:number|id))?$", Type.INSURANCE),
        (r"(?:^| )mrn$|medical record (?:number|no|id)$|patient (?:id|number)$", Type.MEDICAL),
    )
]  # fmt: skip
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_BREAKS = re.compile(r"[\s_.\-/\[\]>:]+")


@lru_cache(maxsize=4096)
def words(key: str) -> str:
    """A field's name as words: "passwordHash", "password_hash" and "Password-Hash" are "password hash"."""
    return _BREAKS.sub(" ", _CAMEL.sub(" ", key)).strip().lower()


@lru_cache(maxsize=4096)
def keyed(key: str) -> Type | None:
    """The type that a field of such a name holds, whatever stands in it."""
    spelt = words(key)
    return next((kind for pattern, kind in _KEYS if pattern.search(spelt)), None)
