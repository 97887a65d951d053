"""Mailboxes of the fake: messages as they were sent, and what the API shows of them.

Source of the shapes: https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages
"""

from __future__ import annotations

import base64
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes
from email.message import Message as Mime
from typing import Any

Row = dict[str, Any]


@dataclass
class Message:
    """One message. `trashed_at` is when it came into Trash, from where it is purged 30 days later."""

    id: str
    thread: str
    raw: bytes
    received: datetime
    labels: set[str] = field(default_factory=set)
    trashed_at: datetime | None = None

    @property
    def mime(self) -> Mime:
        return message_from_bytes(self.raw)

    def header(self, name: str) -> str:
        return " ".join(str(value) for value in self.mime.get_all(name, []))

    def shown(self, form: str, wanted: Collection[str] = ()) -> Row:
        """The message in one of the API's formats: minimal, metadata, full or raw."""
        row: Row = {
            "id": self.id,
            "threadId": self.thread,
            "labelIds": sorted(self.labels),
            "snippet": _text(self.mime)[:40],
            "historyId": "1",
            "internalDate": str(int(self.received.timestamp() * 1000)),
            "sizeEstimate": len(self.raw),
        }
        if form == "raw":
            row["raw"] = base64.urlsafe_b64encode(self.raw).decode().rstrip("=")
        elif form in ("full", "metadata"):
            row["payload"] = _part(self.mime, "", form == "full", {name.casefold() for name in wanted})
        return row


@dataclass
class Box:
    """One user's mailbox and its settings."""

    address: str
    messages: dict[str, Message] = field(default_factory=dict)
    drafts: dict[str, str] = field(default_factory=dict)  # id of a draft -> of its message
    labels: dict[str, str] = field(default_factory=dict)  # id -> name
    settings: dict[str, Row] = field(default_factory=dict)
    enabled: bool = True
    units: int = 0  # of quota, used up so far

    def text_of(self, message: Message) -> str:
        """What the words of a search are looked for in."""
        names = ("From", "To", "Cc", "Bcc", "Subject")
        return " ".join([*(message.header(name) for name in names), _text(message.mime)])


def _text(mime: Mime) -> str:
    """Text of the parts, attachments included: Gmail's search looks into them."""
    parts = [part for part in mime.walk() if not part.is_multipart()]
    return " ".join(bytes(part.get_payload(decode=True) or b"").decode("utf-8", "replace") for part in parts)


def _part(mime: Mime, number: str, full: bool, wanted: Collection[str]) -> Row:
    headers = [{"name": n, "value": str(v)} for n, v in mime.items() if not wanted or n.casefold() in wanted]
    row: Row = {"mimeType": mime.get_content_type(), "headers": headers}
    if not full:
        return row
    row |= {"partId": number, "filename": mime.get_filename() or ""}
    if mime.is_multipart():
        held = [part for part in mime.get_payload() if isinstance(part, Mime)]
        row["parts"] = [_part(part, f"{number}.{n}".lstrip("."), True, ()) for n, part in enumerate(held)]
        return row | {"body": {"size": 0}}
    data = bytes(mime.get_payload(decode=True) or b"")
    if row["filename"]:
        return row | {"body": {"size": len(data), "attachmentId": f"att-{number}"}}
    return row | {"body": {"size": len(data), "data": base64.urlsafe_b64encode(data).decode()}}
