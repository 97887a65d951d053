"""A mail server on this machine that keeps what it is given, and misbehaves on demand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller


@dataclass
class Postbox:
    """`refuses`: the step at which it says no ("rcpt", "data"); `hangs_up`: takes the mail and answers nothing."""

    raw: list[bytes] = field(default_factory=list)
    to: list[list[str]] = field(default_factory=list)
    refuses: str = ""
    hangs_up: bool = False
    port: int = 0

    @property
    def mails(self) -> list[EmailMessage]:
        read = (message_from_bytes(mail, policy=policy.default) for mail in self.raw)
        return [mail for mail in read if isinstance(mail, EmailMessage)]

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.refuses == "rcpt":
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refuses == "data":
            return "554 5.7.1 refused"
        self.raw.append(envelope.content)
        self.to.append(list(envelope.rcpt_tos))
        if self.hangs_up:
            server.transport.abort()
        return "250 OK"


class _AnyPort(Controller):
    """On a port that is free, which the controller itself does not ask for."""

    def _trigger_server(self) -> None:
        server: Any = self.server
        self.port = server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextmanager
def postbox() -> Iterator[Postbox]:
    box = Postbox()
    controller = _AnyPort(box, hostname="127.0.0.1", port=0)
    controller.start()
    try:
        box.port = controller.port
        yield box
    finally:
        controller.stop()
