"""What a package is made of, and what it tells of itself. None of it holds a value of the person's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.package.vocabulary import Verdict


@dataclass(frozen=True, slots=True)
class Exported:
    """One file of a package. `name` is its path in it, unique, of plain letters, without personal data."""

    name: str
    system: str
    collection: str
    bytes: int
    sha256: str
    media_type: str
    rows: int | None = None  # of a table
    verdict: Verdict = Verdict.WHOLE
    source: str = ""  # what the collection's rows call the file
    why: str = ""  # why it is not as it was
    withheld: tuple[str, ...] = ()  # types of values blacked out in it
    columns: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that is held and not in the package: a person looks at it, or has withheld it."""

    ref: str
    system: str
    collection: str
    source: str
    why: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Withheld:
    """One type of value that a collection holds and the package does not."""

    system: str
    collection: str
    type: str
    rule: str  # by which it is withheld; empty: the inventory's own decision
    count: int | None = None  # how often it was blacked out; None: a field that is left out


@dataclass(frozen=True, slots=True)
class Older:
    """What lies before the period: how many rows or files were left out. None: not counted."""

    system: str
    collection: str
    count: int | None


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything a package tells of itself."""

    files: tuple[Exported, ...]
    held: tuple[Kept, ...]
    withheld_from: tuple[Withheld, ...]
    left_out: tuple[tuple[str, str], ...]  # ("system/collection", why)
    older: tuple[Older, ...]
    undated: tuple[str, ...]  # "system/collection" of which nothing says how old it is

    @property
    def withheld(self) -> tuple[str, ...]:
        """The types of everything withheld, sorted."""
        return tuple(sorted({w.type for w in self.withheld_from}))


@dataclass(frozen=True, slots=True)
class Package:
    """What was written, and what was not and why."""

    folder: Path  # or the ZIP file
    contents: Contents
    manifest: str  # sha256 of the manifest

    @property
    def files(self) -> tuple[Exported, ...]:
        return self.contents.files

    @property
    def withheld(self) -> tuple[str, ...]:
        return self.contents.withheld

    @property
    def left_out(self) -> tuple[tuple[str, str], ...]:
        return self.contents.left_out

    @property
    def held(self) -> tuple[Kept, ...]:
        return self.contents.held
