"""Amazon SES (API v2): contacts, opt-outs and verified e-mail addresses of one account and region.

`connect(spec)` needs the extra `aws`. Settings and secrets are those of `connectors.aws.session`, and
`page_size` (rows asked for at a time; default: as many as SES gives), `tenants` ("all", or a list of
names; [] where multi-tenancy is not used), `mail_archives` (names of Mail Manager archives in use).

| collection | what | done |
|---|---|---|
| `contacts` | contacts in contact lists | deleted |
| `contact_opt_outs` | contacts who unsubscribed from all topics or one | option `erase` |
| `identities` | verified e-mail addresses; a domain is nobody's | deleted |
| `suppressed` | suppression lists of the account and of each tenant | option `erase` |
| `mail_archives` | Mail Manager archives, if the person is found in any other collection | by hand |

Opt-outs keep a person from being written to: without `erase: true` among the collection's options an
order to delete them is refused. A contact who opted out can be redacted: `AttributesData` is emptied,
address and preferences stay. Addresses are compared without regard to case. SES's own calls need the
stored spelling and no list can be asked for an address, so lists are read whole and compared here.

`suppress` enters addresses into the account's list, and into that of every tenant that has its own,
under a reason for which account or tenant does suppress; under another one SES would still send.
A configuration set may override it (`SuppressionOptions`): that is not looked at.

Not covered: what left through event destinations (S3, Firehose, SNS, CloudWatch) and export jobs;
message insights, which are asked by message id and not by address; files of import jobs; CloudTrail.
Mail Manager archives can be searched, but no single message of theirs can be deleted.

Needed permissions: ses:ListContactLists, ListContacts, GetContact, ListEmailIdentities,
GetEmailIdentity, ListSuppressedDestinations, GetSuppressedDestination, ListTenants, GetTenant; to
erase DeleteContact, UpdateContact, DeleteEmailIdentity, DeleteSuppressedDestination; to suppress
PutSuppressedDestination, GetAccount.

Sources: https://docs.aws.amazon.com/ses/latest/dg/sending-email-suppression-list.html,
https://docs.aws.amazon.com/ses/latest/dg/sending-email-suppression-list-tenant-level-manage.html (case),
https://docs.aws.amazon.com/ses/latest/dg/sending-email-list-management.html,
https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_UpdateContact.html.
"""

from __future__ import annotations

from connectors.aws.ses.connector import SesConnector
from connectors.model import SystemSpec

__all__ = ["SesConnector", "connect"]


def connect(spec: SystemSpec) -> SesConnector:
    """The connector of one inventory entry. Raises ConfigError naming the setting or option that is wrong."""
    return SesConnector(spec)
