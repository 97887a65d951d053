"""A stateful fake of SendGrid's v3 API: an account with subusers, and a clock of its own.

What the vendor leaves undocumented is an attribute to switch. The ways to delete in bulk exist here
too and remember that they were used: nobody should.
Source of the shapes: https://github.com/twilio/sendgrid-oai
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from connectors.sandbox.sendgrid.stores import Row, Store

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

API_KEY = "SG.sandbox-key"
ERASE = "recipients.erasejob.create"
SCOPES = (
    "alerts.read", "asm.groups.read", "asm.groups.suppressions.read", "asm.suppressions.global.create",
    "asm.suppressions.global.read", "marketing.read", "marketing_campaigns.delete", "marketing_campaigns.read",
    "messages.read", "recipients.erasejob.create", "recipients.erasejob.read", "subusers.read",
    "suppression.blocks.read", "suppression.bounces.read", "suppression.invalid_emails.read",
    "suppression.spam_reports.read", "suppression.unsubscribes.read", "teammates.read",
)  # fmt: skip


class SendGridSandbox:
    """One parent account. `contact`, `message`, … put something in; `advance` moves time."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Empty every account and set every switch back."""
        self.now = datetime.now(UTC).replace(microsecond=0)
        self.number = 0
        self.accounts: dict[str, Store] = {"": Store(0, "owner@example.net")}
        self.bulk: list[str] = []  # requests that would delete more than what they name
        self.jobs: list[tuple[str, list[str]]] = []  # (account, addresses) of erasures asked for
        self.queries: list[str] = []  # query strings of everything that arrived
        # Switches for the plan, and for what the vendor does not document.
        self.scopes = set(SCOPES)
        self.not_in_plan: set[str] = set()  # first parts of paths that answer 403
        self.erasure_days = 3
        self.deletion_days = 1
        self.upsert_hours = 1
        self.adds_identifiers = True  # an update may put an identifier on a contact that has another
        self.erasure_takes_contacts = False
        self.erasure_takes_suppressions = False
        self.erasure_at_once = False
        self.deletion_takes_suppressions = False
        self.honours_on_behalf_of = True
        self.parent_sees_subusers = False
        self.tells_cases_apart = False
        self.loose_queries = False  # a message query finds an address inside another
        self.invalid: set[str] = set()  # addresses that an erasure calls invalid
        self.alternate_first = False  # of two contacts, the one with the address as its alternate is named
        self.near_match: Row | None = None  # a contact that every search by address brings as well
        self.lists_under = "result"
        self.segments_under = "segments"  # the description's text says `results`
        self.most_lists = 1000  # of one page
        self.nested_recipients = False
        self.rate_left: int | None = None

    def subuser(self, name: str, email: str = "subuser@example.net") -> Store:
        self.accounts[name] = Store(self._new(), email)
        return self.accounts[name]

    def _new(self) -> int:
        self.number += 1
        return self.number

    @property
    def _stamp(self) -> str:
        return self.now.isoformat().replace("+00:00", "Z")

    def contact(self, email: str, account: str = "", **fields: Any) -> Row:
        number = f"0000-contact-{self._new():05}"
        row = {
            "id": number, "first_name": f"Name of {email}", "last_name": "", "email": email.lower(),
            "alternate_emails": [], "phone_number_id": "", "external_id": "", "anonymous_id": "",
            "city": "", "list_ids": [], "segment_ids": [], "custom_fields": {},
            "created_at": self._stamp, "updated_at": self._stamp, **fields,
        }  # fmt: skip
        self.accounts[account].contacts[number] = row
        return row

    def legacy(self, email: str, account: str = "") -> Row:
        number, at = f"L{self._new()}", int(self.now.timestamp())
        custom = [{"id": 23, "name": "pet", "value": f"pet of {email}", "type": "text"}]
        row = {
            "id": number, "email": email, "first_name": f"Name of {email}", "last_name": None, "last_clicked": None,
            "last_emailed": None, "last_opened": None, "created_at": at, "updated_at": at, "custom_fields": custom,
        }  # fmt: skip
        self.accounts[account].legacy[number] = row
        return row

    def message(self, email: str, account: str = "", ago: timedelta = timedelta(hours=1)) -> str:
        """One message sent, as Email Activity and the e-mail logs tell it."""
        number, at = f"message{self._new():05}", (self.now - ago).isoformat().replace("+00:00", "Z")
        told = {"from_email": "news@example.net", "subject": f"Course for {email}", "to_email": email}
        counted = {"status": "delivered", "opens_count": 1, "clicks_count": 0, "last_event_time": at}
        self.accounts[account].messages.append({"msg_id": number, **told, **counted})
        stamped = {"sg_message_id": number, "reason": "", "status": "delivered", "sg_message_id_created_at": at}
        self.accounts[account].logs.append({**told, **stamped})
        return number

    def suppress(self, kind: str, email: str, account: str = "") -> None:
        """Enter an address into bounces, blocks, invalid_emails, spam_reports, unsubscribes or a group."""
        store, at = self.accounts[account], int(self.now.timestamp())
        if kind == "unsubscribes":
            store.unsubscribes[email] = at
        elif kind in store.lists:
            more = {"ip": "198.51.100.7"} if kind == "spam_reports" else {"reason": f"550 no mailbox {email}"}
            more |= {"status": "5.1.1"} if kind in ("bounces", "blocks") else {}
            store.lists[kind].append({"created": at, "email": email, **more})
        else:
            same = [g for g in store.groups.values() if g["name"] == kind]
            group: Row = same[0] if same else {"name": kind, "description": kind, "is_default": False, "emails": set()}
            if not same:
                store.groups[self._new()] = group
            group["emails"].add(email)

    def teammate(self, email: str, account: str = "", pending: bool = False) -> None:
        store, number = self.accounts[account], self._new()
        if pending:
            invited = {"scopes": [], "is_admin": False, "token": f"token{number}", "expiration_date": 0}
            store.pending.append({"email": email, **invited})
        else:
            name = {"username": f"mate{number}", "first_name": f"Name of {email}", "last_name": ""}
            store.teammates.append({"email": email, **name, "user_type": "teammate", "is_admin": False})

    def sender(self, email: str, account: str = "", verified: bool = False) -> None:
        store, at = self.accounts[account], int(self.now.timestamp())
        common = {"id": self._new(), "nickname": f"Name of {email}", "address": "1 Way", "city": "Town", "country": "X"}
        state = {"verified": True, "locked": False}
        if verified:
            store.verified.append({**common, "from_email": email, "reply_to": "desk@example.net", **state})
        else:
            way = {"email": email, "name": f"Name of {email}"}
            stamps = {"created_at": at, "updated_at": at}
            store.senders.append({**common, "from": way, "reply_to": {"email": "desk@example.net"}, **state, **stamps})

    def alert(self, email: str, account: str = "") -> None:
        at, rows = int(self.now.timestamp()), self.accounts[account].alerts
        rows.append({"id": self._new(), "type": "usage_limit", "email_to": email, "created_at": at, "updated_at": at})

    def advance(self, by: timedelta) -> None:
        """Let time pass; deletions and erasures take effect when they are due."""
        self.now += by
        for store in self.accounts.values():
            for due, emails in store.erasures:
                if due <= self.now:
                    self._erase(store, emails)
            store.erasures = [e for e in store.erasures if e[0] > self.now]
            store.expire(self.now)

    def erase_later(self, account: str, emails: list[str]) -> None:
        store = self.accounts[account]
        if self.erasure_at_once:
            self._erase(store, emails)
        else:
            store.erasures.append((self.now + timedelta(days=self.erasure_days), emails))

    def _erase(self, store: Store, emails: list[str]) -> None:
        low = {email.casefold() for email in emails}
        store.erase(low, self.erasure_takes_contacts, self.erasure_takes_suppressions)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        from connectors.sandbox.sendgrid.calls import answer

        request = Request(environ)
        try:
            response = answer(self, request)
        except HTTPException as refusal:
            request.get_data()
            body = {"errors": [{"field": None, "message": str(refusal.description or refusal.name)}]}
            response = Response(json.dumps(body), refusal.code or 500, mimetype="application/json")
        response.headers.update(self._limits(request))
        return response(environ, start_response)

    def _limits(self, request: Request) -> dict[str, str]:
        """Seconds left for erasures, unix time elsewhere: that is how the vendor documents them."""
        seconds = request.path.endswith("/erasejob")
        reset = 23 if seconds else int(datetime.now(UTC).timestamp()) + 23
        return {"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "99", "X-RateLimit-Reset": str(reset)}
