"""What can be told of the buckets and the credentials before a request needs them.

Lists and objects are asked for by names that nobody has. Who may not list a bucket is not told that
an object is missing, and is refused all the same:
https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from connectors.aws.s3.bucket import Bucket, Entry, Kind
from connectors.aws.s3.rules import Rules
from connectors.errors import AuthError, ConfigError
from connectors.model import Aspect, Identifier, Probe, Subject, Trust
from connectors.probes import NOBODY, said, tried

_ALLOW = "allow it in the policy of these credentials, or mend the settings account_id or region"
_UNSEEN = "without it a lock is not seen: what it keeps is planned for deletion, and refused then"
_WRITES = "s3:DeleteObjectVersion and s3:AbortMultipartUpload cannot be tried without writing"


def inspect(system: str, buckets: Mapping[str, Bucket], rules: Mapping[str, Rules]) -> Iterator[Probe]:
    """Probes of every bucket, once each. Raises as `Bucket.prove` does if none of them lets anything through."""
    named = {bucket.name: bucket for bucket in buckets.values()}
    probes = []
    for bucket in named.values():
        mine = [rules[name] for name, other in buckets.items() if other.name == bucket.name]
        probes += list(_of(system, bucket, mine))
    if all(p.ok is not True and p.aspect is not Aspect.INVENTORY for p in probes):
        for bucket in named.values():
            bucket.prove()
    yield Probe(Aspect.REACH, True, "S3 answers and takes the credentials")
    yield from probes
    yield Probe(Aspect.DELETE, None, _WRITES)


def _of(system: str, bucket: Bucket, rules: Sequence[Rules]) -> Iterator[Probe]:
    status, device = "unknown", False
    try:
        versioning = bucket.versioning()
    except ConfigError as error:
        yield Probe(Aspect.INVENTORY, False, said(system, error))
        return
    except AuthError as error:
        yield Probe(Aspect.LOCATE, False, f"{said(system, error)}; {_ALLOW}")
    else:
        status, device = str(versioning.get("Status", "off")), versioning.get("MFADelete") == "Enabled"
        yield Probe(Aspect.INVENTORY, True, f"{bucket.name}: the bucket exists")
    listed = tried(system, Aspect.LOCATE, f"s3:ListBucket on {bucket.name}", bucket.reach, way=_ALLOW)
    yield listed
    yield tried(system, Aspect.LOCATE, f"s3:ListBucketVersions on {bucket.name}", bucket.list_nobodys, way=_ALLOW)
    what = f"s3:ListBucketMultipartUploads on {bucket.name}"
    yield tried(system, Aspect.LOCATE, what, bucket.list_nobodys_uploads, way=_ALLOW)
    locks: list[bool] = []
    what = f"s3:GetBucketObjectLockConfiguration on {bucket.name}"
    yield tried(system, Aspect.LOCATE, what, lambda: locks.append(bucket.may_lock()), way=_ALLOW)
    if listed.ok:
        yield from _objects(system, bucket, rules, any(locks))
    else:
        yield Probe(Aspect.EXPORT, None, f"{bucket.name}: whether objects may be read shows only with s3:ListBucket")
    yield _kept(bucket.name, status, device, locks)


def _objects(system: str, bucket: Bucket, rules: Sequence[Rules], lock: bool) -> Iterator[Probe]:
    """Reads of an object that would be nobody's, under each pattern: a policy may allow some keys only."""
    tagged: dict[str, bool] = {}
    for rule in rules:
        for key in _nobodys(rule):
            tagged[key] = tagged.get(key, False) or bool(rule.tags)
    for key, by_tag in tagged.items():
        entry = Entry(Kind.VERSION, key, "null", datetime.now(UTC))
        at = f"{bucket.name}/{key}"
        what = f"s3:GetObjectVersion on {at} (and kms:Decrypt, where a key of one's own encrypts)"
        yield tried(system, Aspect.EXPORT, what, bucket.head, entry, way=f"tried with {at}; {_ALLOW}")
        if by_tag:
            what = f"s3:GetObjectVersionTagging on {at}"
            yield tried(system, Aspect.LOCATE, what, bucket.tags, entry, way=f"tried with {at}; {_ALLOW}")
        if lock:
            what = f"s3:GetObjectRetention and s3:GetObjectLegalHold on {at}"
            yield tried(system, Aspect.LOCATE, what, bucket.may_see_locks, entry, way=f"{_UNSEEN}; {_ALLOW}")


def _nobodys(rules: Rules) -> Iterator[str]:
    nobody = Subject.of(*(Identifier(kind, NOBODY, Trust.PROVEN) for kind in rules.kinds))
    for prefix in rules.for_(nobody).prefixes:
        yield prefix if NOBODY in prefix and not prefix.endswith("/") else f"{prefix}{NOBODY}"


def _kept(name: str, status: str, device: bool, locks: Sequence[bool]) -> Probe:
    """What the bucket keeps although it is deleted."""
    lock = {(): "unknown", (True,): "on", (False,): "off"}[tuple(locks)]
    says = f"{name}: versioning {status}, Object Lock {lock}, MFA Delete {'on' if device else 'off'}"
    if device:
        says += ": versions go by the root user's device only, by hand"
    elif any(locks):
        says += ": what retention or a legal hold keeps stays until its end"
    known = status != "unknown" and bool(locks)
    return Probe(Aspect.PLAN, True if known and not device and not any(locks) else None, says)
