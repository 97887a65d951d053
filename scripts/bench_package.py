"""Writes the package of a person with much data, and says how much memory that took.

Rows with free text and JSON, log files and tables, mails with attachments, PDFs, pictures: --mb megabytes in all,
in every fiftieth row or line something that must not be handed out. It fails if any of that comes out, or if the
peak of memory of this process is 200 MB or more. PDFs are read in processes of their own, of which the largest is
given apart.

    scripts/bench package [--json] [--mb MEGABYTES] [--zip]

With --json the last line is one JSON object.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import resource
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from connectors.model import Action, Artifact, Capabilities, Identifier, Locator, Outcome, Record, Subject, Trust
from orchestrator.inventory import Inventory
from orchestrator.model import Coverage, Level, Plan, Request, Right, Role, Searched, Step, Verification
from orchestrator.package import Job, Period, write

MEGABYTE = 1000 * 1000
MOST_MB = 200.0
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
OWN, OTHER, SSN, CARD = "ann.lee@example.com", "other.person@example.net", "219-09-9991", "4111 1111 1111 1111"
INVENTORY = """\
inventory: 1
company: Example LLC
regime: ccpa
policy: {document: Privacy Policy, revised: 2026-01-01}
approval: single_person
staff: [{id: desk, may: [export]}]
identifiers: {email: {title: E-mail, normalise: [trim, case]}}
systems:
  shop:
    {title: Shop, connector: memory, role: business, sources: The person, purposes: [Selling], owner: engineering,
     collections: {notes: {fields: {text: {category: A, disclose: true}, more: {category: A, disclose: true}},
                           plain: [id]}, files: {fields: {content: {category: B, disclose: true}}}}}
