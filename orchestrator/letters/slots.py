"""From facts to what the texts of letters name: every value a plain text, empty where there is nothing to say.

A slot that says something of the outcome ("whole", "nothing") is decided here, and nowhere in the texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from orchestrator.clock import Deadline
from orchestrator.disclosures import FIRST
from orchestrator.inventory.flows import Whether
from orchestrator.law import Asked, Purpose, Topic
from orchestrator.letters import wording
from orchestrator.letters.facts import Facts, Item, Outcome
from orchestrator.letters.kinds import KEPT, State
from orchestrator.model import Ground, Role

_NOT_ASKED = {Purpose.SALE, Purpose.SHARING, Purpose.SENSITIVE}  # to be taken back, for a year
_YES = "yes"  # a flag: for `when` and `unless`, never printed


@dataclass(frozen=True, slots=True)
class Slots:
    """Texts by name, lists by name, and what became of the data."""

    texts: Mapping[str, str]
    lists: Mapping[str, tuple[str, ...]]
    pairs: tuple[tuple[str, str], ...]  # the identifiers of a notice
    items: tuple[Item, ...]

    def has(self, name: str) -> bool:
        """Whether there is something to say of it."""
        tables = {"identifiers": self.pairs, "results": self.items}
        return bool(self.texts.get(name) or self.lists.get(name) or tables.get(name))


def slots(facts: Facts) -> Slots:
    """Everything the texts may name."""
    outcome = facts.outcome
    notice = facts.notice
    asks_by = notice.answer_by if notice else facts.asks_by
    lists = {
        "asks": facts.asks,
        "withheld": outcome.withheld if outcome else (),
        "data": notice.data if notice else (),
    }
    given = {
        "company": facts.company,
        "request": facts.request.id,
        "instructed": wording.words().instructions.get(facts.about, "") if facts.request.organisation else "",
        "right_of_person": wording.words().requests.get(facts.about, ""),
        "amount": facts.amount,
        "right": wording.words().rights.get(facts.about, "").format(choice=_chosen(facts)),
        "received": day(facts, facts.received),
        "channel": wording.words().channels.get(facts.request.channel, f"by {facts.request.channel}"),
        "reply_to": facts.desk.reply_to,
        "telephone": facts.desk.telephone,
        "to": " ".join((facts.to.name, *facts.to.address, facts.to.email)).strip(),
        "asks_by": day(facts, asks_by),
        "again_by": day(facts, again_by(facts)),
        "delivery": facts.delivery.strip(),
        "covers_from": day(facts, facts.covers_from),
        "older_on_request": _flag(facts.covers_from is not None and facts.covers_from > FIRST),
        "opt_out_at": facts.desk.opt_out_at,
        "authority": facts.desk.authority,
        "promise": _flag(facts.request.ground is Ground.POLICY_PROMISE and facts.law.promised(facts.asked)),
        "for_agent": _flag(facts.agent_of == "agent"),
        "for_parent": _flag(facts.agent_of == "parent"),
        "vendor": notice.vendor if notice else "",
        "passed_on": day(facts, notice.passed_on if notice else None),
        "to_contact": _flag(bool(notice and notice.to_contact)),
        "third_party": _flag(bool(notice and notice.third_party)),
    }
    return Slots(
        {**given, **_verification(facts), **_clocks(facts), **_decisions(facts), **_outcome(facts, outcome)},
        lists, notice.identifiers if notice else (), outcome.items if outcome else (),
    )  # fmt: skip


def day(facts: Facts, on: date | None) -> str:
    """A date as people write it where the law holds; empty if there is none."""
    if on is None:
        return ""
    european = wording.law_file(facts.law.regime.name).dates == "eu"
    return f"{on.day} {on:%B} {on.year}" if european else f"{on:%B} {on.day}, {on.year}"


def _verification(facts: Facts) -> dict[str, str]:
    verification = facts.verification
    level = verification.level if verification else None
    return {
        "verified": _flag(verification is not None),
        "verification": _flag(verification is not None),
        "level": next((says for name, says in wording.words().levels.items() if name == level), ""),
        "matched": ", ".join(name.replace("_", " ") for name in verification.matched) if verification else "",
    }


def _clocks(facts: Facts) -> dict[str, str]:
    answer = next((d for d in facts.deadlines if d.what is Topic.ANSWER), None)
    appeal = facts.law.rules(Topic.ANSWER, Asked.APPEAL)
    free = facts.law.counted(Topic.FREE, facts.asked)
    extend = facts.law.rules(Topic.EXTEND, facts.asked)
    late = answer is None or answer.due < facts.today  # a day that is over cannot be promised
    return {
        "answer_by": "" if late or answer is None else day(facts, answer.due),
        "cite_answer": _cited(answer) if answer else "",
        "extendable_until": "" if answer is None or answer.extended else day(facts, facts.extendable_until),
        "cite_extend": "; ".join(dict.fromkeys(r.citation for r in extend)),
        "free": _flag(bool(free.rules) and free.times is None),
        "cite_free": "; ".join(dict.fromkeys(r.citation for r in free.rules)),
        "appeal_within": str(appeal[0].within) if appeal else "",
        "cite_appeal": "; ".join(dict.fromkeys(r.citation for r in appeal)),
    }


def _cited(deadline: Deadline) -> str:
    return "; ".join(dict.fromkeys(deadline.citations))


def _decisions(facts: Facts) -> dict[str, str]:
    extended, denied, choice, appeal = facts.extended, facts.denied, facts.choice, facts.appealed
    because = denied.because if denied else ""
    known = wording.words().because
    reason = next((told.reason for told in (extended, denied, appeal) if told), "").strip()
    outcome = facts.outcome
    denies_deletion = denied is not None or (outcome is not None and State.RETAINED in outcome.states)
    return {
        "reason": reason,
        "because": known.get(because, ""),
        "appealed": day(facts, appeal.on if appeal else None),
        "result": wording.words().appeals.get(appeal.result, "") if appeal else "",
        "refused": _flag(appeal is not None and appeal.result != "granted"),
        "not_verified": _flag(because == "insuf_verification"),
        "extended_until": day(facts, extended.until if extended else None),
        "since": day(facts, choice.since if choice else None),
        "confirmed_at": choice.confirmed_at if choice else "",
        "choice": _chosen(facts),
        "by_law": _flag(bool(choice and set(choice.purposes) & _NOT_ASKED)),
        "beyond_free": _flag(because == "beyond_free"),
        "unfounded": _flag(because.startswith("manifestly_")),
        # Who does not know whether data is sold cannot leave the offer out: the letter then lacks `sells`.
        "offer_opt_out": _flag(denies_deletion and facts.sells is not Whether.NO and facts.asked is Asked.DELETE),
        "sells": _flag(facts.sells is Whether.YES),
    }


def _outcome(facts: Facts, outcome: Outcome | None) -> dict[str, str]:
    roles = outcome.roles if outcome else frozenset()
    mixed = roles == {Role.BUSINESS, Role.SERVICE_PROVIDER}
    role = {
        "as_business_and_provider": _flag(mixed),
        "as_business_only": _flag(not roles or roles == {Role.BUSINESS}),
        "as_provider": _flag(Role.SERVICE_PROVIDER in roles),
    }
    if outcome is None:
        return role
    states = outcome.states
    unsearched = bool(states & {State.NOT_SEARCHED})
    return {
        **role,
        "outcome": _YES,
        "whole": _flag(outcome.whole),
        "nothing": _flag(bool(outcome.items) and not states - _NOTHING),
        "unfinished": _flag(outcome.unfinished),
        "kept_or_handed_over": _flag(bool(states & KEPT)),
        "on_hold": _flag(any(i.state is State.RETAINED and not i.citation for i in outcome.items)),
        "unsearched": _flag(unsearched),
        "unsearched_or_open": _flag(unsearched or any(s.open or s.pending for s in states)),
        "suppressed": _flag(outcome.suppressed),
        "split": _flag(outcome.split),
        "files": str(outcome.files) if outcome.files and facts.asked is Asked.ACCESS else "",
    }


# With nothing but these, nothing was found.
_NOTHING = {State.NOT_FOUND, State.NOT_SEARCHED, State.BY_HAND, State.BY_STAFF, State.FAILED, State.BACKUP}


def again_by(facts: Facts) -> date | None:
    """Until when a further letter is promised: as told, or the last day of what is open, if each has one."""
    if facts.again_by or facts.outcome is None:
        return facts.again_by
    waiting = [i.until for i in facts.outcome.items if i.state.open or i.state.pending]
    days = [on for on in waiting if on is not None]
    last = max(days, default=None)
    return last if last is not None and len(days) == len(waiting) and last >= facts.today else None


def _chosen(facts: Facts) -> str:
    """What a person keeps us from, or lets us do."""
    words = wording.words().choices
    asked = facts.choice.purposes if facts.choice else ()
    both = {Purpose.SALE, Purpose.SHARING} <= set(asked) or not asked
    rest = [words[p] for p in asked if not (both and p in (Purpose.SALE, Purpose.SHARING))]
    return " or ".join(([words["both"]] if both else []) + rest)


def _flag(value: bool) -> str:
    return _YES if value else ""
