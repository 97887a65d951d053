"""What the inventory says about one bucket's objects, read once and checked."""

from __future__ import annotations

import email.errors
import email.header
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from connectors.aws.s3.patterns import Matcher, Pattern, UnusableError
from connectors.errors import ConfigError
from connectors.model import CollectionSpec, Disclosure, Subject

OPTIONS = frozenset({"bucket", "key_patterns", "shared_patterns", "shared", "tag", "metadata", "prefix"})
AGE = "last_modified"
_LIST = re.compile(r'[\s,;|:/"\'\[\]]+')
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


class Verdict(IntEnum):
    """What one rule says of an object; UNSAID neither for nor against."""

    UNSAID = 0
    OTHERS = 1
    SHARED = 2
    MINE = 3


@dataclass(frozen=True, slots=True)
class Finder:
    """The rules of one collection with one person's values in them."""

    matchers: tuple[Matcher, ...]
    shared_matchers: tuple[Matcher, ...]
    shared: bool
    tags: Mapping[str, tuple[str, tuple[str, ...]]]  # tag key -> (identifier kind, its values)
    metadata: Mapping[str, tuple[str, tuple[str, ...]]]
    below: str  # where a rule by tag or metadata looks
    anybodys: tuple[re.Pattern[str], ...] = ()  # keys of a pattern that name somebody, the person or another

    @property
    def reads_objects(self) -> bool:
        return bool(self.tags or self.metadata)

    @property
    def prefixes(self) -> tuple[str, ...]:
        """What must be listed; none stands within another, so nothing is listed twice."""
        wanted = {m.prefix for m in (*self.matchers, *self.shared_matchers)}
        if self.reads_objects:
            wanted.add(self.below)
        kept: list[str] = []
        for prefix in sorted(wanted):
            if not kept or not prefix.startswith(kept[-1]):
                kept.append(prefix)
        return tuple(kept)

    def by_key(self, key: str) -> Verdict:
        if any(m.matches(key) for m in self.shared_matchers):
            return Verdict.SHARED
        matching = [m for m in self.matchers if m.matches(key)]
        if not matching:  # whoever writes her number into a label of his own file has not made it hers
            return Verdict.OTHERS if any(p.fullmatch(key) for p in self.anybodys) else Verdict.UNSAID
        return Verdict.SHARED if self.shared or all(m.doubtful for m in matching) else Verdict.MINE

    def by_labels(self, tags: Mapping[str, str], metadata: Mapping[str, str]) -> list[Verdict]:
        """One verdict for each tag and each piece of metadata that is asked for."""
        said = [_named(tags.get(name), kind, values) for name, (kind, values) in self.tags.items()]
        for name, (kind, values) in self.metadata.items():
            said.append(_named(_decoded(metadata.get(name.lower())), kind, values))
        return [Verdict.SHARED if self.shared and v is Verdict.MINE else v for v in said]


