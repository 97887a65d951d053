"""Whether everything an inventory refers to exists in it, and its parts agree with one another."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from connectors import copies
from orchestrator.inventory import correctable, exempt, recipients
from orchestrator.inventory.exceptions import check_rules
from orchestrator.inventory.organisations import check_organisations
from orchestrator.inventory.points import check_points
from orchestrator.inventory.problems import Place, Problems, nearest
from orchestrator.inventory.schema import Collection, Document, Rule, System

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_SECRETIVE = re.compile(r"(^|_)(password|passwd|secret|token|api_?key|private_?key|dsn|credentials?)$")


def check(document: Document, problems: Problems) -> None:
    """Add every dangling reference and contradiction to the problems."""
    _staff(document, problems)
    _rules(document, problems)
    check_rules(document, problems)
    check_points(document, problems)
    check_organisations(document, problems)
    for name in _repeated(p.id for p in document.promises):
        problems.add(("promises",), f"{name!r} stands here twice")
    exempt.check(document, problems)
    for n, what in enumerate(document.accounts):
        name, _, collection_name = what.partition("/")
        if name not in document.systems or collection_name not in document.systems[name].collections:
            known = [f"{s}/{c}" for s, entry in document.systems.items() for c in entry.collections]
            problems.add(("accounts", n), f"there is no collection {what!r}{nearest(what, known)}")
    for name, system in document.systems.items():
        place: Place = ("systems", name)
        _settings(document, system, place, problems)
        for collection in system.collections:
            _collection(document, name, collection, problems)
    recipients.check(document.recipients, document.systems, problems)
    correctable.check(document, problems)
    held_for_others = any(
        role_of(s, c) == "service_provider" for s in document.systems.values() for c in s.collections.values()
    )
    if held_for_others and document.hand_over is None:
        problems.add(("hand_over",), "is missing: data held as service provider is handed over to its organisation")


def role_of(system: System, collection: Collection) -> str | None:
    return collection.role or system.role


def _staff(document: Document, problems: Problems) -> None:
    for name in _repeated(s.id for s in document.staff):
        problems.add(("staff",), f"{name!r} stands here twice")
    if document.approval != "four_eyes":
        return
    if _repeated(s.public_key for s in document.staff if s.public_key):
        problems.add(
            ("staff",), "two entries have one public_key: four eyes are two people, each with a key of their own"
        )
    for i, person in enumerate(document.staff):
        if person.public_key is None:
            problems.add(("staff", i), "approval: four_eyes needs everyone's public_key")
    planners = {s.id for s in document.staff if "plan" in s.may}
    approvers = {s.id for s in document.staff if "approve" in s.may}
    if not any(a != p for a in approvers for p in planners):
        problems.add(("staff",), "approval: four_eyes needs one person who may plan and another who may approve")


def _rules(document: Document, problems: Problems) -> None:
    for name in _repeated(r.id for r in document.rules):
        problems.add(("rules",), f"{name!r} stands here twice")
    for i, rule in enumerate(document.rules):
        covered = list(_covered(document, i, rule, problems))
        known = {f for c in covered for f in [*c.fields, *c.plain]}
        for n, name in enumerate(rule.fields):
            if name != "*" and covered and name not in known:
                problems.add(("rules", i, "fields", n), f"no collection it covers has it{nearest(name, known)}")


def _covered(document: Document, i: int, rule: Rule, problems: Problems) -> Iterator[Collection]:
    for n, what in enumerate(rule.covers):
        at: Place = ("rules", i, "covers", n)
        name, _, collection_name = what.partition("/")
        if name not in document.systems:
            problems.add(at, f"there is no system {name!r}{nearest(name, document.systems)}")
            continue
        system = document.systems[name]
        collection = system.collections.get(collection_name)
        if collection is None:
            found = nearest(collection_name, system.collections)
            problems.add(at, f"expected SYSTEM/COLLECTION; {name} has no {collection_name!r}{found}")
            continue
        if (role := role_of(system, collection)) not in (None, rule.role):
            problems.add(at, f"is held as {role}, and the rule is for {rule.role}")
        if not collection.age and not system.manual:
            where: Place = ("systems", name, "collections", collection_name)
            problems.add(where, f"rule {rule.id} covers it: name in `age` the field its period is counted from")
        yield collection


def _settings(document: Document, system: System, place: Place, problems: Problems) -> None:
    for key, value in system.settings.items():
        if not isinstance(value, str) or value.startswith(("env:", "file:")):
            continue
        if _SECRETIVE.search(key.lower()) or "@" in urlsplit(value).netloc:
            problems.add(
                (*place, "settings", key), "looks like a secret: give it under `secrets`, as env:NAME or file:PATH"
            )
    if "copies_of" in system.settings:
        _sources(document, system.settings["copies_of"], (*place, "settings", "copies_of"), problems)
    if document.mode == "sandbox" and not system.manual and system.sandbox is None:
        problems.add(place, "mode: sandbox needs a `sandbox` block with its address and credentials")


def _sources(document: Document, named: Any, place: Place, problems: Problems) -> None:
    """`copies_of` names the systems whose copies a system holds. A misspelt one would never be looked into."""
    for source in named if isinstance(named, list) else [named]:
        if source not in document.systems:
            problems.add(place, f"there is no system {source!r}{nearest(str(source), document.systems)}")
        elif document.systems[source].manual:
            problems.add(place, f"{source} is done by hand: nobody is found there, and so not in its copies either")
        else:
            _kind(document, copies.kind(source), place, problems)


def _collection(document: Document, system_name: str, name: str, problems: Problems) -> None:
    system = document.systems[system_name]
    collection = system.collections[name]
    place: Place = ("systems", system_name, "collections", name)
    if role_of(system, collection) is None:
        problems.add(place, "say in what `role` it is held: business or service_provider (here or on the system)")
    if collection.on_deletion == "retain" and f"{system_name}/{name}" not in {
        c for r in document.rules for c in r.covers
    }:
        problems.add(
            (*place, "on_deletion"), "retain needs a rule that covers it: with a reason, a citation and an end"
        )
    for twice in sorted(set(collection.fields) & set(collection.plain)):
        problems.add((*place, "fields", twice), "stands under `fields` and under `plain`; keep one")
    described = {*collection.fields, *collection.plain}
    for i, found_by in enumerate(collection.found_by):
        _kind(document, found_by.kind, (*place, "found_by", i, "kind"), problems)
        _described(found_by.field, described, (*place, "found_by", i, "field"), problems)
    for i, link in enumerate(collection.links):
        for n, column in enumerate(link.fields):
            _described(column, described, (*place, "links", i, "fields", n), problems)
        if link.to not in system.collections:
            found = nearest(link.to, system.collections)
            problems.add((*place, "links", i, "to"), f"{system_name} has no collection {link.to!r}{found}")
        if link.references and len(link.references) != len(link.fields):
            problems.add((*place, "links", i, "references"), "as many as `fields`")
    if collection.age:
        _described(collection.age, described, (*place, "age"), problems)
    for where, text in _texts(collection.options, (*place, "options")):
        for kind in _PLACEHOLDER.findall(text):
            _kind(document, kind, where, problems)


def _kind(document: Document, kind: str, place: Place, problems: Problems) -> None:
    if kind not in document.identifiers:
        problems.add(place, f"the kind {kind!r} is not declared under identifiers{nearest(kind, document.identifiers)}")


def _described(name: str, described: set[str], place: Place, problems: Problems) -> None:
    """A field that nothing describes would be neither disclosed nor redacted."""
    if name.removesuffix("[]") not in described and name not in described:
        problems.add(place, f"{name!r} is neither under `fields` nor under `plain`{nearest(name, described)}")


def _texts(value: Any, place: Place) -> Iterator[tuple[Place, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, Mapping):
        for key, held in value.items():
            yield from _texts(held, (*place, key))
    elif isinstance(value, list):
        for i, held in enumerate(value):
            yield from _texts(held, (*place, i))


def _repeated(names: Iterable[str]) -> list[str]:
    return sorted(name for name, n in Counter(names).items() if n > 1)
