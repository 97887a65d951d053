"""Files of every kind: what comes out of them, and what is left to a person."""

from __future__ import annotations

import base64
import gzip
import io
import json
import tarfile
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from orchestrator.package.looker import Limits, Looker, Seen
from orchestrator.package.scan import Scanner
from orchestrator.package.vocabulary import Type, Verdict
from tests.package.planted import (
    OTHER_EMAIL,
    OWN_EMAIL,
    OWN_TEXT,
    SENTENCES,
    TEXT,
    archive,
    docx,
    leaked,
    mail,
    pdf,
)
from tests.package.test_scan import SCANNER

EVERY = set(SENTENCES)
LINES = TEXT.encode()
TABLE = "".join(
    f"{row}\n"
    for row in ("name,ssn,contact,notes", *(f'Ann,219099991,{OTHER_EMAIL},"{s}"' for s, _ in SENTENCES.values()))
).encode()


@pytest.fixture
def looker(tmp_path: Path) -> Looker:
    return Looker(SCANNER, tmp_path, lambda sha: (sha[:12], None))


def look(looker: Looker, content: bytes, name: str, media: str = "") -> Seen:
    return looker.look(looker.put(content), name, media)


def given_out(seen: Seen) -> Iterator[bytes]:
    if seen.path:
        yield seen.path.read_bytes()
    for inner in seen.inside:
        yield from given_out(inner)


@pytest.mark.parametrize(
    ("name", "content", "verdict"),
    [
        ("a.txt", LINES, Verdict.COPY),
        ("a.log", LINES, Verdict.COPY),
        ("a.csv", TABLE, Verdict.COPY),
        ("a.json", json.dumps({"note": TEXT}).encode(), Verdict.COPY),
        ("a.jsonl", json.dumps({"note": TEXT}).encode() + b"\n{}\n", Verdict.COPY),
        ("a.html", b"<html><pre>" + LINES + b"</pre>", Verdict.COPY),
        ("a.txt", TEXT.encode("utf-16"), Verdict.COPY),
        ("a.pdf", pdf(TEXT), Verdict.TEXT),
        ("a.docx", docx(TEXT), Verdict.TEXT),
        ("a.eml", mail(TEXT, {}), Verdict.COPY),
        ("a.gz", gzip.compress(LINES), Verdict.UNPACKED),
        ("a.zip", archive({"in/a.txt": LINES, "b.pdf": pdf(TEXT)}), Verdict.UNPACKED),
    ],
)
def test_every_type_is_seen_in_files_of_every_kind(looker: Looker, name: str, content: bytes, verdict: Verdict) -> None:
    seen = look(looker, content, name)
    assert seen.verdict is verdict
    assert set(seen.found) >= EVERY
    out = b"".join(given_out(seen))
    assert out
    assert not leaked(out)
    for part in message_from_bytes(out).walk() if name == "a.eml" else ():
        assert not leaked(part.get_payload(decode=True) or b"")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", OWN_TEXT.encode()),
        ("a.csv", f"name,email\nAnn,{OWN_EMAIL}\n".encode()),
        ("a.pdf", pdf(OWN_TEXT)),
        ("a.docx", docx(OWN_TEXT)),
        ("a.json", json.dumps({"email": OWN_EMAIL, "id": 7}).encode()),
        ("a.html", f"<p>{OWN_EMAIL} <b>wrote</b></p>".encode()),
        ("logo.pdf", pdf(OWN_TEXT, picture=(100, 80))),
        ("e.txt", b""),
    ],
)
def test_what_is_only_theirs_is_given_as_it_is(looker: Looker, name: str, content: bytes) -> None:
    seen = look(looker, content, name)
    assert (seen.verdict, seen.held, set(seen.found)) == (Verdict.WHOLE, (), set())
    assert list(given_out(seen)) == [content]


def _tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("x"), io.BytesIO())
    return out.getvalue()


