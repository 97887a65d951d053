"""Fetching an archive: from the API to a storage host, without the token, unpacked within bounds.

Source: https://help.papertrailapp.com/kb/how-it-works/permanent-log-archives
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from urllib.parse import urljoin, urlsplit

import requests

from connectors.errors import ConfigError, RefusedError, TransientError
from connectors.http import HttpClient, StayingSession, error_for
from connectors.papertrail.events import Archive

_GZIP = 16 + zlib.MAX_WBITS
_PIECE = 1024 * 1024  # bytes unpacked at a time
_PACKED_LIMIT = 4 * 1024**3  # bytes of one archive as it is sent
_DOING = "fetching an archive"


class ArchiveStore:
    """Reads archives from hosts that the inventory names, and from no other."""

    def __init__(
        self, system: str, base_url: str, token: dict[str, str], hosts: tuple[str, ...], timeout: float, limit: int,
        pace: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self._system = system
        self._pace = pace
        self._base = base_url.rstrip("/") + "/"
        self._token = token
        self._hosts = frozenset(host.casefold() for host in hosts)
        self._timeout = timeout
        self._limit = limit

    def read(self, archive: Archive) -> Iterator[bytes]:
        """The unpacked bytes of one archive.

        Raises ConfigError for an address on a host that is not listed, RefusedError for an archive
        that unpacks to more than the limit, TransientError for one that is not whole.
        """
        link = self.address(archive)
        # A session of its own: the token must not follow to the storage host.
        host = "://".join(urlsplit(link)[:2])
        store = HttpClient(self._system, host, timeout=self._timeout)
        yield from self._unpacked(store.stream(link, doing=_DOING, limit=_PACKED_LIMIT))

    def address(self, archive: Archive) -> str:
        """Where an archive lies, on a listed host; it is not fetched. Raises as `read` does."""
        link = self._redirected(archive.link) if archive.redirects else archive.link
        address = urlsplit(link)
        if address.netloc.casefold() not in self._hosts:
            raise ConfigError(
                self._system,
                f"{_DOING}: it lies on a host that the setting 'archive_hosts' does not list; add it if it is right",
            )
        if address.scheme not in ("https", urlsplit(self._base).scheme):
            raise RefusedError(self._system, f"{_DOING}: its address is not as secure as the system's own")
        return link

    def _redirected(self, link: str) -> str:
        link = urljoin(self._base, link)
        if urlsplit(link)[:2] != urlsplit(self._base)[:2]:
            raise RefusedError(self._system, f"{_DOING}: the list of archives leads to another host")
        with StayingSession() as session:
            self._pace()
            try:
                answer = session.get(
                    link, headers=self._token, timeout=self._timeout, allow_redirects=False, stream=True
                )
                answer.close()
            except requests.RequestException as fault:
                raise TransientError(self._system, f"{_DOING}: {type(fault).__name__}") from None
        if not answer.is_redirect:
            if answer.status_code < 400:
                raise TransientError(self._system, f"{_DOING}: HTTP {answer.status_code} where a redirect was due")
            raise error_for(self._system, answer.status_code, answer.headers, _DOING)
        return urljoin(link, answer.headers["location"])

    def _unpacked(self, packed: Iterator[bytes]) -> Iterator[bytes]:
        size = 0
        unpacker = zlib.decompressobj(_GZIP)
        for chunk in packed:
            while chunk:
                if unpacker.eof:  # a gzip file may have several members
                    unpacker = zlib.decompressobj(_GZIP)
                try:
                    piece = unpacker.decompress(chunk, _PIECE)
                except zlib.error:
                    raise TransientError(self._system, f"{_DOING}: it is damaged") from None
                size += len(piece)
                if size > self._limit:
                    raise RefusedError(
                        self._system,
                        f"{_DOING}: it unpacks to more than {self._limit} bytes; "
                        "raise the setting archive_bytes if that is right",
                    )
                if piece:
                    yield piece
                chunk = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
        if not unpacker.eof:
            raise TransientError(self._system, f"{_DOING}: it ends too early")
