"""From what happened to a request, and when, to what is due. Pure: no clock is read here.

`alarm` is one day before the strict reading of the law, `due` the last day in that reading, `last` the last
day in the lenient one: after it the deadline is missed. In California verifying who asks moves none of them
(11 CCR 7021(b)).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from functools import reduce

from orchestrator.days import Calendar, End, end
from orchestrator.errors import UnknownError
from orchestrator.law import Asked, Confidence, Law, Rule, Topic

_DAY = timedelta(days=1)
_SURELY = list(Confidence)  # from the surest to the least sure


class Standing(StrEnum):
    """How a deadline stands on a day."""

    ON_TIME = "on_time"
    ALARM = "alarm"
    OVERDUE = "overdue"
    MET = "met"


@dataclass(frozen=True, slots=True)
class Extension:
    """A notice that the answer will take longer: when it went out, until when, and whether it said why."""

    told: date
    until: date
    reasoned: bool = True


@dataclass(frozen=True, slots=True)
class Facts:
    """What happened, in local dates. `pauses`: from asking for proof of identity until it came (or None)."""

    asked: Asked
    received: date
    acknowledged: date | None = None
    answered: date | None = None
    extension: Extension | None = None
    pauses: tuple[tuple[date, date | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Deadline:
    """One thing due, on one request."""

    what: Topic
    alarm: date
    due: date
    last: date
    standing: Standing
    met: date | None
    late: bool  # missed, whether or not it was met since
    extended: bool
    rules: tuple[str, ...]  # ids of the rules it follows from, the one in force first
    citations: tuple[str, ...]
    confidence: Confidence  # the least sure of these rules


def deadlines(facts: Facts, law: Law, days: Calendar, today: date) -> tuple[Deadline, ...]:
    """What is due on a request; the answer always is.

    UnknownError if neither the law nor a promise says when such a request must be answered.
    """
    answer = _answer(facts, law, days, today)
    return (*_acknowledgement(facts, law, days, today), answer)


def answer_ends(facts: Facts, law: Law, days: Calendar, today: date) -> End:
    """The last day for an answer that was not extended, which is also the last for a notice of extension."""
    return _bounds(facts, law, Topic.ANSWER, days, today)[0]


def extension_ends(facts: Facts, law: Law, days: Calendar, today: date) -> End | None:
    """Until when an answer may be extended, counted from receipt; None where there is no extension."""
    if all(rule.promise for rule in law.rules(Topic.EXTEND, facts.asked)):
        return None  # what the law does not grant the company, no promise of its own can
    return _bounds(facts, law, Topic.EXTEND, days, today)[0]


def refusal(facts: Facts, extension: Extension, law: Law, days: Calendar) -> str:
    """Why such an extension does not hold, in words; empty if it does."""
    until = extension_ends(facts, law, days, extension.told)
    first = answer_ends(facts, law, days, extension.told)
    if until is None:
        return f"{law.regime.title} knows no extension for {facts.asked}"
    if not extension.reasoned:
        return "an extension says why: without a reason it is none"
    if extension.told < facts.received:
        return "the notice would have gone out before the request was received"
    if extension.told > first.lenient:
        return f"the notice had to go out by {first.lenient}, within the first period: no extension is left"
    if extension.until > until.lenient:
        return f"the law ends on {until.lenient}, counted from receipt and not from the notice"
    if extension.until <= first.strict:
        return f"{extension.until} is no later than the answer is due anyway ({first.strict})"
    return ""


def _answer(facts: Facts, law: Law, days: Calendar, today: date) -> Deadline:
    ends, rules = _bounds(facts, law, Topic.ANSWER, days, today)
    extension = facts.extension
    if extension is None or refusal(facts, extension, law, days):
        return _deadline(Topic.ANSWER, ends, rules, facts.answered, today)
    total, more = _bounds(facts, law, Topic.EXTEND, days, today)
    # What the person was told binds, unless it is the law's last day in the strict reading or later.
    last = total.lenient if extension.until >= total.strict else extension.until
    told = End(min(extension.until, total.strict), last)
    return replace(_deadline(Topic.ANSWER, told, (*more, *rules), facts.answered, today), extended=True)


def _acknowledgement(facts: Facts, law: Law, days: Calendar, today: date) -> Iterator[Deadline]:
    if law.rules(Topic.ACKNOWLEDGE, facts.asked):
        ends, rules = _bounds(facts, law, Topic.ACKNOWLEDGE, days, today)
        met = min((day for day in (facts.acknowledged, facts.answered) if day), default=None)
        yield _deadline(Topic.ACKNOWLEDGE, ends, rules, met, today)


def _bounds(facts: Facts, law: Law, topic: Topic, days: Calendar, today: date) -> tuple[End, tuple[Rule, ...]]:
    """The earliest end of all rules on a topic, in each reading; and the rules, the one in force first."""
    found = [(_end(facts, law, rule, days, today), rule) for rule in law.rules(topic, facts.asked)]
    if not found:
        raise UnknownError(f"{law.regime.title}: no rule says when a request to {facts.asked} must be answered")
    found.sort(key=lambda pair: (pair[0].strict, pair[0].lenient, pair[1].promise))
    return reduce(End.earlier, (ends for ends, _ in found)), tuple(rule for _, rule in found)


def _end(facts: Facts, law: Law, rule: Rule, days: Calendar, today: date) -> End:
    assert rule.within is not None  # `Rule`s about periods have one; the loaders see to it
    ends = end(facts.received, rule.within, days, rule.first_day_counts)
    if rule.promise or rule.topic is Topic.ACKNOWLEDGE or not law.regime.verification_pauses:
        return ends
    return End(ends.strict, ends.lenient + _paused(facts, today) * _DAY)  # a strict reader does not wait


def _paused(facts: Facts, today: date) -> int:
    waited = {
        start + n * _DAY
        for start, stop in facts.pauses
        for n in range(((stop or max(today, start)) - start).days)
    }  # fmt: skip
    return len(waited)


def _deadline(what: Topic, ends: End, rules: tuple[Rule, ...], met: date | None, today: date) -> Deadline:
    alarm = ends.strict - _DAY
    if met is not None:
        standing = Standing.MET
    elif today > ends.lenient:
        standing = Standing.OVERDUE
    else:
        standing = Standing.ALARM if today >= alarm else Standing.ON_TIME
    return Deadline(
        what, alarm, ends.strict, ends.lenient, standing, met, (met or today) > ends.lenient, False,
        tuple(r.id for r in rules), tuple(r.citation for r in rules),
        max((r.confidence for r in rules), key=_SURELY.index),
    )  # fmt: skip