"""


class Much:
    """A system that gives that many bytes, made as they are asked for."""

    system = "shop"
    capabilities = Capabilities(needs=frozenset({"email"}))

    def __init__(self, size: int) -> None:
        self._size = size

    def check(self) -> None: ...

    def locate(self, subject: Subject) -> Iterator[Record]:
        return iter(())

    def delete(self, subject: Subject, orders: object) -> Iterator[Outcome]:
        return iter(())

    def export(self, subject: Subject, at: Locator) -> Iterator[Artifact]:
        size = self._size
        if at.collection == "notes":
            yield Artifact("notes.jsonl", "application/jsonl", filled(size * 35 // 100, row))
            return
        for number in range(3):
            yield Artifact(f"log-{number}.log", "text/plain", filled(size * 10 // 100, line), file=True)
        yield Artifact("table.csv", "text/csv", iter_csv(size * 10 // 100), file=True)
        mail = mail_of(5 * MEGABYTE)
        for number in range(size * 10 // 100 // len(mail)):
            yield Artifact(f"mail-{number}.eml", "message/rfc822", iter([mail]), file=True)
        for number in range(5):
            yield Artifact(f"invoice-{number}.pdf", "application/pdf", iter([pdf_of(100)]), file=True)
        picture = b"\x89PNG" + bytes(range(256)) * 4000
        yield Artifact("film.png", "image/png", (picture for _ in range(size * 15 // 100 // len(picture))), file=True)


def row(n: int) -> bytes:
    text = f"Ann wrote to {OTHER}, her number is {SSN}" if n % 50 == 0 else f"Ann finished lesson {n} and liked it"
    more = json.dumps(
        {"device": "browser", "order": 1_000_000_000 + n, "mail": OWN, "card": CARD if n % 50 == 25 else ""}
    )
    return json.dumps({"id": n, "text": text, "more": more}).encode() + b"\n"


def line(n: int) -> bytes:
    said = f"email={OTHER} card={CARD}" if n % 50 == 0 else f"email={OWN} path=/courses/{n}"
    return f"2026-11-24T12:00:{n % 60:02}Z info request={n:016x} {said} took {n % 900} ms and was served\n".encode()


def filled(size: int, make: object) -> Iterator[bytes]:
    """Lines until there are so many bytes, in chunks that end anywhere."""
    made, n, rest = 0, 0, b""
    while made < size:
        while len(rest) < 65_536:
            rest += make(n)  # type: ignore[operator]
            n += 1
        made += 65_536
        yield rest[:65_536]
        rest = rest[65_536:]
    yield rest


def iter_csv(size: int) -> Iterator[bytes]:
    yield b"name,ssn,note\n"
    yield from filled(size, lambda n: f"Person {n},{219099991 if n % 50 == 0 else ''},lesson {n}\n".encode())


def mail_of(size: int) -> bytes:
    attachment = base64.encodebytes(b"".join(line(n) for n in range(size * 3 // 4 // 100)))
    return (
        f"From: Other <{OTHER}>\nTo: Ann <{OWN}>\nSubject: log\nMIME-Version: 1.0\n"
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nsee the file\n--b\n"
        "Content-Type: text/plain\nContent-Disposition: attachment; filename=a.log\n"
        "Content-Transfer-Encoding: base64\n\n"
    ).encode() + attachment + b"\n--b--\n"  # fmt: skip


def pdf_of(pages: int) -> bytes:
    """A PDF with as many pages, of which every fiftieth bears a number."""
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b""]
    kids = []
    for n in range(pages):
        text = f"Page {n}: {SSN if n % 50 == 0 else 'nothing'}"
        body = zlib.compress(b"BT /F1 12 Tf 50 700 Td (" + text.encode() + b") Tj ET")
        objects.append(b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(body), body))
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents %d 0 R/Resources<</Font<</F1 "
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>" % len(objects)
        )
        kids.append(len(objects))
    objects[1] = b"<</Type/Pages/Kids[%s]/Count %d>>" % (b" ".join(b"%d 0 R" % k for k in kids), pages)
    out, places = b"%PDF-1.4\n", []
    for n, thing in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (n, thing)
    table = b"".join(b"%010d 00000 n \n" % p for p in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    return out + head + table + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(out))


def job(size: int, folder: Path) -> Job:
    path = folder / "inventory.yaml"
    path.write_text(INVENTORY)
    verification = Verification(Level.REASONABLY_HIGH, "log-in", ("email",), ("email",), "desk", NOW)
    steps = tuple(Step(c, "shop", c, Action.RETAIN, 1, 0, Role.BUSINESS) for c in ("notes", "files"))
    plan = Plan(
        "r-1", Right.ACCESS, "desk", NOW, steps, (Searched("shop", Coverage.SEARCHED, NOW),), (), (), verification, (),
        "sha256:0", "1",
    )  # fmt: skip
    return Job(
        Request("r-1", Right.ACCESS, "email", NOW, "desk"), plan,
        Subject.of(Identifier("email", OWN, Trust.PROVEN)), {c: Locator("shop", c) for c in ("notes", "files")},
        {"shop": Much(size)}, Inventory.load(path), Period(), lambda sha: (sha[:12], None), NOW,
    )  # fmt: skip


def leaks(folder: Path) -> int:
    """How many files hold what must not come out."""
    wrong = [w.encode() for w in (OTHER, SSN, CARD, "219099991")]
    count = 0
    for path in folder.rglob("*"):
        tail = b""
        with path.open("rb") if path.is_file() else open("/dev/null", "rb") as file:  # noqa: PTH123
            while chunk := file.read(MEGABYTE):
                if any(w in tail + chunk for w in wrong):
                    count += 1
                    break
                tail = chunk[-64:]
    return count


def _peak() -> float:
    """Megabytes of this program at most. Not ru_maxrss: a child inherits that from whoever started it."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return int(re.search(r"VmHWM:\s+(\d+) kB", status.read_text())[1]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--mb", type=int, default=1000, help="megabytes of data (default 1000)")
    parser.add_argument("--zip", action="store_true", help="one ZIP file instead of a folder")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        started = time.monotonic()
        package = write(job(given.mb * MEGABYTE, folder), folder / "package", zipped=given.zip)
        took = time.monotonic() - started
        found = 0 if given.zip else leaks(folder / "package")
        written = sum(f.bytes for f in package.files)
    peak = _peak()
    result = {
        "mb": given.mb, "seconds": round(took, 1), "peak_mb": round(peak, 1),
        "pdf_peak_mb": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024, 1),
        "written_mb": round(written / MEGABYTE, 1), "files": len(package.files), "held": len(package.held),
        "withheld_types": len(package.withheld), "leaks": found,
    }  # fmt: skip
    sys.stdout.writelines(f"{name:<16}{value:>12}\n" for name, value in result.items())
    if given.json:
        sys.stdout.write(json.dumps(result) + "\n")
    if found or peak >= MOST_MB:
        sys.exit(1)


if __name__ == "__main__":
    main()
