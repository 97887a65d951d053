"""What moto gets wrong about S3 and a deletion depends on, put right before moto sees the call.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html (1,000 keys, a
checksum, errors by key and version, MFA fails the whole call),
https://docs.aws.amazon.com/AmazonS3/latest/userguide/MultiFactorAuthenticationDelete.html,
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html (compliance mode is never
shortened), https://docs.aws.amazon.com/AmazonS3/latest/userguide/AddingObjectstoVersionSuspendedBuckets.html and
DeletingObjectsfromVersioningSuspendedBuckets.html (only the null version is replaced),
https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html (pages),
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html (the document's name).
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote_plus
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from connectors.sandbox.aws.server import ACCOUNT

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MOST_KEYS = 1000
_SUBRESOURCES = {"tagging", "retention", "legal-hold", "acl", "uploadId", "partNumber", "restore", "uploads"}


class _S3Error(Exception):
    def __init__(self, status: str, code: str, message: str = "") -> None:
        super().__init__(code)
        self.status, self.code, self.message = status, code, message


# What a call asks for, by its subresource, for a bucket and for a version of an object.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
_OF_BUCKET = {
    "versions": "s3:ListBucketVersions", "uploads": "s3:ListBucketMultipartUploads",
    "versioning": "s3:GetBucketVersioning", "object-lock": "s3:GetBucketObjectLockConfiguration",
}  # fmt: skip
_OF_OBJECT = {
    "tagging": "s3:GetObjectVersionTagging", "retention": "s3:GetObjectRetention",
    "legal-hold": "s3:GetObjectLegalHold",
}  # fmt: skip
_DENIED = _S3Error("403 Forbidden", "AccessDenied", "Access Denied")


class S3Corrections:
    """A WSGI layer around moto. Switches: `mfa_delete`, the buckets that delete versions by device only;
    `busy`, the keys for which DeleteObjects answers SlowDown; `denied`, the actions that no policy allows."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self._lock = threading.RLock()
        self.mfa_delete: set[str] = set()
        self.busy: set[str] = set()
        self.denied: set[str] = set()

    def reset(self) -> None:
        self.denied.clear()
        self.mfa_delete.clear()
        self.busy.clear()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if "/s3/aws4_request" not in environ.get("HTTP_AUTHORIZATION", ""):
            return self._app(environ, start_response)
        bucket, _, key = environ["PATH_INFO"].encode("latin-1").decode().lstrip("/").partition("/")
        asked = {k: v[0] for k, v in parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True).items()}
        lie = bool(environ.get("sandbox.lie"))
        method = environ["REQUEST_METHOD"]
        try:
            if _denied(self.denied, method, key, asked):
                raise _DENIED
            if method == "POST" and "delete" in asked:
                return _xml(start_response, self._delete_objects(environ, bucket, lie))
            if method == "DELETE" and key and "tagging" not in asked:
                return self._delete(environ, start_response, bucket, key, asked, lie)
            if method == "PUT" and key:
                return self._put(environ, start_response, bucket, key, asked)
            if method == "HEAD" and "versionId" in asked:  # moto answers 400 unless versioning is on
                with self._lock, _as_versioned(_store(bucket), asked["versionId"]):
                    return list(self._app(environ, start_response))
            if method == "GET" and not key and "versioning" in asked:
                return _xml(start_response, self._versioning(bucket))
            if method == "GET" and not key and "uploads" in asked:
                return _xml(start_response, _uploads(bucket, asked))
        except _S3Error as error:
            body = f"<Error><Code>{error.code}</Code><Message>{error.message}</Message></Error>"
            return _xml(start_response, body, error.status)
        return self._app(environ, start_response)

    def _versioning(self, bucket: str) -> str:
        status = _store(bucket).versioning_status
        inner = (f"<Status>{status}</Status>" if status else "") + (
            "<MfaDelete>Enabled</MfaDelete>" if bucket in self.mfa_delete else ""
        )
        return f"<VersioningConfiguration>{inner}</VersioningConfiguration>"

    def _delete_objects(self, environ: WSGIEnvironment, bucket: str, lie: bool) -> str:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        if not any(h == "HTTP_CONTENT_MD5" or h.startswith("HTTP_X_AMZ_CHECKSUM_") for h in environ):
            raise _S3Error("400 Bad Request", "InvalidRequest", "Missing required header: Content-MD5")
        root = ElementTree.fromstring(body)  # noqa: S314 (a fake on loopback)
        space = root.tag.rpartition("}")[0] + "}" if "}" in root.tag else ""
        wanted = [(o.findtext(f"{space}Key") or "", o.findtext(f"{space}VersionId"))
                  for o in root.iter(f"{space}Object")]  # fmt: skip
        if not 1 <= len(wanted) <= MOST_KEYS:
            raise _S3Error("400 Bad Request", "MalformedXML", "The XML you provided was not well-formed")
        store = _store(bucket)
        self._require_device(environ, bucket, any(version for _, version in wanted))
        quiet = root.findtext(f"{space}Quiet") == "true"
        said = []
        for key, version in wanted:
            named = f"<Key>{escape(key)}</Key>" + (f"<VersionId>{escape(version)}</VersionId>" if version else "")
            try:
                if not lie:
                    self._authorise(store, key, version)
                    self._remove(store, key, version, _bypass(environ))
            except _S3Error as error:
                said.append(f"<Error>{named}<Code>{error.code}</Code><Message>{error.message}</Message></Error>")
            else:
                said.append("" if quiet else f"<Deleted>{named}</Deleted>")
        return f"<DeleteResult>{''.join(said)}</DeleteResult>"

    def _delete(
        self, environ: WSGIEnvironment, start: StartResponse, bucket: str, key: str, asked: dict[str, str], lie: bool
    ) -> Iterable[bytes]:
        if "uploadId" in asked:
            return _xml(start, "", "204 No Content") if lie else self._app(environ, start)
        store, version = _store(bucket), asked.get("versionId")
        self._require_device(environ, bucket, version is not None)
        if not lie:
            self._authorise(store, key, version)
            self._remove(store, key, version, _bypass(environ))
        return _xml(start, "", "204 No Content")

    def _require_device(self, environ: WSGIEnvironment, bucket: str, versions: bool) -> None:
        if bucket in self.mfa_delete and versions and "HTTP_X_AMZ_MFA" not in environ:
            raise _S3Error("403 Forbidden", "AccessDenied", "Mfa Authentication must be used for this request")

    def _authorise(self, store: Any, key: str, version: str | None) -> None:
        from moto.iam.access_control import PermissionResult

        if key in self.busy:
            raise _S3Error("503 Slow Down", "SlowDown", "Please reduce your request rate.")
        action = "s3:DeleteObjectVersion" if version else "s3:DeleteObject"
        if store.get_permission(action, f"arn:aws:s3:::{store.name}/{key}") == PermissionResult.DENIED:
            raise _DENIED

    def _remove(self, store: Any, key: str, version: str | None, bypass: bool) -> None:
        from moto.s3.exceptions import AccessDeniedByLock

        with self._lock:
            if store.versioning_status == "Suspended" and version is None:
                _hide(store, key)
                return
            if store.versioning_status is None and version not in (None, "null"):
                return  # there is no such version
            with _as_versioned(store, version):
                try:
                    _backend().delete_object(store.name, key, version_id=version, bypass=bypass)
                except AccessDeniedByLock:
                    raise _DENIED from None

    def _put(
        self, environ: WSGIEnvironment, start: StartResponse, bucket: str, key: str, asked: dict[str, str]
    ) -> Iterable[bytes]:
        if "retention" in asked:
            self._forbid_shortening(environ, bucket, key, asked.get("versionId"))
        if _SUBRESOURCES & set(asked):
            return self._app(environ, start)
        with self._lock:
            try:
                store = _store(bucket)
            except _S3Error:
                return self._app(environ, start)
            if store.versioning_status != "Suspended":
                return list(self._app(environ, start))
            with _set_aside(store.keys, key):
                return list(self._app(environ, start))

    def _forbid_shortening(self, environ: WSGIEnvironment, bucket: str, key: str, version: str | None) -> None:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(body)
        root = ElementTree.fromstring(body)  # noqa: S314 (a fake on loopback)
        asked = {e.tag.rpartition("}")[2]: e.text or "" for e in root}
        held = _backend().get_object(bucket, key, version_id=version)
        if held is None or held.lock_mode != "COMPLIANCE" or _when(held.lock_until) <= datetime.now(UTC):
            return
        if asked.get("Mode") != "COMPLIANCE" or _when(asked["RetainUntilDate"]) < _when(held.lock_until):
            raise _DENIED


