"""Gmail: what the mailboxes of one Google Workspace company hold of a person.

Settings:
`domains` (the company's own mail domains; everybody else is somebody else), and at least one of
`directory_admin` (an administrator, as whom the Directory API lists users, aliases and groups) and
`mailboxes` (a list, instead of all that the directory has). `leave_out` (mailboxes not searched).
`deletion`: `trash` (default) or `permanent`; `trash_days` (30).
`privacy_addresses`, `request_label` (a label's name) and `request_message_ids` (the domain in the
Message-IDs of letters about requests) mark the correspondence of privacy requests.
`machines` (addresses or domains behind which nobody stands, such as a booking system's),
`open_groups` (own groups with members from outside), `vault` (true: the company may have Google
Vault), `read_every_header` (false), `base_url` (https://gmail.googleapis.com), `directory_url`
(https://admin.googleapis.com), `timeout` (seconds), `page_size` (rows of one answer, 500).

Secret: `service_account`, the JSON key of a service account with domain-wide delegation for
`gmail.modify` (trash) or `https://mail.google.com/` (permanent), and for
`admin.directory.user.readonly`, `admin.directory.group.readonly` and
`admin.directory.group.member.readonly` where there is a `directory_admin`. With `gmail.modify` the
API itself refuses to delete for good. Not `gmail.metadata`: it refuses searches.

Found: mails that bear an address of the person's in a header, exactly, in any folder, Spam and
Trash included. What is the person's alone (with them and the company, in a conversation of no
others) is deleted: moved to Trash, which is ACCEPTED until it is purged, or for good and read back.
By hand: mails and conversations of several, mails that only name the person, drafts, settings of
mailboxes, groups, user accounts. Identifiers are taken as they are: other spellings of an address
(plus tags, dots, aliases) are searched only if they are identifiers. A name alone finds nothing.

Limits: Gmail's search is by words, and whether it looks into Reply-To and the like is not
documented; `read_every_header` reads the headers of every message instead, at 5 units each. Hits
that are not text (attachments) are listed as CLAIMED. Quota, per user and minute: 15,000 units, or
6,000 for projects made since May 2026; a list costs 5, a message 5, a thread 10, batchDelete 50.

Survives: what Google Vault holds or retains; deleted mail until Google purges it, 30 days and more
later; copies of those who also received it, and in the archives of groups; what was forwarded,
downloaded or synchronised; mailboxes of deleted users while they can be restored (20 days).
Outside: Contacts, Calendar, Drive, Chat.

Sources: https://developers.google.com/workspace/gmail/api/reference/rest,
https://developers.google.com/workspace/gmail/api/guides/filtering (what a search does not do),
https://developers.google.com/workspace/gmail/api/reference/quota,
https://developers.google.com/workspace/admin/directory/reference/rest,
https://support.google.com/vault/answer/2535539 (when Gmail purges).
"""

from __future__ import annotations

from connectors.gmail.connector import GmailConnector
from connectors.model import SystemSpec

__all__ = ["GmailConnector", "connect"]


def connect(spec: SystemSpec) -> GmailConnector:
    """The connector of one company. Raises ConfigError for a setting that is missing or wrong."""
    return GmailConnector(spec)
