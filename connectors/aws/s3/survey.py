"""What exists in an account: its buckets and, in those that the inventory names, what stands at the top.

Only the first level of keys is listed (up to 1,000 names a bucket). A folder there may be called after a person, so
that names with digits, dots or signs are shown as `{…}`, and more than a few are counted together.
Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html,
https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from connectors.aws.answers import rows
from connectors.aws.s3.bucket import Bucket
from connectors.aws.s3.patterns import Pattern
from connectors.aws.s3.rules import Rules
from connectors.aws.session import named_errors
from connectors.errors import ConfigError
from connectors.surveys import Found

_WORD = re.compile(r"[A-Za-z][A-Za-z_-]{1,30}/")
_MANY = 12  # folders at the top that no entry mentions: more of them are people's, or days
_HIDDEN = "{…}"


def survey(system: str, client: Any, buckets: Mapping[str, Bucket], rules: Mapping[str, Rules]) -> Iterator[Found]:
    """Every bucket; then of each that the inventory names the folders and loose objects that no entry reaches."""
    named = {bucket.name: bucket for bucket in buckets.values()}
    token = ("ContinuationToken", "ContinuationToken")
    for row in rows(system, "s3:ListAllMyBuckets", client.list_buckets, "Buckets", token):
        name = row["Name"]
        if name not in named:
            yield Found(name, "bucket", entry=_entry(name, "", loose=False))
            continue
        mine = {collection: rules[collection] for collection, other in buckets.items() if other.name == name}
        yield Found(name, "bucket", next(iter(mine)))
        yield from _unreached(named.pop(name), list(mine.values()))
    for bucket in named.values():  # of another account: not listed
        with suppress(ConfigError):
            bucket.versioning()
            mine = {collection: rules[collection] for collection, other in buckets.items() if other.name == bucket.name}
            yield Found(bucket.name, "bucket", next(iter(mine)))
            yield from _unreached(bucket, list(mine.values()))


def mentions(buckets: Mapping[str, Bucket]) -> Mapping[str, str]:
    return {bucket.name: collection for collection, bucket in buckets.items()}


def _unreached(bucket: Bucket, rules: Sequence[Rules]) -> Iterator[Found]:
    """In any version: what was deleted and is kept as an older one exists too."""
    with named_errors(bucket.system, f"s3:ListBucketVersions on {bucket.name}"):
        answer = bucket.client.list_object_versions(Bucket=bucket.name, Delimiter="/", MaxKeys=1000, **bucket.owner)
    reached = [prefix for rule in rules for prefix in _reaches(rule)]
    tops = [p["Prefix"] for p in answer.get("CommonPrefixes", ())]
    left = [p for p in tops if not any(p.startswith(r) or r.startswith(p) for r in reached)]
    shown = {p if _WORD.fullmatch(p) else f"{_HIDDEN}/" for p in left}
    for prefix in sorted(shown) if len(left) <= _MANY else [f"{_HIDDEN}/"]:
        yield Found(f"{bucket.name}/{prefix}", "prefix", entry=_entry(bucket.name, prefix, loose=False))
    loose = {version["Key"] for version in answer.get("Versions", ())}
    if left_loose := [k for k in loose if not any(k.startswith(r) for r in reached)]:
        entry = _entry(bucket.name, "", loose=True)
        yield Found(f"{bucket.name}/", "objects outside any folder", rows=len(left_loose), entry=entry)


def _reaches(rule: Rules) -> Iterator[str]:
    """The beginnings of keys that a collection looks at."""
    yield from (_literal(pattern) for pattern in (*rule.patterns, *rule.shared_patterns))
    if rule.tags or rule.metadata:
        yield rule.below


def _literal(pattern: Pattern) -> str:
    what, value = pattern.parts[0]
    return value if what == "text" else ""


def _entry(bucket: str, prefix: str, *, loose: bool) -> Mapping[str, Any]:
    """Searched by key, and touched by nobody until somebody says that what is found is one person's alone."""
    below = "" if _HIDDEN in prefix else prefix
    pattern = "{user_id}.*" if loose else f"{below}{{user_id}}/"
    return {"options": {"bucket": bucket, "shared_patterns": [pattern]}, "fields": {"content": "file"}}
