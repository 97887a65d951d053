"""Values planted in real parts, a database, S3, a log and mailboxes: none comes out, and the package goes its way."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
import pyzipper

from connectors.sandbox.world import Sandbox
from orchestrator.delivery import AddressFrom, Channel, Way
from orchestrator.due import Owed
from orchestrator.errors import NotAllowedError, UnknownError
from orchestrator.fulfil import Wish
from orchestrator.model import Right
from orchestrator.package import Package
from orchestrator.package.vocabulary import Type
from tests.office import Office, dsr, inventory
from tests.package.planted import OTHER_EMAIL, SENTENCES, TEXT, docx, json_column, leaked, pdf
from tests.package.test_files import TABLE

NAMED = "Hello Wijeratne,\nmy manager Olga Petrova and Tom Lee agree. Petrova will write.\n\nBest,\nAnn Lee\n"
ACCOUNT = Way(Channel.ACCOUNT, reauthenticated="signed in again with a code")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        sandbox.replant()
        plant(sandbox)
        yield sandbox


@pytest.fixture
def whole(sandbox: Sandbox, tmp_path: Path) -> Iterator[Office]:
    office = Office.over(sandbox, tmp_path / "state", {"app_db", "files", "papertrail", "gmail"})
    yield office
    office.close()


@pytest.fixture(scope="module")
def office(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A small one: what becomes of a package does not hang on how much is in it."""
    held = inventory()
    some = {name: held.systems[name] for name in ("app_db", "files")}
    few = {n: c for n, c in some["app_db"].collections.items() if n == "public.users"}
    some["app_db"] = replace(some["app_db"], collections=few)
    office = Office(sandbox, tmp_path_factory.mktemp("state") / "s", replace(held, systems=some))
    yield office
    office.close()


def plant(sandbox: Sandbox) -> None:
    """Values of every type: a PDF, a table, a packed log, a document in S3; JSON and text in columns; logs; a mail."""
    subject, stores = sandbox.people.subject, sandbox.stores
    s3 = stores["files"].aws.client("s3")
    packed = gzip.compress(TEXT.encode())
    content = {"a.pdf": pdf(TEXT), "b.csv": TABLE, "c.log.gz": packed, "d.docx": docx(TEXT)}
    content["e.png"] = b"\x89PNG"
    for name, body in content.items():
        s3.put_object(Bucket="tt-uploads", Key=f"users/42/{name}", Body=body)
    with psycopg.connect(stores["app_db"].url) as c:
        c.execute("INSERT INTO audit_log (at, actor_id, action, details) VALUES (now(), 42, 'x', %s)", [json_column()])
        c.execute("UPDATE comments SET body = %s WHERE author_id = 42", [TEXT + NAMED])
    for sentence, _ in SENTENCES.values():
        stores["papertrail"].fake.log(f"user_id=42 said: {sentence}", 0.5)
        stores["papertrail"].fake.log(json.dumps({"email": subject.email, "note": sentence}), 0.4)
    box = next(b for b in stores["gmail"].fake.boxes if b.startswith("support@"))
    stores["gmail"].fake.deliver(box, subject.email, box, text=TEXT + NAMED, days=3, thread="planted")


@pytest.fixture
def request_(office: Office) -> str:
    return asked(office)


def asked(office: Office) -> str:
    request = office.request(office.sandbox.people.subject.email, Right.ACCESS)
    office.service.plan(request)
    return request


def export(office: Office, request: str, to: Path, wish: Wish = Wish()) -> Package:  # noqa: B008
    """A package of which everything held was looked at."""
    package = office.service.export(request, to / "first")
    for held in package.held:
        office.service.decide_held(request, held.ref, "withhold", "a picture of something else")
    office.service.destroy(request, to / "first")
    return office.service.export(request, to / "package", wish=wish)


