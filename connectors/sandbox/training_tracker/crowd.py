"""The rows of the two thousand: a believable crowd around the people of the story."""

from __future__ import annotations

from datetime import datetime
from random import Random
from typing import Any

from connectors.sandbox.training_tracker.events import (
    CITIES,
    COURSES,
    LESSONS,
    PRODUCTS,
    Clock,
    Tables,
    audit,
    invoice,
    ip,
    lead,
    learn,
    session,
    sign_in,
    ticket,
    view,
)
from connectors.sandbox.training_tracker.people import AUTHORED, ORGANISATIONS, OTHERS_IN_IT, PEOPLE, USERS, Person

SEED = 20
FIRST = ("Ada", "Ben", "Cara", "Dan", "Eve", "Finn", "Gus", "Hana", "Ivo", "Jill", "Kim", "Leo", "Mia", "Ned", "Olga")
LAST = (
    "Ash",
    "Birch",
    "Cedar",
    "Dale",
    "Elm",
    "Field",
    "Glen",
    "Heath",
    "Isle",
    "Jade",
    "Knoll",
    "Lane",
    "Moor",
    "Reed",
)
TOPICS = (
    "Forklift",
    "Ladder",
    "Fire",
    "First-aid",
    "Lockout",
    "Chemical",
    "Driving",
    "Ergonomics",
    "Privacy",
    "Conduct",
)
_SPECIAL = {p.user_id: p for p in PEOPLE}


def person(user_id: int) -> Person:
    """Who has this user number: one of the story, or one of the crowd."""
    if user_id in _SPECIAL:
        return _SPECIAL[user_id]
    pick = Random(user_id * 7919)
    first, last = pick.choice(FIRST), pick.choice(LAST)
    email = f"{first}.{last}.{user_id}@example.{pick.choice(('com', 'org', 'net'))}"
    return Person(user_id, email if user_id % 9 else email.upper(), f"{first} {last}", 1 + user_id % ORGANISATIONS)


def crowd(now: datetime) -> Tables:
    """Everyone's rows but the story's own. Equal arguments give equal rows."""
    random = Random(SEED)
    tables, clock = Tables(), Clock(now, random)
    _reference(tables)
    _accounts(tables, clock)
    _courses(tables, clock)
    _learning(tables, clock)
    _security(tables, clock)
    _billing(tables, clock)
    _talk(tables, clock)
    _marketing(tables, clock)
    return tables


def _reference(t: Tables) -> None:
    for version in range(20250101, 20250106):
        t.add("schema_migrations", version)
    for flag in ("new-player", "dark-mode", "bulk-assign"):
        t.add("feature_flags", flag, flag != "dark-mode", None)
    for code, price in PRODUCTS:
        t.add("products", code, code.replace("-", " ").title(), price)
    for i, name in enumerate(TOPICS, 1):
        t.add("tags", i, name.lower())


def _accounts(t: Tables, clock: Clock) -> None:
    random = clock.random
    for i in range(1, ORGANISATIONS + 1):
        owner = PEOPLE.administrator if i == 5 else person(i + 100)
        name = f"{random.choice(LAST)} {random.choice(('Works', 'Logistics', 'Foods', 'Clinics'))} {i}"
        cc = [PEOPLE.subject.email, f"office.{i}@example.org"] if i == 5 else [f"office.{i}@example.org"]
        t.add(
            "organisations", i, name, f"org-{i}", random.choice(("trial", "team", "enterprise")), owner.user_id,
            f"billing.{i}@example.org", cc, {"city": random.choice(CITIES), "country": "US"}, USERS // ORGANISATIONS,
            clock.ago(4000),
        )  # fmt: skip
    for i in range(1, USERS + 1):
        _account(t, clock, person(i))
    for i in range(1, ORGANISATIONS + 1):
        t.add("teams", i, i, f"Team {i}", None if i % 3 else i + 100)
    for i in range(1, USERS + 1, 3):
        t.add("team_members", person(i).organisation_id, i, clock.within(900))


def _account(t: Tables, clock: Clock, who: Person) -> None:
    random, i = clock.random, who.user_id
    joined = clock.ago(3200 - i)
    alternate = PEOPLE.subject.email if who == PEOPLE.attacker else None
    first = who.name.partition(" ")[0].lower()
    t.add(
        "users", i, who.organisation_id, who.email, alternate, f"{first}{i}", who.name,
        f"$2b$12${random.getrandbits(120):030x}", f"pet-{i}" if i % 4 == 0 else None,
        f"+1 608 555 {i:04d}" if i % 2 == 0 else None, random.choice(("Fitter", "Nurse", "Driver", "Clerk", None)),
        who.role, "deactivated" if i % 50 == 49 else "active", "en-US", i - 1 if i % 5 == 3 else None,
        who.stripe_customer or (f"cus_Sandbox{i:04d}" if i % 10 == 0 else None), random.randrange(400),
        ip(i), joined, joined,
    )  # fmt: skip
    contact: dict[str, Any] = {"mobile": f"+1 414 555 {i:04d}"}
    if alternate:
        contact["alternate_email"] = alternate
    data: dict[str, Any] = {"contact": contact, "interests": random.sample(TOPICS, 2)}
    if i % 3 == 0:
        data["address"] = {"street": f"{i} {random.choice(LAST)} St", "city": random.choice(CITIES), "zip": f"5{i:04d}"}
    t.add("profiles", i, data, f"avatars/{i}.png" if i % 4 == 0 else None, joined)
    t.add(
        "memberships", who.organisation_id, i, "member", PEOPLE.administrator.user_id if i % 40 == 5 else None, joined
    )
    if i % 6 == 0:
        t.add("membership_permissions", who.organisation_id, i, "reports", joined)
        t.add("user_feature_flags", i, "new-player", joined)
    if i % 4 == 0:
        t.add("devices", t.next("devices"), i, f"push-{random.getrandbits(64):016x}", "Phone 9", clock.within(300))
    if i % 5 == 0:
        t.add(
            "invitations", t.next("invitations"), who.organisation_id, who.email, i % 97 + 1, i,
            f"inv-{random.getrandbits(64):016x}", joined,
        )  # fmt: skip


