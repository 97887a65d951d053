"""How long a bucket's lifecycle keeps a collection, and a rule of our own beside whatever rules are there.

A configuration is put whole or not at all, and S3 takes no condition: every other rule is put back as it was read
right before, and looked for right afterwards. Whoever writes later, or from an older reading, is seen then, and nothing
is repeated. Whoever writes between the two calls is overwritten, and no call of S3's tells: CloudTrail logs each
PutBucketLifecycle. Configurations of buckets are eventually consistent: a rule may also be too young to be read.
Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel,
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html (1,000 rules; what is left out
is deleted), https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html (of several rules the
shortest counts; older versions need an action of their own).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from connectors.aws.answers import call
from connectors.aws.s3.bucket import Bucket
from connectors.aws.s3.rules import Rules
from connectors.errors import ChangedError, OvertakenError, TransientError
from connectors.model import Gate
from connectors.vendor_retention import FOR_EVER, Setting

_NONE = frozenset({"NoSuchLifecycleConfiguration"})
_DEFAULT = "TransitionDefaultMinimumObjectSize"  # beside the rules; left out, it would be set back
_MOST = 1000
Rule = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Held:
    """What a bucket has: its rules, what else stands beside them, and whether it keeps older versions."""

    rules: tuple[Rule, ...]
    beside: Mapping[str, Any]
    versioned: bool

    @property
    def mark(self) -> str:
        text = json.dumps([self.rules, self.beside, self.versioned], sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def kept(buckets: Mapping[str, Bucket], rules: Mapping[str, Rules], collection: str, period: timedelta) -> Setting:
    bucket, prefixes = buckets[collection], _prefixes(rules[collection])
    held, days = _read(bucket), period.days
    mine = tuple(_wanted(collection, prefixes, period, held))
    others = [r for r in held.rules if not _ours(r, collection)]
    reaching = [r for r in others if any(_reaches(r, p) for p in prefixes) and _days(r) is not None]
    sooner = [r for r in reaching if (_days(r) or 0) < days]
    covered = all(
        any(_covers(r, prefix) and _days(r) == days and (not held.versioned or _older(r)) for r in held.rules)
        for prefix in prefixes
    )
    own = [d for r in held.rules if _ours(r, collection) and _enabled(r) and (d := _days(r)) is not None]
    least = min([*own, *(d for r in reaching if (d := _days(r)) is not None)], default=None)
    stops = ""
    if "" in prefixes:
        stops = "a rule would reach the whole bucket: name the folder in options.prefix, or set one by hand"
    elif sooner:
        stops = f"the rule {sooner[0].get('ID', 'without a name')!r} ends objects sooner: change it by hand"
    elif len(others) + len(mine) > _MOST:
        stops = f"a bucket has {_MOST:,} rules at most: take some out"
    return Setting(
        collection, f"lifecycle of the bucket {bucket.name} below {', '.join(p or 'all' for p in prefixes)}",
        f"{least} days" if least is not None else FOR_EVER,
        f"{days} days" + (", older versions a day after they were replaced" if held.versioned else ""),
        covered and not sooner, shortens=any(_longer(held, prefix, days) for prefix in prefixes),
        also=tuple(_also(rules, buckets, collection, prefixes)), mark=held.mark, stops=stops,
        before=_whole(bucket, held),
        note="everything below goes by its age, described here or not, except what Object Lock keeps; let nobody else "
        "write rules of this bucket meanwhile",
    )  # fmt: skip


def keep(
    buckets: Mapping[str, Bucket], rules: Mapping[str, Rules], planned: Setting, period: timedelta, gate: Gate
) -> Setting:
    found, bucket = kept(buckets, rules, planned.collection, period), buckets[planned.collection]
    if found.fits:
        return found
    gate(planned.collection)
    held = _read(bucket)  # as late as can be
    if found.stops or not found.mark == planned.mark == held.mark:
        raise ChangedError(bucket.system, f"{planned.what}: it is another than it was when this was planned")
    others = [r for r in held.rules if not _ours(r, planned.collection)]
    mine = list(_wanted(planned.collection, _prefixes(rules[planned.collection]), period, held))
    doing = f"s3:PutLifecycleConfiguration on {bucket.name}"
    call(
        bucket.system, doing, bucket.client.put_bucket_lifecycle_configuration,
        **{"Bucket": bucket.name, "LifecycleConfiguration": {"Rules": [*others, *mine]}, **held.beside, **bucket.owner},
    )  # fmt: skip
    _undisturbed(bucket, planned, held, [*others, *mine])
    return kept(buckets, rules, planned.collection, period)


def _undisturbed(bucket: Bucket, planned: Setting, before: _Held, put: Sequence[Rule]) -> None:
    """Whether there is what was put, and nothing else. OvertakenError says what is missing and how it comes back."""
    after = _read(bucket)
    there, written = set(_sorted(after.rules)), set(_sorted(put))
    if there == written and (not before.beside or after.beside == before.beside):
        return
    if after.mark == before.mark:
        raise TransientError(bucket.system, f"{planned.what}: it reads as before the change: too young to be seen")
    lost = [r for r in (*before.rules, *put) if _sorted([r])[0] in written - there]
    new = [r for r in after.rules if _sorted([r])[0] not in written]
    says = "; ".join(filter(None, (_told("not there any more", lost), _told("somebody else's", new))))
    way = f"nothing is written again: look at the bucket; dsr retention settings before {bucket.system}/"
    raise OvertakenError(
        bucket.system,
        f"{planned.what}: another writer came between; {says or 'what stands beside the rules is another'}; "
        f"{way}{planned.collection} prints the rules as they were",
    )


def _told(what: str, rules: Sequence[Rule]) -> str:
    names = sorted({str(rule.get("ID", "without a name")) for rule in rules})
    shown = ", ".join(repr(n) for n in names if "@" not in n)
    return f"{what}: {len(names)} rule{'s' if len(names) > 1 else ''} ({shown})" if names else ""


def _whole(bucket: Bucket, held: _Held) -> str:
    """The configuration as `aws s3api put-bucket-lifecycle-configuration --cli-input-json` takes it.

    Empty if there is none, or if it names somebody: a plan holds nothing personal.
    """
    whole = {"Bucket": bucket.name, "LifecycleConfiguration": {"Rules": held.rules}, **held.beside}
    text = json.dumps(whole, default=lambda instant: instant.isoformat(), sort_keys=True)
    return text if held.rules and "@" not in text else ""


def _read(bucket: Bucket) -> _Held:
    doing, read = f"s3:GetLifecycleConfiguration on {bucket.name}", bucket.client.get_bucket_lifecycle_configuration
    answer = call(bucket.system, doing, read, _NONE, Bucket=bucket.name, **bucket.owner) or {}
    beside = {_DEFAULT: answer[_DEFAULT]} if answer.get(_DEFAULT) else {}
    return _Held(tuple(answer.get("Rules", ())), beside, bool(bucket.versioning().get("Status")))


def _wanted(collection: str, prefixes: Sequence[str], period: timedelta, held: _Held) -> Iterator[Rule]:
    """Our rules. Where a bucket still has rules of the first form, with a prefix outside of a filter, all must."""
    first_form = any("Filter" not in r for r in held.rules if not _ours(r, collection))
    for n, prefix in enumerate(prefixes):
        where: Rule = {"Prefix": prefix} if first_form else {"Filter": {"Prefix": prefix}}
        older: Rule = {"NoncurrentVersionExpiration": {"NoncurrentDays": 1}} if held.versioned else {}
        name = _name(collection) + (f"-{n}" if n else "")
        yield {"ID": name, "Status": "Enabled", "Expiration": {"Days": period.days}, **where, **older}


def _prefixes(rules: Rules) -> tuple[str, ...]:
    """Beginnings of keys below which the collection's objects are."""
    texts = [p.parts[0][1] if p.parts[0][0] == "text" else "" for p in (*rules.patterns, *rules.shared_patterns)]
    texts += [rules.below] if rules.tags or rules.metadata else []
    return tuple(sorted(set(texts)))


