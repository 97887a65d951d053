"""Reads one PDF in a process of its own, with bounds on time and memory: `python -m … FILE` prints JSON.

{"pages": text of each page, "other": strings elsewhere, "why": what could not be seen}. PDFs come from anybody.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SECONDS = 60
MEMORY = 1024**3  # bytes of address space
_MOST_PAGES = 2000
_MOST_TEXT = 16 * 1024 * 1024  # characters
# A smaller picture is a logo: an identity card of so many pixels has letters of less than nine.
_SMALL = 40_000  # pixels
_INLINE = re.compile(rb"(?:^|\s)BI\s[\s\S]{1,300}?\sID\s")
_SEEN_IN_TEXT = frozenset({"/Link", "/Widget", "/Popup", "/Text", "/Highlight", "/Underline", "/StrikeOut"})


def main(path: Path) -> dict[str, Any]:
    """What can be read of the file."""
    import pypdf

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    reader = pypdf.PdfReader(path, strict=False)
    if reader.is_encrypted and not reader.decrypt(""):
        return {"pages": [], "other": [], "why": ["it is encrypted"]}
    why: set[str] = set()
    if len(reader.pages) > _MOST_PAGES:
        return {"pages": [], "other": [], "why": ["it has too many pages"]}
    pages = [_page(page, why) for page in reader.pages]
    other = sorted({text for text in _objects(reader, why) if len(text) > 3})
    raw = path.read_bytes()
    if raw.count(b"startxref") > 1 and b"/Linearized" not in raw[:2048]:
        why.add("earlier versions of it are kept in the file")
    if sum(map(len, pages)) + sum(map(len, other)) > _MOST_TEXT:
        why.add("it is too long")
    return {"pages": pages, "other": other, "why": sorted(why)}


def _page(page: Any, why: set[str]) -> str:
    text: str = page.extract_text() or ""
    contents = page.get_contents()
    drawn = contents.get_data() if contents is not None else b""
    if not text.strip() and drawn.strip():
        why.add("pages without text are in it: pictures of text")
    if _INLINE.search(drawn):
        why.add("pictures are in it")
    if "\ufffd" in text or re.search(r"[\ue000-\uf8ff]|\(cid:\d+\)", text):
        why.add("letters are in it that cannot be read")
    for font in _fonts(page):
        if font.get("/Subtype") in ("/Type0", "/Type3") and "/ToUnicode" not in font:
            why.add("letters are in it that cannot be read")
    for reference in page.get("/Annots") or []:
        note = reference.get_object()
        if "/AP" in note and note.get("/Subtype") not in _SEEN_IN_TEXT:
            why.add("drawings lie over its pages")
    return text


def _fonts(page: Any) -> Iterator[Any]:
    resources = page.get("/Resources")
    fonts = resources.get_object().get("/Font") if resources is not None else None
    for font in fonts.get_object().values() if fonts is not None else ():
        yield font.get_object()


def _objects(reader: Any, why: set[str]) -> Iterator[str]:
    """Strings of all objects but what the pages draw: notes, forms, bookmarks, properties."""
    for number in range(1, int(reader.trailer["/Size"])):
        thing = None
        with contextlib.suppress(Exception):
            thing = reader.get_object(number)
        if thing is None:
            continue
        yield from _strings(thing)
        if isinstance(thing, dict):
            _judge(thing, why)
            if thing.get("/Type") == "/Metadata" and hasattr(thing, "get_data"):
                yield thing.get_data().decode("utf-8", "replace")


def _judge(thing: Any, why: set[str]) -> None:
    if thing.get("/Subtype") == "/Image" and int(thing.get("/Width", 0)) * int(thing.get("/Height", 0)) > _SMALL:
        why.add("pictures are in it")
    if thing.get("/Type") == "/EmbeddedFile" or "/EF" in thing:
        why.add("other files are in it")
    if "/XFA" in thing or "/JS" in thing or "/RichMediaContent" in thing:
        why.add("a program or a form of another kind is in it")


def _strings(thing: Any, depth: int = 0) -> Iterator[str]:
    if isinstance(thing, str) and type(thing).__name__ == "TextStringObject":
        yield str(thing)
    elif isinstance(thing, bytes):
        yield thing.decode("latin-1")
    elif depth < 12 and isinstance(thing, dict):
        for value in thing.values():
            yield from _strings(value, depth + 1)
    elif depth < 12 and isinstance(thing, list):
        for value in thing:
            yield from _strings(value, depth + 1)


if __name__ == "__main__":
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]))))
