"""Writes a package: each record asked for, looked through, written, counted; then the index and the manifest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from connectors.errors import ConnectorError
from connectors.model import Artifact, Locator, Subject
from connectors.protocol import Connector
from orchestrator.decide import HAND_OVER
from orchestrator.disclosures import NOT_CLEARLY
from orchestrator.errors import IncompleteError, NotAllowedError, SystemFailedError
from orchestrator.inventory import Collection, Inventory
from orchestrator.model import Plan, Request, Step
from orchestrator.package import page, tables
from orchestrator.package.categories import Lists
from orchestrator.package.folder import Folder, pack, private
from orchestrator.package.looker import Decide, Limits, Looker, Seen, chunks_of
from orchestrator.package.manifest import manifest
from orchestrator.package.model import Contents, Exported, Kept, Older, Package, Withheld
from orchestrator.package.names import Doubt, Names
from orchestrator.package.people import Own
from orchestrator.package.period import Period
from orchestrator.package.rows import Rows
from orchestrator.package.scan import Found, Scanner
from orchestrator.package.vocabulary import Verdict, rule_of

_ROWS = ("application/jsonl", "text/csv")
_NOT_CLEARLY_THEIRS = ("claimed", "several_people", "shared", "unmarked")


@dataclass(frozen=True, slots=True)
class Job:
    """Everything a package is written from."""

    request: Request
    plan: Plan
    subject: Subject
    locators: Mapping[str, Locator]
    systems: Mapping[str, Connector]
    inventory: Inventory
    period: Period
    decide: Decide  # what people decided about files that were held
    made_at: datetime
    lists: Lists | None = None
    limits: Limits = field(default_factory=Limits)
    progress: Callable[[str, str], None] = lambda system, what: None


def write(job: Job, to: Path, *, zipped: bool = False, held_to: Path | None = None) -> Package:
    """Write a package into a new folder, or as a new ZIP file; readable by its owner only.

    `held_to`: a new folder for what is held, for the person who looks at it. NotAllowedError if something is there
    already; SystemFailedError if a system fails half-way (what was written is removed).
    """
    if zipped and to.exists():
        raise NotAllowedError(f"{to} exists; name a new file")
    folder = Folder(to.with_name(f".{to.name}.draft") if zipped else to)
    waiting = Folder(held_to) if held_to else None
    try:
        contents = _Writing(job, folder, waiting).contents()
        folder.finish()
        sha = _told(job, contents, folder)
        if zipped:
            with private(to) as out:
                pack(folder.path, out)
            folder.remove()
    except (ConnectorError, OSError, tables.UnreadableRowsError) as error:
        folder.remove()
        if waiting:
            waiting.remove()
        why = str(error) if isinstance(error, ConnectorError) else "what a system gave cannot be read"
        why = f"cannot write: {error.strerror}" if isinstance(error, OSError) else why
        failed = IncompleteError if isinstance(error, OSError) else SystemFailedError
        raise failed(f"the package was not finished and its files were removed: {why}") from None
    except BaseException:
        folder.remove()
        if waiting:
            waiting.remove()
        raise
    if waiting:
        waiting.finish()
    return Package(to, contents, f"sha256:{sha}")


def _told(job: Job, contents: Contents, folder: Folder) -> str:
    """Write what the package tells of itself; returns the hash of the manifest."""
    if job.lists is not None:
        with folder.new("categories.json") as out:
            out.write(page.categories_json(job.lists))
    with folder.new("index.html") as out:
        out.write(page.html(job, contents).encode())
    told = json.dumps(manifest(job, contents, folder), indent=2, ensure_ascii=False).encode()
    with folder.new("manifest.json") as out:
        out.write(told)
    return hashlib.sha256(told).hexdigest()


class _Writing:
    """One package under way."""

    def __init__(self, job: Job, folder: Folder, waiting: Folder | None) -> None:
        self.job, self.folder, self.waiting = job, folder, waiting
        self.scanner = Scanner(Own(job.subject), _names(job))
        self.looker = Looker(self.scanner, folder.work / "files", job.decide, job.limits)
        self.rows: dict[tuple[str, str], Rows] = {}
        self.files: list[Exported] = []
        self.held: list[Kept] = []
        self.texts_held: set[str] = set()  # their references: one text may stand in many rows
        self.left_out: list[tuple[str, str]] = []
        self.kept_back: dict[tuple[str, str], set[str]] = {}
        self.blacked_out: dict[tuple[str, str], Found] = {}
        self.older: dict[tuple[str, str], int] = {}
        self.undated: set[str] = set()

    def contents(self) -> Contents:
        self.looker.work.mkdir(mode=0o700)
        # What a system holds once for a person comes first: it says which telephone number is theirs.
        # Then what names other people, so that their names are known in texts.
        for step in sorted(self.job.plan.steps, key=lambda s: (not self._once(s), not self._names_others(s))):
            place = f"{step.system}/{step.collection}"
            connector = self.job.systems.get(step.system)
            if why := _not_exported(step, connector):
                self.left_out.append((place, why))
            elif self.job.period.before(step.newest) and not self._once(step):
                self._count_older(step, step.count)
            elif connector is not None:
                self.job.progress(step.system, f"{step.collection}: exporting")
                for artifact in connector.export(self.job.subject, self.job.locators[step.ref]):
                    self._take(step, artifact)
        for (system, collection), rows in self.rows.items():
            self.files += rows.finish(self.folder)
            self.blacked_out.setdefault((system, collection), Found()).update(rows.found)
            if rows.older:
                self.older[system, collection] = self.older.get((system, collection), 0) + rows.older
            if rows.count and not rows.dated and not (rows.entry and rows.entry.one_per_person):
                self.undated.add(f"{system}/{collection}")
        older = tuple(Older(s, c, n) for (s, c), n in sorted(self.older.items()))
        return Contents(
            tuple(self.files), tuple(self.held), tuple(self._withheld()), tuple(self.left_out), older,
            tuple(sorted(self.undated)),
        )  # fmt: skip

    def _entry(self, system: str, collection: str) -> Collection | None:
        found = self.job.inventory.systems.get(system)
        return found.collections.get(collection) if found else None

    def _once(self, step: Step) -> bool:
        entry = self._entry(step.system, step.collection)
        return entry is not None and entry.one_per_person

    def _names_others(self, step: Step) -> bool:
        entry = self._entry(step.system, step.collection)
        return entry is not None and bool(entry.others)

    def _hold_text(self, place: tuple[str, str], source: str, text: str) -> bool:
        """Leave to a person whether somebody else is named in a field's text; True if one released it."""
        ref, decided = self.job.decide(hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest())
        if decided is Verdict.RELEASED:
            return True
        kept = Kept(ref, *place, source, "it may name somebody else", decided or Verdict.HELD)
        if ref not in self.texts_held:
            self.texts_held.add(ref)
            self.held.append(kept)
            if self.waiting:
                with self.waiting.new(f"{ref[:16]}.txt") as copy:
                    copy.write(text.encode("utf-8", "surrogatepass"))
        return False

    def _count_older(self, step: Step, count: int) -> None:
        place = (step.system, step.collection)
        self.older[place] = self.older.get(place, 0) + count

    def _take(self, step: Step, artifact: Artifact) -> None:
        place = (step.system, step.collection)
        self.kept_back.setdefault(place, set()).update(artifact.withheld)
        if artifact.file or artifact.media_type not in _ROWS:
            self._file(step, artifact)
            return
        rows = self.rows.get(place)
        if rows is None:
            draft = self.folder.work / f"rows-{len(self.rows)}"
            entry = self._entry(*place)
            hold = partial(self._hold_text, place) if self.job.inventory.doubtful_names == Doubt.HOLD else None
            rows = self.rows[place] = Rows(*place, entry, self.scanner, self.job.period, draft, hold)
        rows.add(artifact)

    def _file(self, step: Step, artifact: Artifact) -> None:
        if self.job.period.before(artifact.at):
            self._count_older(step, 1)
            return
        if artifact.at is None and artifact.file:
            self.undated.add(f"{step.system}/{step.collection}")
        spooled = self.looker.new()
        with spooled.open("wb") as out:
            for chunk in artifact.chunks:
                out.write(chunk)
        seen = self.looker.look(spooled, artifact.name, artifact.media_type)
        place = (step.system, step.collection)
        self.blacked_out.setdefault(place, Found()).update(seen.found)
        self.files += self._written(step, artifact, seen)
        for held in seen.held:
            self.held.append(Kept(held.ref, *place, artifact.name, held.why, held.verdict))
            if self.waiting:
                with self.waiting.new(f"{held.ref[:16]}{held.suffix}") as copy:
                    for chunk in chunks_of(held.path):
                        copy.write(chunk)
        for path in self.looker.work.iterdir():
            path.unlink()

    def _written(self, step: Step, artifact: Artifact, seen: Seen) -> Iterator[Exported]:
        for inner in seen.inside:
            yield from self._written(step, artifact, inner)
        if seen.path is None:
            return
        stem = Path(artifact.name).stem
        name = self.folder.name(f"{len(self.files) + 1:05}", stem, under="files", suffix=seen.suffix)
        with self.folder.new(name) as out:
            for chunk in chunks_of(seen.path):
                out.write(chunk)
        yield Exported(
            name, step.system, step.collection, out.size, out.sha.hexdigest(), seen.media_type, None, seen.verdict,
            artifact.name, seen.why, tuple(sorted(seen.found)),
        )  # fmt: skip

    def _withheld(self) -> Iterator[Withheld]:
        for (system, collection), types in sorted(self.kept_back.items()):
            yield from (Withheld(system, collection, kind, rule_of(kind)) for kind in sorted(types))
        for (system, collection), found in sorted(self.blacked_out.items()):
            yield from (Withheld(system, collection, str(k), k.reason, n) for k, n in sorted(found.items()))


def _names(job: Job) -> Names:
    """What is known of names before anything is looked through: what the company and its systems are called, and
    what the person's own addresses say."""
    inventory = job.inventory
    names = Names(
        (
            inventory.company, *(s.title for s in inventory.systems.values()), *inventory.systems,
            *(r.title for r in inventory.recipients),
        ),
        Doubt(inventory.doubtful_names),
    )  # fmt: skip
    for identifier in job.subject.identifiers:
        if identifier.opens and "@" in identifier.value:
            names.own.learn_address(identifier.value)
    return names


def _not_exported(step: Step, connector: Connector | None) -> str:
    if step.rule == HAND_OVER:
        return "held for a customer organisation, which answers for it"
    if step.obstacles and any(o.kind in _NOT_CLEARLY_THEIRS for o in step.obstacles):
        return f"{NOT_CLEARLY}: {step.obstacles[0].reason}"
    if connector is None:
        return f"by hand: {step.owner}"
    if not connector.capabilities.exports or step.collection in connector.capabilities.unexported:
        return "the system's API cannot export one person"
    return ""