def _also(
    rules: Mapping[str, Rules], buckets: Mapping[str, Bucket], collection: str, prefixes: Sequence[str]
) -> Iterator[str]:
    """Other collections in whose keys a rule of ours would reach."""
    for name, other in rules.items():
        if name != collection and buckets[name].name == buckets[collection].name:
            theirs = _prefixes(other)
            if any(t.startswith(p) or p.startswith(t) for t in theirs for p in prefixes):
                yield name


def _longer(held: _Held, prefix: str, days: int) -> bool:
    """Whether anything below the prefix is kept longer now than it is to be."""
    covering = [r for r in held.rules if _covers(r, prefix) and (_days(r) or days + 1) <= days]
    return not any(_older(r) or not held.versioned for r in covering)


def _name(collection: str) -> str:
    return f"dsr-retention-{collection}"[:250]


def _ours(rule: Rule, collection: str) -> bool:
    name, mine = str(rule.get("ID", "")), _name(collection)
    return name == mine or (name.startswith(f"{mine}-") and name.removeprefix(f"{mine}-").isdigit())


def _enabled(rule: Rule) -> bool:
    return bool(rule.get("Status") == "Enabled")


def _days(rule: Rule) -> int | None:
    days = rule.get("Expiration", {}).get("Days")
    return int(days) if days else None


def _older(rule: Rule) -> bool:
    return bool(rule.get("NoncurrentVersionExpiration", {}).get("NoncurrentDays"))


def _prefix(rule: Rule) -> str:
    within = rule.get("Filter") or {}
    return str(rule.get("Prefix") or within.get("Prefix") or within.get("And", {}).get("Prefix") or "")


def _reaches(rule: Rule, prefix: str) -> bool:
    """Whether it may end objects below the prefix, or some of them."""
    theirs = _prefix(rule)
    return _enabled(rule) and (theirs.startswith(prefix) or prefix.startswith(theirs))


def _covers(rule: Rule, prefix: str) -> bool:
    """Whether it ends everything below the prefix: no tag, no size narrows it."""
    return _enabled(rule) and prefix.startswith(_prefix(rule)) and set(rule.get("Filter") or {}) <= {"Prefix"}


def _sorted(rules: Iterator[Rule] | Sequence[Rule]) -> list[str]:
    return sorted(json.dumps(rule, sort_keys=True, default=str) for rule in rules)
