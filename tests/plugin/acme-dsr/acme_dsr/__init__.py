"""Acme's loyalty programme: members by e-mail address, exported and deleted.

Settings: `base_url` (https), `timeout` (seconds). Secret: `token`. Deleted at once; no redaction.
Source: https://acme.example/api (an example: there is no such vendor).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from connectors import settings
from connectors.errors import ChangedError, ConfigError, TransientError
from connectors.http import HttpClient
from connectors.model import (
    Action,
    Artifact,
    Capabilities,
    Disclosure,
    Locator,
    Order,
    Outcome,
    Record,
    Status,
    Subject,
    SystemSpec,
)

MEMBERS = "members"
_MOST_PAGES = 10_000
Row = dict[str, Any]


def connect(spec: SystemSpec) -> AcmeConnector:
    return AcmeConnector(spec)


class AcmeConnector:
    """One shop's members."""

    def __init__(self, spec: SystemSpec) -> None:
        self.system = spec.system
        self.capabilities = Capabilities(needs=frozenset({"email"}), actions=frozenset({Action.DELETE}))
        self._spec = spec
        self._described = settings.collections_of(spec, [MEMBERS])[MEMBERS]
        if self._described.cutoffs:
            raise ConfigError(spec.system, "members have no dates: no retention period can be counted from them")
        settings.known(spec, ("base_url", "timeout"))
        token = settings.secret(spec, "token", "the shop's API token")
        self._http = HttpClient(
            spec.system,
            settings.base_url(spec),
            {"Authorization": f"Bearer {token.reveal()}"},
            settings.number(spec, "timeout", 30.0, least=0.001),
            pace=spec.pace,
        )

    def check(self) -> None:
        self._http.request("GET", "shop", doing="reading the shop")

    def locate(self, subject: Subject) -> Iterator[Record]:
        if rows := self._members(subject):
            counts = ((f.name, sum(bool(r.get(f.name)) for r in rows)) for f in self._described.fields if f.redactable)
            yield Record(Locator(self.system, MEMBERS), len(rows), fields=tuple(counts), people=len(rows))

    def export(self, subject: Subject, at: Locator) -> Iterator[Artifact]:
        marked = {f.name: f for f in self._described.fields}
        shown = [name for name, f in marked.items() if f.disclosure is Disclosure.DISCLOSE]
        rows = self._members(subject)
        hidden = {name for row in rows for name in row if name not in shown}
        withheld = {marked[name].type if name in marked else "unmarked field" for name in hidden}
        lines = (json.dumps({n: row.get(n) for n in shown}).encode() + b"\n" for row in rows)
        yield Artifact("members.jsonl", "application/jsonl", lines, tuple(sorted(withheld)))

    def delete(self, subject: Subject, orders: Sequence[Order]) -> Iterator[Outcome]:
        for order in orders:
            if order.action in (Action.RETAIN, Action.MANUAL):
                status = Status.RETAINED if order.action is Action.RETAIN else Status.MANUAL
                yield Outcome(order.at, status, order.count)
            elif order.action is Action.REDACT:
                yield Outcome(order.at, Status.FAILED, reason="no call takes the person out of a member that stays")
            else:
                yield self._delete(subject, order)

    def _delete(self, subject: Subject, order: Order) -> Outcome:
        rows = self._members(subject)
        if not rows:
            return Outcome(order.at, Status.ABSENT)
        if len(rows) > order.count + order.late:
            raise ChangedError(self.system, f"{MEMBERS}: {len(rows)} found, the plan has {order.count}")
        for row in rows:
            self._spec.gate(MEMBERS)
            path = f"members/{quote(row['id'], safe='')}"
            self._http.request("DELETE", path, doing="deleting a member", accept=(204, 404))
        left = len(self._members(subject))
        if left:
            return Outcome(order.at, Status.FAILED, len(rows) - left, reason="still there when read again")
        return Outcome(order.at, Status.DONE, len(rows))

    def _members(self, subject: Subject) -> list[Row]:
        """Every member of the person's addresses, matched again: the search finds parts of addresses."""
        found: dict[str, Row] = {}
        for email in subject.values("email"):
            for row in self._found(email.strip().lower()):
                if str(row.get("email")).strip().lower() == email.strip().lower():
                    found[row["id"]] = row
        return [row for _, row in sorted(found.items())]

    def _found(self, email: str) -> list[Row]:
        doing = "searching members"
        seen: dict[str, Row] = {}
        for page in range(1, _MOST_PAGES):
            _, answer = self._http.request("GET", "members", doing=doing, params={"email": email, "page": page})
            rows = answer.get("members") if isinstance(answer, dict) else None
            if not isinstance(rows, list) or not all(
                isinstance(r, dict) and isinstance(r.get("id"), str) for r in rows
            ):
                raise TransientError(self.system, f"{doing}: the answer is not a page")
            seen.update({row["id"]: row for row in rows})
            if len(seen) == answer.get("total"):
                return list(seen.values())
            if not rows:
                break
        raise TransientError(self.system, f"{doing}: cut short")