def test_planted_values_come_out_of_no_system(whole: Office, tmp_path: Path) -> None:
    office, request_ = whole, asked(whole)
    package = office.service.export(request_, tmp_path / "package")
    content = b"".join(p.read_bytes() for p in package.folder.rglob("*") if p.is_file())
    assert not leaked(content)
    assert not [name for name in (b"Wijeratne", b"Olga", b"Petrova", b"Tom Lee") if name in content]
    assert content.count(b"Ann Lee") >= 3
    assert office.sandbox.people.subject.email.encode() in content
    assert {Type.NAME, *SENTENCES} <= set(package.withheld)
    for system, collection in (("app_db", "public.audit_log"), ("app_db", "public.comments"), ("papertrail", "events")):
        types = {
            w.type
            for w in package.contents.withheld_from
            if (w.system, w.collection) == (system, collection) and w.count
        }
        assert len(types) >= len(SENTENCES) - 1, (system, collection)
    assert {f.source.rpartition(".")[2] for f in package.files if f.system == "files"} >= {"pdf", "csv", "txt"}
    assert any(f.system == "gmail" and "Social Security number" in f.withheld for f in package.files)
    assert [h.collection for h in package.held] == ["uploads"]
    (step,) = [o for o in office.service.due(request_) if o.owed is Owed.REVIEW]
    assert (step.system, step.collection) == ("files", "uploads")
    entry = next(e for e in office.service.journal.entries(request_, "exported"))
    assert not leaked(json.dumps(dict(entry.payload), default=str).encode())


def test_older_data_comes_when_it_was_asked_for(office: Office, request_: str, tmp_path: Path) -> None:
    assert not office.service.period_of(request_).asked
    office.service.ask_period(request_, date(2022, 1, 1))
    assert office.service.period_of(request_).since == datetime(2022, 1, 1, tzinfo=office.service.inventory.zone)
    package = office.service.export(request_, tmp_path / "a")
    assert "as you asked" in (package.folder / "index.html").read_text()
    with pytest.raises(NotAllowedError, match="goes back to"):
        office.service.ask_period(request_, date(2021, 1, 1))


def test_what_is_held_is_decided_with_a_reason_before_anything_is_delivered(
    office: Office, request_: str, tmp_path: Path
) -> None:
    package = office.service.export(request_, tmp_path / "p", wish=Wish(held_to=tmp_path / "held"))
    assert [p.read_bytes() for p in (tmp_path / "held").iterdir()] == [b"\x89PNG"]
    (held,) = office.service.held_files(request_)
    with pytest.raises(NotAllowedError, match="still to be looked at"):
        office.service.deliver(request_, package.folder, ACCOUNT)
    with pytest.raises(NotAllowedError, match="say why"):
        office.service.decide_held(request_, held.ref, "release", " ")
    with pytest.raises(UnknownError):
        office.service.decide_held(request_, "zzz", "release", "why")
    decided = office.service.decide_held(request_, held.ref[:8], "release", "a picture of the person alone")
    assert (decided.decided, decided.by) == ("release", office.service.actor.id)
    with pytest.raises(NotAllowedError, match="export it again"):
        office.service.deliver(request_, package.folder, ACCOUNT)
    again = office.service.export(request_, tmp_path / "q")
    assert not again.held
    assert any(f.verdict == "looked at by a person and released" for f in again.files)
    with pytest.raises(NotAllowedError, match="a later package"):
        office.service.deliver(request_, package.folder, ACCOUNT)


