"""What an AWS policy allows, tried out by calls that read nobody's data."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from connectors.errors import AuthError, ConfigError, RefusedError
from connectors.model import Aspect, Probe
from connectors.probes import said


def allowed(system: str, what: str, attempt: Callable[..., Iterable[object]], *given: object) -> Probe:
    """Whether reading is let through, to the end. What fails for another reason is raised as it is."""
    try:
        list(attempt(*given))
    except AuthError as error:
        return Probe(
            Aspect.LOCATE, False, f"{what}: {said(system, error)}; allow it in the policy of these credentials"
        )
    return Probe(Aspect.LOCATE, True, what)


def fits(system: str, what: str, attempt: Callable[..., object], *given: object) -> Probe:
    """Whether what is there is what the inventory says."""
    try:
        attempt(*given)
    except (ConfigError, RefusedError) as error:
        return Probe(Aspect.INVENTORY, False, f"{what}: {said(system, error)}")
    return Probe(Aspect.INVENTORY, True, what)
