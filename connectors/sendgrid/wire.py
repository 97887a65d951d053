"""The official SDK's HTTP client, held to one host, one attempt and a bounded answer.

As it comes, python_http_client waits for ever, follows redirects with the key to other hosts, takes
proxies from the environment, reads answers of any size, and writes keys and bodies to its log.
"""

from __future__ import annotations

import logging
import urllib.error
import urllib.request
from http.client import HTTPMessage
from typing import IO, Any

from python_http_client.client import Client
from python_http_client.exceptions import HTTPError

from connectors.http import pieces

# It logs headers with the key and bodies with addresses at DEBUG. A filter holds whatever level is set.
logging.getLogger("python_http_client.client").addFilter(lambda record: False)


class HeldClient(Client):  # type: ignore[misc]
    """Builds addresses as the SDK does; sends them in this project's way."""

    def _build_client(self, name: str | None = None) -> HeldClient:
        return HeldClient(
            host=self.host,
            version=self._version,
            request_headers=self.request_headers,
            url_path=[*self._url_path, name] if name else self._url_path,
            timeout=self.timeout,
        )

    def _make_request(self, opener: Any, request: Any, timeout: float | None = None) -> Any:
        held = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Stay())
        seconds = float(timeout or self.timeout)
        try:
            return _Bounded(held.open(request, timeout=seconds), seconds)
        except urllib.error.HTTPError as fault:  # as the SDK raises it, which reads it whole
            raise HTTPError(fault.code, fault.reason, _Bounded(fault, seconds).read(), fault.hdrs) from None


class _Stay(urllib.request.HTTPRedirectHandler):
    """A redirect ends as the error it is: the key does not follow it."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


class _Bounded:
    """What the SDK reads of an answer, within bounds."""

    def __init__(self, response: Any, timeout: float) -> None:
        self._response, self._timeout = response, timeout

    def getcode(self) -> int:
        return int(self._response.getcode())

    def info(self) -> Any:
        return self._response.info()

    def read(self) -> bytes:
        with self._response:
            return b"".join(pieces(self._response, self._timeout))
