"""What is wanted around connectors: a retry that forgets nothing of the plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connectors.errors import TransientError
from connectors.memory import MemoryConnector
from connectors.model import Action, Locator, Order, Outcome, Status, Subject, SystemSpec
from orchestrator.wrap import Retried

KEPT, LEFT, GOES, LAST = (Locator("shop", name) for name in ("kept", "left", "goes", "last"))
ORDERS = (
    Order(KEPT, Action.RETAIN, 2), Order(LEFT, Action.MANUAL, 1), Order(GOES, Action.DELETE, 3),
    Order(LAST, Action.DELETE, 4),
)  # fmt: skip


class Overloaded(MemoryConnector):
    """Answers three orders, and then not for a while."""

    def delete(self, subject: Subject, orders: Sequence[Order]) -> Iterator[Outcome]:
        self.asked = [*getattr(self, "asked", []), [o.at for o in orders]]
        statuses = {Action.RETAIN: Status.RETAINED, Action.MANUAL: Status.MANUAL}
        for order in orders:
            if order.at == LAST and len(self.asked) == 1:
                raise TransientError("shop", "deleting: HTTP 503")
            yield Outcome(order.at, statuses.get(order.action, Status.DONE), order.count)


def test_asked_again_a_connector_still_sees_what_the_plan_keeps() -> None:
    """It refuses what would take along what stays, and can only do so if it is told."""
    inside = Overloaded(SystemSpec("shop", "memory", {"rows": {}}))
    answers = list(Retried(inside, first_wait=0.001).delete(Subject.of(), ORDERS))
    assert inside.asked == [[KEPT, LEFT, GOES, LAST], [KEPT, LEFT, LAST]]
    assert [a.at for a in answers] == [KEPT, LEFT, GOES, LAST], "one answer per order"
