"""Whose a row is: what a vendor's filter returned is matched again here, exactly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from connectors.errors import RefusedError
from connectors.model import IdentitySpec, Locator, Subject
from connectors.rest.api import Api, Row
from connectors.rest.description import Plan
from connectors.rest.paths import bears, values

OWN, SHARED, CLAIMED = "", "shared", "claimed"  # keys of locators
# An age before or after was read in the wrong unit: seconds as milliseconds give 1970.
_FIRST, _LAST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Found:
    """The rows of a collection by standing, ordered by id."""

    own: list[Row] = field(default_factory=list)
    shared: list[Row] = field(default_factory=list)
    claimed: list[Row] = field(default_factory=list)
    read: int = 0  # rows that were looked at

    def standing(self, key: str) -> list[Row]:
        return {OWN: self.own, SHARED: self.shared, CLAIMED: self.claimed}.get(key, [])


class Search:
    """One search for one person. What is read is kept for as long as this object is."""

    def __init__(self, system: str, api: Api, plans: Mapping[str, Plan], subject: Subject) -> None:
        self._system = system
        self._api = api
        self._plans = plans
        self._subject = subject
        self._known: dict[str, Found] = {}

    def found(self, collection: str) -> Found:
        if collection not in self._known:
            self._known[collection] = self._look(self._plans[collection])
        return self._known[collection]

    def rows_at(self, at: Locator) -> list[Row]:
        """The rows of a locator; those of unknown age count as the youngest."""
        plan = self._plans[at.collection]
        rows = self.found(at.collection).standing(at.key)
        return [row for row in rows if at.key != OWN or _inside(self.age(plan, row), at)]

    def _look(self, plan: Plan) -> Found:
        rows: dict[str, Row] = {}
        for call in plan.locate:
            for value in self._asked(plan, call.kind):
                answered = self._api.found(plan, call, value)
                self._require_matchable(plan, answered)
                rows.update({str(self._api.id(plan, row)): row for row in answered})
        found = Found(read=len(rows))
        for _, row in sorted(rows.items()):
            standing = self.standing(plan, row)
            if standing is not None:
                found.standing(standing).append(row)
        return found

    def _asked(self, plan: Plan, kind: str) -> list[str]:
        """What a call is made with: the person's values, in their own and in small letters.

        A whole list is read once, if there is anybody to look for.
        """
        if not kind:
            return [""] if any(self._subject.values(i.kind) for i in plan.spec.identities if i.match) else []
        given = [value for value in self._subject.values(kind) if value.strip()]
        return sorted({*given, *(v.lower() for v in given)} if _folds(kind) else {*given})

    def _require_matchable(self, plan: Plan, rows: list[Row]) -> None:
        """A misspelt field would match nothing, and nothing would look like absence."""
        fields = {i.field for i in plan.spec.identities if i.match}
        if rows and not any(True for row in rows for f in fields for _ in values(row, plan.path(f))):
            names = ", ".join(sorted(fields))
            message = f"{plan.spec.name}: the rows have nothing at {names}; are these the paths in a row?"
            raise RefusedError(self._system, message)

    def standing(self, plan: Plan, row: Row) -> str | None:
        """The person's own, shared with others, found through something unproven, or not theirs."""
        for claimed, standing in ((False, OWN), (True, CLAIMED)):
            mine = others = False
            for identity in plan.matching(claimed):
                held = [v for v in values(row, plan.path(identity.field)) if bears(v)]
                same = [v for v in held if self._same(identity, v)]
                mine = mine or bool(same)
                # Of two fields that tell whose the row is both must: either may have been typed by somebody else.
                others = others or bool(len(same) < len(held) and (same or self._subject.values(identity.kind)))
            if mine:
                return SHARED if others and not claimed else standing
        return None

    def _same(self, identity: IdentitySpec, held: object) -> bool:
        if isinstance(held, bool) or not isinstance(held, str | int):
            return False
        return _comparable(identity.kind, str(held)) in {
            _comparable(identity.kind, v) for v in self._subject.values(identity.kind)
        }

    def age(self, plan: Plan, row: Row) -> datetime | None:
        """The instant that cut-offs are compared with; None if the row has none."""
        held = [v for v in values(row, plan.age) if v not in (None, "")] if plan.age else []
        if not held:
            return None
        try:
            at = _instant(held[0], plan.age_format)
        except (ValueError, OverflowError, TypeError):
            at = None
        if at is None or not _FIRST <= at <= _LAST:
            message = f"{plan.spec.name}: an age is not of the format {plan.age_format}; see option 'age_format'"
            raise RefusedError(self._system, message)
        return at


def _instant(value: object, form: str) -> datetime:
    if form == "iso":
        at = datetime.fromisoformat(str(value))
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    seconds = float(str(value)) / (1000 if form == "unix_ms" else 1)
    return _EPOCH + timedelta(seconds=seconds)


def _folds(kind: str) -> bool:
    """Only addresses are equal in other case; ids are compared as they are."""
    return kind.rpartition(".")[2] == "email"


def _comparable(kind: str, value: str) -> str:
    # Not casefold: it would make one of two different mailboxes ("ß" and "ss").
    return value.strip().lower() if _folds(kind) else value


def _inside(age: datetime | None, at: Locator) -> bool:
    if age is None:
        return at.before is None
    return (at.since is None or age >= at.since) and (at.before is None or age < at.before)


def ages(search: Search, plan: Plan, rows: Iterable[Row]) -> list[datetime]:
    return sorted(age for row in rows if (age := search.age(plan, row)) is not None)
