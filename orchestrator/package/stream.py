"""Texts of any size, looked through in windows that overlap: where the chunks end makes no difference.

A window begins and ends where the text says, not where a chunk does. It has enough before and after the part
that is given out for a value on the border, and the words before it, to be seen whole.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator

from orchestrator.package.scan import Found, Scanner

BODY = 128 * 1024  # characters given out at a time
MARGIN = 20 * 1024  # characters seen on either side: more than the longest key


class NotTextError(Exception):
    """Bytes that no text has: it cannot be looked through."""


def cleaned(
    chunks: Iterable[str], scanner: Scanner, found: Found, *, body: int = BODY, margin: int = MARGIN
) -> Iterator[str]:
    """The text without what must not be handed out; counts that in `found`."""
    window, done = "", 0  # characters of the window that were given out already
    for chunk in chunks:
        window += chunk
        while len(window) - done >= body + margin:
            until = done + body
            part, ended = _part(window[: until + margin], done, until, scanner, found)
            yield part
            keep = max(0, ended - margin)
            window, done = window[keep:], ended - keep
    yield _part(window, done, len(window), scanner, found)[0]


def _part(window: str, done: int, until: int, scanner: Scanner, found: Found) -> tuple[str, int]:
    """What is given out of the window, and up to where that goes: a value is not cut in two."""
    parts, at = [], done
    for span in scanner.spans(window):
        if span.end <= done or span.start >= until:
            continue
        if span.start >= done:
            parts += [window[at : span.start], span.type.mark]
            found[span.type] += 1
        at = max(at, span.end)  # one that was begun before has its mark already
    ended = max(at, until)
    return "".join(parts) + window[at:ended], ended


def decoded(chunks: Iterable[bytes], *, strict: bool = True) -> Iterator[str]:
    """Bytes as text: UTF-8, or what a byte order mark says; other bytes pass through as they are.

    Raises NotTextError at the first character that no text has, if `strict`.
    """
    decoder: codecs.IncrementalDecoder | None = None
    head = b""
    for chunk in chunks:
        head += chunk
        if decoder is None:
            if len(head) < 4:
                continue
            decoder = codecs.getincrementaldecoder(encoding_of(head))("surrogateescape")
        yield _text(decoder.decode(head), strict)
        head = b""
    decoder = decoder or codecs.getincrementaldecoder(encoding_of(head))("surrogateescape")
    yield _text(decoder.decode(head, final=True), strict)


def encoded(texts: Iterable[str]) -> Iterator[bytes]:
    """Text as UTF-8; bytes that were not are what they were."""
    return (text.encode("utf-8", "surrogateescape") for text in texts)


def encoding_of(head: bytes) -> str:
    for mark, name in (
        (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
    ):  # fmt: skip
        if head.startswith(mark):
            return name
    return "utf-8"


_STRANGE = frozenset(map(chr, {*range(32), 0x7F} - set(b"\t\n\r\x0b\x0c\x1b")))


def _text(text: str, strict: bool) -> str:
    if strict and not _STRANGE.isdisjoint(text):
        raise NotTextError
    return text
