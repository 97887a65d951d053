"""Mails: parts walked, attachments looked into by their kind, other people in the address lines blacked out.

A mail with anything to black out is given as a copy with the parts that were looked through and the lines a
reader knows (From, To, Cc, Date, Subject); what relays wrote is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from email import policy
from email.charset import QP, Charset
from email.encoders import encode_base64
from email.errors import MessageError
from email.message import EmailMessage, Message
from email.mime.base import MIMEBase
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.parser import BytesParser
from email.utils import formataddr, getaddresses
from typing import TYPE_CHECKING, Any

from orchestrator.package.kinds import FileKind
from orchestrator.package.scan import Found
from orchestrator.package.vocabulary import Type, Verdict

if TYPE_CHECKING:
    from orchestrator.package.looker import Held, Looker, Seen

_ADDRESSED = ("From", "Sender", "Reply-To", "To", "Cc", "Bcc")
_TOLD = ("Date", "Subject")
_LOCKED = frozenset(
    {"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime", "application/pgp-encrypted"}
)
_MOST_PARTS = 500


def mail(looker: Looker, whole: Seen, depth: int = 0) -> Seen:
    """A mail as it is if nothing in it is anybody else's; otherwise a copy."""
    assert whole.path is not None
    if whole.path.stat().st_size > looker.limits.in_memory:
        return looker.hold(whole, FileKind.MAIL, "the mail is too large to be looked through")
    with whole.path.open("rb") as file:
        message = BytesParser(policy=policy.default).parse(file)
    copying = _Copying(looker, depth)
    try:
        _learn(looker, message)
        if any(part.get_content_type() in _LOCKED for part in message.walk()):
            return looker.hold(whole, FileKind.MAIL, "the mail is encrypted")
        copy = copying.copy(message)
        content = copy.as_bytes()
        clean = _plain(message) and not looker.scanner.spans(_headers(message))
    except (MessageError, LookupError, ValueError, AttributeError, TypeError):
        return looker.hold(whole, FileKind.MAIL, "the mail is damaged")
    if clean and not copying.found and not copying.held and not copying.changed:
        return whole
    return replace(
        whole, verdict=Verdict.COPY, path=looker.put(content), suffix=".eml", found=copying.found,
        held=tuple(copying.held),
    )  # fmt: skip


@dataclass
class _Copying:
    looker: Looker
    depth: int
    found: Found = field(default_factory=Found)
    held: list[Held] = field(default_factory=list)
    changed: bool = False
    parts: int = 0

    def copy(self, message: Message) -> Message:
        """The message anew, with its lines for readers."""
        new = self._part(message)
        for name in _ADDRESSED:
            if addresses := list(self._people(message.get_all(name, []))):
                new[name] = ", ".join(addresses)
        for name in _TOLD:
            if value := message.get(name):
                new[name] = _one_line(self.looker.scanner.cleaned(str(value), self.found))
        return new

    def _part(self, part: Message) -> Message:
        self.parts += 1
        if self.parts > _MOST_PARTS or self.depth > self.looker.limits.depth:
            raise MessageError
        kind = part.get_content_type()
        if part.is_multipart() and kind == "message/rfc822":
            return MIMEMessage(self.copy(part.get_payload(0)))  # type: ignore[arg-type]
        if part.is_multipart():
            new = MIMEMultipart(part.get_content_subtype())
            for inner in part.iter_parts() if isinstance(part, EmailMessage) else part.get_payload():
                new.attach(self._part(inner))  # type: ignore[arg-type]
            return new
        if kind == "text/plain" and part.get_content_disposition() != "attachment":
            return _written(self.looker.scanner.cleaned(_text(part), self.found), "plain")
        return self._attached(part, kind)

    def _attached(self, part: Message, kind: str) -> Message:
        if kind == "text/html":
            content: bytes = _text(part).encode("utf-8", "surrogateescape")
        else:
            content = part.get_payload(decode=True) or b""  # type: ignore[assignment]
        name = part.get_filename() or ("page.html" if kind == "text/html" else "")
        seen = self.looker.part(self.looker.put(content), name, kind, self.depth + 1)
        given = [self._given(one) for one in _flat(seen)]
        if len(given) == 1:
            return given[0]
        new = MIMEMultipart("mixed")
        for one in given:
            new.attach(one)
        return new

    def _given(self, seen: Seen) -> Message:
        self.found.update(seen.found)
        self.held += seen.held
        self.changed |= seen.verdict not in (Verdict.WHOLE, Verdict.RELEASED)
        if seen.path is None:
            return _written(f"[{seen.verdict}: {seen.why}]\n", "plain")
        if seen.media_type in ("text/html", "text/plain"):
            text = seen.path.read_text("utf-8", "replace")
            return _written(text, seen.media_type.partition("/")[2])
        main, _, sub = (seen.media_type or "application/octet-stream").partition("/")
        new = MIMEBase(main, sub or "octet-stream")
        new.set_payload(seen.path.read_bytes())
        encode_base64(new)
        self.parts += 1
        new.add_header("Content-Disposition", "attachment", filename=f"attachment-{self.parts}{seen.suffix}")
        return new

    def _people(self, lines: list[Any]) -> Iterator[str]:
        for name, address in getaddresses([str(line) for line in lines]):
            if address and self.looker.scanner.own.address(address):
                yield formataddr((name, address))
            elif address or name:
                self.found[Type.PERSON] += 1
                yield "[withheld] <withheld@invalid>"


def _learn(looker: Looker, message: Message) -> None:
    """Whose names stand in its address lines, and in those of mails in it: they are known in its text then."""
    if (names := looker.scanner.names) is None:
        return
    lines = [str(line) for part in message.walk() for name in _ADDRESSED for line in part.get_all(name, [])]
    people = getaddresses(lines)
    for name, address in people:
        if looker.scanner.own.address(address):
            names.own.also(name)
    for name, address in people:
        if not looker.scanner.own.address(address):
            names.others.learn(name)
            names.others.learn_address(address)


def _flat(seen: Seen) -> Iterator[Seen]:
    if seen.inside:
        for one in seen.inside:
            yield from _flat(one)
    else:
        yield seen


def _text(part: Message) -> str:
    """The text of a part. Raises LookupError for a character set that nobody knows."""
    content = part.get_payload(decode=True) or b""
    assert isinstance(content, bytes)  # the part has no parts
    charset = part.get_content_charset() or "utf-8"
    return content.decode(charset, "surrogateescape" if charset in ("utf-8", "us-ascii") else "replace")


def _plain(message: Message) -> bool:
    """Whether there is nothing in it that no reader would see."""
    return not any(part.defects or part.preamble or part.epilogue for part in message.walk())


def _headers(message: Message) -> str:
    """All lines of all parts; address lines too, of which the person's own are found to be theirs."""
    return "\n\n\n".join(f"{name}: {value}" for part in message.walk() for name, value in part.items())


def _written(text: str, subtype: str) -> Message:
    """A part of text that is also readable in the file (quoted-printable, not base64)."""
    charset = Charset("utf-8")
    charset.body_encoding = QP
    part = MIMENonMultipart("text", subtype)
    part.set_payload(text, charset)
    return part


def _one_line(text: str) -> str:
    return " ".join(text.split())
