"""Disables, signs out and deletes; believes only what Cognito says when it is asked again.

https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminDeleteUser.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from connectors.aws.cognito.pool import OpenPool, Row
from connectors.aws.cognito.search import OWN, UNPROVEN, WRITTEN, Found
from connectors.errors import ChangedError
from connectors.model import Action, Gate, Order, Outcome, Status

# A user who may still sign in could be signed in again between signing out and deleting.
_STEPS = (
    ("AdminDisableUser", "admin_disable_user"),
    ("AdminUserGlobalSignOut", "admin_user_global_sign_out"),
    ("AdminDeleteUser", "admin_delete_user"),
)
DELETING = ", ".join(f"cognito-idp:{permission}" for permission, _ in _STEPS)
UNTOUCHED = {
    UNPROVEN: "the account bears the person's address or number without proof that it is theirs",
    WRITTEN: (
        "the account names the person in a field that its owner may write, and bears no verified address or number of "
        "theirs: see whose it is; if it is theirs, confirm its address or its sub and plan again"
    ),
}
_STILL_THERE = "Cognito said yes, and asking again shows the account still there"
_REDACTION = "an account can be deleted, not redacted"
BY_HAND = (
    "an identity pool cannot be searched by person: take the identity ids from the application's own records "
    "or CloudTrail, delete them with cognito-identity DeleteIdentities, and their Cognito Sync data sets"
)


@dataclass(frozen=True, slots=True)
class Eraser:
    """Carries out the orders of one system. `look` searches a collection afresh."""

    system: str
    look: Callable[[str], tuple[OpenPool, Found] | None]
    gate: Gate

    def run(self, orders: Sequence[Order]) -> Iterator[Outcome]:
        """One outcome per order. Raises ChangedError before any write if there is more than planned."""
        fixed = {n: self._fix(order) for n, order in enumerate(orders) if order.action is Action.DELETE}
        for number, order in enumerate(orders):
            if spared := order.spared():
                yield spared
            elif order.action is Action.REDACT:
                yield Outcome(order.at, Status.FAILED, reason=_REDACTION)
            else:
                yield self._delete(order, fixed[number])

    def _fix(self, order: Order) -> tuple[OpenPool, list[Row]] | None:
        looked = self.look(order.at.collection)
        if looked is None:
            return None
        pool, found = looked
        accounts = found.at(order.at)
        if len(accounts) > order.count + order.late:
            raise ChangedError(
                self.system, f"{order.at.collection}: {len(accounts)} accounts, the plan has {order.count}"
            )
        return pool, accounts

    def _delete(self, order: Order, fixed: tuple[OpenPool, list[Row]] | None) -> Outcome:
        if fixed is None:
            return Outcome(order.at, Status.MANUAL, order.count, reason=BY_HAND)
        pool, accounts = fixed
        if not accounts:
            return Outcome(order.at, Status.ABSENT)
        if order.at.key != OWN:
            return Outcome(order.at, Status.MANUAL, len(accounts), reason=UNTOUCHED.get(order.at.key, ""))
        for account in accounts:
            for permission, verb in _STEPS:
                self.gate(order.at.collection)
                if _is_there(pool, account):  # asked last of all: the gate may have taken its time
                    pool.write(permission, verb, str(account["Username"]))
        staying = sum(_is_there(pool, account) for account in accounts)
        gone = len(accounts) - staying
        if staying:
            return Outcome(order.at, Status.FAILED, gone, reason=_STILL_THERE)
        return Outcome(order.at, Status.DONE, gone)


def _is_there(pool: OpenPool, account: Row) -> bool:
    """Whether the name still means this account: once it is free it may be another's name or alias."""
    now = pool.get(str(account["Username"]))
    return now is not None and now["sub"] == account["sub"] and now["Username"] == account["Username"]
