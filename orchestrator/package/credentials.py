"""What lets somebody in, and what a body is recognised by: passwords and hashes, security answers, tokens,
keys, seeds, biometric templates. By their own form where they have one, otherwise by the words before them.

Forms: https://docs.github.com/en/code-security/secret-scanning/introduction/supported-secret-scanning-patterns
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from orchestrator.package.labels import Label, Labels
from orchestrator.package.vocabulary import Span, Type

_KEY_BLOCK = r"PRIVATE KEY(?: BLOCK)?-----"
_KEY_FILE = (
    rf"-----BEGIN [A-Z ]{{0,20}}{_KEY_BLOCK}"
    rf"(?:[\s\S]{{0,16000}}?-----END [A-Z ]{{0,20}}{_KEY_BLOCK}|[\s\S]{{0,16000}})"
)
# A hint that stands in it, the pattern of the whole, the type.
_FORMS = [
    (hint, re.compile(pattern), kind)
    for kind, rows in (
        (
            Type.HASH,
            (
                ("$2", r"\$2[abxy]?\$\d\d\$[./A-Za-z0-9]{53}"),
                ("$argon2", r"\$argon2(?:id?|d)\$[^\s\"'<>]{20,200}"),
                ("$", r"\$(?:1|5|6|7|y|scrypt|pbkdf2[a-z0-9-]*)\$[./A-Za-z0-9$=,+-]{12,200}"),
                ("pbkdf2_", r"pbkdf2_sha\d+\$\d+\$[^\s\"'<>$]+\$[A-Za-z0-9+/=]{20,}"),
                ("SHA", r"\{S?SHA(?:256|512)?\}[A-Za-z0-9+/=]{20,}"),
            ),
        ),
        (
            Type.TOKEN,
            (
                ("eyJ", r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*){0,3}"),  # RFC 7519
                ("gh", r"gh[pousr]_[A-Za-z0-9]{30,}"),
                ("github_pat_", r"github_pat_[A-Za-z0-9_]{30,}"),
                ("xox", r"xox[abeoprs]-[A-Za-z0-9-]{10,}"),
                ("ya29.", r"ya29\.[0-9A-Za-z_-]{20,}"),
            ),
        ),
        (
            Type.KEY,
            (
                ("PRIVATE KEY", _KEY_FILE),
                ("A", r"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])"),
                ("k_", r"[rsp]k_(?:live|test)_[A-Za-z0-9]{10,}"),
                ("whsec_", r"whsec_[A-Za-z0-9+/=]{16,}"),
                ("_secret_", r"(?:pi|seti|cs|src)_[A-Za-z0-9]+_secret_[A-Za-z0-9]{10,}"),
                ("AIza", r"AIza[0-9A-Za-z_-]{35}"),
                ("SG.", r"SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}"),
                ("AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[A-Z0-9]{50,}"),
            ),
        ),
        (Type.SEED, (("otpauth", r"otpauth(?:-migration)?://[^\s\"'<>]+"),)),
        (Type.PASSWORD, (("://", r"(?<=://)[^\s/@:\"'<>]{1,64}:[^\s/@\"'<>]{1,128}(?=@)"),)),
    )
    for hint, pattern in rows
]

_NO_VALUE = r"(?!null\b|none\b|nil\b|true\b|false\b|undefined\b|\*{3,}|\[(?:withheld|filtered|redacted|removed|masked))"
_IS = r"[\"']?\]?\s{0,3}(?:[:=]{1,2}>?|->|>)\s{0,3}+[\"']?+"
_QUIET = rf"(?:{_IS}|\s+(?:is|was|are|=)\s++[\"']?+(?=\S*[\d!@$%^&*+?_])|\s+[\"'](?=[^\s\"']+[\"']))"
_TOKENISH = rf"{_NO_VALUE}([^\s\"'<>&;,|]{{4,4000}})"
_LINE = rf"{_NO_VALUE}([^\r\n\"<>|]{{2,160}}?)(?=[\"<>|\r\n]|\s{{2,}}|\s+\w{{1,24}}\s?[:=]|[;&,]|\Z)"
_CODES = r"((?:(?=[a-z-]{0,20}\d)[a-z0-9]{4,16}(?:-[a-z0-9]{3,16}){0,5}[\s,;]{0,4}){1,24})(?<=[a-z0-9])"
_WORDS = r"((?:[a-z]{3,10}[\s,]{1,3}){11,24}[a-z]{3,10})"
_BLOB = r"(\[[\s\d.,e+-]{16,20000}\]?|[A-Za-z0-9+/=_-]{12,20000})"
_SAID = r"\s+(?:is|are|was)\s++"
_ANSWER = rf"(?:{_IS}|{_SAID})(?!\[withheld)([^\r\n\"<>|]{{2,200}})"
_LISTED = rf"(?:{_IS}|{_SAID}|\s*\n\s*)"
_TEMPLATE = rf"(?:[\"']?\s{{0,3}}[:=]\s{{0,3}}+[\"']?+|\s++)(?!\[withheld){_BLOB}"
_SCHEME = r"(?:(?:basic|digest|token|bearer)\s)?+\s*+"
_LABELS = Labels(
    Label(hint, words, after, kind)
    for kind, after, rows in (
        (
            Type.PASSWORD,
            rf"{_QUIET}{_LINE}",
            (
                ("pass", "password|passwd|passphrase|pass phrase|passcode|passwort"),
                ("pwd", "pwd"),
                ("kennw", "kennwort"),
            ),
        ),
        (
            Type.QUESTION,
            _ANSWER,
            (
                ("ecurity", "security answer|security_answer|security question|security_question"),
                ("ecret", "secret answer|secret_answer|secret question|secret_question"),
                ("maiden", "maiden name|maiden_name"),
            ),
        ),
        (
            Type.TOKEN,
            rf"{_IS}{_TOKENISH}",
            (
                ("token", "access_token|refresh_token|auth_token|id_token|csrf_token|session_token|reset_token"),
                ("token", "reset_password_token|confirmation_token|invitation_token|login_token|token"),
                ("sess", "session_id|sessionid|session|jsessionid|phpsessid"),
                ("sid", "connect.sid|sid"),
                ("x-amz-", "x-amz-security-token|x-amz-signature|x-amz-credential"),
                ("sig", "signature|sig"),
                ("magic", "magic_link|magic link"),
            ),
        ),
        (Type.TOKEN, rf"\s++{_NO_VALUE}([A-Za-z0-9._~+/=-]{{8,4000}})", (("bearer", "bearer"),)),
        (
            Type.TOKEN,
            rf"{_IS}{_SCHEME}{_NO_VALUE}([^\r\n\"'<>]{{6,4000}})",
            (("authorization", "authorization"),),
        ),
        (Type.TOKEN, rf"{_IS}{_NO_VALUE}([^\r\n\"'<>]{{4,4000}})", (("cookie", "cookie"),)),
        (
            Type.KEY,
            rf"{_IS}{_TOKENISH}",
            (
                ("key", "api_key|api-key|apikey|api key|encryption_key|signing_key|private_key|private key"),
                ("secret", "secret_key|secret key|client_secret|client secret|secret_access_key|signing_secret"),
                ("secret", "webhook_secret|secret"),
            ),
        ),
        (
            Type.SEED,
            rf"{_QUIET}{_TOKENISH}",
            (
                ("otp", "totp secret|totp_secret|otp secret|otp_secret|totp seed|otp seed|totp_seed|totp"),
                ("fa secret", "2fa secret|mfa secret"),
                ("authenticator", "authenticator key"),
                ("setup key", "setup key"),
                ("seed", "seed"),
            ),
        ),
        (
            Type.SEED,
            rf"s?{_LISTED}{_CODES}",
            (("code", "recovery code|recovery_code|backup code|backup_code|scratch code|one-time code"),),
        ),
        (
            Type.SEED,
            rf"{_LISTED}{_WORDS}",
            (("phrase", "seed phrase|recovery phrase|seed_phrase|recovery_phrase"), ("mnemonic", "mnemonic")),
        ),
        (
            Type.BIOMETRIC,
            _TEMPLATE,
            (
                *(
                    (w, w)
                    for w in ("template", "encoding", "embedding", "vector", "minutiae", "faceprint", "voiceprint")
                ),
                *((w, w) for w in ("iris code", "iris_code", "fingerprint data", "fingerprint_data", "face data")),
                *((w, w) for w in ("biometric data", "biometric_data")),
            ),
        ),
    )
    for hint, words in rows
)
_BODY = re.compile(r"finger|face|facial|iris|retina|voice|palm|vein|biometric|minutiae", re.IGNORECASE)
_BODY_NEAR = 40  # characters before "template" and the like


def credentials(text: str, folded: str) -> Iterator[Span]:
    """Of a text and its spelling by `folding.folded`: tokens tell large letters from small."""
    for hint, pattern, kind in _FORMS:
        if hint in text:
            yield from (Span(m.start(), m.end(), kind) for m in pattern.finditer(text))
    for found, kind in _LABELS.found(text, folded):
        near = max(0, found.start() - _BODY_NEAR)
        if kind is not Type.BIOMETRIC or _BODY.search(text, near, found.start(1)):
            yield Span(found.start(1), found.end(1), kind)
