"""What the journal may say: the kinds of entries and the fields each may have.

Nothing else is written, so that no caller can put a person's data into the evidence by accident.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from enum import StrEnum

from orchestrator.model import Hold, Request, Signed, Verification

_DECISION = frozenset(f.name for f in fields(Signed))

KINDS: Mapping[str, frozenset[str]] = {
    # the request
    "requested": frozenset(f.name for f in fields(Request)),
    "acknowledged": frozenset({"at", "letter"}),
    "verified": frozenset(f.name for f in fields(Verification)),
    "identifier_confirmed": frozenset({"kind", "tag", "reason"}),
    "extended": frozenset({"until", "reason", "letter"}),
    "answered": frozenset({"at", "letter"}),
    "denied": frozenset({"code", "reason", "exception", "outcome", "ask_opt_out"}),
    "taken_as": frozenset({"right", "request"}),
    "appealed": frozenset({"at"}),
    "appeal_extended": frozenset({"until", "reason", "letter"}),
    "appeal_decided": frozenset({"at", "result", "letter"}),
    # proof of who asks: names of points and hashes of papers, never what was said or shown
    "comparing": frozenset({"points"}),
    "compared": frozenset({"points"}),
    "reauthenticated": frozenset({"at"}),
    "acts": frozenset({"acts", "shown", "way"}),
    "child": frozenset({"age"}),
    "evidence_kept": frozenset({"id", "kind", "sha256"}),
    "evidence_destroyed": frozenset({"id", "kind", "why"}),
    "more_asked": frozenset({"at", "purpose", "points", "letter"}),
    "more_came": frozenset({"at"}),
    # fees
    "fee_estimated": frozenset({"cents", "currency", "because", "reason", "letter", "evidence"}),
    "fee_agreed": frozenset({"at"}),
    "fee_waived": frozenset({"at"}),
    "fee_charged": frozenset({"cents", "currency", "letter"}),
    # customer organisations: keyed hashes of which, and of who was written to
    "handed_over": frozenset({"plan", "organisation", "recipient", "listed", "reason", "at", "proof", "steps"}),
    "cancelled": frozenset({"reason"}),
    "reopened": frozenset({"reason"}),
    "closed": frozenset({"outcome"}),
    # what is to be put right: attributes by name, values in the vault only
    "contested": frozenset({"attributes"}),
    "new_value_confirmed": frozenset({"attribute", "tag", "method"}),
    "attribute_refused": frozenset({"attribute", "ground", "reason"}),
    "deleted_instead": frozenset({"attribute", "reason"}),
    "statement": frozenset({"attribute", "sha256"}),
    # plans and decisions
    "planned": frozenset({"digest", "plan"}),
    "approved": _DECISION,
    "overridden": _DECISION,
    # effects
    "run_started": frozenset({"plan"}),
    "run_ended": frozenset({"plan", "systems"}),
    "intended": frozenset({"plan", "ref", "order"}),
    "done": frozenset({"plan", "result"}),
    "attested": frozenset({"plan", "attested"}),
    "confirmed": frozenset({"plan", "confirmation"}),
    "recheck_due": frozenset({"plan", "at"}),
    "exported": frozenset({"plan", "files", "bytes", "manifest", "withheld", "left_out", "since", "held", "older"}),
    # packages
    "period_asked": frozenset({"since"}),
    "held_decided": frozenset({"ref", "decision", "reason"}),
    "package_delivered": frozenset(
        {"channel", "address_from", "method", "reason", "sha256", "bytes", "manifest", "until"}
    ),
    "package_collected": frozenset({"at"}),
    "package_destroyed": frozenset({"package", "manifest", "what"}),
    "suppressed": frozenset({"plan", "system", "count"}),
    "manual_failed": frozenset({"plan", "ref", "reason"}),
    # what drives it
    "queued": frozenset({"at"}),
    "stuck": frozenset({"reason", "attempts"}),
    "paused": frozenset({"system", "reason"}),
    "resumed": frozenset({"system"}),
    # others
    # our own list of opt-outs, and what takes an entry off it; without a purpose it is marketing
    "opted_out": frozenset({"tag", "purpose"}),
    "opted_in": frozenset({"tag", "purpose"}),
    "opt_in_confirmed": frozenset({"by", "age", "method"}),
    "told": frozenset({"plan", "bytes", "hash"}),
    "complied": frozenset({"plan"}),
    "minor_found": frozenset({"system", "collection", "why", "sure"}),
    # the erasure ledger and what is run again from it
    "ledger_key": frozenset({"key"}),
    "erased": frozenset({"first", "plan", "key", "system", "collections", "tags", "at", "existed", "until"}),
    "restored": frozenset({"system", "copy"}),
    "replaying": frozenset({"first", "systems", "unserved"}),
    "replayed": frozenset({"system", "since", "rows", "erasures", "found", "open"}),
    "replay_receipt": frozenset({"system", "hash", "envelope"}),
    # the deletion of one backup, which is of no request
    "backup_planned": frozenset(
        {"system", "sources", "backup", "reason", "ends", "made_by", "made_at", "inventory", "code"}
    ),
    "backup_proved": frozenset({"proof"}),
    "backup_approved": _DECISION,
    "backup_intended": frozenset({"plan", "approval", "proof"}),
    "backup_outcome": frozenset({"plan", "status", "state", "reason", "at"}),
    "backup_receipt": frozenset({"plan", "hash", "envelope"}),
    "letter": frozenset({"kind", "sha256", "at"}),
    # letters: named by hash and Message-ID, never by whom they went to. `last`: nothing more is owed after it
    "letter_sending": frozenset({"letter", "sha256", "message", "channel"}),
    "letter_unsent": frozenset({"message", "reason"}),
    "letter_sent": frozenset({"letter", "sha256", "message", "channel", "at", "last", "again"}),
    "letter_delivered": frozenset({"message", "at"}),
    "letter_returned": frozenset({"message", "at", "reason"}),
    "vendor_notified": frozenset({"vendor", "at", "proof"}),
    "vendor_answered": frozenset({"vendor", "at", "answer", "proof"}),
    "receipt": frozenset({"plan", "hash", "previous", "final", "envelope"}),
    "receipt_final": frozenset({"hash"}),
    "receipt_key": frozenset({"former", "key"}),
    "hold_placed": frozenset(f.name for f in fields(Hold)),
    "hold_released": frozenset({"at"}),
    "hold_renewed": frozenset({"hold", "review"}),
    "vault_destroyed": frozenset({"slots"}),
    "capsule_made": frozenset({"capsule", "what", "systems"}),  # `what`: see `orchestrator.still_open.Open`
    "vault_reduced": frozenset({"slots", "kept"}),
    "vault_rewrapped": frozenset({"master", "keys", "former"}),
    "master_keys_destroyed": frozenset({"keys"}),
    "purged": frozenset({"year", "entries", "receipts"}),
}

# Retention: rows that go by age, under the name `retention` in the place of a request.
KINDS = {
    **KINDS,
    "retention_planned": frozenset({"digest", "plan"}),
    "retention_approved": _DECISION,
    "retention_overridden": _DECISION,
    "retention_armed": frozenset({"armed"}),
    "retention_begun": frozenset({"plan", "refs"}),
    "retention_batch": frozenset({"plan", "ref", "count", "along"}),
    "retention_ended": frozenset({"plan", "outcome"}),
    "retention_receipt": frozenset({"plan", "hash", "envelope"}),
    # settings of vendors that end data by its age
    "settings_planned": frozenset({"digest", "plan"}),
    "settings_approved": _DECISION,
    "setting_intended": frozenset({"plan", "ref", "was", "wanted"}),
    "setting_applied": frozenset({"plan", "ref", "is"}),
    "setting_overtaken": frozenset({"plan", "ref", "says"}),  # another writer came between: how it stood is in the plan
    # a person's approval in advance, of retention or of exceptions that end
    "standing_approved": frozenset({"id", "scope", "bound", "limit", "until", "decision"}),
    "standing_withdrawn": frozenset({"id"}),
}

PURGED = "purged"  # `entries`: [first, last] of each run of numbers; `receipts`: [number, hash]; `year` of receipt
# What a purge of a request's record leaves: it serves another purpose, with an end of its own.
OUTLIVE = frozenset({"vault_destroyed", PURGED})

# Fields in a person's own words: read for what names somebody before they are kept.
PROSE = frozenset({"reason", "method", "matched", "channel", "answer", "proof", "case", "basis"})


class State(StrEnum):
    """How far a request has come: the last entry that says so."""

    RECEIVED = "received"
    VERIFIED = "verified"
    PLANNED = "planned"
    APPROVED = "approved"
    RUNNING = "running"
    EXECUTED = "executed"
    CONFIRMED = "confirmed"
    ANSWERED = "answered"
    DENIED = "denied"
    CANCELLED = "cancelled"
    CLOSED = "closed"


STATES: Mapping[str, State] = {
    "requested": State.RECEIVED,
    "reopened": State.RECEIVED,
    "verified": State.VERIFIED,
    "planned": State.PLANNED,
    "approved": State.APPROVED,
    "run_started": State.RUNNING,
    "run_ended": State.EXECUTED,
    "confirmed": State.CONFIRMED,
    "answered": State.ANSWERED,
    "denied": State.DENIED,
    "cancelled": State.CANCELLED,
    "closed": State.CLOSED,
}

# What ends a request, and what undoes that.
ENDS = ("denied", "cancelled", "closed", "reopened")
