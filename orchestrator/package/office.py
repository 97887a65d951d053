"""Office documents that are ZIP archives of XML (docx, xlsx, pptx, odt, ods): all text in all their parts.

A document is given as it is if nothing in it is to be withheld and all of it was seen; otherwise as its text.
Parts that are no XML (pictures, embedded files, macros) leave the document to a person as well.
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from xml.parsers import expat

from orchestrator.package.kinds import FileKind
from orchestrator.package.scan import Found
from orchestrator.package.vocabulary import Verdict

if TYPE_CHECKING:
    from orchestrator.package.looker import Looker, Seen

_XML = (".xml", ".rels", ".vml")
_INERT = ("mimetype", "META-INF/manifest.xml", "[Content_Types].xml")
_LINES = frozenset({"p", "row", "tr", "h", "si", "comment", "table-row", "text-box"})
_LARGEST = 32 * 1024 * 1024  # bytes of XML in one document
_TELLING = re.compile(r"@|://|\d{7}|\d[ -]\d{2,4}[ -]\d")
_COLUMN = re.compile(r"[A-Z]+")


class UnreadableError(Exception):
    """XML that nobody should read: damaged, or with definitions of its own."""


def is_one(archive: zipfile.ZipFile) -> bool:
    """Whether a ZIP archive is an office document."""
    names = set(archive.namelist())
    return "[Content_Types].xml" in names or {"mimetype", "content.xml"} <= names


def document(looker: Looker, whole: Seen, archive: zipfile.ZipFile) -> Seen:
    """What of a document can be given out."""
    from orchestrator.package.looker import TooMuchError

    members = [m for m in archive.infolist() if not m.is_dir()]
    if sum(m.file_size for m in members if _is_xml(m)) > _LARGEST:
        raise TooMuchError
    try:
        text = _text(archive, [m for m in members if _is_xml(m)])
    except (UnreadableError, expat.ExpatError):
        return looker.hold(whole, FileKind.ZIP, "the document cannot be read")
    found = Found()
    clean = looker.scanner.cleaned(text, found)
    unseen = any(not _is_xml(m) and m.filename not in _INERT for m in members)
    if not found and not unseen:
        return whole
    held = looker.hold(whole, FileKind.ZIP, "pictures or other files are in the document") if unseen else None
    if held and held.verdict is Verdict.RELEASED:
        return held
    return replace(
        whole, verdict=Verdict.TEXT, path=looker.put(clean.encode()), suffix=".txt", media_type="text/plain",
        found=found, held=held.held if held else (), why="given as its text",
    )  # fmt: skip


def _is_xml(member: zipfile.ZipInfo) -> bool:
    return member.filename.lower().endswith(_XML)


def _text(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> str:
    shared: list[str] = []
    parts = []
    for member in sorted(members, key=lambda m: (m.filename != "xl/sharedStrings.xml", m.filename)):
        with archive.open(member) as file:
            content = file.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise UnreadableError
        reader = _Reader(shared)
        reader.read(content)
        if member.filename == "xl/sharedStrings.xml":
            shared += reader.items
        parts.append(reader.text())
    return "\n\n".join(p for p in parts if p.strip())


@dataclass
class _Reader:
    """The text of one part; of a sheet each cell behind the head of its column, which says what it is."""

    shared: list[str]
    lines: list[str] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    attributes: list[str] = field(default_factory=list)
    _line: list[str] = field(default_factory=list)
    _item: list[str] = field(default_factory=list)
    _heads: dict[str, str] = field(default_factory=dict)
    _cell: tuple[str, str] | None = None  # column, type
    _value: list[str] = field(default_factory=list)

    def read(self, content: bytes) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartDoctypeDeclHandler = self._refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        parser.Parse(content, True)

    def text(self) -> str:
        return "\n".join([*self.lines, "".join(self._line), *self.attributes])

    def _refuse(self, *_: object) -> None:
        raise UnreadableError

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(" ")[2]
        self.attributes += [v for v in attributes.values() if _TELLING.search(v)]
        if local == "si":
            self._item = []
        if local == "c" and (column := _COLUMN.match(attributes.get("r", ""))):
            self._cell, self._value = (column[0], attributes.get("t", "")), []
        if local in ("tab", "br", "cr"):
            self._line.append(" ")

    def _data(self, data: str) -> None:
        (self._value if self._cell else self._line).append(data)
        self._item.append(data)

    def _end(self, name: str) -> None:
        local = name.rpartition(" ")[2]
        if local == "c" and self._cell:
            self._end_cell(*self._cell)
        if local == "si":
            self.items.append("".join(self._item))
        if local in _LINES and not self._cell:
            self.lines.append("".join(self._line))
            self._line = []

    def _end_cell(self, column: str, kind: str) -> None:
        value = "".join(self._value)
        if kind == "s" and value.isdigit() and int(value) < len(self.shared):
            value = self.shared[int(value)]
        head = self._heads.get(column)
        if head is None:
            self._heads[column] = value if not value.replace(".", "").isdigit() else ""
        self._line.append(f"{head}: {value} | " if head else f"{value} | ")
        self._cell = None
