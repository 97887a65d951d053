"""How letters look: text for e-mail, an accessible page, a tagged PDF; and names that try to be more than names."""

from __future__ import annotations

import io
import itertools
import json
import re
from dataclasses import replace
from email import message_from_bytes, policy
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.errors import NotAllowedError
from orchestrator.letters import render
from orchestrator.letters.content import LONGEST_NAME, compose
from orchestrator.letters.facts import Addressee, Denied, Facts
from orchestrator.letters.kinds import Kind, State
from orchestrator.letters.post import message
from orchestrator.letters.render import Rendered, html, pdf, rendered, text
from orchestrator.typeset import NoPdfError
from tests.orchestrator.letter_cases import ANN, BOOKS, KEPT, NEEDED, facts, item, outcome

HOSTILE = (
    "<script>alert(1)</script><b>Ann</b> & \"Lee\"",
    "{{ company }} {% for x in y %} {# Ann #}",
    "#include \"x\" $ann$ *b* `c` #eval(\"1\") = Ann // no",
    "\\u{202e} \\ \" } { ; Ann",
    "Ann\r\nBcc: everybody@example.com\r\n\r\nLee",
    "עברית שלום",
    "محمد علي",
    "Ђорђе Žižek-Ñandú, O’Neil",
    "W" * LONGEST_NAME,
)  # fmt: skip
UNSEEN = ("Ann\u202eeeL\u202c", "Ann\u200b\u2066Lee\x00\x07", "\ufeffAnn\u2028Lee")


