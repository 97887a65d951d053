"""Phrases as queries of the search: quoted, and joined by OR."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.errors import RefusedError

_PHRASES_PER_QUERY = 30  # keeps the address of one search under 4 kB


def queries(system: str, phrases: Sequence[str]) -> list[str]:
    """Quoted phrases joined by OR, as few searches as fit (25 requests in 5 seconds are allowed)."""
    quoted = [_quoted(system, phrase) for phrase in phrases]
    steps = range(0, len(quoted), _PHRASES_PER_QUERY)
    return [" OR ".join(quoted[start : start + _PHRASES_PER_QUERY]) for start in steps]


def _quoted(system: str, phrase: str) -> str:
    for mark in ('"', "'"):
        if mark not in phrase:
            return f"{mark}{phrase}{mark}"
    raise RefusedError(system, "an identifier with both kinds of quotes cannot be searched for; search by hand")
