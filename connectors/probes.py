"""Probes out of calls that are tried: what was let through, and what was refused and why."""

from __future__ import annotations

from collections.abc import Callable

from connectors.errors import AuthError, ConnectorError
from connectors.model import Aspect, Probe

# What is asked for, so that nobody's data is read: no person has these.
NOBODY = "dsr-orchestrator-permission-check"
NOBODYS_ADDRESS = "permission-check@example.invalid"


def tried(
    system: str,
    aspect: Aspect,
    what: str,
    attempt: Callable[..., object],
    *given: object,
    way: str = "",
    wrong: tuple[type[ConnectorError], ...] = (AuthError,),
) -> Probe:
    """Whether a call is let through. What is `wrong` is a finding, with the `way` out; the rest is raised."""
    try:
        attempt(*given)
    except wrong as error:
        return Probe(aspect, False, "; ".join(filter(None, (said(system, error), way))))
    return Probe(aspect, True, what)


def said(system: str, error: Exception) -> str:
    """An error's text without the system's name, which stands beside a probe already."""
    return str(error).removeprefix(f"{system}: ")
