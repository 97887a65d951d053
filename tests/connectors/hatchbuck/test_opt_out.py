"""Opting out: it counts when it is read back, and for contacts that are surely the person's."""

from __future__ import annotations

import pytest

from connectors.model import Identifier, Status, Subject, Trust
from connectors.protocol import Suppresses
from connectors.sandbox.hatchbuck import HatchbuckSandbox

from .conftest import ANN, JO, SUBJECT, Connect, erased


@pytest.mark.parametrize("takes", [True, False])
def test_an_opt_out_counts_when_it_is_read_back(fake: HatchbuckSandbox, connected: Connect, takes: bool) -> None:
    """Whether a change of `subscribed` takes effect is not documented."""
    fake.ignores = set() if takes else {"subscribed"}
    row, other = fake.contact(ANN), fake.contact(JO)
    connector = connected()
    assert isinstance(connector, Suppresses)
    assert connector.suppressed(SUBJECT) is False
    (outcome,) = connector.suppress(SUBJECT)
    assert (outcome.status, outcome.count) == ((Status.DONE, 1) if takes else (Status.FAILED, 0))
    assert connector.suppressed(SUBJECT) is takes
    assert (row["subscribed"], other["subscribed"]) == (not takes, True)


def test_a_refusal_is_no_opt_out(fake: HatchbuckSandbox, connected: Connect) -> None:
    fake.refuses = {"subscribed"}
    fake.contact(ANN)
    assert [o.status for o in connected().suppress(SUBJECT)] == [Status.FAILED]


def test_who_has_no_contact_is_not_written_to(fake: HatchbuckSandbox, connected: Connect) -> None:
    """A later import is for a list of one's own to stop: nothing in the account could."""
    fake.contact(JO)
    assert [o.status for o in connected().suppress(SUBJECT)] == [Status.ABSENT]
    assert connected().suppressed(SUBJECT) is True


def test_once_is_enough(fake: HatchbuckSandbox, connected: Connect) -> None:
    fake.contact(ANN, subscribed=False)
    assert [o.status for o in connected().suppress(SUBJECT)] == [Status.ABSENT]
    assert connected().suppressed(SUBJECT) is True
    assert [m for m, _, _ in fake.log if m == "PUT"] == []


def test_every_contact_counts(fake: HatchbuckSandbox, connected: Connect) -> None:
    fake.contact(ANN, subscribed=False)
    fake.contact("Ann@Example.net")
    both = Subject.of(*SUBJECT.identifiers, Identifier("email", "ann@example.net", Trust.PROVEN))
    assert (connected().suppressed(SUBJECT), connected().suppressed(both)) == (True, False)
    assert [(o.status, o.count) for o in connected().suppress(both)] == [(Status.DONE, 1)]
    assert connected().suppressed(both) is True


def test_others_are_not_unsubscribed_with_the_person(fake: HatchbuckSandbox, connected: Connect) -> None:
    row = fake.contact(ANN, "the.lees@example.org")
    assert [o.status for o in connected().suppress(SUBJECT)] == [Status.ABSENT]
    assert row["subscribed"] is True
    assert connected().suppressed(SUBJECT) is False, "the person is written to all the same"


def test_an_opted_out_contact_is_emptied_like_any_other(fake: HatchbuckSandbox, connected: Connect) -> None:
    fake.contact(ANN, first="Ann")
    connector = connected()
    list(connector.suppress(SUBJECT))
    assert erased(connector)["contacts"].status is Status.DONE
    assert connector.suppressed(SUBJECT) is True


def test_the_gate_stands_before_it(fake: HatchbuckSandbox, connected: Connect) -> None:
    def closed(collection: str) -> None:
        raise InterruptedError(collection)

    fake.contact(ANN)
    with pytest.raises(InterruptedError):
        list(connected(gate=closed).suppress(SUBJECT))
    assert [m for m, _, _ in fake.log if m == "PUT"] == []
