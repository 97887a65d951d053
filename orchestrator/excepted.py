"""On what ground data may be kept although its deletion was asked for: the statute's exceptions as frozen values. Pure.

They stand in `regimes/rules/exceptions.yaml`. A repealed one is no ground, whatever a published policy still says, and
neither is a reason in its words beside another id.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from orchestrator.law import Confidence

NO_LIST = "ccpa"  # the list of a regime that has none of its own: what the policy's bullets are about


@dataclass(frozen=True, slots=True)
class DeletionException:
    """One exception of a law, beside what the published policy says of it."""

    id: str
    regime: str
    in_force: bool
    conditions: tuple[str, ...]
    policy: str  # same, narrower, wider or absent
    citation: str
    confidence: Confidence
    says: str
    always: bool = False  # stands whatever the policy promises


@dataclass(frozen=True)
class Exceptions:
    """All exceptions, and the wordings of those that are repealed."""

    version: str
    digest: str
    known: Mapping[str, DeletionException]
    repealed_wordings: tuple[tuple[str, re.Pattern[str]], ...]  # (id, words)

    def of(self, regime: str) -> tuple[DeletionException, ...]:
        """A regime's exceptions; where it has no list, those that the policy's bullets are about."""
        own = tuple(e for e in self.known.values() if e.regime == regime)
        return own or tuple(e for e in self.known.values() if e.regime == NO_LIST)

    def refusal(self, id: str, regime: str, text: str = "", met: Collection[str] | None = None) -> str:  # noqa: A002
        """Why this is no ground under that law, in words with its citation; empty if it is one.

        `text`: the reason as worded. `met`: the conditions of which somebody has said how they are met; None
        if nobody is asked to.
        """
        found = {e.id: e for e in self.of(regime)}.get(id)
        if found is None:
            return f"{id!r} is no exception under {regime}: it has {', '.join(e.id for e in self.of(regime))}"
        if not found.in_force:
            return f"{id} is repealed and no ground, whatever the policy says ({found.citation})"
        if why := self.repealed(text):
            return why
        if met is not None and (lacking := [c for c in found.conditions if c not in met]):
            return f"{id} holds only if it is said how it is {' and '.join(lacking)} ({found.citation})"
        return ""

    def repealed(self, text: str) -> str:
        """Why a reason in these words is none; empty if it is not in the words of a repealed exception."""
        flat = " ".join(text.casefold().split())
        for id_, words in self.repealed_wordings:
            if words.search(flat):
                return f"the reason is in the words of {id_}, which is repealed ({self.known[id_].citation})"
        return ""

    def closed(self, regime: str, *, promised: bool) -> frozenset[str]:
        """Ids that are no ground for a request. `promised`: only the policy gives it, so the policy's grounds count."""
        return frozenset(
            e.id for e in self.known.values()
            if e not in self.of(regime) or not e.in_force or (promised and e.policy == "absent" and not e.always)
        )  # fmt: skip
