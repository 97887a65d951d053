"""Any SaaS with a JSON API, described in the inventory instead of programmed.

Settings: `base_url` (https), `auth` ({by: bearer | header | query | basic, secret: NAME OF A SECRET}, with
`name` of the header or parameter, or `user`), `check` (a path that shows whether the credentials
work), `pages` ({by: cursor, send: PARAMETER, next: PATH}, {by: link, next: PATH}, {by: page, send,
first, last: PATH}, {by: offset, send}, or none; with `total: PATH` each list is compared with the
number of rows that the answer names, otherwise it is read until nothing new comes),
`headers` (constants), `timeout` (seconds). What the vendor allows in calls is the entry's `rate`.

A collection's `options`; what `found_by`, `fields`, `age` and `one_per_person` mean is as everywhere,
with paths for names (`requester.email`, `messages[].text`):

| option | what |
|---|---|
| id | path of the record's id in a row (default: id) |
| locate | a call, or a list of them, with `rows` (path of the list) or `row` (of one record; needs `absent`) |
| confirm | the call that reads one record by `<id>`, with the same paths: before it is written to, and after |
| export | the same for what is handed out, if that is more than the search shows |
| delete | a call; `settles_hours` if it takes effect later. It ends with `<id>` |
| redact | patch, post, or put with `partial: true`; the fields stand in its body, under the key `under` |
| by_hand | what a person must do, instead of delete and redact |
| age_format | iso, unix, unix_ms |

A call is `{get: /tickets, query: {requester: <email>}}`, or post with a `body`. A placeholder is a whole
segment, query value or value of the body: an identifier's kind when searching, `<id>` otherwise. `absent`
says what the answer looks like if there is no such thing, {status: 404, field: error.code, is: not_found}, or
lists several such looks; for `confirm` and `delete` it is 404 or 410 unless said otherwise.

What found_by names is compared again here: exactly, addresses without regard to case. A row in which
other people stand too is SHARED, one that only a claimed field names is CLAIMED; neither is touched.
Every record is read by its id and seen to be the person's right before a write. 202 is never done.
A redaction empties the identifier last, so that an interrupted one is found again.

Refused when built: a collection without a field to match, a call that writes without `<id>`, a DELETE
that does not end with it, addresses instead of paths, other methods, lists without an end to see.
Not possible: OAuth token exchange, links in headers, search languages, ids with a slash in a path,
rows that are reached only through another row. Write a module for those.
What deletion leaves (backups, logs, exports of the vendor's) is for the inventory to say.

Sources: https://www.rfc-editor.org/rfc/rfc9110 (methods and statuses), https://www.rfc-editor.org/rfc/rfc3986
(path segments), https://www.rfc-editor.org/rfc/rfc7396 (what a PATCH of JSON merges); each SaaS's own
pages belong beside its entry in the inventory.
"""

from __future__ import annotations

from connectors.model import SystemSpec
from connectors.rest.connector import RestConnector

__all__ = ["RestConnector", "connect"]


def connect(spec: SystemSpec) -> RestConnector:
    """The connector of one described SaaS. Raises ConfigError for a description that is wrong or dangerous."""
    return RestConnector(spec)
