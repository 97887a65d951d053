"""What the inventory says about one collection: its table, how a person's items are found, whose they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from connectors.aws.dynamodb.table import Condition, Schema
from connectors.aws.dynamodb.values import Item, Value, at, path, texts
from connectors.errors import ConfigError
from connectors.model import CollectionSpec, IdentitySpec, Subject, Trust

OPTIONS = frozenset({"table", "templates", "indexes", "scan", "starts", "ttl"})
_TABLE = re.compile(r"[A-Za-z0-9_.-]{3,255}")
_TEMPLATE = re.compile(r"([^{}]*)\{([a-z][a-z0-9_.]*)\}([^{}]*)")


class Verdict(IntEnum):
    """Whose an item is, by one field or all of them; UNSAID neither for nor against."""

    UNSAID = 0
    OTHERS = 1
    CLAIMED = 2
    SHARED = 3
    MINE = 4


@dataclass(frozen=True, slots=True)
class Template:
    """How an identifier stands in an attribute: `USER#{user_id}`."""

    before: str = ""
    after: str = ""

    def text(self, value: str) -> str:
        return f"{self.before}{value}{self.after}"

    def value(self, text: str) -> str | None:
        """The identifier in a text; None if the text is not made so."""
        fits = text.startswith(self.before) and text.endswith(self.after)
        inner = text[len(self.before) : len(text) - len(self.after)]
        return inner if fits and len(text) > len(self.before) + len(self.after) else None


@dataclass(frozen=True, slots=True)
class Way:
    """One field to look up: by the table's partition key, by an index, or (with neither) by a scan."""

    identity: IdentitySpec
    template: Template
    attribute: str = ""
    index: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    system: str
    spec: CollectionSpec
    table: str
    templates: Mapping[str, Template] = field(repr=False)
    indexes: Mapping[str, str]  # field -> index
    scan: frozenset[str]  # fields
    starts: Mapping[str, str]  # attribute -> what its text begins with
    ttl: str = ""  # the attribute in which the application writes until when an item is kept

    @classmethod
    def of(cls, system: str, spec: CollectionSpec) -> Rules:
        """Raises ConfigError naming the option that is wrong, and what is possible."""
        options, where = spec.options, f"collections.{spec.name}"
        if unknown := sorted(set(options) - OPTIONS):
            raise ConfigError(system, f"{where}.options.{unknown[0]}: unknown; known: {', '.join(sorted(OPTIONS))}")
        table = options.get("table", spec.name)
        if not isinstance(table, str) or not _TABLE.fullmatch(table):
            raise ConfigError(
                system, f"{where}.options.table: a table's name: 3-255 of A-Z, a-z, 0-9, '_', '-' and '.'"
            )
        for name in ("templates", "indexes", "starts"):
            given = options.get(name, {})
            if not isinstance(given, Mapping) or not all(isinstance(v, str) and v for v in given.values()):
                raise ConfigError(system, f"{where}.options.{name}: a map from an attribute to a text")
        scan = options.get("scan", ())
        if isinstance(scan, str) or not all(isinstance(s, str) for s in scan):
            raise ConfigError(system, f"{where}.options.scan: a list of fields")
        if not any(i.match and i.trust is not Trust.CLAIMED for i in spec.identities):
            raise ConfigError(system, f"{where}.found_by: say by which attribute a person's items are known")
        known = {i.field for i in spec.identities}
        named = {*options.get("templates", {}), *options.get("indexes", {}), *scan}
        if strange := sorted(named - known):
            raise ConfigError(system, f"{where}.options: {strange[0]!r} stands in no found_by")
        ttl = options.get("ttl", "")
        if not isinstance(ttl, str):
            raise ConfigError(system, f"{where}.options.ttl: the name of an attribute")
        templates = {f: _template(system, where, f, t, spec) for f, t in options.get("templates", {}).items()}
        indexes, starts = options.get("indexes", {}), options.get("starts", {})
        return cls(system, spec, table, templates, indexes, frozenset(scan), starts, ttl)

    @property
    def deciding(self) -> tuple[IdentitySpec, ...]:
        """The fields that say whose an item is."""
        return tuple(i for i in self.spec.identities if i.match and i.trust is not Trust.CLAIMED)

    @property
    def hints(self) -> tuple[IdentitySpec, ...]:
        return tuple(i for i in self.spec.identities if i.match and i.trust is Trust.CLAIMED)

    def template(self, identity: IdentitySpec) -> Template:
        return self.templates.get(identity.field, Template())

    def ways(self, schema: Schema) -> list[Way]:
        """How each field is looked up. Raises ConfigError where no key leads and no scan is allowed."""
        return [self._way(identity, schema) for identity in (*self.deciding, *self.hints)]

    def _way(self, identity: IdentitySpec, schema: Schema) -> Way:
        name, where = identity.field, f"collections.{self.spec.name}"
        template = self.template(identity)
        if index := self.indexes.get(name):
            if schema.indexes.get(index) != name:
                raise ConfigError(
                    self.system, f"{where}.options.indexes: the table has no global index {index!r} by {name!r}"
                )
            return Way(identity, template, name, index)
        if name == schema.partition:
            return Way(identity, template, name)
        if name not in self.scan:
            raise ConfigError(
                self.system,
                f"{where}.found_by: {name!r} is not the table's partition key ({schema.partition}): name an index "
                "by it in options.indexes, or allow reading the whole table in options.scan",
            )
        return Way(identity, template)

    def mine(self, subject: Subject, identity: IdentitySpec) -> frozenset[str]:
        return frozenset(same(v, identity.kind) for v in subject.values(identity.kind))

    def verdict(self, subject: Subject, item: Item) -> Verdict:
        """Whose an item is. Fields that name different people make it SHARED: a person must look."""
        if not self.belongs(item):
            return Verdict.UNSAID
        said = {self._said(subject, item, i) for i in self.deciding} - {Verdict.UNSAID}
        if not said & {Verdict.MINE, Verdict.SHARED}:
            hinted = any(self._said(subject, item, i) in (Verdict.MINE, Verdict.SHARED) for i in self.hints)
            return Verdict.CLAIMED if hinted else max(said, default=Verdict.UNSAID)
        return Verdict.MINE if said == {Verdict.MINE} else Verdict.SHARED

    def _said(self, subject: Subject, item: Item, identity: IdentitySpec) -> Verdict:
        wanted = self.mine(subject, identity)
        held = self.held(item, identity)
        if not wanted or not held:
            return Verdict.UNSAID
        theirs = [v is not None and same(v, identity.kind) in wanted for v in held]
        return Verdict.MINE if all(theirs) else Verdict.SHARED if any(theirs) else Verdict.OTHERS

    def held(self, item: Item, identity: IdentitySpec) -> tuple[str | None, ...]:
        """The identifiers that stand in a field; None for a text that is not made by the template: not theirs."""
        template = self.template(identity)
        return tuple(template.value(text) for text in texts(at(item, identity.field)))

    def belongs(self, item: Item) -> bool:
        """Whether an item is of this collection, where several share a table."""
        return all((texts(at(item, a)) or ("",))[0].startswith(start) for a, start in self.starts.items())

    def condition(self, item: Item, schema: Schema) -> Condition:
        """That everything by which the item was judged is as it was read; a key cannot change."""
        judged = [*(i.field for i in (*self.deciding, *self.hints)), *self.starts]
        if self.spec.age_field:
            judged.append(self.spec.age_field)
        held: dict[str, Value | None] = {f: at(item, f) for f in judged if path(f)[0] not in schema.keys}
        return Condition(tuple(held.items()))


