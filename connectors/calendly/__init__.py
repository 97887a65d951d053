"""Calendly: bookings, contacts, recaps and the rest that one organisation holds about a person.

Settings: `base_url` (https://api.calendly.com), `timeout` (seconds), `page_size` (rows of one
answer), `organization` (its URI; default: the token's own), `enterprise` (true or false; default:
found out by reading the activity log, which only that plan has), `not_in_plan` (collections that
the organisation's plan lacks, so that a refusal to list them is no error), `settle_days` (how long
after a request to delete an invitee's data a read can prove it; the vendor says 7).
Secret: `token`, a personal access token of an owner or administrator with the scopes to read all of
it (`event_types:read` shows a survey which questions are asked) and `scheduled_events:write`,
`contacts:write`, `meeting_recaps:write`, `data_compliance:write`.

The order of deletion matters: upcoming bookings are cancelled first, since the deletion of invitee
data is described for "previously booked events" only. Never used is
POST /data_compliance/deletion/events, which deletes everybody's data of a period.
Outside: copies in connected calendars, CRMs and video services; payments at their processor.

Sources: https://developer.calendly.com/api-docs/calendly-api (one page per call),
https://help.calendly.com/hc/en-us/articles/4412601189911 (what the deletion of invitee data does),
https://help.calendly.com/hc/en-us/articles/360007295174 (what it leaves).
"""

from __future__ import annotations

from connectors.calendly.connector import CalendlyConnector
from connectors.model import SystemSpec

__all__ = ["CalendlyConnector", "connect"]


def connect(spec: SystemSpec) -> CalendlyConnector:
    """The connector of one organisation. Raises ConfigError for a setting that is missing or wrong."""
    return CalendlyConnector(spec)
