"""The erasure ledger: whom we erased, as keyed hashes, so that a restored copy can be erased again.

An entry says of one person and one system: which identifiers led there (hashes under a key of the
ledger's, whose id it bears), when they were seen to be gone, up to when their data had been counted,
and when the entry expires: when no copy can bring the data back. It holds no personal data, and is
used for nothing else. Keys are changed every year; an old one is destroyed when every entry made
with it has expired, and its hashes are then nobody's.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors import copies
from connectors.model import Identifier, Subject, Trust
from orchestrator import canonical
from orchestrator.errors import NotAllowedError
from orchestrator.journal import Journal
from orchestrator.model import Confirmation, Conflict, Plan, Step
from orchestrator.workspace import Workspace

KEY_LASTS = timedelta(days=365)
Tagger = Callable[[str, str], str]


@dataclass(frozen=True, slots=True)
class Erasure:
    """One person's erasure in one system. `tags`: identifier kind -> keyed hashes."""

    first: str  # the request that erased; one that runs its erasure again names it
    plan: str  # digest
    key: str
    system: str
    collections: tuple[str, ...]
    tags: tuple[tuple[str, tuple[str, ...]], ...]
    at: datetime  # seen to be gone: a copy made before may hold the data
    existed: datetime  # what was there by then was erased; what is younger is not the erased data
    until: datetime | None  # None: a copy without an end is known

    def expired(self, now: datetime) -> bool:
        return self.until is not None and self.until <= now

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(kind for kind, _ in self.tags)


def erasures(journal: Journal, request: str | None = None) -> tuple[Erasure, ...]:
    """The ledger, expired entries included: the latest word of each request on each system."""
    latest: dict[tuple[str, str], Erasure] = {}
    for entry in journal.entries(request, "erased"):
        known = canonical.decode(Erasure, entry.payload)
        latest[(entry.request, known.system)] = known
    return tuple(latest.values())


def portion(workspace: Workspace, known: Collection[Erasure], first: str, system: str) -> tuple[str, ...]:
    """What the person wanted deleted. If the record of that is destroyed, what was seen to be gone, and no more."""
    if any(workspace.journal.entries(first, "requested")):
        return workspace.journal.request(first).only
    erased = {name for e in known if (e.first, e.system) == (first, system) for name in e.collections}
    return tuple(sorted(f"{system}/{name}" for name in erased & set(workspace.inventory.systems[system].collections)))


class Index:
    """Who an identifier belonged to. Built of entries; asks every key that they were made with."""

    def __init__(self, known: Collection[Erasure], tagger: Callable[[str], Tagger]) -> None:
        self._taggers = {key: tagger(key) for key in sorted({e.key for e in known})}
        self._people: dict[str, set[str]] = {}
        for erased in known:
            for _, tags in erased.tags:
                for tag in tags:
                    self._people.setdefault(f"{erased.key}:{tag}", set()).add(erased.first)

    def who(self, kind: str, value: str) -> frozenset[str]:
        """The first requests of everybody erased who had this identifier (normalised)."""
        found = (self._people.get(f"{key}:{tag(kind, value)}", ()) for key, tag in self._taggers.items())
        return frozenset(first for people in found for first in people)


def record(
    workspace: Workspace, plan: Plan, digest: str, subject: Subject, confirmation: Confirmation, *,
    by: str, now: datetime, attested: Collection[str], first: str = "", existed: Mapping[str, datetime] | None = None,
) -> None:  # fmt: skip
    """Enter what a confirmation saw to be gone. Safe to repeat: only what is new makes an entry.

    `attested`: refs of steps that a person has vouched for. Of a request that runs an erasure again,
    `first` is the request that erased, and `existed` up to when its systems' data was counted.
    """
    journal = workspace.journal
    known = {e.system: e for e in erasures(journal, plan.request) if not e.expired(now)}
    gone = {r.ref for r in confirmation.results if r.confirmed and not r.left}
    steps: dict[str, list[Step]] = {}
    for step in plan.steps:
        if step.ref in gone and step.count:
            steps.setdefault(step.system, []).append(step)
    begun = _begun(journal, plan.request, digest)
    needs = {name: able.needs for name, able in workspace.capabilities.items()}
    holding = {system: {name for name, kinds in needs.items() if copies.kind(system) in kinds} for system in steps}
    for system, mine in steps.items():
        before = known.get(system)
        places = {s.collection for s in mine} | set(before.collections if before else ())
        key = before.key if before else current_key(workspace, by, now)
        same = before is not None and before.plan == digest
        at = before.at if before and same and places == set(before.collections) else confirmation.at
        counted = min((begun[s.ref] for s in mine if s.ref in begun), default=plan.made_at)
        entry = Erasure(
            first or plan.request, digest, key, system, tuple(sorted(places)),
            _tags(subject, workspace.vault.ledger_tagger(key), before), at,
            (existed or {}).get(system) or (before.existed if before and same else counted),
            _until(plan, holding[system], {*gone, *attested}, at + workspace.inventory.limits.restorable),
        )  # fmt: skip
        if entry != before:
            journal.append(plan.request, "erased", by, canonical.plain(entry))