class Page(HTMLParser):
    """The tags of a page, in order, and the text between them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def to(name: str) -> Addressee:
    return replace(ANN, name=name)


def pages(made: bytes) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(made)).pages]


# Three forms of one letter


@pytest.mark.parametrize("kind", Kind)
def test_all_forms_of_a_letter_say_the_same(kind: Kind) -> None:
    content = compose(facts(kind))
    shown = Page(html(content))
    forms = [text(content), " ".join(shown.words), " ".join(pages(pdf(content)))]
    for form in (re.sub(r"\s+", "", f) for f in forms):
        for said in (content.subject, content.reference, content.salutation, *content.signature, *content.sender):
            assert re.sub(r"\s+", "", said) in form, (kind, said)
        for block in content.blocks:
            if hasattr(block, "text"):
                assert re.sub(r"\s+", "", block.text) in form


def test_text_is_wrapped_for_mail() -> None:
    lines = text(compose(facts(Kind.PARTIAL_DENIAL))).splitlines()
    assert max(map(len, lines)) <= 72
    assert "  Used only for: Tax returns only" in lines


def test_the_page_is_accessible_and_fetches_nothing() -> None:
    page = html(compose(facts(Kind.PARTIAL_DENIAL)))
    shown = Page(page)
    assert shown.all("html")[0]["lang"] == "en"
    assert len(shown.all("h1")) == len(shown.all("main")) == len(shown.all("header")) == len(shown.all("footer")) == 1
    levels = [int(tag[1]) for tag, _ in shown.tags if re.fullmatch(r"h\d", tag)]
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))
    assert len(shown.all("caption")) == len(shown.all("table")) > 0
    assert {attrs["scope"] for attrs in shown.all("th")} == {"col", "row"}
    policies = [m["content"] or "" for m in shown.all("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"]
    assert not re.search(r"<(script|img|link|iframe|object)|url\(|@import|javascript:|src=", page)
    assert "@media print" in page


def test_colours_are_readable_on_their_ground() -> None:
    style = html(compose(facts(Kind.DENIAL)))
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{3,6})", style))
    for ink in ("ink", "soft"):
        assert _contrast(colours[ink], colours["paper"]) > 7, "WCAG 2.2, 1.4.6 (AAA)"


def _contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        full = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
        parts = [int(full[i : i + 2], 16) / 255 for i in (0, 2, 4)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_the_pdf_is_tagged_and_has_title_language_and_page_numbers() -> None:
    many = [item(State.DELETED, f"System {n}", f"Records {n}, " * 8) for n in range(60)]
    content = compose(facts(Kind.PARTIAL_DENIAL, outcome=replace(KEPT, items=(*many, *KEPT.items))))
    made = pdf(content)
    read = pypdf.PdfReader(io.BytesIO(made))
    root: Any = read.trailer["/Root"].get_object()
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert "/StructTreeRoot" in root
    assert read.metadata is not None
    assert read.metadata.title == "Our answer to your request"
    assert b"pdfuaid:part" in made or "pdfuaid" in str(read.xmp_metadata and read.xmp_metadata.stream.get_data())
    shown = pages(made)
    assert len(shown) > 2
    assert all(f"Page {n} of {len(shown)}" in page for n, page in enumerate(shown, 1))
    assert all("r-7k3q9m2a4b" in page for page in shown)


def test_the_same_letter_is_the_same_bytes() -> None:
    content = compose(facts(Kind.PARTIAL_DENIAL))
    assert pdf(content) == pdf(content)


@pytest.mark.parametrize(("regime", "size"), [("ccpa", (612, 792)), ("gdpr", (595, 842))])
def test_paper_is_that_of_the_place(regime: str, size: tuple[int, int]) -> None:
    (box, *_) = (page.mediabox for page in pypdf.PdfReader(io.BytesIO(pdf(compose(facts(Kind.DENIAL, regime))))).pages)
    assert (round(box.width), round(box.height)) == size


# Names


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_only_ever_a_name(name: str) -> None:
    content = compose(facts(Kind.ACKNOWLEDGEMENT, to=to(name)))
    plain = " ".join(name.split())
    assert content.salutation == f"Dear {plain},"
    honest = Page(html(compose(facts(Kind.ACKNOWLEDGEMENT))))
    shown = Page(html(content))
    assert [tag for tag, _ in shown.tags] == [tag for tag, _ in honest.tags], "it became a tag"
    assert f"Dear {plain}," in [word.strip() for word in shown.words]
    assert re.sub(r"\s", "", plain) in re.sub(r"\s", "", text(content))
    made = pdf(content)
    letters = [c for c in plain if c.isalnum()]
    drawn = " ".join(pages(made))
    assert sorted(set(letters)) == sorted({c for c in letters if c in drawn}), "a sign of the name is not drawn"
    width = float(pypdf.PdfReader(io.BytesIO(made)).pages[0].mediabox.width)
    assert all(x < width for x in _positions(made)), "it runs off the paper"


def _positions(made: bytes) -> list[float]:
    found: list[float] = []
    page = pypdf.PdfReader(io.BytesIO(made)).pages[0]
    page.extract_text(visitor_text=lambda text, cm, tm, font, size: found.append(tm[4] + cm[4]))
    return found


@pytest.mark.parametrize("name", UNSEEN)
def test_signs_that_turn_the_line_around_are_left_out(name: str) -> None:
    content = compose(facts(Kind.ACKNOWLEDGEMENT, to=to(name)))
    assert content.recipient[0].isprintable()
    assert "\u202e" not in html(content) + text(content)


def test_a_name_or_address_longer_than_any_is_refused_in_plain_words() -> None:
    with pytest.raises(NotAllowedError, match="longer than 200 signs"):
        compose(facts(Kind.ACKNOWLEDGEMENT, to=to("W" * 201)))
    with pytest.raises(NotAllowedError, match="at most 8 lines"):
        compose(facts(Kind.ACKNOWLEDGEMENT, to=replace(ANN, address=("x",) * 9)))


def test_a_reason_is_only_ever_a_reason() -> None:
    reason = "See <a href='x'>{{ company }}</a> #eval(\"1\") *now*"
    content = compose(facts(Kind.DENIAL, denied=Denied("other", reason)))
    assert "<a " not in html(content)
    assert reason in [word.strip() for word in Page(html(content)).words]
    assert reason in " ".join(text(content).split())
    assert "{{company}}" in "".join(pages(pdf(content))).replace(" ", "").replace("\n", "")


def test_a_sign_that_no_font_has_costs_the_pdf_and_nothing_else(tmp_path: Path) -> None:
    content = compose(facts(Kind.ACKNOWLEDGEMENT, to=to("\U00030000 Ann")))  # a letter that hardly any font has
    with pytest.raises(NoPdfError, match=r"letters\.fonts") as error:
        pdf(content, tmp_path)
    assert "\U00030000" not in str(error.value), "the message quotes the name"
    forms = rendered(content)
    assert (forms.pdf, bool(forms.why_no_pdf)) == (b"", True)
    assert "\U00030000 Ann" in forms.text
    assert set(forms.files("letter")) == {"letter.txt", "letter.html"}


@settings(max_examples=40, deadline=None)
@given(st.text(min_size=1, max_size=80))
def test_any_name_at_all_is_laid_out_or_refused(name: str) -> None:
    try:
        content = compose(facts(Kind.DENIAL, to=replace(ANN, name=name)))
    except NotAllowedError:
        return
    assert len(Page(html(content)).all("h1")) == 1
    rendered(content)


# The layout and data stay apart


def test_the_layouts_take_letters_as_data(monkeypatch: pytest.MonkeyPatch) -> None:
    layout = (Path(render.__file__).parent / "layouts" / "letter.typ").read_text()
    assert "json(bytes(sys.inputs.letter))" in layout
    assert not re.search(r"\beval\(|#include|#import|plugin\(|read\(", layout)
    page = (Path(render.__file__).parent / "layouts" / "letter.html").read_text()
    assert "safe" not in re.findall(r"\|\s*(\w+)", page)
    assert set(re.findall(r"Markup\((.*?)\)", page)) == {'"<br>"'}


def test_a_mail_has_the_three_forms_and_names_nobody_in_its_subject() -> None:
    made: Facts = facts(Kind.PARTIAL_DENIAL)
    content = compose(made)
    raw = message(
        content, rendered(content), "desk@office.example", made.to.email, made.desk.reply_to, "<m@l.example>",
        made.request.received,
    )  # fmt: skip
    mail = message_from_bytes(raw, policy=policy.default)
    assert [part.get_content_type() for part in mail.walk() if not part.is_multipart()] == [
        "text/plain", "text/html", "application/pdf",
    ]  # fmt: skip
    assert mail["Subject"] == "Our answer to your request (r-7k3q9m2a4b)"
    assert "Ann" not in str(mail["Subject"])
    assert mail["Message-ID"] == "<m@l.example>"
    assert max(map(len, raw.split(b"\r\n"))) <= 998


@pytest.mark.parametrize(
    "address", ["ann@example.com, eve@example.com", "ann@example.com\r\nBcc: eve@x.y", "änn@example.com", ""]
)
def test_an_address_that_is_not_one_is_not_written_to(address: str) -> None:
    content = compose(facts(Kind.ACKNOWLEDGEMENT))
    with pytest.raises(NotAllowedError, match="by hand"):
        message(content, Rendered("t", "h"), "desk@office.example", address, "desk@office.example", "<m@x.y>", _NOW)


_NOW = facts(Kind.DENIAL).request.received


def test_the_cases_cover_every_kind() -> None:
    assert set(NEEDED) == set(Kind)
    assert json.dumps(BOOKS)
    assert outcome().items == ()
