"""A whole package: what is in it, what it tells of itself, and that nothing else comes out."""

from __future__ import annotations

import csv
import hashlib
import html.parser
import json
import re
import zipfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.model import Action, Artifact, Obstacle, ObstacleKind
from orchestrator.errors import IncompleteError, NotAllowedError
from orchestrator.model import Role, Step
from orchestrator.package import Category, Lists, Period, Verdict, period
from orchestrator.package.tables import FORMULAS, _cell
from orchestrator.package.vocabulary import Type
from tests.package.planted import OTHER_EMAIL, OWN_EMAIL, SENTENCES, TEXT, archive, json_column, leaked, mail, pdf
from tests.package.shelves import NOW, SINCE, files, package, rows


def line(**fields: Any) -> bytes:
    return json.dumps(fields).encode() + b"\n"


def everything(folder: Path) -> bytes:
    return b"".join(p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file())


def manifest(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    return told


FULL = {
    "notes": rows(
        "notes",
        line(id=1, text=TEXT, more=json_column()),
        line(id=2, text=f"I, {OWN_EMAIL}, wrote"),
        withheld=("API token",),
    ),
    "files": files(
        ("f-1.pdf", "application/pdf", pdf(TEXT)),
        ("f-2.eml", "message/rfc822", mail(TEXT, {"a.txt": ("text/plain", TEXT.encode())})),
        ("f-3.log", "text/plain", TEXT.encode()),
        ("f-4.png", "image/png", b"\x89PNG x"),
        ("f-5.zip", "application/zip", archive({"a.txt": TEXT.encode()})),
    ),
}


def test_values_of_every_type_come_out_nowhere_and_each_type_is_named(tmp_path: Path) -> None:
    done = package(tmp_path, FULL)
    assert not leaked(everything(done.folder))
    assert OWN_EMAIL.encode() in everything(done.folder)
    named = {w["type"] for w in manifest(done.folder)["withheld"]}
    assert named >= {str(kind) for kind in SENTENCES} | {"API token"}
    assert all(w["held"] is True and w["value"].startswith("withheld") for w in manifest(done.folder)["withheld"])
    page = (done.folder / "index.html").read_text()
    assert all(str(kind).replace("'", "&#39;") in page for kind in SENTENCES)
    assert [(h.source, h.verdict) for h in done.held] == [("f-4.png", Verdict.HELD)]
    assert "a picture cannot be looked through" in page
    assert b"\x89PNG" not in everything(done.folder)


def test_the_manifest_lists_every_file_with_its_hash(tmp_path: Path) -> None:
    folder = package(tmp_path, FULL).folder
    told = manifest(folder)
    listed = {f["name"]: f["sha256"] for f in told["files"] + told["pages"]}
    found = {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in folder.rglob("*")
        if p.is_file()
    }
    del found["manifest.json"]
    assert listed == found
    (table,) = [f for f in told["files"] if f["name"].endswith(".csv")]
    assert table["rows"] == 2
    assert {"name": "text", "types": ["string"], "category": "A"} in table["columns"]
    assert {p.stat().st_mode & 0o777 for p in folder.rglob("*") if p.is_file()} == {0o600}
    assert {p.stat().st_mode & 0o777 for p in [folder, *folder.iterdir()] if p.is_dir()} == {0o700}


def test_json_lines_and_csv_hold_the_same_rows(tmp_path: Path) -> None:
    lines = (
        line(id=1, text="=1+1", more={"a": [1, None]}),
        line(id=2, text='a,"b"\nc', extra=True),
        line(id=-3, text="'x"),
    )
    folder = package(tmp_path, {"notes": rows("notes", *lines)}).folder
    told = [json.loads(text) for text in (folder / "data/shop-notes.jsonl").read_text().splitlines()]
    assert told == [json.loads(text) for text in lines]
    with (folder / "data/shop-notes.csv").open(encoding="utf-8-sig", newline="") as file:
        table = list(csv.DictReader(file))
    assert [r["id"] for r in table] == ["1", "2", "-3"]
    assert [r["text"] for r in table] == ["'=1+1", 'a,"b"\nc', "''x"]
    assert json.loads(table[0]["more"]) == {"a": [1, None]}
    assert [r["extra"] for r in table] == ["", "true", ""]


@given(st.text(max_size=20))
def test_no_cell_is_a_formula_and_every_cell_can_be_read_back(text: str) -> None:
    cell = _cell(text)
    assert not cell.startswith(tuple(f for f in FORMULAS if f != "'"))
    assert cell.removeprefix("'") == text


def test_rows_of_a_database_are_csv_and_json_in_them_is_looked_into(tmp_path: Path) -> None:
    text = 'id,text,more\n1,"two\nlines","' + json_column().replace('"', '""') + '"\n'
    artifact = {"notes": lambda: iter([Artifact("n.csv", "text/csv", iter([text[:30].encode(), text[30:].encode()]))])}
    folder = package(tmp_path, artifact).folder
    assert not leaked(everything(folder))
    (row,) = [json.loads(one) for one in (folder / "data/shop-notes.jsonl").read_text().splitlines()]
    assert row["text"] == "two\nlines"
    assert json.loads(row["more"])["list"] == [{"password": Type.PASSWORD.mark}, Type.CARD.mark]


def test_an_address_that_the_inventory_discloses_stays_and_one_in_a_text_goes(tmp_path: Path) -> None:
    given_ = rows(
        "notes",
        line(id=1, billing_email=OTHER_EMAIL, text=OTHER_EMAIL + " wrote", more={"to": OTHER_EMAIL}),
        line(id=2, more=json.dumps([OTHER_EMAIL])),
    )
    row, listed = _rows(package(tmp_path, {"notes": given_}).folder, "notes")
    assert row["billing_email"] == OTHER_EMAIL
    assert OTHER_EMAIL not in row["text"] + str(row["more"]) + listed["more"]


def test_the_telephone_number_of_the_account_is_the_persons_own(tmp_path: Path) -> None:
    notes = rows("notes", line(id=1, text="Call me: +1 415 555 2671 or (212) 555-0188"))
    folder = package(tmp_path, {"notes": notes, "users": rows("users", line(id=7, phone="(415) 555-2671"))}).folder
    (row,) = _rows(folder, "notes")
    assert row["text"] == f"Call me: +1 415 555 2671 or {Type.PHONE.mark}"


def test_whom_a_field_names_is_known_in_every_text(tmp_path: Path) -> None:
    notes = rows("notes", line(id=1, coach="Grant Stone", text="Ann Lee-Smith asked G. Stone"), line(id=2, coach=None))
    about = files(("a.txt", "text/plain", b"grant stone taught Smith, Ann"))
    artifacts = {"files": about, "notes": notes, "users": rows("users", line(id=7, name="Ann Smith"))}
    done = package(tmp_path, artifacts)
    told, other = _rows(done.folder, "notes")
    assert (told["coach"], other["coach"]) == (Type.NAME.mark, None)
    assert told["text"] == f"Ann Lee-Smith asked {Type.NAME.mark}"
    (text,) = [f for f in done.files if f.source == "a.txt"]
    assert (done.folder / text.name).read_text() == f"{Type.NAME.mark} taught Smith, Ann"
    assert _rows(done.folder, "users")[0]["name"] == "Ann Smith"
    assert b"stone" not in everything(done.folder).lower()


def test_a_text_that_may_name_somebody_waits_for_a_person_if_the_inventory_says_so(tmp_path: Path) -> None:
    notes = rows("notes", line(id=1, text="We went with Ruvindra Wijeratne to the office."))
    mark = Type.MAYBE_NAME.mark
    assert mark in _rows(package(tmp_path, {"notes": notes}, to="a").folder, "notes")[0]["text"]
    doubt = "package: {doubtful_names: hold}\n"
    done = package(tmp_path, {"notes": notes}, to="b", more_inventory=doubt, held_to=tmp_path / "held")
    (held,) = done.held
    assert (held.source, held.verdict) == ("text", Verdict.HELD)
    assert [p.read_text() for p in (tmp_path / "held").iterdir()] == ["We went with Ruvindra Wijeratne to the office."]
    assert mark in _rows(done.folder, "notes")[0]["text"]
    decided = {held.ref: Verdict.RELEASED}
    done = package(tmp_path, {"notes": notes}, to="c", more_inventory=doubt, decided=decided)
    assert not done.held
    assert "Wijeratne" in _rows(done.folder, "notes")[0]["text"]


def _rows(folder: Path, name: str) -> list[Any]:
    return [json.loads(one) for one in (folder / f"data/shop-{name}.jsonl").read_text().splitlines()]


def test_the_period_leaves_out_what_is_older_and_says_so(tmp_path: Path) -> None:
    old, new = (SINCE - timedelta(days=1)).isoformat(), NOW.isoformat()
    told = {
        "notes": rows("notes", line(id=1, at=old), line(id=2, at=new), line(id=3, at=None), line(id=4, at=new[:10])),
        "users": rows("users", line(id=7, at=old)),
        "files": files(("old.txt", "text/plain", b"old"), at=SINCE - timedelta(days=1)),
    }
    folder = package(tmp_path, told, period=Period(SINCE)).folder
    assert [r["id"] for r in _rows(folder, "notes")] == [2, 3, 4]
    assert [r["id"] for r in _rows(folder, "users")] == [7]
    said = manifest(folder)["period"]
    assert {(o["collection"], o["count"]) for o in said["older_left_out"]} == {("notes", 1), ("files", 1)}
    assert "2 older records were left out" in (folder / "index.html").read_text()
    whole = package(tmp_path, told, to="all").folder
    assert [r["id"] for r in _rows(whole, "notes")] == [1, 2, 3, 4]
    assert "whatever its age" in (whole / "index.html").read_text()
    assert _rows(package(tmp_path, {"notes": told["notes"]}, to="q").folder, "notes")
    skipped = package(
        tmp_path, {"notes": told["notes"]}, period=Period(SINCE), newest=SINCE - timedelta(days=1), to="s"
    )
    assert not skipped.files


def test_what_period_may_be_asked_for() -> None:
    zone, received = ZoneInfo("America/Chicago"), NOW
    assert str(period("ccpa", received, None, zone).since) == "2025-03-02 00:00:00-06:00"
    assert period("ccpa", received, date(2022, 1, 1), zone).asked
    assert period("gdpr", received, None, zone) == Period()
    for day in (date(2021, 12, 31), date(2025, 3, 3)):
        with pytest.raises(NotAllowedError, match="--since"):
            period("ccpa", received, day, zone)


class _Page(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [v or "" for n, v in attrs if n in ("href", "src")]
        self.ids += [v or "" for n, v in attrs if n == "id"]


def test_the_page_needs_nothing_from_elsewhere_and_its_links_lead_somewhere(tmp_path: Path) -> None:
    lists = Lists((Category("A", "Identifiers", ("You",), ("Selling",), (), ("Shop provider",)),), "As of today.")
    folder = package(tmp_path, FULL, lists=lists).folder
    text = (folder / "index.html").read_text()
    page = _Page()
    page.feed(text)
    assert not {"script", "img", "iframe", "link", "object"} & set(page.tags)
    assert not re.search(r"url\(|@import|https?:", text)
    assert page.links
    for link in page.links:
        assert (folder / link).is_file() if not link.startswith("#") else link[1:] in page.ids, link
    assert len(page.ids) == len(set(page.ids))
    assert "<html lang=" in text
    assert text.count("<caption>") == text.count("<table")
    assert json.loads((folder / "categories.json").read_text())["collected"][0]["code"] == "A"
    assert "Paper files" in text, "what was not searched is said"


def test_what_is_not_clearly_theirs_or_not_ours_is_left_out_and_said(tmp_path: Path) -> None:
    shared = Obstacle(ObstacleKind.SHARED, "other people are in it: edit it by hand")
    more = (
        Step("x", "shop", "notes", Action.RETAIN, 3, 0, Role.BUSINESS, obstacles=(shared,)),
        Step("y", "paper", "*", Action.MANUAL, 0, 0, Role.BUSINESS, owner="office"),
    )
    done = package(tmp_path, {}, more=more)
    assert [place for place, _ in done.left_out] == ["shop/notes", "paper/*"]
    page = (done.folder / "index.html").read_text()
    assert "not clearly yours alone" in page
    assert "edit it by hand" not in page, "what staff have to do is not told"


def test_a_zip_holds_the_same_and_no_path_out_of_it(tmp_path: Path) -> None:
    done = package(tmp_path, FULL, zipped=True, to="package.zip")
    with zipfile.ZipFile(done.folder) as archived:
        names = archived.namelist()
        assert not archived.testzip()
        assert not leaked(b"".join(archived.read(n) for n in names))
    assert {"index.html", "manifest.json", "data/shop-notes.csv"} <= set(names)
    assert all(re.fullmatch(r"(?:[a-z]+/)?[a-z0-9][a-z0-9.-]*", n) and ".." not in n for n in names)
    assert [p.name for p in tmp_path.iterdir() if "package" in p.name] == ["package.zip"]
    assert done.folder.stat().st_mode & 0o777 == 0o600


def test_half_a_package_is_not_left_behind(tmp_path: Path) -> None:
    broken = {"notes": rows("notes", line(id=1), b"no json\n")}
    with pytest.raises(IncompleteError, match="removed"):
        package(tmp_path, broken)
    with pytest.raises(IncompleteError, match="removed"):
        package(tmp_path, broken, zipped=True, to="p.zip", held_to=tmp_path / "held")
    assert {p.name for p in tmp_path.iterdir()} == {"inventory.yaml"}


def test_a_folder_that_holds_something_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "x").touch()
    with pytest.raises(NotAllowedError, match="not empty"):
        package(tmp_path, FULL)
    (tmp_path / "link").symlink_to(tmp_path / "package")
    with pytest.raises(NotAllowedError):
        package(tmp_path, FULL, to="link")


def test_a_released_file_is_given_as_it_is_and_a_withheld_one_is_told_of(tmp_path: Path) -> None:
    done = package(tmp_path, FULL, held_to=tmp_path / "held")
    (copy,) = (tmp_path / "held").iterdir()
    assert copy.read_bytes() == b"\x89PNG x"
    ref = done.held[0].ref
    released = package(tmp_path, FULL, decided={ref: Verdict.RELEASED}, to="b")
    assert not released.held
    (file,) = [f for f in released.files if f.source == "f-4.png"]
    assert (released.folder / file.name).read_bytes() == b"\x89PNG x"
    refused = package(tmp_path, FULL, decided={ref: Verdict.WITHHELD}, to="c")
    assert [h.verdict for h in refused.held] == [Verdict.WITHHELD]
    assert "looked at these files and withheld them" in (refused.folder / "index.html").read_text()
