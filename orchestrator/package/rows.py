"""The rows of one collection, gathered from its artifacts: JSON Lines as they come, CSV when all columns are known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from connectors.model import Artifact
from orchestrator.inventory import Collection
from orchestrator.package import tables
from orchestrator.package.fieldnames import words
from orchestrator.package.folder import Folder
from orchestrator.package.model import Exported
from orchestrator.package.period import Period, instant
from orchestrator.package.persons import of_row
from orchestrator.package.scan import Found, Scanner
from orchestrator.package.values import Cleaner, Row
from orchestrator.package.vocabulary import Verdict

_NAMES = frozenset({"name", "given_name", "family_name"})  # attributes of the person
_TELEPHONE = ("phone", "mobile", "telephone")


@dataclass
class Rows:
    """What a collection gives in rows. `draft` is in the folder's work until it is finished."""

    system: str
    collection: str
    entry: Collection | None
    scanner: Scanner
    period: Period
    draft: Path
    hold: Callable[[str, str], bool] | None = None  # a field and its text -> whether a person released it
    found: Found = field(default_factory=Found)
    columns: tables.Columns = field(default_factory=tables.Columns)
    count: int = 0
    older: int = 0
    dated: bool = False

    def add(self, artifact: Artifact) -> None:
        """The rows of one artifact that lie in the period. Raises `tables.UnreadableRowsError`."""
        disclosed = frozenset(self.entry.spec.disclosed) if self.entry else frozenset()
        others = frozenset(self.entry.others) if self.entry else frozenset()
        cleaner = Cleaner(self.scanner, self.found, disclosed - others, others, frozenset(self._own_names()), self.hold)
        rows = self._within(tables.read(artifact.chunks, artifact.media_type))
        with self.draft.open("ab") as out:
            for row in cleaner.rows(rows):
                self.columns.see(row)
                out.write(tables.json_line(row))
                self.count += 1

    def _within(self, rows: Iterable[Row]) -> Iterator[Row]:
        once = self.entry is not None and self.entry.one_per_person
        age = self.entry.spec.age_field if self.entry else ""
        for row in rows:
            at = instant(row.get(age)) if age else None
            self.dated = self.dated or at is not None
            if not once and self.period.before(at):
                self.older += 1
                continue
            self._learn_names(row, once)
            if once:  # the row that is the person's: so is its telephone number
                self.scanner.own.learn(
                    v for k, v in row.items() if isinstance(v, str) and words(k).endswith(_TELEPHONE) and "@" not in v
                )
            yield row

    def _own_names(self) -> Iterator[str]:
        """The fields in which the person's own name stands."""
        holds = self.entry.holds.items() if self.entry else ()
        return (name for name, held in holds if _NAMES.intersection(held))

    def _learn_names(self, row: Row, once: bool) -> None:
        """Whose names stand in a row: the person's own in the one that is theirs, somebody else's in any."""
        if self.entry is None or self.scanner.names is None:
            return
        if once:
            for name in of_row(row, self._own_names()):
                self.scanner.names.own.learn(name)
        for name in of_row(row, self.entry.others):
            self.scanner.names.others.learn(name)

    def finish(self, folder: Folder) -> Iterator[Exported]:
        """Write both files into the package."""
        if not self.count:
            return
        categories = {f.name: f.category for f in self.entry.fields.values()} if self.entry else {}
        columns = tuple(self.columns.schema(categories))
        verdict = Verdict.COPY if self.found else Verdict.WHOLE
        told = Exported(
            "", self.system, self.collection, 0, "", "", self.count, verdict, columns=columns,
            withheld=tuple(sorted(self.found)),
        )  # fmt: skip
        for suffix, media in ((".csv", "text/csv"), (".jsonl", "application/jsonl")):
            name = folder.name(self.system, self.collection, under="data", suffix=suffix)
            with folder.new(name) as out:
                if suffix == ".csv":
                    tables.write_csv(self.draft, out, list(self.columns.types))
                else:
                    with self.draft.open("rb") as rows:
                        while chunk := rows.read(1024 * 1024):
                            out.write(chunk)
            yield replace(told, name=name, bytes=out.size, sha256=out.sha.hexdigest(), media_type=media)
        self.draft.unlink()
