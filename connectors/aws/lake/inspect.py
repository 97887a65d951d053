"""What can be told of the buckets and the credentials before a request needs them.

Files are asked for by a name that nobody has below each prefix; nothing is written, so that whether writing is
allowed cannot be told. Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from connectors.aws.lake.rules import Rules
from connectors.aws.s3.bucket import Bucket, Entry, Kind
from connectors.errors import AuthError
from connectors.model import Aspect, Probe
from connectors.probes import NOBODY, said, tried

_ALLOW = "allow it in the policy of these credentials, or mend the settings account_id or region"
_WRITES = "s3:PutObject, s3:PutObjectTagging and s3:DeleteObjectVersion cannot be tried without writing"


def inspect(system: str, buckets: Mapping[str, Bucket], rules: Mapping[str, Rules]) -> Iterator[Probe]:
    """Probes of every bucket and prefix. Raises as `Bucket.prove` does if a bucket does not let anything through."""
    seen: set[str] = set()
    for name, bucket in buckets.items():
        if bucket.name not in seen:
            seen.add(bucket.name)
            yield from _bucket(system, bucket)
        key = f"{rules[name].prefix}{NOBODY}{rules[name].suffix}"
        entry = Entry(Kind.VERSION, key, "null", datetime.now(UTC))
        at, way = f"{bucket.name}/{key}", f"tried with {bucket.name}/{key}; {_ALLOW}"
        yield tried(system, Aspect.EXPORT, f"s3:GetObjectVersion on {at}", bucket.head, entry, way=way)
        yield tried(system, Aspect.LOCATE, f"s3:GetObjectVersionTagging on {at}", bucket.tags, entry, way=way)
    yield Probe(Aspect.DELETE, None, _WRITES)


def _bucket(system: str, bucket: Bucket) -> Iterator[Probe]:
    bucket.prove()
    yield Probe(Aspect.REACH, True, f"{bucket.name}: S3 answers and takes the credentials")
    yield tried(system, Aspect.LOCATE, f"s3:ListBucketVersions on {bucket.name}", bucket.list_nobodys, way=_ALLOW)
    try:
        lock, status = bucket.may_lock(), str(bucket.versioning().get("Status", "off"))
    except AuthError as error:
        yield Probe(Aspect.LOCATE, False, f"{said(system, error)}; {_ALLOW}")
        return
    device = bucket.needs_device()
    kept = f"Object Lock {'on' if lock else 'off'}, MFA Delete {'on' if device else 'off'}"
    yield Probe(Aspect.PLAN, None if lock or device else True, f"{bucket.name}: versioning {status}, {kept}")
