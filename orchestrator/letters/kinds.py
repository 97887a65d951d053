"""The kinds of letters, the states in which a letter says data is, and which outcome needs which letter."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum

from orchestrator.receipt import Fulfilment


class Kind(StrEnum):
    """What a letter is for."""

    ACKNOWLEDGEMENT = "acknowledgement"
    MORE_INFORMATION = "more_information"
    EXTENSION = "extension"
    APPROVAL = "approval"  # accepted and under way: says how it stands, and stops no clock
    COMPLETION = "completion"
    PARTIAL_DENIAL = "partial_denial"  # done, but for what is kept under an exception
    NOTHING_FOUND = "nothing_found"
    DENIAL = "denial"
    APPEAL_DECISION = "appeal_decision"  # of an appeal to the company, where the law gives one
    FEE_ESTIMATE = "fee_estimate"  # what a request would cost, before anything is done
    PROVIDER_NOTICE = "service_provider_notice"  # a customer organisation decides about a part of it
    HAND_OVER = "hand_over"  # not to the person: the organisation gets what it decides about
    VENDOR_NOTICE = "vendor_notice"  # not to the person: a vendor or third party is told to delete


# What the journal calls it when such a letter went out: these stop, or move, one of the law's clocks.
RECORDED: Mapping[Kind, str] = {
    Kind.ACKNOWLEDGEMENT: "acknowledged",
    Kind.EXTENSION: "extended",
    Kind.COMPLETION: "answered",
    Kind.PARTIAL_DENIAL: "answered",
    Kind.NOTHING_FOUND: "answered",
    Kind.DENIAL: "denied",
}
ANSWERS = frozenset(kind for kind, recorded in RECORDED.items() if recorded in ("answered", "denied"))


class State(StrEnum):
    """What became of a class of data, in the order in which a letter tells it."""

    DELETED = "deleted"
    EMPTIED = "emptied"  # the record stays without the person
    VENDOR_DELETED = "vendor_deleted"  # and a search at the vendor no longer finds it
    CORRECTED = "corrected"  # the right value stands there, as a reading has shown
    DISCLOSED = "disclosed"
    BY_STAFF = "by_staff"  # on a person's word: no search has shown it
    UNPROVEN = "unproven"  # done or asked for, where no search can show it
    VENDOR_ACCEPTED = "vendor_accepted"  # the vendor does it later
    UNCONFIRMED = "unconfirmed"  # done, and not searched again yet
    BACKUP = "backup"  # until the copy ends
    RETAINED = "retained"  # under an exception, until a day
    LEFT = "left"  # the person asked for other parts only
    HONOURED = "honoured"  # a choice that is in force
    UNCORRECTED = "uncorrected"  # left as it is, for a reason that the letter gives
    VENDOR_KEEPS = "vendor_keeps"  # the vendor must keep it until a day
    HANDED_OVER = "handed_over"  # a customer organisation decides about it
    TO_HAND_OVER = "to_hand_over"
    NOT_FOUND = "not_found"
    NOT_SEARCHED = "not_searched"
    BY_HAND = "by_hand"  # a person has still to do it
    FAILED = "failed"
    LATE = "late"  # came, or was found, after the search

    @property
    def clean(self) -> bool:
        """Whether nothing of this is left, as a search has shown. Only then may a letter say so of the whole."""
        return self in (State.DELETED, State.EMPTIED, State.VENDOR_DELETED, State.NOT_FOUND)

    @property
    def pending(self) -> bool:
        """Whether it will be done without anything more from us than waiting and looking again."""
        return self in (State.VENDOR_ACCEPTED, State.UNCONFIRMED)

    @property
    def open(self) -> bool:
        """Whether somebody has still to do something."""
        return self in (State.BY_HAND, State.FAILED, State.LATE, State.TO_HAND_OVER)


# What a run came to -> the letter that says so. A deletion that leaves something under an exception is denied in
# part, see `answer_to`.
OUTCOMES: Mapping[Fulfilment, Kind] = {
    Fulfilment.COMPLETE: Kind.COMPLETION,
    Fulfilment.COMPLETE_WITH_RETENTION: Kind.COMPLETION,
    Fulfilment.ACCEPTED_PENDING: Kind.COMPLETION,
    Fulfilment.OPEN: Kind.APPROVAL,
    Fulfilment.NOTHING_FOUND: Kind.NOTHING_FOUND,
    Fulfilment.NOTHING_FOUND_IN_SEARCHED: Kind.NOTHING_FOUND,
}


# With any of these a request is denied in part.
KEPT = frozenset({State.RETAINED, State.UNCORRECTED, State.HANDED_OVER, State.TO_HAND_OVER})


def answer_to(outcome: Fulfilment, states: Collection[State]) -> Kind:
    """The letter that an outcome needs."""
    kind = OUTCOMES[outcome]
    return Kind.PARTIAL_DENIAL if kind is Kind.COMPLETION and KEPT & set(states) else kind


def fitting(outcome: Fulfilment, states: Collection[State]) -> tuple[Kind, ...]:
    """The letters that may be written of an outcome, the one that it needs first.

    What is not finished when the law's time is up is answered all the same, and says where it stands.
    """
    first = answer_to(outcome, states)
    return (first, answer_to(Fulfilment.ACCEPTED_PENDING, states)) if first is Kind.APPROVAL else (first, Kind.APPROVAL)
