"""What stands in the files of each collection: the columns of the newest one, read from its footer or header.

JSON Lines have no header: what is in them shows in samples only. Other buckets and folders are for `aws.s3` to list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from connectors.aws.lake.export import leaves
from connectors.aws.lake.objects import GoneError, Pinned, Ranges
from connectors.aws.lake.rules import Rules
from connectors.aws.s3.bucket import Bucket, Entry, Kind
from connectors.errors import RefusedError
from connectors.lake import DamagedError, RowFile, open_file
from connectors.model import CollectionSpec
from connectors.surveys import Found, Part, described

_UNREADABLE = (DamagedError, RefusedError, GoneError)  # locate tells of such a file, for somebody to look at by hand


def survey(
    buckets: Mapping[str, Bucket], rules: Mapping[str, Rules], specs: Mapping[str, CollectionSpec]
) -> Iterator[Found]:
    """One for each collection that has a file."""
    for name, rule in rules.items():
        if (newest := _newest(buckets[name], rule)) is None:
            continue
        columns: tuple[str, ...] = ()
        with suppress(*_UNREADABLE), _opened(buckets[name], rule, newest) as file:
            columns = file.columns()
        known = described([specs[name]])
        parts = tuple(dict.fromkeys(Part(_spoken_of(column, known or frozenset())) for column in columns))
        yield Found(_called(rule), f"{rule.layout.format} files", name, parts, known, sampled=not columns)


def mentions(rules: Mapping[str, Rules]) -> Mapping[str, str]:
    return {_called(rule): name for name, rule in rules.items()}


def sample(bucket: Bucket, rule: Rules, most: int) -> Iterator[tuple[str, str]]:
    """The first rows of the newest file."""
    if (newest := _newest(bucket, rule)) is None:
        return
    with suppress(*_UNREADABLE), _opened(bucket, rule, newest) as file:
        for content in file.first(most):
            for path, value in leaves(content):
                for each in value if isinstance(value, list) else [value]:
                    if isinstance(each, str | int | float) and not isinstance(each, bool):
                        yield path, str(each)


def _newest(bucket: Bucket, rule: Rules) -> Entry | None:
    """Of the first page of a listing, so that a bucket of many files is not listed for this."""
    held = [e for e in next(bucket.pages(rule.prefix), []) if _is_current(e) and rule.is_file(e.key)]
    return max(held, key=lambda e: (e.at, e.key), default=None)


@contextmanager
def _opened(bucket: Bucket, rule: Rules, entry: Entry) -> Iterator[RowFile]:
    head = bucket.head(entry)
    state = Pinned(entry.key, entry.version, str((head or {}).get("ETag", "")), entry.size)
    with Ranges(bucket, state) as source:
        yield open_file(rule.layout, source)  # type: ignore[arg-type]


def _is_current(entry: Entry) -> bool:
    return entry.kind is Kind.VERSION and bool(entry.latest)


def _called(rule: Rules) -> str:
    return f"{rule.bucket}/{rule.prefix}*{rule.suffix}"


def _spoken_of(path: str, known: frozenset[str]) -> str:
    """The name under which the inventory describes a column: its own, or that of what it stands in."""
    steps = path.split(".")
    above = (".".join(steps[:n]) for n in range(len(steps), 0, -1))
    return next((name for name in above if name in known), path)
