"""The ability to purge, under the one retry policy."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from connectors.protocol import Connector, Purges
from connectors.purging import Batch, Expired, Expiry, OnHold
from orchestrator.wrap import Retried, opened


class Purging:
    """A connector's purges under the one retry policy: one that was cut short goes on with what is left."""

    def __init__(self, inside: Purges, policy: Retried) -> None:
        self._inside, self._policy = inside, policy

    def expired(self, order: Expiry, held: OnHold) -> Expired:
        return self._policy.again(lambda: self._inside.expired(order, held))

    def purge(self, order: Expiry, held: Callable[[], OnHold]) -> Iterator[Batch]:
        return self._inside.purge(order, held)


def purging(connector: Connector) -> Purging | None:
    """The connector's ability to let go what is past its time, if it has it."""
    inside, policy = opened(connector)
    return Purging(inside, policy) if isinstance(inside, Purges) else None
