"""The fake's state, and how a call finds the code that answers it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request

from connectors.sandbox.gmail import calls, directory
from connectors.sandbox.gmail.calls import FULL, METADATA, MODIFY, READ
from connectors.sandbox.gmail.mailbox import Box, Message, Row
from connectors.sandbox.google import TokenEndpoint, error

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_ADMIN = "https://www.googleapis.com/auth/admin.directory."
USERS, GROUPS, MEMBERS = f"{_ADMIN}user.readonly", f"{_ADMIN}group.readonly", f"{_ADMIN}group.member.readonly"
_MAILBOX = re.compile(r"/gmail/v1/users/([^/]+)/(.+)")


class GmailFake:
    """One Workspace account. `deliver`, `draft`, `user` and `group` put something in."""

    def __init__(self) -> None:
        delegated = (FULL, MODIFY, READ, METADATA, USERS, GROUPS, MEMBERS)
        self.tokens = TokenEndpoint(delegated=delegated, known=self._may_be_acted_for)
        self.clear()

    def clear(self) -> None:
        """Empty the account and set every switch back."""
        self.now = datetime.now(UTC)
        self.number = 0
        self.boxes: dict[str, Box] = {}
        self.users: list[Row] = []
        self.groups: list[Row] = []
        self.members: dict[str, list[Row]] = {}
        self.held: set[str] = set()  # ids of messages that no deletion removes
        self.threads_deleted = 0
        self.asked: list[tuple[str, str, set[str]]] = []  # method, path and names of parameters of each call
        self.tokens.refusal = None
        # Switches, and what the vendor does not document.
        self.admins = {"admin@example.net"}
        self.prefixes = True  # a word in a query finds the words that begin with it
        self.silent_headers = False  # words find Reply-To and other headers without an operator
        self.drafts_are_messages = True  # messages.list has drafts too
        self.suspended_refused = True  # nobody can act for a suspended user
        self.empty_pages = False  # a page without rows may stand before others
        self.units_left: int | None = None  # of quota; None: any number
        self.most_ids = 1000  # of one batchDelete
        self.directory_page = 500  # rows of one answer of the directory, at most

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self._answered(Request(environ))(environ, start_response)

    def _answered(self, request: Request) -> WSGIApplication:
        if request.path == "/token":
            return self.tokens.issue(request)
        self.asked.append((request.method, request.path, set(request.args)))
        request.get_data()  # an unread body would garble the next request on the connection
        grant = self.tokens.grant(request)
        if grant is None:
            return error(401, "authError", "Invalid Credentials", "UNAUTHENTICATED")
        if request.path.startswith("/admin/directory/v1/"):
            return directory.answer(self, request, grant)
        if not (found := _MAILBOX.fullmatch(request.path)):
            return error(404, "notFound")
        address = grant.subject if found[1] == "me" else found[1].casefold()
        if address != grant.subject:
            return error(403, "forbidden", f"Delegation denied for {grant.subject}", "PERMISSION_DENIED")
        if address not in self.boxes or not self.boxes[address].enabled:
            return error(400, "failedPrecondition", "Mail service not enabled", "FAILED_PRECONDITION")
        return calls.answer(self, self.boxes[address], request, found[2], grant.scopes)

    def _may_be_acted_for(self, subject: str) -> bool:
        user = next((u for u in self.users if subject.casefold() in (u["primaryEmail"], *u.get("aliases", ()))), None)
        return user is not None and not (self.suspended_refused and (user.get("suspended") or user.get("archived")))

    def new_id(self) -> str:
        self.number += 1
        return f"{0x18F000000000 + self.number:x}"

    def user(self, address: str, *, setup: bool = True, **fields: Any) -> Box:
        """A user of the directory and, unless `setup` is false, their mailbox."""
        emails = [{"address": address, "primary": True}, *({"address": a} for a in fields.get("aliases", ()))]
        row = {"id": f"u{len(self.users)}", "primaryEmail": address, "emails": emails, "isMailboxSetup": setup}
        self.users.append(row | fields)
        box = Box(address)
        if setup:
            self.boxes[address] = box
        return box

    def group(self, address: str, *members: str) -> None:
        identity = f"g{len(self.groups)}"
        self.groups.append({"id": identity, "email": address})
        self.members[identity] = [
            {"id": f"m{number}", "email": email, "role": "MEMBER", "type": "USER"}
            for number, email in enumerate(members)
        ]

    def deliver(
        self,
        mailbox: str,
        sender: str,
        to: str,
        *,
        text: str = "hello",
        days: float = 10,
        thread: str = "",
        labels: Iterable[str] = ("INBOX",),
        attached: bytes = b"",
        headers: Iterable[tuple[str, str]] = (),
    ) -> Message:
        """A mail as received `days` ago. `headers` are further ones, written as they are."""
        made = EmailMessage()
        made.set_content(text)
        if attached:
            made.add_attachment(attached, maintype="application", subtype="pdf", filename="scan.pdf")
        given = [("From", sender), ("To", to), *headers]
        names = {name.casefold() for name, _ in given}
        given += [(n, v) for n, v in (("Subject", "A question"), ("Message-ID", f"<{self.number}@mail.example.org>"))
                  if n.casefold() not in names]  # fmt: skip
        written = "".join(f"{name}: {value}\r\n" for name, value in given if value)
        received = self.now - timedelta(days=days)
        identity = self.new_id()
        message = Message(identity, thread or identity, written.encode() + made.as_bytes(), received, set(labels))
        if "TRASH" in message.labels:
            message.trashed_at = self.now
        self.boxes[mailbox].messages[identity] = message
        return message

    def draft(self, mailbox: str, to: str, text: str = "not yet sent") -> Message:
        message = self.deliver(mailbox, mailbox, to, text=text, labels=("DRAFT",))
        self.boxes[mailbox].drafts[f"r{message.id}"] = message.id
        return message

    def advance(self, by: timedelta) -> None:
        """Let time pass: what has been in Trash for 30 days is purged."""
        self.now += by
        for box in self.boxes.values():
            for message in list(box.messages.values()):
                if message.trashed_at and self.now - message.trashed_at >= timedelta(days=30):
                    self.remove(box, message.id)

    def remove(self, box: Box, message: str) -> None:
        """Delete for good, unless something holds it."""
        if message not in self.held:
            box.messages.pop(message, None)
            box.drafts = {draft: of for draft, of in box.drafts.items() if of != message}

    def naming(self, *words: str) -> list[tuple[str, str, list[str], bytes]]:
        """Every message in which one of the words stands, read behind the API's back."""
        return [
            (box.address, message.id, sorted(message.labels), message.raw)
            for box in self.boxes.values()
            for message in box.messages.values()
            if any(word.casefold() in message.raw.decode("utf-8", "replace").casefold() for word in words)
        ]