def _denied(denied: set[str], method: str, key: str, asked: dict[str, str]) -> bool:
    """Whether a read lacks its permission. What is not there is denied, too, to who may not list."""
    if method not in ("GET", "HEAD"):
        return False
    known, otherwise = (_OF_OBJECT, "s3:GetObjectVersion") if key else (_OF_BUCKET, "s3:ListBucket")
    action = next((known[name] for name in asked if name in known), otherwise)
    return action in denied or bool(key and "s3:ListBucket" in denied)


def _hide(store: Any, key: str) -> None:
    """Deleting without a version where versioning is suspended: a marker takes the null version's place."""
    from moto.s3.models import FakeDeleteMarker, FakeKey

    held = store.keys.getlist(key, [])
    found = next((v for v in reversed(held) if isinstance(v, FakeKey)), None)
    if found is not None:
        marker = FakeDeleteMarker(found)
        marker._version_id = "null"
        store.keys.setlist(key, [*(v for v in held if v.version_id != "null"), marker])


@contextmanager
def _set_aside(held: Any, key: str) -> Iterator[None]:
    """moto closes the buffers of what a put replaces: the versions that stay must be out of its sight."""
    staying = [v for v in held.getlist(key, []) if v.version_id != "null"]
    replaced = [v for v in held.getlist(key, []) if v.version_id == "null"]
    dict.pop(held, key, None)
    if replaced:
        dict.__setitem__(held, key, replaced)
    try:
        yield
    finally:
        if now := staying + held.getlist(key, []):
            dict.__setitem__(held, key, now)


