"""What happens to one person, as rows: an enrolment, a sign-in, an invoice, a support ticket."""

from __future__ import annotations

import uuid
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from connectors.sandbox.training_tracker.people import Person

COURSES = 60
LESSONS = 6  # of each course
PRODUCTS = (("team-monthly", 4900), ("team-yearly", 49000), ("enterprise", 250000))
AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64) Firefox/141.0",
    "Mozilla/5.0 (Macintosh) Safari/19.0",
    "TrainingTracker/4.2 (iOS)",
)
CITIES = ("Madison", "Milwaukee", "Chicago", "Oakland", "Fresno", "Austin", "Boise", "Dover")

Row = tuple[Any, ...]


class Tables:
    """Rows by table, in the order in which they were added, with a running number for each."""

    def __init__(self) -> None:
        self.rows: dict[str, list[Row]] = defaultdict(list)

    def add(self, table: str, *values: Any) -> None:
        self.rows[table].append(values)

    def next(self, table: str) -> int:
        return len(self.rows[table]) + 1


class Clock:
    """Instants before the day of planting, drawn from the seeded generator."""

    def __init__(self, now: datetime, random: Random) -> None:
        self.now, self.random = now, random

    def ago(self, days: float) -> datetime:
        return self.now - timedelta(days=days)

    def within(self, days: float) -> datetime:
        return self.now - timedelta(seconds=self.random.randrange(3600, int(days * 86400)))


def ip(user_id: int) -> str:
    """An address of the range that RFC 5737 reserves for documentation."""
    return f"203.0.113.{user_id % 250 + 1}"


def learn(t: Tables, clock: Clock, who: Person, course: int, at: datetime) -> None:
    """One enrolment with its attempt and answers, and what follows from passing."""
    random = clock.random
    passed = random.random() < 0.7
    enrolment, attempt = t.next("enrolments"), t.next("attempts")
    t.add("enrolments", enrolment, who.user_id, course, "completed" if passed else "started", at.date(), None)
    t.add(
        "attempts",
        attempt,
        enrolment,
        (course - 1) * LESSONS + 1,
        at,
        at + timedelta(minutes=40),
        random.randrange(101),
    )
    for question in range(1, 4):
        t.add("answers", attempt, question, random.choice("abcd"), random.random() < 0.8)
    if passed:
        certify(t, clock, who, course, enrolment, at)


def certify(t: Tables, clock: Clock, who: Person, course: int, enrolment: int, at: datetime) -> None:
    completion, certificate = t.next("completions"), str(uuid.UUID(int=clock.random.getrandbits(128), version=4))
    day = at.date()
    t.add("completions", completion, enrolment, who.user_id, course, day, 1.5, "Pat Trainer")
    t.add("certificates", certificate, completion, f"TT-{completion:06d}", who.name, day, day + timedelta(days=730))
    key = f"certs/{who.user_id}-{completion}.pdf"
    t.add("certificate_files", t.next("certificate_files"), certificate, key, 1200)


def sign_in(t: Tables, clock: Clock, who: Person, at: datetime) -> None:
    random, i = clock.random, who.user_id
    t.add(
        "login_events", t.next("login_events"), i, at, ip(i), random.choice(AGENTS),
        random.choice(CITIES), random.random() < 0.95,
    )  # fmt: skip


def audit(t: Tables, who: Person, at: datetime, action: str) -> None:
    t.add("audit_log", at, who.user_id, who.email, action, ip(who.user_id), {"by": who.name})


def view(t: Tables, clock: Clock, user_id: int, at: datetime) -> None:
    path = f"/courses/{clock.random.randrange(1, COURSES)}"
    t.add(
        "page_views",
        user_id,
        at,
        path,
        "https://www.example.com/" if user_id % 3 else None,
        ip(user_id),
    )


def session(t: Tables, clock: Clock, user_id: int, at: datetime) -> None:
    random = clock.random
    key, token = uuid.UUID(int=random.getrandbits(128), version=4), f"sess-{random.getrandbits(128):032x}"
    t.add(
        "sessions", str(key), user_id, token, ip(user_id), random.choice(AGENTS), at,
        at + timedelta(days=14),
    )  # fmt: skip


def invoice(t: Tables, clock: Clock, who: Person, at: datetime) -> None:
    """One invoice with two lines, paid three days later."""
    number, day = t.next("invoices"), at.date()
    code, price = clock.random.choice(PRODUCTS)
    address = {"street": f"{who.user_id} Oak St", "city": "Madison", "state": "WI"}
    t.add(
        "invoices", number, who.organisation_id, who.user_id, f"INV-{number:06d}", who.name, who.email, address,
        f"asked for {who.name} by phone" if number % 4 == 0 else None, price, "USD", day,
    )  # fmt: skip
    for line, amount in enumerate((price - 900, 900), 1):
        t.add("invoice_lines", number, line, f"{code} for {who.name}" if line == 1 else "Set-up", amount, day)
    t.add(
        "payments", t.next("payments"), number, f"ch_Sandbox{number:06d}", "visa", f"{who.user_id % 10000:04d}", price,
        min(at + timedelta(days=3), clock.now), day,
    )  # fmt: skip


def ticket(t: Tables, clock: Clock, who: Person, cc: list[str]) -> int:
    """A ticket of `who`, with one message of theirs and one of the support staff (users 1 to 5)."""
    number, at, staff = t.next("support_tickets"), clock.within(700), clock.random.randrange(1, 6)
    t.add("support_tickets", number, who.user_id, staff, f"Question of {who.name}", cc, at)
    for author, body in ((who.user_id, "It does not load."), (staff, f"Dear {who.name}, please try again.")):
        t.add("ticket_messages", t.next("ticket_messages"), number, author, body, at + timedelta(hours=1))
    return number


def lead(t: Tables, clock: Clock, who: Person, converted: int | None) -> None:
    company, phone = f"{who.name.partition(' ')[2]} Works", f"+1 608 555 {who.user_id:04d}"
    source, utm, score = "webinar", {"utm_source": "newsletter"}, clock.random.randrange(100)
    number, at = t.next("leads"), clock.within(1200)
    t.add("leads", number, who.email, who.name, company, phone, source, utm, score, converted, at)


def midnight() -> datetime:
    """Today's: the age of everything planted is counted from it."""
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