def agreed(verdicts: Iterable[Verdict]) -> Verdict:
    """One verdict out of all rules'. Where one says the person's and another says not, it is shared."""
    said = set(verdicts) - {Verdict.UNSAID}
    if not said & {Verdict.MINE, Verdict.SHARED}:
        return Verdict.OTHERS if said else Verdict.UNSAID
    return Verdict.MINE if said == {Verdict.MINE} else Verdict.SHARED


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one collection."""

    system: str
    name: str
    bucket: str
    patterns: tuple[Pattern, ...]
    shared_patterns: tuple[Pattern, ...]
    shared: bool
    tags: Mapping[str, str]  # tag key -> identifier kind
    metadata: Mapping[str, str]
    below: str

    @classmethod
    def of(cls, system: str, spec: CollectionSpec) -> Rules:
        """Raises ConfigError naming the option that is wrong, and what is possible."""
        options = spec.options
        where = f"collections.{spec.name}"
        if unknown := sorted(set(options) - OPTIONS):
            raise ConfigError(system, f"{where}.options.{unknown[0]}: unknown; known: {', '.join(sorted(OPTIONS))}")
        bucket = options.get("bucket", spec.name)
        if not isinstance(bucket, str) or not _BUCKET.fullmatch(bucket):
            raise ConfigError(system, f"{where}.options.bucket: a bucket's name: 3-63 of a-z, 0-9, '.' and '-'")
        if (spec.age_field or AGE) != AGE:
            raise ConfigError(system, f"{where}.age: objects have no age but {AGE!r}")
        if not isinstance(options.get("shared", False), bool) or not isinstance(options.get("prefix", ""), str):
            raise ConfigError(system, f"{where}.options: shared is true or false, prefix a text")
        patterns = _patterns(system, where, options, "key_patterns")
        shared_patterns = _patterns(system, where, options, "shared_patterns")
        tags, metadata = (_labels(system, where, options, name) for name in ("tag", "metadata"))
        if not (patterns or shared_patterns or tags or metadata):
            raise ConfigError(system, f"{where}.options: say by key_patterns, tag or metadata whose an object is")
        shared, below = options.get("shared", False), options.get("prefix", "")
        return cls(system, spec.name, bucket, patterns, shared_patterns, shared, tags, metadata, below)

    @property
    def kinds(self) -> frozenset[str]:
        named = (p.kinds for p in (*self.patterns, *self.shared_patterns))
        return frozenset(self.tags.values()) | frozenset(self.metadata.values()) | frozenset().union(*named)

    def for_(self, subject: Subject) -> Finder:
        mine = tuple(m for p in self.patterns for m in p.matchers(subject))
        shared = tuple(m for p in self.shared_patterns for m in p.matchers(subject))
        anybodys = tuple(p.anybodys() for p in self.patterns if p.kinds <= subject.kinds)
        tags, metadata = _with(self.tags, subject), _with(self.metadata, subject)
        return Finder(mine, shared, self.shared, tags, metadata, self.below, anybodys)


def withheld_content(spec: CollectionSpec) -> str:
    """What to call the objects' content where it may not leave; empty where it may."""
    content = next((f for f in spec.fields if f.name == "content"), None)
    if content is not None and content.disclosure is Disclosure.DISCLOSE:
        return ""
    return (content.type if content else "") or "content of stored files"


def _with(labels: Mapping[str, str], subject: Subject) -> dict[str, tuple[str, tuple[str, ...]]]:
    return {name: (kind, values) for name, kind in labels.items() if (values := subject.values(kind))}


def _named(held: str | None, kind: str, values: tuple[str, ...]) -> Verdict:
    """Whether a label is one of the values, a list with one of them among others, or another's."""
    if held is None or not held.strip():
        return Verdict.UNSAID
    wanted = {_same(v, kind) for v in values}
    if _same(held.strip(), kind) in wanted:
        return Verdict.MINE
    listed = {_same(part, kind) for part in _LIST.split(held) if part}
    if not listed & wanted:
        return Verdict.OTHERS
    return Verdict.MINE if listed <= wanted else Verdict.SHARED


def _same(value: str, kind: str) -> str:
    """Addresses are compared without regard to case; other identifiers may differ by nothing else."""
    return value.casefold() if kind == "email" else value


def _decoded(held: str | None) -> str | None:
    """S3 hands out metadata beyond ASCII as RFC 2047 encoded words:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html"""
    if held is None or "=?" not in held:
        return held
    try:
        return str(email.header.make_header(email.header.decode_header(held)))
    except (email.errors.HeaderParseError, LookupError, UnicodeError):
        return held


def _patterns(system: str, where: str, options: Mapping[str, Any], name: str) -> tuple[Pattern, ...]:
    given = options.get(name, ())
    if isinstance(given, str) or not all(isinstance(p, str) for p in given):
        raise ConfigError(system, f"{where}.options.{name}: a list of key patterns, as in [users/{{user_id}}/]")
    made = []
    for number, text in enumerate(given):
        try:
            made.append(Pattern.of(text))
        except UnusableError as error:
            raise ConfigError(system, f"{where}.options.{name}[{number}]: {error}") from None
    return tuple(made)


def _labels(system: str, where: str, options: Mapping[str, Any], name: str) -> dict[str, str]:
    given = options.get(name, {})
    if not isinstance(given, Mapping) or not all(isinstance(v, str) and v for v in given.values()):
        raise ConfigError(system, f"{where}.options.{name}: a map as in {{owner: user_id}}")
    return {str(key): str(kind) for key, kind in given.items()}
