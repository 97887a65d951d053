"""One object written anew without rows, on the condition that nobody else has written it meanwhile.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html (If-Match on PutObject and
CompleteMultipartUpload; 412 changed, 409 a conflict under way, 404 deleted),
https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO
from urllib.parse import urlencode

from connectors.aws.lake.objects import GoneError, Pinned, fetched, scratch
from connectors.aws.s3.bucket import GONE, Bucket, Entry, Kind
from connectors.aws.session import code, named_errors
from connectors.errors import RefusedError, TransientError
from connectors.lake import DamagedError, Layout, People, Tally
from connectors.lake.files import Drop
from connectors.lake.rewriting import everybodys, rewritten

_TRIES = 5
_PART = 16 * 1024**2  # bytes; S3 takes 10,000 parts of 5 MiB and more
_RACE = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409", *GONE}
# What a new version takes over, as HeadObject tells it.
_KEPT = (
    "CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "ContentType", "Expires", "Metadata",
    "ServerSideEncryption", "SSEKMSKeyId", "BucketKeyEnabled", "StorageClass", "WebsiteRedirectLocation",
)  # fmt: skip
_GRANTS = {
    "FULL_CONTROL": "GrantFullControl", "READ": "GrantRead", "READ_ACP": "GrantReadACP", "WRITE_ACP": "GrantWriteACP",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What became of an object. `replaced`: the version that the new one took the place of; "" if none did."""

    tally: Tally
    replaced: str = field(default="", repr=False)


class _RaceError(Exception):
    """Somebody else was faster."""


def rewrite_object(
    bucket: Bucket, key: str, layout: Layout, people: People, *, drop: Drop | None = None,
    before_write: Callable[[Tally], None] = lambda tally: None, tries: int = _TRIES, part: int = _PART,
) -> Rewritten | None:  # fmt: skip
    """Take the rows of all these people out of the current version in one pass; None if there is no object.

    `drop` says of rows that name one of them which go (default: those that are somebody's); `before_write` may
    raise to stop it. A file that keeps no row stays, with its header or schema. Raises RefusedError for a file that
    cannot be read or kept as it was, TransientError if others write it faster than it can be rewritten.
    """
    chosen = drop or everybodys(people)
    for _ in range(tries):
        if (entry := _current(bucket, key)) is None or (head := bucket.head(entry)) is None:
            return None
        state = Pinned(key, entry.version, str(head["ETag"]), entry.size)
        try:
            with fetched(bucket, state) as source, scratch() as target:
                tally = rewritten(layout, source, target, people, chosen)
                if not tally.removed:
                    return Rewritten(tally)
                before_write(tally)
                _put(bucket, state, target, _kept(bucket, head, state), part)
                return Rewritten(tally, entry.version)
        except (GoneError, _RaceError):
            continue  # read what the other client wrote, and leave that out of it too
        except DamagedError as damage:
            raise RefusedError(bucket.system, f"a file in {bucket.name} is left as it is: {damage}") from None
    raise TransientError(bucket.system, f"a file in {bucket.name} is written by others faster than it can be rewritten")


def _current(bucket: Bucket, key: str) -> Entry | None:
    """The current version, with its size as it is listed; None if it is deleted."""
    listed = (entry for page in bucket.pages(key) for entry in page)
    entry = next((e for e in listed if e.key != key or e.latest), None)
    return entry if entry is not None and entry.key == key and entry.kind is Kind.VERSION else None


def _kept(bucket: Bucket, head: Mapping[str, Any], state: Pinned) -> dict[str, Any]:
    """Everything beside the content: headers, metadata, encryption, storage class, tags, grants."""
    kept = {name: head[name] for name in _KEPT if head.get(name) not in (None, "", {})}
    at = {"Bucket": bucket.name, "Key": state.key, "VersionId": state.version, **bucket.owner}
    with named_errors(bucket.system, f"s3:GetObjectTagging on {bucket.name}"):
        tags = bucket.client.get_object_tagging(**at).get("TagSet", ())
    with named_errors(bucket.system, f"s3:GetObjectAcl on {bucket.name}"):
        acl = bucket.client.get_object_acl(**at)
    if tags:
        kept["Tagging"] = urlencode({tag["Key"]: tag["Value"] for tag in tags})
    owner = acl.get("Owner", {}).get("ID")
    grants: dict[str, list[str]] = {}
    for grant in acl.get("Grants", ()):
        grantee = grant.get("Grantee", {})
        who = f'uri="{grantee["URI"]}"' if "URI" in grantee else f'id="{grantee.get("ID", "")}"'
        grants.setdefault(_GRANTS[grant["Permission"]], []).append(who)
    if grants != {"GrantFullControl": [f'id="{owner}"']}:  # which every new object has
        kept |= {name: ",".join(who) for name, who in grants.items()}
    return kept


def _put(bucket: Bucket, state: Pinned, target: BinaryIO, kept: Mapping[str, Any], part: int) -> None:
    size = target.seek(0, os.SEEK_END)
    target.seek(0)
    at = {"Bucket": bucket.name, "Key": state.key, **bucket.owner}
    if size <= part:
        _conditional(bucket, bucket.client.put_object, Body=target, IfMatch=state.etag, **at, **kept)
        return
    with named_errors(bucket.system, f"s3:PutObject on {bucket.name}"):
        upload = {"UploadId": bucket.client.create_multipart_upload(**at, **kept)["UploadId"]}
    done = False
    try:
        parts = []
        for number in range(1, -(-size // part) + 1):
            with named_errors(bucket.system, f"s3:PutObject on {bucket.name}"):
                answer = bucket.client.upload_part(Body=target.read(part), PartNumber=number, **at, **upload)
            parts.append({"PartNumber": number, "ETag": answer["ETag"]})
        listed = {"MultipartUpload": {"Parts": parts}}
        _conditional(bucket, bucket.client.complete_multipart_upload, IfMatch=state.etag, **listed, **at, **upload)
        done = True
    finally:
        if not done:  # its parts would be paid for, and hold rows of others
            _abort(bucket, at | upload)


def _abort(bucket: Bucket, upload: Mapping[str, Any]) -> None:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        bucket.client.abort_multipart_upload(**upload)
    except (BotoCoreError, ClientError):
        return  # what went wrong before is what is told


def _conditional(bucket: Bucket, verb: Callable[..., Any], **asked: Any) -> None:
    from botocore.exceptions import ClientError

    with named_errors(bucket.system, f"s3:PutObject on {bucket.name}"):
        try:
            verb(**asked)
        except ClientError as error:
            if code(error) in _RACE:
                raise _RaceError from None
            raise
