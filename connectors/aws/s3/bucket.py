"""One bucket over the wire: listings that are whole or raise, and reads of single versions.

An empty or foreign document is an error, not an empty listing: every answer must be the document
that was asked for, of this bucket, from the marker that was given.
Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html,
https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import unquote_plus

from connectors.aws.session import code, named_errors
from connectors.errors import TransientError
from connectors.probes import NOBODY

GONE = {"NoSuchKey", "NoSuchVersion", "NoSuchUpload", "404"}
_NO_LOCKS = {"ObjectLockConfigurationNotFoundError", "NoSuchObjectLockConfiguration"}
_ROOTS = {
    "GetBucketVersioning": b"VersioningConfiguration",
    "GetObjectLockConfiguration": b"ObjectLockConfiguration",
    "ListObjectVersions": b"ListVersionsResult",
    "ListMultipartUploads": b"ListMultipartUploadsResult",
    "GetObjectTagging": b"Tagging",
    "GetObjectAcl": b"AccessControlPolicy",
    "CreateMultipartUpload": b"InitiateMultipartUploadResult",
    "CompleteMultipartUpload": b"CompleteMultipartUploadResult",
    "DeleteObjects": b"DeleteResult",
}
_HEAD = 1024  # bytes in which a document's root element stands


class Kind(StrEnum):
    VERSION = "version"
    MARKER = "delete marker"
    UPLOAD = "unfinished upload"


@dataclass(frozen=True, slots=True)
class Entry:
    """One version, delete marker or unfinished upload. `version` is its version or upload id."""

    kind: Kind
    key: str = field(repr=False)
    version: str = field(repr=False)
    at: datetime = field(compare=False)
    latest: bool = field(default=False, compare=False)
    size: int = field(default=0, compare=False)  # bytes
    storage: str = field(default="", compare=False)  # storage class


@dataclass(frozen=True, slots=True)
class Lock:
    """What keeps a version: a legal hold, or retention until an instant (perhaps a past one)."""

    hold: bool
    until: datetime | None


def watch(client: Any) -> None:
    """Have the client refuse a successful answer that is not the document asked for."""

    def check(operation_model: Any, response_dict: Mapping[str, Any], **_: Any) -> None:
        from botocore.parsers import ResponseParserError

        root = _ROOTS.get(operation_model.name)
        if root is not None and response_dict["status_code"] < 300 and root not in response_dict["body"][:_HEAD]:
            raise ResponseParserError("not the document that was asked for")

    client.meta.events.register("before-parse.s3.*", check)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket of the inventory. Everything raises `connectors.errors` only."""

    system: str
    name: str
    client: Any = field(repr=False)
    page_size: int
    owner: Mapping[str, str]  # ExpectedBucketOwner, where the inventory names the account

    def prove(self) -> None:
        """Reach it and use the permissions that reading needs; reads no key of anyone's."""
        self.reach()
        self.list_nobodys()
        self.list_nobodys_uploads()
        self.needs_device()
        self.may_lock()

    def reach(self) -> None:
        with named_errors(self.system, f"s3:ListBucket on {self.name}"):
            self.client.head_bucket(Bucket=self.name, **self.owner)

    def list_nobodys(self) -> None:
        self._page("list_object_versions", "s3:ListBucketVersions", {"Prefix": f"{NOBODY}/", "MaxKeys": 1})

    def list_nobodys_uploads(self) -> None:
        self._page("list_multipart_uploads", "s3:ListBucketMultipartUploads", {"Prefix": f"{NOBODY}/", "MaxUploads": 1})

    def versioning(self) -> Mapping[str, Any]:
        """`Status`: Enabled or Suspended; `MFADelete`: Enabled. Neither is there if it never was."""
        with named_errors(self.system, f"s3:GetBucketVersioning on {self.name}"):
            answer: Mapping[str, Any] = self.client.get_bucket_versioning(Bucket=self.name, **self.owner)
        return answer

    def needs_device(self) -> bool:
        """Whether versions are deleted with the root user's MFA device only."""
        return str(self.versioning().get("MFADelete", "")) == "Enabled"

    def may_lock(self) -> bool:
        """Whether Object Lock is on, so that versions can be under retention or hold."""
        from botocore.exceptions import ClientError

        with named_errors(self.system, f"s3:GetBucketObjectLockConfiguration on {self.name}"):
            try:
                answer = self.client.get_object_lock_configuration(Bucket=self.name, **self.owner)
            except ClientError as error:
                if code(error) in _NO_LOCKS:
                    return False
                if code(error) == "404":  # without the document that would say what is not there
                    raise TransientError(self.system, f"{self.name}: the answer is not whole") from None
                raise
        return bool(answer.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") == "Enabled")

    def pages(self, prefix: str) -> Iterator[list[Entry]]:
        """All versions and delete markers below a prefix, ordered by key, page by page."""
        asked: dict[str, Any] = {"Prefix": prefix, "MaxKeys": self.page_size, "KeyMarker": "", "VersionIdMarker": ""}
        while True:
            given = {k: v for k, v in asked.items() if v != ""}
            answer = self._page("list_object_versions", "s3:ListBucketVersions", given)
            versions = [_entry(Kind.VERSION, row) for row in answer.get("Versions", ())]
            markers = [_entry(Kind.MARKER, row) for row in answer.get("DeleteMarkers", ())]
            if not all(e.key.startswith(prefix) for e in (*versions, *markers)):
                raise self._foreign("s3:ListBucketVersions")
            yield sorted((*versions, *markers), key=lambda e: e.key)
            if not answer["IsTruncated"]:
                return
            self._advance(asked, answer, "KeyMarker", "VersionIdMarker")

    def uploads(self, prefix: str) -> Iterator[Entry]:
        """All uploads below a prefix that were begun and neither completed nor aborted."""
        asked: dict[str, Any] = {"Prefix": prefix, "MaxUploads": self.page_size, "KeyMarker": "", "UploadIdMarker": ""}
        while True:
            given = {k: v for k, v in asked.items() if v != ""}
            answer = self._page("list_multipart_uploads", "s3:ListBucketMultipartUploads", given)
            for row in answer.get("Uploads", ()):
                yield Entry(Kind.UPLOAD, row["Key"], row["UploadId"], row["Initiated"])
            if not answer["IsTruncated"]:
                return
            self._advance(asked, answer, "KeyMarker", "UploadIdMarker")

    def tags(self, entry: Entry) -> Mapping[str, str] | None:
        """The tags of a version; None if it is gone meanwhile."""
        answer = self._read("get_object_tagging", "s3:GetObjectVersionTagging", entry)
        return None if answer is None else {t["Key"]: t["Value"] for t in answer.get("TagSet", ())}

    def head(self, entry: Entry) -> Mapping[str, Any] | None:
        """Metadata, lock and archive state of a version; None if it is gone meanwhile."""
        return self._read("head_object", "s3:GetObjectVersion", entry)

    def lock(self, entry: Entry) -> Lock:
        """What keeps a version. A lock that may not be seen is met as a refusal when deleting."""
        head = self.head(entry) or {}
        return Lock(head.get("ObjectLockLegalHoldStatus") == "ON", head.get("ObjectLockRetainUntilDate"))

    def may_see_locks(self, entry: Entry) -> None:
        """Whether retention and holds show: a head without these permissions has neither, and says nothing."""
        self._read("get_object_retention", "s3:GetObjectRetention", entry)
        self._read("get_object_legal_hold", "s3:GetObjectLegalHold", entry)

    def content(self, entry: Entry) -> Any:
        """The open body of a version; None if it is gone meanwhile."""
        answer = self._read("get_object", "s3:GetObjectVersion", entry)
        return None if answer is None else answer["Body"]

    def _read(self, verb: str, permission: str, entry: Entry) -> Mapping[str, Any] | None:
        from botocore.exceptions import ClientError

        with named_errors(self.system, f"{permission} on {self.name}"):
            try:
                answer: Mapping[str, Any] = getattr(self.client, verb)(
                    Bucket=self.name, Key=entry.key, VersionId=entry.version, **self.owner
                )
            except ClientError as error:
                if code(error) in GONE:
                    return None
                raise
        return answer

    def _page(self, verb: str, permission: str, asked: Mapping[str, Any]) -> Any:
        """One page, known to be this bucket's, from the marker that was given."""
        with named_errors(self.system, f"{permission} on {self.name}"):
            if verb == "list_multipart_uploads":
                # Keys may hold what XML cannot; unlike for versions, botocore does not undo the encoding.
                answer = _unquoted(self.client.list_multipart_uploads(
                    Bucket=self.name, EncodingType="url", **asked, **self.owner))  # fmt: skip
            else:
                answer = self.client.list_object_versions(Bucket=self.name, **asked, **self.owner)
        about = [answer.get("Name") or answer.get("Bucket"), answer.get("Prefix") or ""]
        about += [answer.get(m) or "" for m in ("KeyMarker", "VersionIdMarker", "UploadIdMarker")]
        wanted = [self.name, asked.get("Prefix", "")]
        wanted += [asked.get(m, "") for m in ("KeyMarker", "VersionIdMarker", "UploadIdMarker")]
        if "IsTruncated" not in answer or about != wanted:
            raise self._foreign(permission)
        return answer

    def _advance(self, asked: dict[str, Any], answer: Mapping[str, Any], *markers: str) -> None:
        following = {m: answer.get(f"Next{m}") or "" for m in markers}
        if not following["KeyMarker"] or all(asked[m] == following[m] for m in markers):
            raise TransientError(self.system, f"{self.name}: the listing says there is more, and not where")
        asked.update(following)

    def _foreign(self, permission: str) -> TransientError:
        return TransientError(self.system, f"{permission} on {self.name}: the answer is not the page asked for")


def _entry(kind: Kind, row: Mapping[str, Any]) -> Entry:
    return Entry(
        kind,
        row["Key"],
        row["VersionId"],
        row["LastModified"],
        bool(row.get("IsLatest")),
        int(row.get("Size", 0)),
        str(row.get("StorageClass", "")),
    )


def _unquoted(answer: Any) -> Any:
    if answer.get("EncodingType") != "url":
        return answer
    for name in ("KeyMarker", "NextKeyMarker", "Prefix"):
        if name in answer:
            answer[name] = unquote_plus(answer[name])
    for row in answer.get("Uploads", ()):
        row["Key"] = unquote_plus(row["Key"])
    return answer
