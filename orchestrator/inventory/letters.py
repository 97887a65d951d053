"""The shape of the inventory's `letters:` section, and the values made of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from orchestrator.inventory import stationery
from orchestrator.inventory.problems import Problems
from orchestrator.inventory.words import Entry, Reference, Text, Texts

if TYPE_CHECKING:
    from orchestrator.inventory.schema import Document

_DOMAIN = r"^[a-z0-9-]+(\.[a-z0-9-]+)+$"
Email = Annotated[str, StringConstraints(pattern=r"^[^\s@<>]+@[^\s@<>]+\.[^\s@<>.]+$")]


class ByHand(Entry):
    """Letters are posted, or sent from a mail program, by a person."""

    kind: Literal["by_hand"]


class Smtp(Entry):
    """Letters go out by e-mail through one server. Values may be references (env:NAME, file:PATH)."""

    kind: Literal["smtp"]
    sender: Email
    host: Text
    port: Annotated[int, Field(gt=0, lt=65536)] | Reference = 587
    security: Literal["tls", "starttls", "none"] = "starttls"
    username: Reference | None = None
    password: Reference | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if bool(self.username) != bool(self.password):
            raise ValueError("username and password go together")
        return self


Channel = Annotated[ByHand | Smtp, Field(discriminator="kind")]


class Letters(Entry):
    """How the company writes to people who ask."""

    address: Texts = Field(min_length=1)
    reply_to: Email
    telephone: Text | None = None
    signed_by: Text
    opt_out_at: Text | None = None
    choices_at: Text | None = None
    authority: Text | None = None
    message_ids: Annotated[str, StringConstraints(pattern=_DOMAIN)] | None = None
    traces: Texts = Field(default_factory=list)
    fonts: Text | None = None
    returns_days: Annotated[int, Field(ge=0, le=30)] = 7
    channel: Channel = Field(default_factory=lambda: ByHand(kind="by_hand"))
    sandbox: Channel | None = None

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        if any(c and c.kind == "smtp" for c in (self.channel, self.sandbox)) and not self.message_ids:
            raise ValueError("letters by e-mail are recognised by their Message-ID: give its domain, `message_ids`")
        return self


def frozen(entry: Letters | None) -> stationery.Stationery | None:
    """What the rest of the program reads."""
    if entry is None:
        return None
    return stationery.Stationery(
        address=tuple(entry.address), reply_to=entry.reply_to, signed_by=entry.signed_by,
        telephone=entry.telephone or "", opt_out_at=entry.opt_out_at or "", choices_at=entry.choices_at or "",
        authority=entry.authority or "", message_ids=entry.message_ids or "", traces=tuple(entry.traces),
        fonts=entry.fonts or "", returns_days=entry.returns_days,
        live=_channel(entry.channel), sandbox=_channel(entry.sandbox) if entry.sandbox else None,
    )  # fmt: skip


def _channel(entry: ByHand | Smtp) -> stationery.Channel:
    if isinstance(entry, ByHand):
        return stationery.Channel()
    settings: dict[str, Any] = {"host": entry.host, "port": entry.port, "security": entry.security}
    secrets = {n: v for n, v in (("username", entry.username), ("password", entry.password)) if v}
    return stationery.Channel(entry.kind, entry.sender, settings, secrets)


def check(document: Document, problems: Problems) -> None:
    """Traces of letters are kept as records of requests: by a rule with an end, and recognised."""
    letters = document.letters
    if letters is None:
        return
    covered = {place for rule in document.rules for place in rule.covers}
    for i, place in enumerate(letters.traces):
        if place not in covered:
            what = "no retention rule covers it: a letter's trace would be deleted, or plan a deletion, as any data"
            problems.add(("letters", "traces", i), what)
    if letters.message_ids:
        for name, system in _mail(document):
            if str(system.settings.get("request_message_ids", "")).casefold() != letters.message_ids:
                where = ("systems", name, "settings", "request_message_ids")
                problems.add(where, f"must be {letters.message_ids!r}, or letters are not recognised in mailboxes")
            domains = system.settings.get("domains")
            if isinstance(domains, list) and letters.reply_to.rpartition("@")[2].casefold() not in domains:
                why = "is no domain of the company's mail, so that a letter would count as other people's mail too"
                problems.add(("letters", "reply_to"), why)


def _mail(document: Document) -> Iterator[tuple[str, Any]]:
    return ((name, s) for name, s in document.systems.items() if s.connector == "gmail")
