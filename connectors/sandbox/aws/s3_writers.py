"""Somebody else who writes a bucket's lifecycle at the same time: right before ours arrives, or right after.

PutBucketLifecycleConfiguration takes no condition, so that the last writer wins:
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class OtherWriters:
    """A WSGI layer. Switches: `before` and `after`, what is done once around the next lifecycle that is put."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self.reset()

    def reset(self) -> None:
        self.before: Callable[[], object] | None = None
        self.after: Callable[[], object] | None = None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        asked = environ.get("QUERY_STRING", "").split("&")
        if environ["REQUEST_METHOD"] != "PUT" or not {"lifecycle", "lifecycle="} & set(asked):
            return self._app(environ, start_response)
        before, after = self.before, self.after
        self.reset()  # what they do is put here as well
        if before:
            before()
        answered = list(self._app(environ, start_response))
        if after:
            after()
        return answered
