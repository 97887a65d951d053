"""Verification by the rules: what has been shown of a request, what it reaches, and what follows if it falls short."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from orchestrator.comparing import Comparing
from orchestrator.deadlines import letter_hash, went_out
from orchestrator.denial import Because, Denials
from orchestrator.errors import NotAllowedError
from orchestrator.held import Answer
from orchestrator.law import Topic, asked_by
from orchestrator.model import Level, Request, Verification
from orchestrator.papers import Papers
from orchestrator.proof import CONFIRMED, PARENTHOOD, VERIFIED, Evidence, Kind, Proofs
from orchestrator.regimes.outcomes import Outcome
from orchestrator.regimes.proofs import proofs

SIGNED_IN = timedelta(days=1)  # how long a new sign-in to the account counts
PERSON = "person"
BANDS: Mapping[str, int] = {"under_13": 12, "13_15": 15, "16_17": 17}  # what is noted of a minor, and an age in it
PURPOSES = ("identity", "details")
_OF_WAY = {"signed_form": "parental_form", "government_id": "identity_document"}


@dataclass(frozen=True, slots=True)
class Shown:
    """What has been shown of a request so far, and what it reaches."""

    request: str
    answers: dict[str, Answer]
    evidence: Evidence
    acts: str
    shown: tuple[str, ...]  # by whoever acts
    unproven: str  # what they still have to show
    level: Level | None
    needed: Level | None  # None: never verified
    lacking: str


class Proving(Papers, Comparing, Denials):
    """The use cases around who asks."""

    def shown(self, request: str, witnessed: Collection[str] = ()) -> Shown:
        """What has been shown of a request. `witnessed`: points that the desk saw itself (mailbox, callback)."""
        asked, rules = self.request(request), proofs()
        evidence, acts = self._evidence(request, witnessed), self.acts(request)
        showed = self._showed(request)
        needed = rules.needed(asked.right, sensitive=False, house=self.inventory.verification.get(asked.right))
        needed_here = needed if rules.verifies(asked.right) else None
        level = rules.reached(evidence, self._weak())
        if acts != PERSON and level is not None:
            showed = showed | {VERIFIED}
        unproven = rules.unproven(acts, asked.right, showed) if acts != PERSON else ""
        lacks = rules.lacking(evidence, needed, self._weak()) if needed_here else ""
        return Shown(
            request, self.answers(request), evidence, acts, tuple(sorted(showed)), unproven, level, needed_here, lacks
        )

    def verify(
        self, request: str, level: Level, method: str, matched: Sequence[str], proves: Sequence[str], basis: str = ""
    ) -> Verification:
        """Record how the requester was verified. Papers that served only this are forgotten.

        NotAllowedError if such requests are never verified, for a point that is not to be asked, that is contested or
        did not match, if whoever acts has not shown all, and, without a `basis`, if what was shown does not reach the
        level: the law's numbers are illustrations, so another reliable method may do, with its reasons.
        """
        asked, rules = self.request(request), proofs()
        if asked.organisation:
            raise NotAllowedError(f"{request} comes from a customer organisation: dsr instruction verify {request}")
        if not rules.verifies(asked.right) and (rule := rules.of_right(asked.right)):
            raise NotAllowedError(f"a request to {asked.right} is never verified ({rule.citation})")
        if level is Level.NONE:
            raise NotAllowedError("say how surely the requester was verified: reasonable or reasonably_high")
        self._admissible(request, matched, proves)
        self._decides(asked, rules)
        found = self.shown(request, matched)
        showed = {*found.shown, *([VERIFIED] if basis.strip() else [])}
        if found.acts != PERSON and (missing := rules.unproven(found.acts, asked.right, showed)):
            raise NotAllowedError(f"{found.acts} has not shown {missing}")
        unseen = sorted(set(matched) - found.evidence.matched - found.evidence.witnessed)
        lacks = rules.lacking(found.evidence, level, self._weak())
        if not basis.strip() and lacks:
            also = f"; nobody has compared {', '.join(unseen)}: dsr request compare {request}" if unseen else ""
            raise NotAllowedError(
                f"{level} lacks {lacks}{also}. Another method needs its reasons: --basis says why it is reliable"
            )
        seen = tuple(dict.fromkeys((*matched, *self.seen(request))))
        done = super().verify(request, level, method, seen, proves, basis.strip())
        self.settle_papers(request, "the verification is settled")
        return done

    def seen(self, request: str) -> tuple[str, ...]:
        """Names of what was seen of who asks, as a verification records them: points, a sign-in, papers."""
        evidence = self._evidence(request, ())
        papers = (("account sign-in", evidence.account), (self.acts(request), evidence.attorney))
        return (*sorted(evidence.matched), *(name for name, there in papers if there))

    def signed_in_again(self, request: str, at: datetime | None = None) -> None:
        """Record that the person signed in to the account again, for this request."""
        self.actor.require("verify")
        asked = self.request(request)
        self.not_ended(request)
        at = at or self.now()
        if at > self.now() + timedelta(minutes=5) or at < asked.received:
            raise NotAllowedError(
                "the new sign-in comes after the request, and not in the future: a session is not one"
            )
        self.journal.append(request, "reauthenticated", self.actor.id, {"at": at})

    # Who acts

    def act(self, request: str, acts: str, shown: Mapping[str, Path | None], way: str = "") -> None:
        """Record who acts for the person, and what they have shown: name of it -> the paper.

        `way`: how a parent or guardian showed to be one. NotAllowedError for what may not be asked of them.
        """
        self.actor.require("verify")
        asked, rules = self.request(request), proofs()
        self.not_ended(request)
        right = asked_by(asked.right)
        accepted = self.law(asked).choice(Topic.ACTS, right).among | {a for r in rules.agents for a in r.acts}
        rule = rules.agent(acts, asked.right)
        if acts not in accepted or rule is None:
            raise NotAllowedError(f"nobody acts as {acts!r} here; there are {', '.join(sorted(accepted))}")
        if more := sorted(set(shown) - rules.may_ask(acts, asked.right)):
            raise NotAllowedError(f"{', '.join(more)} may not be asked of {acts} ({rule.citation}): {rule.says}")
        if VERIFIED in shown:
            raise NotAllowedError("that the person is verified is seen from the points: dsr request compare")
        ways = dict(rules.parenthood)
        if (PARENTHOOD in shown) != bool(way) or (way and way not in ways):
            raise NotAllowedError(f"say in which way parenthood was shown: {', '.join(ways)}")
        for name, file in shown.items():
            kind = _OF_WAY.get(way, "") if name == PARENTHOOD else "other" if name == CONFIRMED else name
            if kind and file is None:
                raise NotAllowedError(f"{name} needs the file that shows it")
            if kind and file is not None:
                self.keep_paper(request, kind, file)
        told = {"acts": acts, "shown": sorted(shown), "way": way}
        self.journal.append(request, "acts", self.actor.id, told)

    def acts(self, request: str) -> str:
        """Who acts: the last word on it, or the person."""
        told = list(self.journal.entries(request, "acts"))
        return str(told[-1].payload["acts"]) if told else PERSON

    def note_minor(self, request: str, band: str) -> None:
        """Record that the person is a minor of that age: under_13, 13_15 or 16_17."""
        self.actor.require("verify")
        self.request(request)
        if band not in BANDS:
            raise NotAllowedError(f"an age is one of {', '.join(BANDS)}")
        self.journal.append(request, "child", self.actor.id, {"age": band})

    # What follows

    def unverifiable(self, request: str, reason: str, letter: Path) -> Outcome:
        """Record that nobody could be verified and the letter that says so, as the law wants it for that right.

        Denied specific pieces are taken as a request for categories, received on the same day.
        """
        asked = self.unanswered(request, "denied", None)
        rule = proofs().after_failure(asked.right)
        if rule is None or asked.organisation:
            raise NotAllowedError(f"a request to {asked.right} does not fail for want of a verification")
        if any(self.journal.entries(request, "verified")):
            raise NotAllowedError(f"{request} is verified: dsr request deny, if there is a ground")
        outcome = self.denial(request, Because.UNVERIFIED)
        self.deny(request, Because.UNVERIFIED, reason, letter)
        self.settle_papers(request, "nobody could be verified")
        return outcome

    def taken_as(self, request: str) -> str:
        """The request as which one is taken that nobody could be verified for; empty if there is none."""
        told = list(self.journal.entries(request, "taken_as"))
        return str(told[-1].payload["request"]) if told else ""

    def ask_more(
        self, request: str, purpose: str, points: Sequence[str], letter: Path, at: datetime | None = None
    ) -> None:
        """Record that more was asked for: proof of `identity`, or `details` of what is wanted.

        Waiting for it moves no deadline in California; the GDPR's waits for proof of identity.
        """
        self.unanswered(request, "", at)
        if purpose not in PURPOSES:
            raise NotAllowedError(f"more is asked for {' or '.join(PURPOSES)}")
        if why := next((w for p in points if (w := self.point_refused(request, p))), ""):
            raise NotAllowedError(why)
        told = {
            "at": at or self.now(),
            "purpose": purpose,
            "points": sorted(set(points)),
            "letter": letter_hash(letter),
        }
        self.journal.append(request, "more_asked", self.actor.id, told)

    def more_came(self, request: str, at: datetime | None = None) -> None:
        """Record that what was asked for came. NotAllowedError if nothing was, or it came before."""
        self.unanswered(request, "", at)
        asked, came = (list(self.journal.entries(request, kind)) for kind in ("more_asked", "more_came"))
        if not asked or (came and came[-1].seq > asked[-1].seq):
            raise NotAllowedError(f"nothing more is asked of the person of {request}")
        if at and at < went_out(asked[-1]):
            raise NotAllowedError("it came after it was asked for")
        self.journal.append(request, "more_came", self.actor.id, {"at": at or self.now()})

    # What these have in common

    def _evidence(self, request: str, witnessed: Collection[str]) -> Evidence:
        rules, answers = proofs(), self.answers(request)
        signed_in = [went_out(e) for e in self.journal.entries(request, "reauthenticated")]
        asked = self.request(request)
        rule = rules.agent(self.acts(request), asked.right)
        return Evidence(
            frozenset(n for n, a in answers.items() if a is Answer.MATCHED and not self.point_refused(request, n)),
            frozenset(n for n in witnessed if rules.point(n)[0] is Kind.WITNESSED),
            self.paper(request, "declaration") is not None,
            any(at >= self.now() - SIGNED_IN for at in signed_in),
            rule is not None and rule.suffices and rule.needs <= self._showed(request),
        )

    def _admissible(self, request: str, matched: Sequence[str], proves: Sequence[str]) -> None:
        answers = self.answers(request)
        if why := next((w for kind in proves if (w := self.contested_in(request, {kind}))), ""):
            raise NotAllowedError(why)
        for name in matched:
            if why := self.point_refused(request, name):
                raise NotAllowedError(why)
            if answers.get(name, Answer.MATCHED) is not Answer.MATCHED:
                raise NotAllowedError(f"{name!r} was compared and is {answers[name]}")

    def _decides(self, asked: Request, rules: Proofs) -> None:
        """Raise if the person is a minor for whom somebody else asks."""
        ages = list(self.journal.entries(asked.id, "child"))
        if not ages:
            return
        by, rule = rules.decides(BANDS[ages[-1].payload["age"]], asked.right)
        if rule is not None and self.acts(asked.id) not in by:
            raise NotAllowedError(f"at that age {' or '.join(sorted(by))} asks ({rule.citation}): dsr request acts")

    def _showed(self, request: str) -> frozenset[str]:
        """What whoever acts now has shown; what somebody else showed before says nothing of them."""
        told = list(self.journal.entries(request, "acts"))
        acts = told[-1].payload["acts"] if told else PERSON
        return frozenset(name for e in told if e.payload["acts"] == acts for name in e.payload["shown"])

    def _weak(self) -> frozenset[str]:
        return frozenset(n for n, p in self.inventory.points.items() if p.weak)
