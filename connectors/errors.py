"""Errors named by what the caller does next. Nothing else leaves a connector.

    ConnectorError
    ├── ConfigError       mend the inventory, the environment or the installation
    ├── AuthError         stop this system; its credentials or permissions are wrong
    ├── TransientError    try again, after `retry_after` seconds where the vendor said so
    └── RefusedError      a person must look; trying again would not help

Messages carry no personal data, no secret and no URL with a query string.
"""

from __future__ import annotations


class ConnectorError(Exception):
    """Base of everything a connector raises; `system` names the inventory entry."""

    def __init__(self, system: str, message: str) -> None:
        super().__init__(f"{system}: {message}")
        self.system = system


class ConfigError(ConnectorError):
    """The inventory, the environment or the installation is wrong."""


class AuthError(ConnectorError):
    """The system does not accept the credentials, or they lack a permission."""


class TransientError(ConnectorError):
    """The system is overloaded, slow or cut off; the same call may succeed later.

    `for_all`: whether the wait holds for every call to the system, or for calls such as this one only.
    """

    def __init__(
        self, system: str, message: str, retry_after: float | None = None, *, for_all: bool = True
    ) -> None:  # fmt: skip
        super().__init__(system, message)
        self.retry_after = retry_after
        self.for_all = for_all


class RefusedError(ConnectorError):
    """The system, or the connector's own caution, refuses; a person must look."""


class ChangedError(RefusedError):
    """The data is no longer what the plan counted; nothing was changed and a new plan is due."""