def test_a_package_is_sealed_collected_and_destroyed(office: Office, request_: str, tmp_path: Path) -> None:
    package = export(office, request_, tmp_path)
    assert [o.owed for o in office.service.due(request_) if o.system == "package"] == [Owed.DELIVER]
    sealed = office.service.deliver(request_, package.folder, ACCOUNT)
    assert not package.folder.exists(), "the package in clear is gone"
    with pyzipper.AESZipFile(sealed.delivered.path) as outer:
        assert outer.namelist() == ["package.zip"]
        with pytest.raises(RuntimeError):
            outer.read("package.zip")
        outer.setpassword(sealed.passphrase.encode())
        with pyzipper.ZipFile(io.BytesIO(outer.read("package.zip"))) as inner:
            assert "index.html" in inner.namelist()
    assert sealed.passphrase not in repr(list(office.service.journal.entries(request_)))
    assert not [n for n, c in office.files().items() if sealed.passphrase.encode() in c]
    assert sealed.delivered.path.stat().st_mode & 0o777 == 0o600
    (owed,) = [o for o in office.service.due(request_) if o.system == "package"]
    assert (owed.owed, owed.overdue) == (Owed.DESTROY, False)
    assert office.service.collected(request_).collected
    later = office.as_(office.service.actor, datetime.now(UTC) + timedelta(days=30, minutes=1))
    assert [(o.owed, o.overdue) for o in later.due(request_) if o.system == "package"] == [(Owed.DESTROY, True)]
    assert later.destroy_overdue() == 1
    assert not sealed.delivered.path.exists()
    assert not [o for o in later.due(request_) if o.system == "package"]
    assert later.destroy_overdue() == 0


WRONG = [
    (Way(Channel.ACCOUNT), "signing in again"),
    (Way(Channel.MAIL, address_from=AddressFrom.REQUEST), "has an account"),
    (Way(Channel.MAIL, instead="cannot sign in"), "--address-from"),
    (Way(Channel.MAIL, address_from=AddressFrom.VENDOR, instead="cannot sign in"), "only a vendor"),
    (Way(Channel.ELECTRONIC, "", AddressFrom.REQUEST, OTHER_EMAIL, "cannot sign in"), "not one that is proven"),
    (
        Way(Channel.ELECTRONIC, "", AddressFrom.ACCOUNT, "alt@example.com", "cannot sign in"),
        "not one that is proven",
    ),
]


def test_a_package_goes_nowhere_but_to_the_person(office: Office, request_: str, tmp_path: Path) -> None:
    package = export(office, request_, tmp_path)
    for way, why in WRONG:
        with pytest.raises(NotAllowedError, match=why):
            office.service.deliver(request_, package.folder, way)
    (package.folder / "extra.txt").write_text("not ours")
    with pytest.raises(NotAllowedError, match="files changed"):
        office.service.deliver(request_, package.folder, ACCOUNT)
    (package.folder / "extra.txt").unlink()
    office.service.destroy(request_, package.folder)
    assert not package.folder.exists()
    assert not [o for o in office.service.due(request_) if o.system == "package"]


def test_only_the_package_that_was_written_is_delivered(office: Office, request_: str, tmp_path: Path) -> None:
    package = export(office, request_, tmp_path, Wish(zipped=True))
    with pytest.raises(NotAllowedError, match="no package"):
        office.service.deliver(request_, tmp_path, ACCOUNT)
    other = asked(office)
    with pytest.raises(NotAllowedError, match="no package of"):
        office.service.deliver(other, package.folder, ACCOUNT)
    to = Way(Channel.ELECTRONIC, "", AddressFrom.REQUEST, office.sandbox.people.subject.email.upper(), "cannot sign in")
    assert office.service.deliver(request_, package.folder, to).delivered.channel == "electronic"
    assert not package.folder.exists()


def test_the_commands_lead_from_export_to_destruction(whole: Office, tmp_path: Path) -> None:
    request = asked(whole)

    def ok(*arguments: str, code: int = 0) -> str:
        done = dsr(whole, *arguments)
        assert done.returncode == code, done.stderr
        return done.stdout

    package = str(tmp_path / "a.zip")
    told = json.loads(ok("export", request, "--to", package, "--zip", "--since", "2022-01-01", "--json"))
    for held in told["held"]:
        whole.service.decide_held(request, held["ref"], "withhold", "somebody else's picture")
    ok("package", "review", request)
    ok("package", "deliver", request, package, "--to", "account", code=5)
    sealed = ok("package", "deliver", request, package, "--to", "account", "--reauthenticated", "code", "--json")
    assert json.loads(sealed)["passphrase"]
    assert json.loads(ok("package", "destroy", request, "--json")) == {"destroyed": 1}
