"""Google Analytics 4: user deletion in one property, and what can be seen of a person before and after.

`connect(spec)` needs the extra `google_analytics`. Secret: `service_account`, the JSON key of a
service account that is an Editor of the property (scopes `analytics.edit` and `analytics.readonly`).

Nobody can be looked up in Analytics. There are two ways, chosen by the setting `audience`:

- without it nothing is searched. Every proven or assigned identifier that may stand in the property
  is one record of count 1, seen by nobody, and deletion is asked for it. The system is declared
  `searchable=False`, so that no plan or receipt calls it searched, and naming an identifier again
  later does not count as "still there".
- with it (the id of an audience of everybody) the members are exported by the Data API and compared:
  who is not among them has nothing here, who still is among them later is still there, and a
  device on which somebody else signed in is SHARED and left to a person. If any identifier of the
  person's is seen as theirs, deletion is asked for all of them, since a signed-in user may be
  listed once for several devices. An export is made if there is none of today; it takes about 15 minutes, in which
  the search fails with a time to try again, and Google drops it after 72 hours.
  Refused, because an absence would show nothing: an audience that members leave before the property
  forgets them, that excludes anybody or is younger than the data, an export so large that it is a sample.

Either way deletion is ACCEPTED only: the vendor removes the person from user reports within 72 hours
and from its servers at the next two-monthly run, has no call that says when, and no read proves it
(`verifiable=False`). It reaches what was collected until the request; a browser that keeps
its cookie, and a server that sends events under the same id, begin anew.

Settings: `property` (number); `audience`, `audience_max_age_hours` (24: an older export is not used);
`event_data_retention`, `user_data_retention` ("14 months") and `reset_user_data_on_new_activity`,
which `check` compares with the property; `user_provided_data` (true: addresses or phone numbers were
sent at some time; default: what the property says of today), `text_parameters` (false: it was made sure that no
event parameter holds typed text), `bigquery_system` (the inventory's system for the BigQuery export),
`base_url`, `data_url`, `timeout` (seconds), `page_size` (rows).

Collections: client_ids, app_instances, user_ids, user_provided_data (asked for); bigquery_links and
event_parameters (by hand). What the site sends as user id, `found_by` of user_ids must say: under another
numbering the application's numbers would be other people's.

500 user deletions a day and property: what the vendor refuses after that is a TransientError until the
day's end in California, and what was accepted stays accepted. Whether the account may delete is not
known before it does: no call tells.

Outside: aggregated reports stay and name nobody. No API exports a person (`exports=False`): User
explorer on the web does. Roll-up properties, subproperties and other properties are entries of their own.

Sources: https://developers.google.com/analytics/devguides/config/admin/v1/rest/v1alpha/properties/submitUserDeletion,
https://developers.google.com/analytics/devguides/config/userdeletion/v3 (72 hours, two months),
https://developers.google.com/analytics/devguides/config/admin/v1/quotas,
https://developers.google.com/analytics/devguides/reporting/data/v1/audience-export-expectations
(samples, 24 and 72 hours), https://developers.google.com/analytics/devguides/limits-and-quotas (the day's end),
https://support.google.com/analytics/answer/9940393 (text in event parameters),
https://support.google.com/analytics/answer/7667196 (retention).
"""

from __future__ import annotations

from connectors.google_analytics.connector import AnalyticsConnector
from connectors.model import SystemSpec

__all__ = ["AnalyticsConnector", "connect"]


def connect(spec: SystemSpec) -> AnalyticsConnector:
    """The connector of one property. Raises ConfigError for a setting or secret that is missing or wrong."""
    return AnalyticsConnector(spec)
