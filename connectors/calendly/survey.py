"""What an organisation asks: the questions of its event types and routing forms.

What is answered is what was asked, so that each question is named by itself.
Sources: https://developer.calendly.com/api-docs/calendly-api/event-types/list-event-types (`custom_questions` of each
event type; scope event_types:read), https://developer.calendly.com/api-docs/calendly-api/routing-forms/list-routing-forms
(`questions` of each form).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from connectors.calendly.api import CalendlyApi, Row
from connectors.calendly.settings import BOOKINGS, SUBMISSIONS, UPCOMING
from connectors.errors import AuthError
from connectors.model import CollectionSpec
from connectors.probes import said
from connectors.surveys import Found, Part, described, named

_UNTOLD = "the answer does not tell what is asked: look at the questions in the web console"
ANSWERS = "questions_and_answers"
# collection -> what asks, where its questions stand, and whose entries describe the answers
_ASKED = {
    BOOKINGS: ("event_types", "custom_questions", (BOOKINGS, UPCOMING)),
    SUBMISSIONS: ("routing_forms", "questions", (SUBMISSIONS,)),
}


def survey(
    system: str, api: CalendlyApi, organization: str, specs: Mapping[str, CollectionSpec], without: frozenset[str]
) -> Iterator[Found]:
    """Inactive event types too: what was answered stays. What may not be listed is told, and the rest is listed."""
    for name, (path, key, entries) in _ASKED.items():
        if name in without:
            continue
        known, refused = described([specs[e] for e in entries]), ""
        parts: dict[str, Part] = {}
        try:
            rows = api.rows(path, {"organization": organization}, f"listing {path.replace('_', ' ')}")
            parts = {part.name: part for row in rows for part in _questions(row, key)}
            refused = _UNTOLD if any(key not in row for row in rows) else ""
        except AuthError as error:
            refused = said(system, error)
        yield Found(name, path.replace("_", " "), name, tuple(parts.values()), known, refused=refused)


def _questions(row: Row, key: str) -> Iterator[Part]:
    for question in row.get(key) or ():
        if isinstance(question, Mapping):
            yield named(ANSWERS, question.get("name"), "question")
