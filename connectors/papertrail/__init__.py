"""Papertrail, and SolarWinds Observability which succeeds it: log lines that name a person.

Settings: `base_url` (https://papertrailapp.com/api/v1, or https://api.REGION.cloud.solarwinds.com/v1),
`api` ("papertrail" or "solarwinds"), `timeout` (seconds), `search_days` (how long the plan keeps
events searchable), `archive_days` (how long archives are kept; 0: none), `margin_days`,
`archive_hosts` (the storage hosts that archives may be fetched from, "host" or "host:port"),
`page_size` (events of one answer), `archive_bytes` (the most one archive may unpack to).
Secret: `token`. Option of a collection: `patterns`, how identifiers other than e-mail addresses and
telephone numbers are written in lines, such as ["user_id={user_id}", "customer: {stripe.customer}"].

A survey names senders and groups and counts saved searches, members and archives; of SolarWinds
Observability archives only. Neither API tells how long events can be searched: a person states it in
the inventory (`retention: stated`).

Neither API has a call that deletes an event. Lines are located, exported and reported as locked
until archives have expired too; only saved searches can be deleted. What is outside: the copies of
archives in a bucket of one's own (the `aws.s3` connector's), and alerts already sent elsewhere.

Sources: https://documentation.solarwinds.com/en/success_center/papertrail/content/kb/how-it-works/search-api.htm,
…/settings-api.htm, https://help.papertrailapp.com/kb/how-it-works/permanent-log-archives,
https://documentation.solarwinds.com/en/success_center/observability/content/intro/logs/migrate-papertrail-info.htm,
https://documentation.solarwinds.com/en/success_center/observability/content/misc/data-retention-policies.htm
"""

from __future__ import annotations

from connectors.model import SystemSpec
from connectors.papertrail.connector import PapertrailConnector

__all__ = ["PapertrailConnector", "connect"]


def connect(spec: SystemSpec) -> PapertrailConnector:
    """The connector of one account. Raises ConfigError for a setting that is missing or wrong."""
    return PapertrailConnector(spec)