def _courses(t: Tables, clock: Clock) -> None:
    for i in range(1, COURSES + 1):
        author = PEOPLE.administrator.user_id if i == AUTHORED else i * 30
        organisation = 5 if i == AUTHORED else 1 + i % ORGANISATIONS
        title = f"{clock.random.choice(TOPICS)} training {i}"
        t.add("courses", i, organisation, author, title, "What everybody must know.", clock.within(1500))
        t.add("course_tags", i, i % len(TOPICS) + 1)
        for position in range(1, LESSONS + 1):
            t.add("lessons", t.next("lessons"), i, position, f"Lesson {position}", "Read, then answer.")


def _learning(t: Tables, clock: Clock) -> None:
    """Every crowd member takes one or two courses; two hundred of them the administrator's."""
    random = clock.random
    for i in range(500, 500 + 2 * OTHERS_IN_IT, 2):
        learn(t, clock, person(i), AUTHORED, clock.within(1000))
    for i in range(1, USERS + 1):
        if i == PEOPLE.administrator.user_id or i == PEOPLE.subject.user_id:
            continue
        for course in random.sample(range(2, COURSES + 1), 1 + i % 2):
            learn(t, clock, person(i), course, clock.within(1000))
        if i % 11 == 0:
            t.add("course_ratings", 2 + i % 50, i, 1 + i % 5, "Clear and short." if i % 2 else None, clock.within(700))


def _security(t: Tables, clock: Clock) -> None:
    random = clock.random
    for n in range(USERS * 4):
        sign_in(t, clock, person(n % USERS + 1), clock.within(720))
    for n in range(USERS * 2):
        audit(t, person(n % USERS + 1), clock.within(720), random.choice(("course.open", "report.view", "user.update")))
    for n in range(USERS * 3):
        view(t, clock, n % USERS + 1, clock.within(90))
    for i in range(1, USERS + 1, 2):
        session(t, clock, i, clock.within(30))
    for i in range(10, USERS + 1, 25):
        t.add(
            "api_tokens",
            t.next("api_tokens"),
            i,
            "integration",
            f"api-{random.getrandbits(96):024x}",
            clock.within(400),
        )
        t.add(
            "password_resets", t.next("password_resets"), i, person(i).email, f"pr-{random.getrandbits(96):024x}",
            clock.within(400),
        )  # fmt: skip


def _billing(t: Tables, clock: Clock) -> None:
    for i in range(1, ORGANISATIONS + 1):
        started = clock.ago(1500).date()
        t.add("subscriptions", i, i, clock.random.choice(PRODUCTS)[0], person(i + 100).user_id, started, None)
    for i in range(10, USERS + 1, 10):
        for _ in range(3):
            invoice(t, clock, person(i), clock.within(3300))


def _talk(t: Tables, clock: Clock) -> None:
    random = clock.random
    for n in range(1, 41):
        t.add(
            "announcements", n, n, PEOPLE.administrator.user_id if n == 5 else n + 100, f"News {n}", clock.within(500)
        )
    for i in range(1, USERS + 1):
        who = person(i)
        for _ in range(2):
            t.add("notifications", t.next("notifications"), i, f"{who.name}, a course is due", None, clock.within(200))
        if i % 3 == 0:
            t.add("announcement_reads", who.organisation_id, i, clock.within(300))
            parent = t.next("comments") - 1 if i % 12 == 0 else None
            t.add("comments", t.next("comments"), 1 + i % 300, i, parent, f"I liked it. {who.name}", clock.within(600))
        if i % 20 == 0:
            ticket(t, clock, who, [])
        if i % 15 == 0:
            t.add(
                "LegacyReports.UserNotes", t.next("LegacyReports.UserNotes"), i, random.randrange(1, 50),
                f"{who.name} passed the old course.", clock.ago(2500).date(),
            )  # fmt: skip


def _marketing(t: Tables, clock: Clock) -> None:
    random = clock.random
    for i in range(5, USERS + 1, 5):
        who = person(i)
        lead(t, clock, who, i if i % 2 else None)
        t.add(
            "marketing_consents",
            t.next("marketing_consents"),
            i,
            "email",
            i % 2 == 0,
            ip(i),
            clock.within(800),
        )
    for i in range(3, USERS + 1, 4):
        t.add("ga_clients", f"{random.randrange(10**8, 10**9)}.{1600000000 + i}", i, clock.within(500))
    for i in range(40, USERS + 1, 40):
        if i != PEOPLE.subject.user_id:
            t.add("email_suppressions", person(i).email.lower(), "unsubscribed", clock.within(1000))
    for n in range(1, 11):
        t.add("imports", n, n, PEOPLE.administrator.user_id if n == 5 else n + 100, f"staff-{n}.csv", clock.within(900))
        for row in range(1, 51):
            who = person(n * 100 + row)
            t.add("import_rows", n, row, who.email, {"name": who.name, "department": random.choice(LAST)})
    for i in range(30, USERS + 1, 30):
        t.add("exports_log", t.next("exports_log"), i, "csv", f"reports/{i}.csv", clock.within(300))