def _begun(journal: Journal, request: str, digest: str) -> dict[str, datetime]:
    """ref -> when its effect was about to begin: what came later was not what the plan counted."""
    return {e.payload["ref"]: e.at for e in journal.entries(request, "intended") if e.payload["plan"] == digest}


def _tags(subject: Subject, tag: Tagger, before: Erasure | None) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found = {kind: set(tags) for kind, tags in (before.tags if before else ())}
    for identifier in subject.identifiers:
        if identifier.opens and not copies.is_kind(identifier.kind):  # until when a copy held them names nobody
            found.setdefault(identifier.kind, set()).add(tag(identifier.kind, identifier.value))
    return tuple((kind, tuple(sorted(tags))) for kind, tags in sorted(found.items()))


def _until(plan: Plan, holding: Collection[str], settled: Collection[str], known_to_none: datetime) -> datetime | None:
    """When the last copy of a system's data ends: those in the plan, and one that no system lists.

    `holding`: systems that hold its copies. None while there is one that has no end.
    """
    steps = [s for s in plan.steps if s.system in holding and s.count and s.ref not in settled]
    ends = [s.until for s in steps if s.until is not None]
    return None if len(ends) < len(steps) else max([known_to_none, *ends])


# Keys


def current_key(workspace: Workspace, by: str, now: datetime) -> str:
    """The id of the key that new entries are made with; a new one when the last is a year old."""
    made = list(workspace.journal.entries(kind="ledger_key"))
    if made and now - made[-1].at < KEY_LASTS:
        return str(made[-1].payload["key"])
    return new_key(workspace, by, now)


def new_key(workspace: Workspace, by: str, now: datetime) -> str:
    """Begin a key, and destroy those that no entry needs any more. Old ones go on matching until then."""
    key = secrets.token_hex(4)
    workspace.journal.append("", "ledger_key", by, {"key": key}, key)
    needed = {e.key for e in erasures(workspace.journal) if not e.expired(now)}
    for made in [e.payload["key"] for e in workspace.journal.entries(kind="ledger_key")]:
        if made not in needed and made != key:
            workspace.vault.forget_ledger_key(made, by)
    return key


# What a request that runs an erasure again may reach


@dataclass(frozen=True, slots=True)
class Scope:
    """The systems of a replay, with the instant up to which their data was erased, and who was erased."""

    first: str
    existed: Mapping[str, datetime]
    unserved: frozenset[str]
    kinds: frozenset[str]  # kinds of identifiers that the erasure knew
    knows: Callable[[Identifier], bool]


def scope_of(
    workspace: Workspace, first: str, systems: Collection[str], unserved: frozenset[str], known: Sequence[Erasure]
) -> Scope:
    """The scope of running the erasures of one person again in these systems.

    NotAllowedError if the ledger knows nothing of them any more.
    """
    mine = [e for e in known if e.first == first]
    if lacking := set(systems) - {e.system for e in mine}:
        raise NotAllowedError(f"the ledger's entries of {first} on {', '.join(sorted(lacking))} have expired")
    index = Index(mine, workspace.vault.ledger_tagger)
    # The oldest word: a replay in between did not erase what came after the first erasure.
    existed = {s: min(e.existed for e in mine if e.system == s) for s in systems}
    kinds = frozenset(kind for e in mine for kind in e.kinds)
    return Scope(first, existed, unserved, kinds, lambda i: bool(index.who(i.kind, i.value)))


def unknown(subject: Subject, scope: Scope) -> Iterator[Conflict]:
    """Identifiers that a replay came upon and the erasure did not know.

    Another primary key or vendor id is another account: the person has come back, or their address has
    another holder. Anything else may be the same person's of another time, or somebody else's.
    """
    for found in sorted(subject.identifiers, key=lambda i: (i.kind, i.origin, i.value)):
        if copies.is_kind(found.kind) or scope.knows(found):
            continue
        system, other = found.origin.partition("/")[0], found.trust is Trust.ASSIGNED and found.kind in scope.kinds
        what = "another account than the erased one" if other else "an identifier that the erasure did not know"
        yield Conflict(system, found.kind, f"{found.origin} names {what}", other)
