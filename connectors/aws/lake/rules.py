"""What the inventory says about the files of one collection, read once and checked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from connectors.errors import ConfigError
from connectors.lake import Column, Layout, People
from connectors.lake.files import FORMATS, PACKINGS
from connectors.lake.people import SLOT
from connectors.model import CollectionSpec, IdentitySpec, Subject, Trust
from connectors.traces import is_email

OPTIONS = frozenset(
    {"bucket", "prefix", "suffix", "format", "packing", "encoding", "delimiter", "quote", "escape", "columns",
     "texts", "partitions", "old_versions"}
)  # fmt: skip
ENCODINGS = {"utf-8", "utf-16-le", "utf-16-be", "iso-8859-1", "cp1252"}  # what is read and written back byte for byte
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_MOST_DAYS = 3650


@dataclass(frozen=True, slots=True)
class Rules:
    """One collection. `expire_days`: in which a lifecycle rule removes old versions; None: they are deleted."""

    bucket: str
    prefix: str
    suffix: str
    layout: Layout
    columns: tuple[Column, ...]
    revealing: tuple[IdentitySpec | None, ...]  # by column
    partitions: Mapping[str, str]  # name in the path -> identifier kind
    expire_days: int | None

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(c.kind for c in self.columns if not c.claimed)

    def people(self, *subjects: Subject) -> People:
        return People.of(self.columns, ({kind: s.values(kind) for kind in s.kinds} for s in subjects))

    def is_file(self, key: str) -> bool:
        return key.startswith(self.prefix) and key.endswith(self.suffix) and not key.endswith("/")

    def may_hold(self, key: str, subject: Subject) -> bool:
        """Whether the path leaves room for the person: `user_id=7/` holds nobody but 7."""
        for segment in key.split("/")[:-1]:
            name, equals, value = segment.partition("=")
            if not equals or name not in self.partitions:
                continue
            kind = self.partitions[name]
            wanted = {_folded(v, kind) for v in subject.values(kind)}
            if wanted and _folded(unquote(value), kind) not in wanted:
                return False
        return True

    @classmethod
    def of(cls, system: str, spec: CollectionSpec, limit: int) -> Rules:
        """Raises ConfigError naming the option that is wrong, and what is possible."""
        where, options = f"collections.{spec.name}.options", spec.options
        if unknown := sorted(set(options) - OPTIONS):
            raise ConfigError(system, f"{where}.{unknown[0]}: unknown; known: {', '.join(sorted(OPTIONS))}")
        texts = {name: options.get(name, "") for name in ("prefix", "suffix", "escape")}
        texts |= {"bucket": options.get("bucket", spec.name), "quote": options.get("quote", '"')}
        texts |= {"delimiter": options.get("delimiter", ",")}
        if wrong := sorted(name for name, value in texts.items() if not isinstance(value, str)):
            raise ConfigError(system, f"{where}.{wrong[0]}: a text")
        if not _BUCKET.fullmatch(texts["bucket"]):
            raise ConfigError(system, f"{where}.bucket: a bucket's name: 3-63 of a-z, 0-9, '.' and '-'")
        if len(texts["delimiter"]) != 1 or len(texts["quote"]) > 1 or len(texts["escape"]) > 1:
            raise ConfigError(system, f"{where}: delimiter is one character; quote and escape are one, or none")
        columns = tuple(_columns(system, where, spec))
        if not any(not column.claimed for column, _ in columns):
            raise ConfigError(system, f"collections.{spec.name}.found_by: name a column that says whose a row is")
        return cls(
            texts["bucket"], texts["prefix"], texts["suffix"], _layout(system, where, spec, texts, limit),
            tuple(c for c, _ in columns), tuple(i for _, i in columns),
            _map(system, where, options, "partitions"), _expiry(system, where, options),
        )  # fmt: skip


def _layout(system: str, where: str, spec: CollectionSpec, texts: Mapping[str, str], limit: int) -> Layout:
    options = spec.options
    kind = options.get("format")
    if kind not in FORMATS:
        raise ConfigError(system, f"{where}.format: one of {', '.join(FORMATS)}")
    packing = options.get("packing", "gzip" if kind == "papertrail" else "")
    if packing not in PACKINGS or (packing and kind == "parquet"):
        raise ConfigError(system, f"{where}.packing: gzip or zstd around a text file, or nothing")
    encoding = options.get("encoding", "utf-8")
    if encoding not in ENCODINGS:
        raise ConfigError(system, f"{where}.encoding: one of {', '.join(sorted(ENCODINGS))}")
    columns = options.get("columns", ())
    if isinstance(columns, str) or not all(isinstance(c, str) and c for c in columns):
        raise ConfigError(system, f"{where}.columns: the names of the columns of a CSV file without a header")
    return Layout(
        kind, packing, spec.age_field, encoding, texts["delimiter"], texts["quote"], texts["escape"], tuple(columns),
        limit,
    )  # fmt: skip


def _columns(system: str, where: str, spec: CollectionSpec) -> Iterator[tuple[Column, IdentitySpec | None]]:
    texts = spec.options.get("texts", {})
    listed = isinstance(texts, Mapping) and all(isinstance(p, list | tuple) for p in texts.values())
    if not listed or not all(isinstance(p, str) for patterns in texts.values() for p in patterns):
        raise ConfigError(system, f"{where}.texts: column -> how identifiers are written, [user_id={{user_id}}]")
    for identity in spec.identities:
        claimed = identity.trust is Trust.CLAIMED
        if not identity.match and not claimed:
            continue
        folded = is_email(identity.kind)
        if identity.field not in texts:
            yield Column(identity.field, identity.kind, folded, "", claimed), identity if identity.reveal else None
            continue
        slot = f"{{{identity.kind}}}"
        patterns = [p.replace(slot, SLOT) for p in texts[identity.field] if slot in p] or ([SLOT] if folded else [])
        if not patterns or (not folded and SLOT in patterns):
            raise ConfigError(system, f"{where}.texts.{identity.field}: say how {slot} is written, as in id={slot}")
        for pattern in patterns:
            yield Column(identity.field, identity.kind, folded, pattern, claimed), None


def _map(system: str, where: str, options: Mapping[str, Any], name: str) -> dict[str, str]:
    given = options.get(name, {})
    if not isinstance(given, Mapping) or not all(isinstance(v, str) and v for v in given.values()):
        raise ConfigError(system, f"{where}.{name}: a map as in {{user_id: user_id}}")
    return {str(key): str(kind) for key, kind in given.items()}


def _expiry(system: str, where: str, options: Mapping[str, Any]) -> int | None:
    given = options.get("old_versions", "delete")
    if given == "delete":
        return None
    if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= _MOST_DAYS:
        raise ConfigError(system, f"{where}.old_versions: delete, or in how many days a lifecycle rule removes them")
    return given


def _folded(value: str, kind: str) -> str:
    return value.strip().casefold() if is_email(kind) else value
