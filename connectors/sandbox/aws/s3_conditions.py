"""Writes to S3 on condition, which moto does without looking, and writes that a lying S3 only says it did.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html (If-Match on PutObject and
CompleteMultipartUpload: 412 where the current version has another ETag, 404 where there is none).
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from connectors.sandbox.aws.server import ACCOUNT

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class S3Conditions:
    """A WSGI layer around the sandbox's S3. One write at a time, so that a condition still holds when it is done."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self._lock = threading.RLock()

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if "/s3/aws4_request" not in environ.get("HTTP_AUTHORIZATION", ""):
            return self._app(environ, start)
        bucket, _, key = environ["PATH_INFO"].encode("latin-1").decode().lstrip("/").partition("/")
        asked = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
        whole = environ["REQUEST_METHOD"] == "PUT" and not asked
        completed = environ["REQUEST_METHOD"] == "POST" and "uploadId" in asked
        if not key or not (whole or completed):
            return self._app(environ, start)
        with self._lock:
            if refusal := _refusal(bucket, key, environ.get("HTTP_IF_MATCH")):
                return _answered(environ, start, *refusal)
            if environ.get("sandbox.lie"):
                root = "CompleteMultipartUploadResult" if completed else ""
                return _answered(environ, start, "200 OK", f"<{root}></{root}>" if root else "")
            return list(self._app(environ, start))


def _refusal(bucket: str, key: str, wanted: str | None) -> tuple[str, str] | None:
    from moto.s3.models import FakeKey, s3_backends

    store: Any = s3_backends[ACCOUNT]["aws"].buckets.get(bucket)
    if wanted is None or store is None:
        return None
    held = store.keys.get(key)
    if not isinstance(held, FakeKey):
        return "404 Not Found", "<Error><Code>NoSuchKey</Code><Message>There is no such key</Message></Error>"
    if held.etag.strip('"') == wanted.strip('"'):
        return None
    body = "<Error><Code>PreconditionFailed</Code><Message>A condition did not hold</Message></Error>"
    return "412 Precondition Failed", body


def _answered(environ: WSGIEnvironment, start: StartResponse, status: str, text: str) -> Iterable[bytes]:
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))  # unread, it would garble the next request
    body = text.encode()
    start(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
    return [body]
