"""What the orchestrator raises for people to act on. Every message says the way out; none holds
personal data or a secret. `exit_code` is what the command line ends with."""

from __future__ import annotations


class OrchestratorError(Exception):
    """Base of everything raised for a person or a caller to act on."""

    exit_code = 1


class InventoryError(OrchestratorError):
    """The inventory cannot be used; the message lists every problem with its line and path."""

    exit_code = 3


class UnknownError(OrchestratorError):
    """No request, plan or receipt of that name."""

    exit_code = 4


class NotAllowedError(OrchestratorError):
    """Refused by a rule of the house: unverified, not approved, same person, on hold, plan void."""

    exit_code = 5


class BusyError(NotAllowedError):
    """Another process drives this already; the message says which, and since when."""


class UnsafePlanError(OrchestratorError):
    """The guard stopped the plan; a person must override each finding with a reason, or mend it."""

    exit_code = 6


class IncompleteError(OrchestratorError):
    """The run ended with something open that was not planned to be: failed steps, unreached systems."""

    exit_code = 7


class SystemFailedError(IncompleteError):
    """A system failed, or could not be reached: what it was to do is not done."""

    exit_code = 1


class InvalidReceiptError(OrchestratorError):
    """A receipt does not verify."""

    exit_code = 8


class IntegrityError(OrchestratorError):
    """The journal or the vault was changed by something else than this program."""

    exit_code = 9


class HeldError(NotAllowedError):
    """A legal hold was placed on what was about to be written, or the request was cancelled."""


class PausedError(NotAllowedError):
    """The request or the system was paused; what was done is kept, and resuming goes on."""
