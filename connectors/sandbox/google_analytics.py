"""A stateful fake of one Google Analytics 4 property, with a clock of its own.

It remembers events, and what was asked to be deleted; `advance` moves time, and what is due goes. What
the vendor does not document is an attribute to switch.
Sources of the shapes: https://developers.google.com/analytics/devguides/config/admin/v1/rest/v1alpha/properties,
https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/properties.audienceExports.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request

from connectors.sandbox.google import TokenEndpoint

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PROPERTY = "properties/1001"
AUDIENCE = f"{PROPERTY}/audiences/5"
EDIT = "https://www.googleapis.com/auth/analytics.edit"
READ = "https://www.googleapis.com/auth/analytics.readonly"
LISTED_FOR = timedelta(hours=72)  # a deleted user leaves user reports within this
EXPORT_LASTS = timedelta(hours=72)
PER_DAY = 500
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Event:
    """One event: the device's id, the user's if signed in, an address or number sent along, typed text."""

    device: str
    user: str
    provided: str
    text: str
    at: datetime

    def named_by(self, field: str, value: str) -> bool:
        held = {"userId": self.user, "userProvidedData": self.provided}.get(field, self.device)
        return held == value


@dataclass(frozen=True, slots=True)
class Deletion:
    """A user deletion that was accepted; `field` is as in the request."""

    field: str
    value: str
    at: datetime

    def reaches(self, event: Event) -> bool:
        return event.at <= self.at and event.named_by(self.field, self.value)


class AnalyticsSandbox:
    """One property. `visit` puts an event in; `export` makes an audience export as a schedule would."""

    def __init__(self) -> None:
        self.tokens = TokenEndpoint(own=(EDIT, READ))
        self.clear()

    def clear(self, now: datetime | None = None) -> None:
        """Empty the property, set every switch back, and the clock."""
        self.now = now or datetime.now(UTC)
        self.events: list[Event] = []
        self.deletions: list[Deletion] = []
        self.asked = 0  # user deletions of this day
        self.exports: list[Json] = []
        self.links: list[Json] = []
        self.number = 0
        self.kept = {"eventDataRetention": "FOURTEEN_MONTHS", "userDataRetention": "FOURTEEN_MONTHS"}
        self.reset_on_activity = False
        self.takes_provided_data = False
        self.service_level = "GOOGLE_ANALYTICS_STANDARD"
        self.created = self.now - timedelta(days=2000)
        self.binned = False
        self.audience_created = self.created
        self.membership_days = 540
        self.excludes = False
        self.may_edit = True  # the account's role in the property
        # Switches for what the vendor does not document.
        self.once_per_user = False  # a signed-in user of two devices is one member
        self.listed_until_purge = False  # members stay in the audience until the servers are cleaned
        self.purge_days = 62  # until the next two-monthly run
        self.per_day = PER_DAY
        self.quota_says = "details"  # where a refusal names the day: details, message, reason or nothing
        self.names_time = True  # an acceptance says until when it reaches
        self.export_takes = timedelta(0)
        self.export_fails = False
        self.most_listed = 200  # rows of one page of a list
        self.pretended_rows: int | None = None  # a row count beyond what there is: a huge property

    def visit(
        self, device: str, user: str = "", provided: str = "", text: str = "", ago: timedelta = timedelta(days=2)
    ) -> None:
        self.events.append(Event(device, user, provided, text, self.now - ago))

    def link(self, project: str = "projects/77", streaming: bool = False) -> None:
        """Connect a BigQuery project."""
        self.number += 1
        self.links.append(
            {
                "name": f"{PROPERTY}/bigQueryLinks/L{self.number}",
                "project": project,
                "createTime": _stamp(self.created),
                "dailyExportEnabled": True,
                "streamingExportEnabled": streaming,
                "datasetLocation": "US",
            }
        )

    def export(self, audience: str = AUDIENCE, dimensions: Iterable[str] = ("deviceId", "userId")) -> Json:
        """Make an audience export: a snapshot of now, which never changes."""
        self.number += 1
        made = {
            "name": f"{PROPERTY}/audienceExports/{self.number}",
            "audience": audience,
            "audienceDisplayName": "Everybody",
            "dimensions": [{"dimensionName": d} for d in dimensions],
            "beginCreatingTime": _stamp(self.now),
            "begun": self.now,
            "fails": self.export_fails,
            "rows": self.members(),
        }
        self.exports.append(made)
        return made

    def members(self) -> list[dict[str, str]]:
        """Who is in the audience: by user id where there is one, by device otherwise."""
        found: dict[tuple[str, str], dict[str, str]] = {}
        for event in self.events:
            if not self._unlisted(event):
                key = ("", event.user) if self.once_per_user and event.user else (event.device, event.user)
                found[key] = {"deviceId": event.device, "userId": event.user or "(not set)"}
        return list(found.values())

    def _unlisted(self, event: Event) -> bool:
        due = [d for d in self.deletions if d.reaches(event) and d.at + LISTED_FOR <= self.now]
        return bool(due) and not self.listed_until_purge

    def state(self, export: Json) -> str:
        if export["begun"] + self.export_takes > self.now:
            return "CREATING"
        return "FAILED" if export["fails"] else "ACTIVE"

    def advance(self, by: timedelta) -> None:
        """Let time pass: a new day has a new quota, exports expire, the two-monthly run deletes."""
        if by >= timedelta(days=1):
            self.asked = 0
        self.now += by
        self.exports = [e for e in self.exports if e["begun"] + EXPORT_LASTS > self.now]
        due = [d for d in self.deletions if d.at + timedelta(days=self.purge_days) <= self.now]
        self.events = [e for e in self.events if not any(d.reaches(e) for d in due)]

    def of(self, *names: str) -> tuple[list[Event], list[Deletion]]:
        """Events that bear one of a person's ids, and deletions that were asked for by one of them."""
        fields = ("clientId", "userId", "userProvidedData")
        events = [e for e in self.events if any(e.named_by(f, n) for f in fields for n in names)]
        return events, [d for d in self.deletions if d.value in names]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        from connectors.sandbox.google_analytics_calls import answer

        request = Request(environ)
        request.get_data()
        response = self.tokens.issue(request) if request.path == "/token" else answer(self, request)
        return response(environ, start_response)


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
