"""Heroku: where rows deleted from a database survive, until when; and people whom the account names.

Settings: `copies_of` (systems of the inventory that are databases here), `databases` (names of the
add-ons that those systems, or others of the inventory, search themselves), `apps`, `pipelines` (ids
or names, whose apps are looked at too: review apps come and go), `teams`, `covered_drains` (hosts or
add-ons that receive logs and are searched by another system), `scheduled_days` and `rollback_days`
(retention as the inventory states it; `check` compares it with the plans), `releases` (how many of an
app's latest releases have their config vars read, 50), `base_url`, `data_url`, `timeout` (s), `page_size`.
Secret: `token`, which may read; config vars need the scope read-protected. Only the deletion and the download of a
backup need one that may write; which scope of it, the vendor does not say.

Copies hold everybody and cannot be searched by person: `connectors.copies` says who is held in them. A
person found in a source of `copies_of` has one record for each place, named by app and add-on:

- until a date (LOCKED): `scheduled_backups`, until the last made before the erasure expires; `rollback`,
  the window of continuous protection; `followers`; `logplex`, the platform's log buffer;
- with no end (BY_HAND): `manual_backups` (deleted ones, too, until their file is shown as purged), `forks`
  (databases on their own: staging, review apps, rollbacks), `transfers` (pg:copy and restores to elsewhere),
  `uncovered` (the advanced tier, and whatever the calls for backups do not know), `unseen` (attachments,
  followers and forks in apps not listed), `other_stores` (Redis, Kafka), `log_drains`, `dataclips`, `downloads`.

They are found until the last copy made before the erasure is gone; then the search finds nothing. What
has no API (dataclips, downloads, the advanced tier) is found for as long as the request is open.
`collaborators`, `team_members` and `config_vars` are searched by the identifiers that `found_by` names, by
hand changed, and by any entry that gives them, also one without `copies_of`.

Nothing is deleted for one person, and nothing ever switched off. One logical backup can go by a plan of its own
(`dsr backup`, `connectors.backups`), of a database of `databases` that its own address names; a backup of the advanced
tier, of a fork or of nobody knows whom cannot. Its deletion is believed when its file is shown as purged, or when it
has been listed no more for a day. A test restore asks for an address at which whoever knows it can download the
backup for an hour; it is never logged. Not reached: dead rows until VACUUM, statements in
`pg_stat_statements`, exports to Amazon, audit trails of enterprise accounts, snapshots of destroyed databases.

The API of databases is undocumented; its shapes are those of the command line's source. Times of
retention are the vendor's tables of 2017 and 2024 with a week's margin, and the live rollback window.
Sources: https://github.com/heroku/cli/tree/main/src/commands/pg,
https://devcenter.heroku.com/articles/platform-api-reference,
https://devcenter.heroku.com/articles/heroku-postgres-backups,
https://devcenter.heroku.com/articles/heroku-postgres-data-safety-and-continuous-protection,
https://devcenter.heroku.com/articles/heroku-postgres-rollback,
https://devcenter.heroku.com/articles/logging#log-history-limits,
https://devcenter.heroku.com/articles/dataclips.
"""

from __future__ import annotations

from connectors.heroku.connector import HerokuConnector, Limits
from connectors.model import SystemSpec

__all__ = ["HerokuConnector", "Limits", "connect"]


def connect(spec: SystemSpec) -> HerokuConnector:
    """The connector of one account. Raises ConfigError for a setting that is missing or wrong."""
    return HerokuConnector(spec)
