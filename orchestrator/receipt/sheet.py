"""A receipt on paper: what its page says, as a tagged PDF (PDF/UA-1).

The words are the page's own: it is read block by block, so that the two can never say different things.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path
from typing import Any

from orchestrator import typeset
from orchestrator.receipt.page import html

Run = dict[str, str]  # `text` and its `style`: "", soft, strong, code; a line break has the style br
_VOID = frozenset({"br", "meta", "wbr"})
_BLOCKS = {"h1": "title", "h2": "heading", "h3": "system", "p": "paragraph", "li": "item", "pre": "code"}
_STYLES = {"strong": "strong", "code": "code"}
_TONES = frozenset({"done", "pending", "open", "unknown"})


def pdf(payload: Mapping[str, Any], envelope_sha: str, fonts: Path | None = None) -> bytes:
    """The receipt's PDF, the same bytes each time. NoPdfError as `typeset.pdf`."""
    data = {
        "title": f"Fulfilment receipt {payload['request']}", "company": payload["company"],
        "request": payload["request"], "kind": "final" if payload["final"] else "interim",
        "blocks": list(blocks(html(payload, envelope_sha))),
    }  # fmt: skip
    layout = resources.files("orchestrator.pages").joinpath("receipt.typ").read_bytes()
    issued = datetime.fromisoformat(payload["dates"]["issued"])
    return typeset.pdf(layout, "receipt", {**data, "day": f"{issued:%Y-%m-%d}"}, issued.replace(microsecond=0), fonts)


def blocks(page: str) -> Iterator[dict[str, Any]]:
    """The page's blocks in their order: `kind`, and `runs` of text or, of a table and a list of terms, `rows`."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return (b for b in reader.blocks if b.get("runs") or b.get("heads") or b.get("rows"))


class _Reader(HTMLParser):
    """Reads the elements that receipt.html is made of; others would be an error of this program."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[dict[str, Any]] = []
        self._open: list[tuple[str, frozenset[str]]] = []
        self._runs: list[Run] | None = None  # of what is being read
        self._tone = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        classes = frozenset((dict(attrs).get("class") or "").split())
        if tag == "br" and self._runs is not None:
            self._runs.append({"text": "", "style": "br"})
        if tag == "wbr" and self._runs is not None:
            self._runs.append({"text": "\u200b", "style": self._style()})
        if tag in _VOID:
            return
        self._open.append((tag, classes))
        if tag == "div" and "banner" in classes:
            self._tone = next(iter(classes & _TONES), "")
        elif tag in ("dl", "table"):
            self.blocks.append({"kind": {"dl": "terms", "table": "table"}[tag], "heads": [], "rows": []})
        elif tag in ("th", "td", "dt", "dd"):
            self._cell(tag, classes)
        elif tag in _BLOCKS or (tag == "strong" and self._tone and self._within("div") and not self._within("p")):
            kind = _BLOCKS.get(tag, "banner")
            self._begin(kind, "soft" in classes, self._tone if kind in ("banner", "paragraph") else "")
        elif tag == "span" and "tag" in classes and self._within("header") and self.blocks[-1]["kind"] == "system":
            self.blocks[-1]["tone"] = next(iter(classes & _TONES), "")
            self.blocks[-1]["tag"] = self._runs = []
        elif tag == "caption":
            self.blocks[-1]["caption"] = self._runs = []

    def _begin(self, kind: str, soft: bool, tone: str) -> None:
        self._runs = []
        self.blocks.append({"kind": kind, "soft": soft, "tone": tone, "runs": self._runs})

    def _cell(self, tag: str, classes: frozenset[str]) -> None:
        self._runs = []
        table = self.blocks[-1]
        cell = {"runs": self._runs, "number": "n" in classes}
        if self._within("thead"):
            table["heads"].append(cell)
        elif tag == "dt" or (tag == "th" and self._open[-2][0] == "tr"):
            table["rows"].append([cell])
        else:
            table["rows"][-1].append(cell)

    def handle_endtag(self, tag: str) -> None:
        self._open.pop()
        if tag in (*_BLOCKS, "th", "td", "dt", "dd", "caption") or (tag in ("span", "strong") and not self._inside()):
            self._runs = None
        if tag == "div":
            self._tone = ""

    def _inside(self) -> bool:
        """Whether an element that holds text is open."""
        return any(tag in _BLOCKS or tag in ("th", "td", "dt", "dd", "caption") for tag, _ in self._open)

    def handle_data(self, data: str) -> None:
        if self._runs is None or not data:
            return
        text = data if self._within("pre") else " ".join(data.split(" ")).replace("\n", " ")
        self._runs.append({"text": text, "style": self._style()})

    def _style(self) -> str:
        for tag, classes in reversed(self._open):
            if tag in _STYLES and not self._within("pre"):
                return _STYLES[tag]
            if tag == "span" and "soft" in classes:
                return "soft"
        return ""

    def _within(self, tag: str) -> bool:
        return any(name == tag for name, _ in self._open)