@contextmanager
def _as_versioned(store: Any, version: str | None) -> Iterator[None]:
    """moto drops every version of a key unless the bucket is versioned; a named one goes alone."""
    before = store.versioning_status
    store.versioning_status = "Enabled" if version is not None else before
    try:
        yield
    finally:
        store.versioning_status = before


def _backend() -> Any:
    from moto.s3.models import s3_backends

    return s3_backends[ACCOUNT]["aws"]


def _store(bucket: str) -> Any:
    found = _backend().buckets.get(bucket)
    if found is None:
        raise _S3Error("404 Not Found", "NoSuchBucket", "The specified bucket does not exist")
    return found


def _uploads(bucket: str, asked: dict[str, str]) -> str:
    most = min(int(asked.get("max-uploads", MOST_KEYS)), MOST_KEYS)
    after = asked.get("key-marker", ""), asked.get("upload-id-marker", "")
    prefix = asked.get("prefix", "")
    held = sorted((u.key_name, u.id) for u in _store(bucket).multiparts.values() if u.key_name.startswith(prefix))
    left = [u for u in held if (u > after if after[1] else u[0] > after[0] or not after[0])]
    page = left[:most]
    spell = quote_plus if asked.get("encoding-type") == "url" else escape
    shown = "".join(
        f"<Upload><Key>{spell(key)}</Key><UploadId>{upload}</UploadId><StorageClass>STANDARD</StorageClass>"
        "<Initiated>2025-11-10T20:48:33.000Z</Initiated></Upload>"
        for key, upload in page
    )
    more = len(left) > most
    encoding = "<EncodingType>url</EncodingType>" if spell is quote_plus else ""
    markers = (
        f"<NextKeyMarker>{spell(page[-1][0])}</NextKeyMarker><NextUploadIdMarker>{page[-1][1]}</NextUploadIdMarker>"
        if more
        else ""
    )
    return (
        f"<ListMultipartUploadsResult><Bucket>{bucket}</Bucket><KeyMarker>{spell(after[0])}</KeyMarker>"
        f"<UploadIdMarker>{after[1]}</UploadIdMarker><Prefix>{spell(prefix)}</Prefix><MaxUploads>{most}</MaxUploads>"
        f"<IsTruncated>{str(more).lower()}</IsTruncated>{encoding}{markers}{shown}</ListMultipartUploadsResult>"
    )


def _bypass(environ: WSGIEnvironment) -> bool:
    return bool(environ.get("HTTP_X_AMZ_BYPASS_GOVERNANCE_RETENTION", "").lower() == "true")


def _when(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _xml(start_response: StartResponse, body: str, status: str = "200 OK") -> Iterable[bytes]:
    data = body.encode()
    start_response(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(data)))])
    return [data]
