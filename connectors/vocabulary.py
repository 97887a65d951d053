"""The closed vocabularies of connectors. `connectors.model` offers them along with the nouns."""

from __future__ import annotations

from enum import StrEnum


class Trust(StrEnum):
    """How far a value may be believed to belong to exactly one person."""

    PROVEN = "proven"  # verified with the requester
    ASSIGNED = "assigned"  # issued by us or a vendor to exactly one person
    CLAIMED = "claimed"  # typed by someone, or not unique; opens nothing


class Action(StrEnum):
    """What is done to a record: a closed vocabulary."""

    DELETE = "delete"
    REDACT = "redact"
    CORRECT = "correct"  # fields get other values: asked of `Corrects`, never of `delete`
    RETAIN = "retain"
    MANUAL = "manual"


class Status(StrEnum):
    """How an order ended. `DONE` and `ABSENT` are the only ones that mean gone."""

    DONE = "done"
    ABSENT = "absent"  # nothing there (any more): a repeat of what was done before
    ACCEPTED = "accepted"  # the vendor said yes and does it later: never "done"
    RETAINED = "retained"
    MANUAL = "manual"
    FAILED = "failed"


class LinkKind(StrEnum):
    """Whether a link to a person means the row is theirs. A link is not ownership."""

    OWNS = "owns"  # the row belongs to the person it points at: followed for deletion
    MENTIONS = "mentions"  # the row only names them: unlinked or redacted, never deleted


class Disclosure(StrEnum):
    """Whether a field may leave in an export. A field without a mark is withheld."""

    DISCLOSE = "disclose"
    NEVER = "never"
    UNMARKED = "unmarked"


class Redaction(StrEnum):
    """How a field loses the person while its row stays."""

    AUTO = "auto"  # NULL where allowed, otherwise a placeholder that fits the type and constraints
    NULL = "null"
    EMPTY = "empty"
    PLACEHOLDER = "placeholder"
    UNIQUE = "unique"  # a placeholder that no other row has
    NONE = "none"  # stays, and is not counted: a key, a date, an amount names nobody by itself


class ObstacleKind(StrEnum):
    """Why a located record cannot simply be deleted."""

    LOCKED = "locked"  # the vendor keeps it until a date (object lock, refund window): retained
    SHARED = "shared"  # other people's data is in the same object: by hand
    BY_HAND = "by_hand"  # the vendor's API cannot do it: by hand
    CLAIMED = "claimed"  # found only through something unproven: listed, never touched
    SEVERAL_PEOPLE = "several_people"  # one identifier, more than one person: a person must look
    ORGANISATION = "organisation"  # the address is an organisation's shared one: a person must look
    RESTRICTED = "restricted"  # rows of others depend on it (reason names the constraint): stops
    UNMARKED = "unmarked"  # a link the inventory marks neither owns nor mentions: stops


class Aspect(StrEnum):
    """What `inspect` looks at, before a request needs it."""

    REACH = "reach"  # it answers, and takes the credentials
    LOCATE = "locate"
    EXPORT = "export"
    DELETE = "delete"
    PLAN = "plan"  # what the vendor's plan or product tier lacks
    INVENTORY = "inventory"  # whether what is there is what the inventory says