def apart(rules: Sequence[Rules]) -> None:
    """Raise ConfigError if two collections of one table could both hold an item: it would be counted twice,
    and what one retains the other would delete."""
    for n, one in enumerate(rules):
        for other in rules[n + 1 :]:
            if one.table == other.table and not _disjoint(one.starts, other.starts):
                raise ConfigError(
                    one.system,
                    f"collections.{other.spec.name}.options.starts: say how its items begin otherwise than those of "
                    f"{one.spec.name}, which is the same table",
                )


def _disjoint(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    both = set(one) & set(other)
    return any(not one[a].startswith(other[a]) and not other[a].startswith(one[a]) for a in both)


def same(value: str, kind: str) -> str:
    """Addresses are compared without regard to case; other identifiers may differ by nothing."""
    return value.strip().lower() if kind.rpartition(".")[2] == "email" else value


def asked(ways: Iterable[Way], subject: Subject) -> Iterator[tuple[Way, str]]:
    """Every text to look for by a key, as it stands in the attribute."""
    for way in ways:
        if way.attribute:
            for value in subject.values(way.identity.kind):
                yield way, way.template.text(value)


def _template(system: str, where: str, name: str, text: str, spec: CollectionSpec) -> Template:
    found = _TEMPLATE.fullmatch(text)
    kinds = {i.kind for i in spec.identities if i.field == name}
    if found is None or found[2] not in kinds:
        hint = " or ".join(sorted(f"{{{k}}}" for k in kinds))
        raise ConfigError(system, f"{where}.options.templates.{name}: a text with {hint} in it once, as in USER#{hint}")
    return Template(found[1], found[3])
