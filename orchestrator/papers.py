"""Papers that show who asks or may act: kept under a key of their own, and forgotten when the law says.

What was asked for only to verify somebody goes as soon as that is settled; signed declarations stay for 24 months
after the request was closed. The journal keeps which kind of paper it was, and its hash.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from orchestrator.attachment import content_of
from orchestrator.days import months_after
from orchestrator.deadlines import Clocks, went_out
from orchestrator.due import Obligation, Owed
from orchestrator.errors import NotAllowedError
from orchestrator.journal import State
from orchestrator.manual import LARGEST_EVIDENCE
from orchestrator.model import Hold, Request
from orchestrator.receipt import hash_of
from orchestrator.regimes.proofs import proofs

_SETTLED = (State.DENIED, State.CANCELLED, State.CLOSED)
_ENDS = ("closed", "denied", "cancelled", "answered")
_CONTENT = "content"
LOG = "request_log"  # the scope of a legal hold: the whole record, or `request_log/REQUEST`


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper in the vault. `until` None: until the verification is settled, or the request closed."""

    request: str
    id: str
    kind: str
    sha256: str
    at: datetime
    until: date | None
    due: bool  # to be forgotten now


class Papers(Clocks):
    """The use cases around papers."""

    def keep_paper(self, request: str, kind: str, file: Path) -> Paper:
        """Keep a paper in a vault of its own. NotAllowedError for a kind that no rule knows, and too large a file."""
        self.actor.require("verify")
        self.not_ended(request)
        if proofs().kept(kind) is None:
            known = ", ".join(sorted(k for rule in proofs().evidence for k in rule.kinds))
            raise NotAllowedError(f"no rule says how long a {kind!r} is kept; there are {known}")
        content = content_of(file, "the paper", most=LARGEST_EVIDENCE, wanted="give a scan or a photograph")
        if len(content) > LARGEST_EVIDENCE:
            raise NotAllowedError(f"the paper {file} is larger than {LARGEST_EVIDENCE // 1024 // 1024} MB")
        made = f"e-{secrets.token_hex(5)}"
        self.workspace.vault.open(_vault(made)).put(_CONTENT, content)
        told = {"id": made, "kind": kind, "sha256": hash_of(content)}
        self.journal.append(request, "evidence_kept", self.actor.id, told, made)
        return next(p for p in self.papers(request) if p.id == made)

    def papers(self, request: str = "") -> tuple[Paper, ...]:
        """Papers that are still kept, of one request if given."""
        gone = {e.payload["id"] for e in self.journal.entries(request or None, "evidence_destroyed")}
        kept = self.journal.entries(request or None, "evidence_kept")
        return tuple(self._paper(e.request, e.payload, e.at) for e in kept if e.payload["id"] not in gone)

    def purge_papers(self) -> tuple[Paper, ...]:
        """Forget every paper whose time is up, but those of the record under a legal hold. Safe to repeat; for cron."""
        self.actor.require("run")
        due = tuple(p for p in self.papers() if p.due)
        for paper in due:
            self._forget(paper, "its time is up")
        return due

    def settle_papers(self, request: str, why: str) -> None:
        """Forget what served the verification only: it is settled now."""
        for paper in self.papers(request):
            rule = proofs().kept(paper.kind)
            if rule is None or rule.months is None:
                self._forget(paper, why)

    def forget_papers(self, request: str) -> None:
        """Forget all of a request's papers: its record goes, and nobody would find them again."""
        for paper in self.papers(request):
            self._forget(paper, "the record of the request goes")

    def holds_on_record(self, request: Request) -> tuple[str, ...]:
        """Legal holds on the record, on the person or on their organisation."""
        tag = self.workspace.vault.person_tag
        confirmed = (e.payload["tag"] for e in self.journal.entries(request.id, "identifier_confirmed"))
        tags = {*request.tags, *confirmed}

        def holds(hold: Hold) -> bool:
            organisation = tag("organisation_id", hold.organisation) if hold.organisation else ""
            return bool(tags & {hold.person, organisation}) or hold.collection in (LOG, f"{LOG}/{request.id}")

        return tuple(h.id for h in self.journal.holds() if holds(h))

    def paper(self, request: str, kind: str) -> Paper | None:
        """The latest paper of a kind that is still kept."""
        return next((p for p in reversed(self.papers(request)) if p.kind == kind), None)

    def _forget(self, paper: Paper, why: str) -> None:
        self.workspace.vault.destroy(_vault(paper.id), self.actor.id)
        told = {"id": paper.id, "kind": paper.kind, "why": why}
        self.journal.append(paper.request, "evidence_destroyed", self.actor.id, told, paper.id)

    def _paper(self, request: str, told: Mapping[str, str], at: datetime) -> Paper:
        rule = proofs().kept(told["kind"])
        months = rule.months if rule else None
        until = None
        if months is not None and (closed := self._closed(request)):
            until = months_after(closed, months)
        held = until is not None and bool(self.holds_on_record(self.journal.request(request)))
        over = self.journal.state(request) in _SETTLED or any(self.journal.entries(request, "verified"))
        due = over if months is None else until is not None and until <= self.day(self.now()) and not held
        return Paper(request, told["id"], told["kind"], told["sha256"], at, until, due)

    def _closed(self, request: str) -> date | None:
        """The day the request ended for good: the last of what ended it."""
        state = self.journal.state(request)
        if state not in _SETTLED and (state is not State.ANSWERED or self.workspace.vault.capsules(request)):
            return None
        ends = [e for kind in _ENDS for e in self.journal.entries(request, kind)]
        return max((self.day(went_out(e)) for e in ends), default=None)

    def owed_of(self, request: str) -> Iterator[Obligation]:
        yield from super().owed_of(request)
        for paper in self.papers(request):
            if paper.due:
                why = f"a {paper.kind.replace('_', ' ')} is kept longer than it is needed: dsr evidence purge"
                yield Obligation(request, Owed.FORGET, "vault", paper.kind, None, True, why)


def _vault(paper: str) -> str:
    return f"evidence:{paper}"
