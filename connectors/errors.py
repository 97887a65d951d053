"""Errors named by what the caller does next. Nothing else leaves a connector.

    ConnectorError
    ├── ConfigError       mend the inventory, the environment or the installation
    │   └── UntoldError       no call of the vendor's tells it: a person looks, and states it in the inventory
    ├── AuthError         stop this system; its credentials or permissions are wrong
    ├── TransientError    try again, after `retry_after` seconds where the vendor said so
    └── RefusedError      a person must look; trying again would not help
        ├── ChangedError      it is no longer what was planned; nothing was changed
        └── OvertakenError    another writer came between; a person must look what got lost

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


class UntoldError(ConfigError):
    """No call of the vendor's tells it, to anybody: a person looks, and states it in the inventory."""


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


class OvertakenError(RefusedError):
    """Another writer came between reading and reading back: what stood there may be lost, and nothing was repeated."""
