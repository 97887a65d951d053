"""Values of every type that never leaves, made up, and files to plant them in."""

from __future__ import annotations

import base64
import io
import json
import zipfile
import zlib

from orchestrator.package.vocabulary import Type

OWN_EMAIL, OWN_PHONE = "ann.lee@example.com", "+14155552671"
OTHER_EMAIL, OTHER_PHONE = "ben.other@example.net", "(212) 555-0188"

# type -> (a sentence with a value of it, the value that must not come out)
SENTENCES: dict[Type, tuple[str, str]] = {
    Type.SSN: ("Her SSN is 219-09-9991.", "219-09-9991"),
    Type.LICENSE: ("Driver's license number: D1234567.", "D1234567"),
    Type.PASSPORT: ("Passport no. X7654321 was shown.", "X7654321"),
    Type.GOVERNMENT: ("National ID: 8001015009087.", "8001015009087"),
    Type.ACCOUNT: ("Pay to IBAN DE89 3704 0044 0532 0130 00 please.", "DE89 3704 0044 0532 0130 00"),
    Type.CARD: ("Paid with 4111 1111 1111 1111 today.", "4111 1111 1111 1111"),
    Type.CARD_CODE: ("CVV: 737.", "CVV: 737"),
    Type.INSURANCE: ("Health insurance member ID: W123456789.", "W123456789"),
    Type.MEDICAL: ("Medical record number 00456789.", "00456789"),
    Type.PASSWORD: ("password: Tr0ub4dor", "Tr0ub4dor"),
    Type.HASH: ("$2b$12$abcdefghijklmnopqrstuu5LFYZ1Qe0C4b7cJH1y7aQ4m5J1v0y1e", "5LFYZ1Qe0C4b7cJH1y7aQ4m5J1v0y1e"),
    Type.QUESTION: ("Mother's maiden name: Featherstone", "Featherstone"),
    Type.TOKEN: ("GET /reset?token=abcdefgh12345678 200", "abcdefgh12345678"),
    Type.KEY: ("key AKIAIOSFODNN7EXAMPLE in use", "AKIAIOSFODNN7EXAMPLE"),
    Type.SEED: ("otpauth://totp/Shop:ann?secret=JBSWY3DPEHPK3PXP", "JBSWY3DPEHPK3PXP"),
    Type.BIOMETRIC: ("fingerprint template: Rk1SACAyMAAAAADkAAABAAFkAMUAxQEAAAE=", "Rk1SACAyMAAAAADkAAAB"),
    Type.EMAIL: (f"Ask {OTHER_EMAIL} about it.", OTHER_EMAIL),
    Type.PHONE: (f"Call {OTHER_PHONE} about it.", OTHER_PHONE),
}
VALUES = tuple(value for _, value in SENTENCES.values())
TEXT = "\n".join(sentence for sentence, _ in SENTENCES.values()) + "\n"
OWN_TEXT = f"Written by {OWN_EMAIL}, call +1 415-555-2671.\n"


def leaked(content: bytes) -> list[str]:
    """Values that stand in some bytes, however they are encoded there."""
    text = content.decode("utf-8", "replace")
    plain = text.replace("=\n", "")  # quoted-printable
    return [v for v in VALUES if v in text or v in plain or v.replace(" ", "") in text]


def pdf(text: str, picture: tuple[int, int] | None = None, more: bytes = b"") -> bytes:
    """A PDF of one page with these lines, and a picture of so many pixels."""
    shown = b" ".join(b"(%s) Tj T*" % _escaped(line) for line in text.splitlines())
    body = zlib.compress(b"BT /F1 9 Tf 40 760 Td 12 TL " + shown + b" ET")
    image = b""
    if picture:
        pixels = zlib.compress(bytes(picture[0] * picture[1]))
        image = b"<</Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray/BitsPerComponent 8" % picture
        image += b"/Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(pixels), pixels)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(body), body),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        *([image] if image else []),
        *([more] if more else []),
    ]
    out, places = b"%PDF-1.4\n", []
    for number, thing in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, thing)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    return out + head + table + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(out))


def _escaped(line: str) -> bytes:
    return line.encode("latin-1").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


def archive(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return out.getvalue()


def docx(text: str, more: dict[str, bytes] | None = None) -> bytes:
    """A document whose words are broken into runs, as word processors break them."""
    runs = "".join(
        f"<w:p><w:r><w:t>{line[:9]}</w:t></w:r><w:r><w:t>{line[9:]}</w:t></w:r></w:p>"
        for line in text.replace("&", "&amp;").replace("<", "&lt;").splitlines()
    )
    page = f'<w:document xmlns:w="urn:w"><w:body>{runs}</w:body></w:document>'
    return archive({"[Content_Types].xml": b"<Types/>", "word/document.xml": page.encode(), **(more or {})})


def mail(text: str, attachments: dict[str, tuple[str, bytes]], sender: str = f"Ben Other <{OTHER_EMAIL}>") -> bytes:
    """A mail to the person. attachments: name -> (media type, content)."""
    parts = [
        b"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(text.encode())
    ]
    for name, (media, content) in attachments.items():
        head = f'Content-Type: {media}; name="{name}"\nContent-Transfer-Encoding: base64\n'
        head += f'Content-Disposition: attachment; filename="{name}"\n\n'
        parts.append(head.encode() + base64.encodebytes(content))
    head = f"From: {sender}\nTo: Ann Lee <{OWN_EMAIL}>\nCc: Eve <eve@example.org>\nSubject: Papers\n"
    head += "Date: Mon, 02 Mar 2026 09:30:00 +0000\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=edge\n\n"
    return head.encode() + b"".join(b"--edge\n" + p + b"\n" for p in parts) + b"--edge--\n"


def json_column() -> str:
    """JSON as a column holds it: keys that say what a value is, text, and JSON in JSON."""
    deep = {"note": TEXT, "inner": json.dumps({"note": TEXT}), "list": [{"password": "Tr0ub4dor"}, 4111111111111111]}
    return json.dumps(deep)
