"""What a field of an account proves. Its owner may write nearly all of them, at sign-up or later; only
Cognito itself writes `sub`, and says of an address or number whether it was verified.

Sources: https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-attributes.html,
https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UserPoolClientType.html
(`WriteAttributes`: without any, every standard attribute and no custom one may be written).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from connectors.aws.cognito.pool import OpenPool, Row
from connectors.errors import AuthError
from connectors.model import Aspect, CollectionSpec, IdentitySpec, Probe, Trust

VERIFIED: Mapping[str, str] = {"email": "email_verified", "phone_number": "phone_number_verified"}
_CLIENTS = "cognito-idp:ListUserPoolClients and DescribeUserPoolClient"


def proven(row: Row, name: str) -> bool:
    """Whether what stands in a field is not merely somebody else's address or number, typed: those count while
    they are verified, an address that serves as a name only if it is the verified one."""
    if name in VERIFIED:
        return bool(row.get(VERIFIED[name]) == "true")
    held = str(row.get(name, ""))
    if "@" in held:
        return held.casefold() == str(row.get("email", "")).casefold() and proven(row, "email")
    return True


def certain(row: Row, name: str) -> bool:
    """Whether a field alone tells whose the account is: nobody can have put another person's value there."""
    held = str(row.get(name, ""))
    return bool(held) and proven(row, name) and (name in VERIFIED or held == row.get("sub") or "@" in held)


def revealed(row: Row, identity: IdentitySpec) -> Trust:
    """How far what an account tells may be believed. A user number that the owner wrote opens nothing: it may be
    anybody's. A name is the owner's choice too, but of one pool, as a name, nobody else has it."""
    name_itself = identity.field == "Username" and identity.kind.rpartition(".")[2] == "username"
    if certain(row, identity.field) or (name_itself and proven(row, identity.field)):
        return identity.trust
    return Trust.CLAIMED


def writable(pool: OpenPool, spec: CollectionSpec) -> Iterator[Probe]:
    """Whether the pool's clients let people write what the inventory finds or tells them by."""
    asked = {i.field for i in spec.identities if i.trust is not Trust.CLAIMED} - {*VERIFIED, "sub", "Username"}
    if not asked:
        return
    try:
        clients = list(pool.clients())
    except AuthError:
        says = f"{spec.name}: whether people can write {_named(asked)} themselves is not seen; it needs {_CLIENTS}"
        yield Probe(Aspect.INVENTORY, None, says)
        return
    open_ = {name for name in asked for client in clients if _lets_write(client, name)}
    if open_:
        says = (
            f"{spec.name}: people can write {_named(open_)} themselves through an app client, and put another person's "
            "there; take it out of WriteAttributes. Until then such an account is left to a person unless it bears a "
            "verified address of the person's"
        )
        yield Probe(Aspect.INVENTORY, False, says)
    else:
        yield Probe(Aspect.INVENTORY, True, f"{spec.name}: no app client lets people write {_named(asked)}")


def _lets_write(client: Mapping[str, object], name: str) -> bool:
    listed = client.get("WriteAttributes")
    return name in listed if isinstance(listed, list) and listed else not name.startswith("custom:")


def _named(fields: Iterable[str]) -> str:
    return ", ".join(sorted(fields))
