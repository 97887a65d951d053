"""How the company writes to people who ask, as frozen values."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connectors.isolation import MARK, is_loopback
from connectors.model import Secret
from orchestrator.errors import InventoryError

BY_HAND, SMTP = "by_hand", "smtp"


@dataclass(frozen=True, slots=True)
class Channel:
    """The one way on which letters go out. Values are references still: env:NAME or file:PATH."""

    kind: str = BY_HAND
    sender: str = ""  # the address in From
    settings: Mapping[str, Any] = field(repr=False, default_factory=dict)  # host, port, security
    secrets: Mapping[str, str] = field(repr=False, default_factory=dict)  # username, password


@dataclass(frozen=True, slots=True)
class Stationery:
    """What stands on a letter besides its text, and what letters must know of the company."""

    address: tuple[str, ...]
    reply_to: str
    signed_by: str
    telephone: str = ""
    opt_out_at: str = ""  # where a person opts out of sale and sharing
    choices_at: str = ""  # where a person sees that an opt-out, opt-in or limit holds
    authority: str = ""  # whom to complain to under the GDPR
    message_ids: str = ""  # the domain in the Message-IDs of letters, by which their traces are recognised
    traces: tuple[str, ...] = ()  # "system/collection" in which letters leave traces
    fonts: str = ""  # a folder with fonts for signs that the PDF's own lack
    returns_days: int = 7  # so long after it went out a letter may still come back
    live: Channel = field(default_factory=Channel)
    sandbox: Channel | None = None

    def channel(self, sandbox: bool) -> Channel:
        """By hand in the sandbox, unless it has a channel of its own."""
        return (self.sandbox or Channel()) if sandbox else self.live


@dataclass(frozen=True, slots=True)
class MailServer:
    """An SMTP server that takes letters. `security`: "tls", "starttls", or "none" on this machine only."""

    host: str
    port: int
    security: str
    username: Secret | None = None
    password: Secret | None = None


def mail_server(
    channel: Channel, inventory: Path, sandbox: bool, environ: Mapping[str, str] = os.environ
) -> MailServer:
    """The channel with its references resolved.

    InventoryError for one that is missing, and for a server elsewhere or credentials not the sandbox's own
    in a sandbox run.
    """
    from orchestrator.inventory.resolve import values

    place = ("letters", "sandbox" if sandbox else "channel")
    settings, secrets = values(place, channel.settings, channel.secrets, inventory, environ)
    host, port = str(settings["host"]), str(settings["port"])
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise InventoryError(f"{inventory}: letters: port must be a number from 1 to 65535")
    server = MailServer(
        host, int(port), str(settings.get("security", "starttls")), secrets.get("username"), secrets.get("password")
    )
    if not is_loopback(host) and (sandbox or server.security == "none"):
        raise InventoryError(f"{inventory}: letters: only a server on this machine is used without TLS or by a sandbox")
    if sandbox and any(MARK not in secret.reveal() for secret in secrets.values()):
        raise InventoryError(f"{inventory}: letters: a sandbox run takes the sandbox's own credentials only")
    return server
