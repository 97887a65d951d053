"""A letter's content as plain text for e-mail, as a web page, and as a tagged PDF. Pure; nothing is fetched."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from orchestrator import typeset
from orchestrator.letters.content import Block, Content, Heading, Items, Paragraph
from orchestrator.typeset import NoPdfError

_WIDTH = 72  # RFC 5322 recommends lines of less than 78 signs


@dataclass(frozen=True, slots=True)
class Rendered:
    """The three forms of one letter. `pdf` is empty where it could not be made, and `why_no_pdf` says why."""

    text: str
    html: str
    pdf: bytes = b""
    why_no_pdf: str = ""

    def files(self, name: str) -> dict[str, bytes]:
        """File name -> content."""
        made = {f"{name}.txt": self.text.encode(), f"{name}.html": self.html.encode()}
        return made | ({f"{name}.pdf": self.pdf} if self.pdf else {})


def rendered(content: Content, fonts: Path | None = None) -> Rendered:
    """All forms. Where the PDF cannot be made the letter still goes out in the others."""
    try:
        made, why = pdf(content, fonts), ""
    except NoPdfError as error:
        made, why = b"", str(error)
    return Rendered(text(content), html(content), made, why)


def text(content: Content) -> str:
    """For e-mail: lines of at most 72 signs, the salutation first, since the mail has its own head."""
    parts = [
        f"{content.sender[0]}\n{content.date}\nReference: {content.reference}", "\n".join(_wrapped(content.subject)),
        "\n".join(_wrapped(content.salutation)), *(_block(block) for block in content.blocks),
        f"{content.closing}\n\n" + "\n".join(content.signature),
        "-- \n" + "\n".join((*content.sender, *content.contact)),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _block(block: Block) -> str:
    if isinstance(block, Heading):
        lines = _wrapped(block.text)
        return "\n".join(lines) + "\n" + "-" * max(map(len, lines))
    if isinstance(block, Paragraph):
        return "\n".join(_wrapped(block.text))
    if isinstance(block, Items):
        return "\n".join(line for t in block.texts for line in _wrapped(t, "- ", "  "))
    return "\n\n".join("\n".join(_row(block.heads, row)) for row in block.rows)


def _row(heads: tuple[str, ...], row: tuple[str, ...]) -> Iterator[str]:
    yield from _wrapped(row[0], "- ", "  ")
    for head, cell in zip(heads[1:], row[1:], strict=True):
        yield from _wrapped(f"{head}: {cell}", "  ", "    ")


def _wrapped(text: str, first: str = "", more: str = "") -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=first, subsequent_indent=more, break_on_hyphens=False) or [first]


def html(content: Content) -> str:
    """One page without scripts or anything from elsewhere."""
    blocks = [(type(block).__name__, block) for block in content.blocks]
    return _template().render(letter=content, blocks=blocks, Markup=Markup)


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("orchestrator.letters", "layouts"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("letter.html")


def pdf(content: Content, fonts: Path | None = None) -> bytes:
    """PDF/UA-1: tagged, with title and language; the same bytes each time.

    NoPdfError if the extra is not installed, or no font has some sign of the letter.
    """
    layout = resources.files("orchestrator.letters.layouts").joinpath("letter.typ").read_bytes()
    blocks = [{"kind": type(block).__name__, **asdict(block)} for block in content.blocks]
    at = datetime.fromisoformat(content.iso_date).replace(tzinfo=UTC)
    return typeset.pdf(layout, "letter", {**asdict(content), "blocks": blocks}, at, fonts)
