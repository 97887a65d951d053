"""Hatchbuck, now BenchmarkONE: the contacts of one account, which its API can empty and not delete.

Settings: `base_url` (https://api.hatchbuck.com/api/v1), `timeout` (seconds), `settle_hours` (how
long the vendor may take to show what it said yes to; default 24).
Secret: `api_key`, of Account Settings, Web API. It travels in the query string, so it stands in the
logs of proxies in between; nothing here writes it anywhere.
Identities of `contacts`: fields emails and contactId. Kinds by default: email, hatchbuck.contact.
Fields may be named as `customFields->NAME`, to tell custom fields apart.

An erasure takes a contact out of campaigns and tags, empties its fields one by one, gives each
address a placeholder that no other contact has, and reads all of it again. The page then waits, as a
step by hand of `contact_pages`, until a search by every address and by its id finds no contact. Its
id is revealed, because nothing else leads to a contact without an address. An order to delete a
contact is answered so too: emptied, and MANUAL.
A correction changes texts (`firstName`, …), items of lists by their main value (`phones`, `emails`, …), parts of
postal addresses (`addresses->city`) and custom fields (`customFields->NAME`), and reads the contact again.
The opt-out stands on the contact and goes with it: `suppress` unsubscribes it, so that nobody is
written to meanwhile; to outlive the contact it must be kept in a list of one's own.
Left to people as well: a contact with an address that is not known to be the person's, and contacts
that share one. No call reads notes, tasks, deals, mail, form answers, visits, files or purchases,
so an export says that they are to be added.
Limits: a contact without an address and of unknown id is found by name only, on the web; so is a
person who is named in another's notes or `referredBy`. How many contacts one search brings at most,
and how fast it may be asked, is not documented.
Survives: the vendor's log of API requests, which holds the searched addresses; backups, made every
15 minutes; its suppression list of those who unsubscribed by themselves; what was mailed and exported.
How long log and backups are kept is not published.
Not to be confused with Benchmark Email, of the same company: another API, which deletes contacts.

Sources: https://github.com/jakesen/pyhatchbuck (the vendor's description of the API, and recorded
traffic), https://github.com/vshn/python-hatchbuck (how items are removed),
https://help.benchmarkone.com/en/articles/3031838 (backups),
https://help.benchmarkone.com/en/articles/5014602 (opt-outs).
"""

from __future__ import annotations

from connectors.hatchbuck.connector import HatchbuckConnector
from connectors.model import SystemSpec

__all__ = ["HatchbuckConnector", "connect"]


def connect(spec: SystemSpec) -> HatchbuckConnector:
    """The connector of one account. Raises ConfigError for a setting that is missing or wrong."""
    return HatchbuckConnector(spec)