def _locked_zip() -> bytes:
    plain = bytearray(archive({"a.txt": b"x" * 50}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        plain[plain.index(mark) + offset] |= 1
    return bytes(plain)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("photo.png", b"\x89PNG\r\n\x1a\n" + bytes(50)),
        ("photo.txt", b"\xff\xd8\xff\xe0"),
        ("scan.pdf", pdf("", picture=(600, 800))),
        ("bad.pdf", b"%PDF-1.7\nnothing"),
        ("a.bin", bytes(range(256))),
        ("a.tar", _tar()),
        ("a.7z", b"7z\xbc\xaf\x27\x1c"),
        ("a.doc", b"\xd0\xcf\x11\xe0" + bytes(50)),
        ("a.rtf", b"{\\rtf1 hello}"),
        ("a.zip", _locked_zip()),
        ("a.zip", b"PK\x03\x04broken"),
        ("a.gz", b"\x1f\x8b\x08broken"),
        ("late.txt", b"text " * 5000 + b"\x00\x01"),
        ("a.mp4", b"\x00\x00\x00\x18ftypmp42"),
        ("a.docx", archive({"[Content_Types].xml": b"<T/>", "x.xml": b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"})),
        ("a.eml", mail("x", {}).replace(b"multipart/mixed", b"multipart/encrypted")),
    ],
)
def test_what_cannot_be_looked_into_is_held(looker: Looker, name: str, content: bytes) -> None:
    seen = look(looker, content, name)
    assert seen.verdict is Verdict.HELD
    assert seen.path is None
    assert [h.verdict for h in seen.held] == [Verdict.HELD]
    assert seen.held[0].path.read_bytes() == content


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pdf", pdf("Hello", picture=(600, 800))),
        ("a.pdf", pdf("Hello", more=b"<</Type/EmbeddedFile/Length 2>>stream\nab\nendstream")),
        ("a.pdf", pdf("Hello") + b"\n9 0 obj\n<<>>\nendobj\nstartxref\n0\n%%EOF"),
        ("a.docx", docx("Hello there", {"word/media/photo.png": b"\x89PNG"})),
    ],
)
def test_of_a_document_with_pictures_the_text_is_given_and_the_rest_held(
    looker: Looker, name: str, content: bytes
) -> None:
    seen = look(looker, content, name)
    assert (seen.verdict, seen.suffix) == (Verdict.TEXT, ".txt")
    assert b"Hello" in b"".join(given_out(seen))
    assert len(seen.held) == 1


def test_notes_and_properties_of_a_pdf_are_seen_and_do_not_come_out(looker: Looker) -> None:
    seen = look(looker, pdf("Hello", more=b"<</Type/Annot/Subtype/Text/Contents(SSN 219-09-9991)>>"), "a.pdf")
    assert seen.verdict is Verdict.TEXT
    assert set(seen.found) == {Type.SSN}
    assert not leaked(b"".join(given_out(seen)))


def test_values_spread_over_markup_are_seen(looker: Looker) -> None:
    page = f"<html><p>4111<b>1111</b>1111&#49;111 <i title='{OTHER_EMAIL}'>x</i><!-- SSN 219-09-9991 --></p>"
    seen = look(looker, page.encode(), "a.html")
    assert set(seen.found) == {Type.CARD, Type.EMAIL, Type.SSN}
    assert not leaked(b"".join(given_out(seen)).replace(b"<b>", b"").replace(b"</b>", b""))


def test_a_column_of_a_sheet_says_what_is_in_it(looker: Looker) -> None:
    strings = b"<sst><si><t>Name</t></si><si><t>SSN</t></si><si><t>Ann</t></si></sst>"
    cells = b"<c r='A1' t='s'><v>0</v></c><c r='B1' t='s'><v>1</v></c>"
    row = b"<c r='A2' t='s'><v>2</v></c><c r='B2'><v>219099991</v></c>"
    sheet = b"<worksheet><sheetData><row>" + cells + b"</row><row>" + row + b"</row></sheetData></worksheet>"
    book = archive({"[Content_Types].xml": b"<T/>", "xl/sharedStrings.xml": strings, "xl/worksheets/sheet1.xml": sheet})
    seen = look(looker, book, "a.xlsx")
    assert set(seen.found) == {Type.SSN}
    assert b"219099991" not in b"".join(given_out(seen))


def test_a_mail_loses_other_people_and_what_its_attachments_must_not_say(looker: Looker) -> None:
    hidden = {"a.pdf": ("application/pdf", pdf(TEXT)), "b.csv": ("text/csv", TABLE), "c.png": ("image/png", b"\x89PNG")}
    inner = mail("Inside: SSN 219-09-9991", {})
    seen = look(looker, mail(OWN_TEXT, {**hidden, "d.eml": ("application/octet-stream", inner)}), "a.eml")
    assert seen.path is not None
    copy = message_from_bytes(seen.path.read_bytes(), policy=policy.default)
    parts = [p for p in copy.walk() if not p.is_multipart()]
    texts = [p.get_payload(decode=True) for p in parts]
    assert OWN_TEXT.strip().encode() in texts[0].strip()  # type: ignore[union-attr]
    assert not [t for t in texts if leaked(t)]  # type: ignore[arg-type]
    assert OWN_EMAIL in str(copy["To"])
    assert OTHER_EMAIL not in str(copy)
    assert "Ben" not in str(copy)
    assert "eve@example.org" not in str(copy)
    assert [h.suffix for h in seen.held] == [".png"]
    assert b"held until a person" in b"".join(texts)  # type: ignore[arg-type]


def test_a_mail_among_themselves_is_given_as_it_is(looker: Looker) -> None:
    own = f"From: Ann <{OWN_EMAIL}>\nTo: {OWN_EMAIL}\nSubject: note\n\nBuy milk.\n".encode()
    assert look(looker, own, "a.eml").verdict is Verdict.WHOLE
    hidden = b"Received: from x by y for <" + OTHER_EMAIL.encode() + b">\n" + own
    assert OTHER_EMAIL.encode() not in b"".join(given_out(look(looker, hidden, "a.eml")))


def test_bombs_and_deep_nesting_are_held(tmp_path: Path) -> None:
    bounded = Looker(SCANNER, tmp_path, lambda sha: (sha[:12], None), Limits(depth=2, unpacked=3_000_000, files=5))
    bomb = gzip.compress(b"0" * 30_000_000)
    assert look(bounded, bomb, "a.gz").verdict is Verdict.HELD
    assert look(bounded, archive({str(n): b"0" * 900_000 for n in range(5)}), "a.zip").verdict is Verdict.HELD
    assert look(bounded, archive({str(n): b"0" for n in range(6)}), "a.zip").verdict is Verdict.HELD
    nested = b"SSN 219-09-9991"
    for _ in range(4):
        nested = gzip.compress(nested)
    seen = look(bounded, nested, "a.gz")
    assert not list(given_out(seen))
    assert len(seen.held) == 1


def test_names_in_an_archive_are_not_used(looker: Looker) -> None:
    seen = look(looker, archive({"../../etc/passwd": b"hello", "/abs.txt": b"hi", "a/b\\c.t x t": b"x"}), "a.zip")
    assert [i.suffix for i in seen.inside] == ["", ".txt", ""]
    assert all(i.path and i.path.parent == looker.work for i in seen.inside)


def test_a_persons_decision_is_about_these_bytes(tmp_path: Path) -> None:
    picture = b"\x89PNG one"
    decided = {"": None}
    looker = Looker(Scanner(), tmp_path, lambda sha: (sha, decided.get(sha)))
    ref = look(looker, picture, "a.png").held[0].ref
    decided[ref] = Verdict.RELEASED  # type: ignore[assignment]
    assert list(given_out(look(looker, picture, "a.png"))) == [picture]
    assert look(looker, picture + b".", "a.png").verdict is Verdict.HELD
    decided[ref] = Verdict.WITHHELD  # type: ignore[assignment]
    assert look(looker, picture, "a.png").verdict is Verdict.WITHHELD


def test_base64_in_a_text_is_looked_into(looker: Looker) -> None:
    seen = look(looker, b"See:\n" + base64.encodebytes(b"A letter to you. " * 30 + LINES), "a.txt")
    assert set(seen.found) == {Type.ENCODED}
    assert b"".join(given_out(seen)).strip() == f"See:\n{Type.ENCODED.mark}".encode()
