"""One user pool over the wire: users as rows, read whole or not at all.

Sources: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUsers.html,
https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminListUserAuthEvents.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from connectors.aws.answers import call, rows
from connectors.errors import ConfigError, TransientError

Row = Mapping[str, Any]
_ID = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d+_[0-9A-Za-z]+")
GONE = frozenset({"UserNotFoundException"})
_NO_ADD_ON = frozenset({"UserPoolAddOnNotEnabledException", "UserNotFoundException"})
NOBODY = "dsr-orchestrator-permission-check"
# What hangs on a user, and how it is listed: verb, permission, list, token out and in, page.
EXTRAS: Mapping[str, tuple[str, str, str, tuple[str, str], str, frozenset[str]]] = {
    "groups": ("admin_list_groups_for_user", "AdminListGroupsForUser", "Groups", ("NextToken", "NextToken"), "Limit",
               GONE),
    "devices": ("admin_list_devices", "AdminListDevices", "Devices", ("PaginationToken", "PaginationToken"), "Limit",
                GONE),
    "auth_events": ("admin_list_user_auth_events", "AdminListUserAuthEvents", "AuthEvents",
                    ("NextToken", "NextToken"), "MaxResults", _NO_ADD_ON),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool that the inventory names by its id, or by a name that only it has."""

    system: str
    named: str
    client: Any = field(repr=False)
    page_size: int

    @property
    def id(self) -> str:
        """Its id. Raises ConfigError unless exactly one pool bears the name."""
        if _ID.fullmatch(self.named):
            return self.named
        found = [str(row["Id"]) for row in self.siblings() if row.get("Name") == self.named]
        if len(found) != 1:
            raise ConfigError(self.system, f"{len(found)} user pools are named {self.named!r}; name it by its id")
        return found[0]

    def siblings(self) -> Iterator[Row]:
        """All pools of the account and region."""
        yield from rows(
            self.system, "cognito-idp:ListUserPools", self.client.list_user_pools, "UserPools", MaxResults=60
        )

    def at(self, pool_id: str) -> OpenPool:
        return OpenPool(self.system, self.named, self.client, self.page_size, pool_id)


@dataclass(frozen=True, slots=True)
class OpenPool:
    """A pool whose id is known. Everything raises `connectors.errors` only."""

    system: str
    named: str
    client: Any = field(repr=False)
    page_size: int
    id: str

    def prove(self) -> None:
        """Use every permission that reading needs, on a user that does not exist."""
        self.folds_case()
        list(self._listed(Filter=f'username = "{NOBODY}"', Limit=1))
        self.get(NOBODY)
        for name in EXTRAS:
            self.list_of(NOBODY, name)

    def folds_case(self) -> bool:
        """Whether the pool takes user names in any casing for the same: pools made since 2020 do."""
        answer = call(self.system, self._doing("DescribeUserPool"), self.client.describe_user_pool, UserPoolId=self.id)
        if "UserPool" not in answer:
            raise TransientError(self.system, f"{self._doing('DescribeUserPool')}: the answer is not about the pool")
        return answer["UserPool"].get("UsernameConfiguration", {}).get("CaseSensitive") is False

    def users(self, *filters: str) -> Iterator[Row]:
        """Users that any of the filters lists, or all without one; each only as far as the listing knows."""
        for asked in filters or ("",):
            yield from self._listed(**({"Filter": asked} if asked else {}), Limit=self.page_size)

    def _listed(self, **asked: Any) -> Iterator[Row]:
        listed = rows(
            self.system, self._doing("ListUsers"), self.client.list_users, "Users", "PaginationToken",
            UserPoolId=self.id, **asked,
        )  # fmt: skip
        return (_row(user, user.get("Attributes", ())) for user in listed)

    def clients(self) -> Iterator[Row]:
        """The app clients of the pool, each as it is described."""
        listed = rows(
            self.system, self._doing("ListUserPoolClients"), self.client.list_user_pool_clients, "UserPoolClients",
            UserPoolId=self.id, MaxResults=60,
        )  # fmt: skip
        for client in listed:
            answer = call(
                self.system, self._doing("DescribeUserPoolClient"), self.client.describe_user_pool_client,
                UserPoolId=self.id, ClientId=client["ClientId"],
            )  # fmt: skip
            yield answer.get("UserPoolClient", {})

    def get(self, username: str) -> Row | None:
        """What the pool says now of whom the name means: a user name, a `sub` or an alias; None if nobody."""
        answer = call(
            self.system, self._doing("AdminGetUser"), self.client.admin_get_user, GONE,
            UserPoolId=self.id, Username=username,
        )  # fmt: skip
        if answer is None:
            return None
        if "Username" not in answer or not any(a["Name"] == "sub" for a in answer.get("UserAttributes", ())):
            raise TransientError(self.system, f"{self._doing('AdminGetUser')}: the answer is not a user")
        return _row(answer, answer["UserAttributes"])

    def list_of(self, username: str, name: str) -> list[Any]:
        """Groups, devices or sign-in events of a user; none where the pool does not record them."""
        verb, permission, member, token, page, absent = EXTRAS[name]
        return list(rows(
            self.system, self._doing(permission), getattr(self.client, verb), member, token, absent,
            UserPoolId=self.id, Username=username, **{page: self.page_size},
        ))  # fmt: skip

    def write(self, permission: str, verb: str, username: str) -> None:
        """One of the calls that disable, sign out and delete; nothing where the user is gone."""
        do = partial(getattr(self.client, verb), UserPoolId=self.id, Username=username)
        call(self.system, self._doing(permission), do, GONE)

    def _doing(self, permission: str) -> str:
        return f"cognito-idp:{permission} on {self.named}"


def _row(user: Mapping[str, Any], attributes: Any) -> Row:
    """One flat row: attributes by their names, and what Cognito says of the user by its own."""
    own = {k: v for k, v in user.items() if k not in ("Attributes", "UserAttributes", "MFAOptions", "ResponseMetadata")}
    return {**{a["Name"]: a.get("Value", "") for a in attributes}, **own}
