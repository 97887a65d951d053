"""Whether a mail names the person in what it says, where no header proves that it is theirs."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from urllib.parse import unquote


@dataclass(frozen=True, slots=True)
class Said:
    """What reading a mail's text told."""

    named: bool  # an address of the person's stands in it, whole
    unread: bool  # it has parts that are not text


NOTHING = Said(named=False, unread=False)


class Words:
    """The person's addresses as words: whole ones, not parts of a longer address."""

    def __init__(self, emails: Iterable[str]) -> None:
        words = "|".join(re.escape(email) for email in emails)
        self._pattern = re.compile(rf"(?<![\w.+%-])(?:{words})(?![\w-])(?!\.\w)", re.IGNORECASE)

    def found_in(self, text: str) -> tuple[str, ...]:
        """The addresses that stand in a text, also where HTML or a URL encodes them, in lower case."""
        found = set(self._pattern.findall(text))
        if "&" in text or "%" in text:
            found.update(self._pattern.findall(unquote(html.unescape(text))))
        return tuple(sorted({match.casefold() for match in found}))

    def read(self, raw: bytes) -> Said:
        """Look through a mail as it was sent: headers, text, HTML, and mails attached to it."""
        try:
            return self._read(message_from_bytes(raw))
        except RecursionError:  # parts in parts without end
            return Said(named=False, unread=True)

    def _read(self, message: Message) -> Said:
        named = unread = False
        for part in message.walk():
            named = named or any(self.found_in(text) for text in _headers(part))
            if part.get_content_maintype() == "text":
                named = named or bool(self.found_in(_text(part)))
            elif not part.is_multipart():
                unread = True
        return Said(named, unread)


def _headers(part: Message) -> Iterator[str]:
    for value in part.values():
        try:
            yield str(make_header(decode_header(value)))
        except (ValueError, LookupError, HeaderParseError):
            yield str(value)


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    body = payload if isinstance(payload, bytes) else b""
    try:
        return body.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:  # a charset that does not exist
        return body.decode("latin-1")
