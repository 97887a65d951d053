"""What a connector is: four verbs and a description of itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Protocol, runtime_checkable

from connectors.model import (
    Aged,
    Artifact,
    Capabilities,
    Correction,
    Held,
    Identifier,
    Locator,
    Order,
    Outcome,
    Probe,
    Record,
    Subject,
)
from connectors.purging import Batch, Expired, Expiry, OnHold
from connectors.surveys import Found
from connectors.vendor_retention import Setting


@runtime_checkable
class Connector(Protocol):
    """One system that holds personal data. Raises only `connectors.errors`.

    A module `connectors.NAME` (or an entry point in the group `dsr.connectors`) offers it as
    `connect(spec: SystemSpec) -> Connector`; importing that module must not import a vendor SDK.
    """

    @property
    def system(self) -> str:
        """The inventory entry it serves; one connector may serve several."""

    @property
    def capabilities(self) -> Capabilities:
        """What the system can do; known without a network call."""

    def check(self) -> None:
        """Prove that the system is reachable and the credentials suffice; reads no personal data."""

    def locate(self, subject: Subject) -> Iterator[Record]:
        """Point at everything of the subject's, children before parents. Changes nothing.

        Deletion is done in the order yielded. A search cut short raises; it never yields less.
        """

    def export(self, subject: Subject, at: Locator) -> Iterator[Artifact]:
        """Stream the data of one record. Changes nothing; withholds what the inventory withholds."""

    def delete(self, subject: Subject, orders: Sequence[Order]) -> Iterator[Outcome]:
        """Carry out all of this system's orders; exactly one outcome per order, when it is true.

        Orders of action RETAIN or MANUAL are passed along so that side effects on them can be
        refused; they are answered RETAINED or MANUAL and nothing is done to them. Idempotent:
        what is gone is answered ABSENT. Calls `spec.gate(collection)` right before every write.
        """


@runtime_checkable
class Suppresses(Protocol):
    """The ability to keep a person from being written to: an opt-out that outlives their data."""

    def suppress(self, subject: Subject) -> Iterator[Outcome]:
        """Enter the person's addresses, read them back, and say per place what came of it.

        DONE: entered and seen there; ABSENT: there was nothing to enter; FAILED: not seen there.
        """

    def suppressed(self, subject: Subject) -> bool:
        """Whether every address of the person's is suppressed in every place. Changes nothing."""


@runtime_checkable
class Corrects(Protocol):
    """The ability to put single fields of a person's own rows right."""

    def held(self, subject: Subject, at: Locator, fields: Collection[str]) -> Iterator[Held]:
        """The values that stand in these fields of a record; nothing for rows that are not the person's.

        Changes nothing. A field that holds no single value (a list of several things) is left out.
        """

    def correct(self, subject: Subject, corrections: Sequence[Correction]) -> Iterator[Outcome]:
        """Put every correction through; exactly one outcome for each, in their order, when it is true.

        Raises ChangedError, before any write, where more rows bear the old value than were planned, or the
        field has another value by now: what somebody else put there since is not overwritten. Changes the
        named fields and nothing else; calls `spec.gate(collection)` right before every write; reads back.
        Idempotent. DONE: it stands; ABSENT: the old value stands nowhere any more; ACCEPTED: said yes to,
        seen later; MANUAL: the system does not take the value, or no call changes the field; FAILED: said
        yes to and not seen, or half way: ask again.
        """


@runtime_checkable
class Inspects(Protocol):
    """The ability to tell what the credentials may do and what the vendor's plan allows."""

    def inspect(self) -> Iterator[Probe]:
        """One probe or more per aspect, so that a missing permission is known before a request needs it.

        Reads nothing personal and changes nothing. Raises as `check` does if the system cannot be
        asked at all; a permission that is missing is a probe that is not ok, and no error.
        """


@runtime_checkable
class Enumerates(Protocol):
    """The ability to name everybody a system holds: after a restore, erased people are found in it again."""

    def identities(self) -> Iterator[tuple[Identifier, ...]]:
        """Of every row of every collection the identifiers it bears, but for claimed ones. Changes nothing.

        Reads identity fields only and streams: memory does not grow with the rows. What a redaction put
        in place of an identifier is left out, and a row that then bears none is too.
        """


@runtime_checkable
class TellsAges(Protocol):
    """The ability to say how old people are, so that data of children is found without anybody asking."""

    def ages(self) -> Iterator[Aged]:
        """Of every row that bears a field which tells an age (`FieldSpec.tells`): what it says, and who that is.

        Changes nothing and streams. Fields that are blank, or hold what a redaction puts there, are left out.
        """


@runtime_checkable
class Purges(Protocol):
    """The ability to delete or redact what is older than a date, whoever it is about, in batches."""

    def expired(self, order: Expiry, held: OnHold) -> Expired:
        """Count what the order would do, and what stands in its way. Changes nothing."""

    def purge(self, order: Expiry, held: Callable[[], OnHold]) -> Iterator[Batch]:
        """Carry it out, batch by batch, each its own transaction and yielded when it is true.

        Calls `spec.gate(collection)` and asks `held()` anew before every batch: what is held meanwhile stays.
        Idempotent; begun again after any end it goes on with what is left. RefusedError if something stops it.
        It never sleeps: it says in `Batch.rest` how long the caller should.
        """


@runtime_checkable
class Surveys(Protocol):
    """The ability to list what exists in a system, so that what the inventory does not mention is seen."""

    def survey(self) -> Iterator[Found]:
        """Everything that can be listed, mentioned or not. Reads no row of anybody's and changes nothing.

        Raises AuthError if the credentials may not list.
        """

    def mentions(self) -> Mapping[str, str]:
        """Names, in the system's own words, of what a listing must show, and for which collection. No network call."""

    def sample(self, found: Found, most: int) -> Iterator[tuple[str, str]]:
        """At most so many values of each part as (part, value), from anywhere in it; nothing where none are to be had.

        Personal: the caller looks at a value and forgets it. Never logged, never in an error. Changes nothing.
        """


@runtime_checkable
class AppliesRetention(Protocol):
    """The ability to read, and mostly to change, how long the vendor's own setting keeps a collection."""

    def kept(self, collection: str, period: timedelta) -> Setting:
        """What the setting is, and what it has to be for data to go after the period. Changes nothing.

        ConfigError for a collection that no setting of the vendor's is about.
        """

    def keep(self, planned: Setting, period: timedelta) -> Setting:
        """Apply a setting that `kept` described, and read it back. Idempotent.

        ChangedError, before any write, if it is not what it was when it was planned. Calls `spec.gate(collection)`
        right before the write. Settings that stand beside it (other rules, other fields) stay as they are.
        """
