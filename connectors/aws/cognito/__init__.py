"""Amazon Cognito user pools: a person's sign-in accounts, with groups, devices and sign-in events.

`connect(spec)` needs the extra `aws`. Settings and secrets are those of `connectors.aws.session`, and
`page_size` (users of one answer, 1-60), `other_pools` (ids or names of pools that are left out on
purpose: `check` refuses a pool of this account and region that the inventory does not know).

A collection is a user pool: `options.pool`, its id or, if only one has it, its name. `found_by` names
attributes (`email`, `phone_number`, `sub`, `Username`, `preferred_username`, `custom:…`). An e-mail
address or phone number counts only while Cognito holds it verified: anyone can type somebody else's
at sign-up. Until then the account is CLAIMED: listed, not exported, not touched, and reveals nothing.
So is an account that is found only by what its owner may write (`custom:…`, `preferred_username`, the name
chosen at sign-up) and bears no verified address or number of the person's; and a number that stands there
opens nothing, for it may be another person's. `inspect` warns where an app client lets people write it.
E-mail addresses are compared without regard to case, `Username` too where the pool does so. Since it is
documented in two ways whether the filter of ListUsers does, the first three characters are asked for
in every casing and the rest is compared here. Custom attributes cannot be filtered: one that is
searched by costs a listing of the whole pool.

Besides attributes a row has `Username`, `Enabled`, `UserStatus`, `UserCreateDate` (may be `age`),
`UserLastModifiedDate`, `UserMFASettingList`, `PreferredMfaSetting`, `groups`, `devices` and
`auth_events` (where threat protection is on).

A user is disabled, signed out everywhere and deleted, each only after Cognito says again that this name
is still this `sub`: names are given anew, and may be another person's alias. There is no redaction, no
undelete and no backup. A collection with `options.identity_pool` stands for what an identity pool
holds, which cannot be looked up by person: by hand, whenever the person has an account.

Needed permissions: cognito-idp:ListUserPools, DescribeUserPool, ListUsers, AdminGetUser (which counts
the person among this month's active users), AdminListGroupsForUser, AdminListDevices,
AdminListUserAuthEvents, AdminDisableUser, AdminUserGlobalSignOut, AdminDeleteUser; for the warning,
ListUserPoolClients and DescribeUserPoolClient.

Survives: access and ID tokens until they expire (5 minutes to 24 hours) wherever they are checked
offline; CloudTrail; threat-protection logs exported to S3, Firehose or CloudWatch Logs; what Lambda
triggers wrote elsewhere; Cognito Sync; the account at a federated identity provider, from which the
next sign-in makes a new user. ListUsers is eventually consistent: who signed up seconds ago may not
be listed yet.

Sources: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUsers.html,
https://docs.aws.amazon.com/cognito/latest/developerguide/how-to-manage-user-accounts.html ("All
searches are case-insensitive"),
https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminDeleteUser.html,
https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminGetUser.html.
"""

from __future__ import annotations

from connectors.aws.cognito.connector import CognitoConnector
from connectors.model import SystemSpec

__all__ = ["CognitoConnector", "connect"]


def connect(spec: SystemSpec) -> CognitoConnector:
    """The connector of one inventory entry. Raises ConfigError naming the setting or option that is wrong."""
    return CognitoConnector(spec)
