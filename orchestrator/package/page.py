"""`index.html`: what is in a package and what is not, for whoever it is about. No scripts, nothing from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from orchestrator.model import Coverage, Searched
from orchestrator.package.categories import Lists
from orchestrator.package.model import Contents, Exported, Kept
from orchestrator.package.vocabulary import NEVER, OTHERS, UNSEEN, Verdict

if TYPE_CHECKING:
    from orchestrator.package.write import Job

_MOST_FILES = 200  # of one collection on the page; the manifest has them all
_UNSEARCHED = {
    Coverage.NOT_SEARCHABLE: "It could not be searched with what we know about you",
    Coverage.UNREACHABLE: "It could not be reached",
    Coverage.MANUAL_OPEN: "A person of ours has to look there; no program can",
}
_WHY = {
    NEVER: "the law forbids to hand it out, to anybody (11 CCR 7024(d))",
    OTHERS: "it is about somebody else (Cal. Civ. Code 1798.145(k))",
    UNSEEN: "it could hold what must not be handed out, and cannot be looked into",
    "": "we do not hand it out",
}


@dataclass(frozen=True, slots=True)
class Part:
    """What one collection gives."""

    title: str
    tables: tuple[Exported, ...]
    files: tuple[Exported, ...]
    more: int  # files that are not listed on the page
    withheld: tuple[str, ...]
    held: int
    older: int | None
    undated: bool
    why_not: str

    @property
    def rows(self) -> int:
        return next((t.rows or 0 for t in self.tables), 0)


@dataclass(frozen=True, slots=True)
class Shelf:
    """One system on the page."""

    title: str
    third_party: str
    parts: tuple[Part, ...]


def html(job: Job, contents: Contents) -> str:
    """The page. Everything in it is the program's own words, the inventory's, or a count."""
    waiting = [h for h in contents.held if h.verdict is Verdict.HELD]
    return _template().render(
        company=job.inventory.company,
        request=job.request,
        made_at=job.made_at,
        period=job.period,
        shelves=_shelves(job, contents),
        withheld=_withheld(contents),
        waiting=_held(job, waiting),
        refused=_held(job, [h for h in contents.held if h.verdict is Verdict.WITHHELD]),
        unsearched=[_unsearched(job, s) for s in job.plan.coverage if s.coverage is not Coverage.SEARCHED],
        copies=any(f.verdict in (Verdict.COPY, Verdict.TEXT) for f in contents.files),
        claimed=len(job.plan.claimed),
        older=sum(o.count or 0 for o in contents.older),
        lists=job.lists,
        files=len(contents.files),
    )


def categories_json(lists: Lists) -> bytes:
    """The statute's lists for programs."""
    return json.dumps(asdict(lists), indent=2, ensure_ascii=False).encode()


def _shelves(job: Job, contents: Contents) -> list[Shelf]:
    places = dict.fromkeys(
        [(f.system, f.collection) for f in contents.files]
        + [(h.system, h.collection) for h in contents.held]
        + [(w.system, w.collection) for w in contents.withheld_from]
        + [(o.system, o.collection) for o in contents.older]
        + [(place.partition("/")[0], place.partition("/")[2]) for place, _ in contents.left_out]
    )
    shelves = []
    for name, system in job.inventory.systems.items():
        parts = tuple(_part(job, contents, name, c) for s, c in places if s == name)
        if parts:
            shelves.append(Shelf(system.title, system.third_party, parts))
    return shelves


def _part(job: Job, contents: Contents, system: str, collection: str) -> Part:
    entry = job.inventory.systems[system].collections.get(collection)
    mine = [f for f in contents.files if (f.system, f.collection) == (system, collection)]
    files = [f for f in mine if f.rows is None]
    place = f"{system}/{collection}"
    older = [o.count for o in contents.older if (o.system, o.collection) == (system, collection)]
    return Part(
        title=entry.title if entry else ("Everything held there" if collection == "*" else collection),
        tables=tuple(f for f in mine if f.rows is not None),
        files=tuple(files[:_MOST_FILES]),
        more=max(0, len(files) - _MOST_FILES),
        withheld=tuple(
            sorted({w.type for w in contents.withheld_from if (w.system, w.collection) == (system, collection)})
        ),
        held=sum((h.system, h.collection) == (system, collection) for h in contents.held),
        older=older[0] if older else 0,
        undated=place in contents.undated,
        why_not="; ".join(dict.fromkeys(_plainly(why) for where, why in contents.left_out if where == place)),
    )


def _plainly(why: str) -> str:
    """What is written for staff, in words for the person."""
    if why.startswith("not clearly"):
        return "not clearly yours alone"
    if why.startswith("by hand"):
        return "a person of ours has to gather it"
    return "held for a customer organisation of ours, which answers for it" if "customer organisation" in why else why


def _withheld(contents: Contents) -> list[tuple[str, str]]:
    """(type, why), each once."""
    found = {(w.type, _WHY.get(w.rule, w.rule)) for w in contents.withheld_from}
    return sorted(found)


def _held(job: Job, held: Sequence[Kept]) -> list[tuple[str, str, int]]:
    """(where, why, how many), in plain words."""
    counted: dict[tuple[str, str], int] = {}
    for one in held:
        system = job.inventory.systems[one.system]
        entry = system.collections.get(one.collection)
        where = f"{system.title}: {entry.title if entry else one.collection}"
        counted[where, one.why] = counted.get((where, one.why), 0) + 1
    return [(where, why, n) for (where, why), n in counted.items()]


def _unsearched(job: Job, searched: Searched) -> tuple[str, str, str]:
    system = job.inventory.systems.get(searched.system)
    title = system.title if system else searched.system
    titles = ", ".join(c.title for c in system.collections.values()) if system else ""
    return title, f"{_UNSEARCHED.get(searched.coverage, '')}.", titles


def _size(count: int) -> str:
    size = float(count)
    for unit in ("bytes", "KB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def _day(at: datetime | None) -> str:
    return f"{at.day} {at:%B %Y}" if at else ""


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("orchestrator", "pages"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {"day": _day, "size": _size, "count": lambda n: f"{n:,}", "link": quote}
    return environment.get_template("package.html")
