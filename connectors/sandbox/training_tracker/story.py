"""The rows of the people of the story: the subject in every table, and everyone near enough to be
mistaken for her."""

from __future__ import annotations

from datetime import timedelta

from connectors.sandbox.training_tracker.crowd import person
from connectors.sandbox.training_tracker.events import (
    Clock,
    Tables,
    audit,
    certify,
    invoice,
    ip,
    lead,
    learn,
    session,
    sign_in,
    ticket,
    view,
)
from connectors.sandbox.training_tracker.people import AUTHORED, PEOPLE, Person

YOUNG, OLD = 400, 8 * 365 + 20  # days since an invoice within, and beyond, seven years
NEAR = (PEOPLE.bystander, PEOPLE.namesake, PEOPLE.attacker)


def story(t: Tables, clock: Clock) -> None:
    """Add to the crowd's rows."""
    _subject(t, clock, PEOPLE.subject)
    for who in NEAR:
        _near(t, clock, who)
    _administrator(t, clock, PEOPLE.administrator)
    _talk(t, clock)


def _subject(t: Tables, clock: Clock, who: Person) -> None:
    i = who.user_id
    for course in (AUTHORED, 12, 13, 14):
        _learned(t, clock, who, course)
    t.add("course_ratings", 12, i, 4, "A little long, but good.", clock.ago(100))
    for days in (3, 20, 90, 200, 300, 400, 500, 600):
        sign_in(t, clock, who, clock.ago(days))
        audit(t, who, clock.ago(days), "report.view")
    for days in range(1, 61):
        view(t, clock, i, clock.ago(days))
        t.add("notifications", t.next("notifications"), i, f"{who.name}, a course is due", None, clock.ago(days))
    session(t, clock, i, clock.ago(2))
    t.add("api_tokens", t.next("api_tokens"), i, "Ann's sheet", "api-of-the-subject", clock.ago(50))
    t.add("password_resets", t.next("password_resets"), i, who.email, "pr-of-the-subject", clock.ago(51))
    t.add("devices", t.next("devices"), i, "push-of-the-subject", "Phone 8", clock.ago(9))
    t.add("team_members", 6, i, clock.ago(900))
    t.add("invitations", t.next("invitations"), 5, who.email, 3, i, "inv-of-the-subject", clock.ago(3000))
    for days in (YOUNG, OLD):
        invoice(t, clock, who, clock.ago(days))
    ticket(t, clock, who, ["office.5@example.org"])
    t.add(
        "LegacyReports.UserNotes",
        t.next("LegacyReports.UserNotes"),
        i,
        3,
        f"{who.name} asked twice.",
        clock.ago(2600).date(),
    )
    lead(t, clock, who, i)
    t.add("marketing_consents", t.next("marketing_consents"), i, "email", True, ip(i), clock.ago(700))
    t.add("email_suppressions", who.email, "unsubscribed", clock.ago(60))
    for client in who.ga_clients:
        t.add("ga_clients", client, i, clock.ago(200))
    t.add("import_rows", 5, 900, who.email, {"name": who.name, "department": "Accounts"})
    t.add("exports_log", t.next("exports_log"), i, "pdf", f"reports/{i}.pdf", clock.ago(40))


def _near(t: Tables, clock: Clock, who: Person) -> None:
    i = who.user_id
    sign_in(t, clock, who, clock.ago(10))
    audit(t, who, clock.ago(450), "report.view")
    for days in (YOUNG, OLD):
        invoice(t, clock, who, clock.ago(days))
    lead(t, clock, who, None)
    for client in who.ga_clients:
        t.add("ga_clients", client, i, clock.ago(90))
    # Copied in by others: such a row is theirs who asked, not hers whose address it names.
    ticket(t, clock, who, [PEOPLE.subject.email])


def _administrator(t: Tables, clock: Clock, who: Person) -> None:
    invoice(t, clock, who, clock.ago(YOUNG))
    for days in (1, 380):
        sign_in(t, clock, who, clock.ago(days))


def _learned(t: Tables, clock: Clock, who: Person, course: int) -> None:
    before = len(t.rows["completions"])
    learn(t, clock, who, course, clock.ago(300 + course))
    if len(t.rows["completions"]) == before:
        certify(t, clock, who, course, len(t.rows["enrolments"]), clock.ago(299 + course))


def _talk(t: Tables, clock: Clock) -> None:
    """A thread under the subject's comment, and one in which she answers: others' rows that name her
    and are unlinked. They are rows of the crowd, so that those near her can be compared whole."""
    first = t.next("comments")
    people = (PEOPLE.subject, person(88), person(98), PEOPLE.subject)
    for n, who in enumerate(people):
        at = clock.ago(100) + timedelta(hours=n)
        t.add("comments", first + n, 67, who.user_id, first + n - 1 if n else None, f"{who.name}, remark {n}", at)
    answered = ticket(t, clock, person(88), [])
    message = (answered, PEOPLE.subject.user_id, "I had that too.", clock.ago(20))
    t.add("ticket_messages", t.next("ticket_messages"), *message)
