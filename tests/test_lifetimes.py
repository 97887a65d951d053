"""What is kept of a person and until when: over a whole request, and after each point nothing of what ended there."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import inspect, select, text

from connectors.model import Identifier, Subject
from connectors.sandbox.world import Sandbox
from orchestrator import canonical
from orchestrator.delivery import AddressFrom, Channel, Way
from orchestrator.due import Owed
from orchestrator.engine import Engine
from orchestrator.engine.attend import go_on
from orchestrator.errors import UnknownError
from orchestrator.issue import Fulfilled
from orchestrator.journal import State
from orchestrator.model import Right
from orchestrator.request_vault import RequestVault
from orchestrator.service import Service
from orchestrator.storage import schema
from orchestrator.storage.agenda import Agenda
from tests.office import Office, inventory
from tests.orchestrator import databases

STORES, SYSTEMS = ("app_db", "files", "amazon"), ("app_db", "logins")
LEAD = "somebody.new@example.net"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with databases.postgres(tmp_path_factory.mktemp("vaults")) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def office(
    request: pytest.FixtureRequest, running: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> Iterator[Office]:  # fmt: skip
    caplog.set_level(logging.DEBUG)
    if request.param == "postgresql":
        monkeypatch.setenv("DSR_DATABASE_URL", databases.emptied(request.getfixturevalue("server")))
    running.replant()
    office = office_of(running, tmp_path / "state")
    yield office
    office.close()


def office_of(sandbox: Sandbox, state: Path) -> Office:
    held = inventory(only_connected=True)
    return Office(sandbox, state, replace(held, systems={n: held.systems[n] for n in SYSTEMS}, letters=None))


def on(office: Office, at: datetime) -> Service:
    office.workspace.journal.now = lambda: at
    return office.as_(office.service.actor, at)


def secrets(office: Office, name: str) -> list[bytes]:
    """The wrapped key and the sealed slots of a vault, as they stand in the database."""
    with office.workspace.journal.store.read() as connection:
        keys, blobs = schema.vault_keys.c, schema.vault_blobs.c
        found = [*connection.execute(select(keys.wrapped).where(keys.request == name)).scalars()]
        found += connection.execute(select(blobs.sealed).where(blobs.request == name)).scalars()
    return [bytes(one)[:48] for one in found]  # a file keeps long ones in several places


def names(office: Office) -> set[str]:
    with office.workspace.journal.store.read() as connection:
        return {n for n in connection.execute(select(schema.vault_keys.c.request)).scalars() if n}


def everything(office: Office, logs: pytest.LogCaptureFixture) -> bytes:
    """State directory with the database file and its write-ahead log, or of the server every table, the queue's
    among them, and the files beneath; and all that was logged. Not the server's own log, which others archive."""
    engine = office.workspace.journal.store.engine
    found = [*office.files().values(), logs.text.encode()]
    if not office.workspace.journal.store.path:
        seen, tables = inspect(engine), set[str]()
        with engine.connect() as connection:
            for space in (s for s in seen.get_schema_names() if s not in ("information_schema", "pg_catalog")):
                for table in seen.get_table_names(schema=space):
                    rows = connection.execute(text(f'SELECT t::text FROM "{space}"."{table}" t')).scalars()
                    found += [row.encode() for row in rows]
                    tables.add(table)
        assert {"procrastinate_jobs", "dsr_agenda"} <= tables
        with engine.connect() as connection:
            connection.execute(text("CHECKPOINT"))
            folder = Path(str(connection.execute(text("SHOW data_directory")).scalar()))
        found += [path.read_bytes() for path in (folder / "base").rglob("*") if path.is_file()]
    return b"\n".join(found)


def there(haystack: bytes, *needles: bytes | str) -> list[bytes]:
    raw = [n.encode() if isinstance(n, str) else n for n in needles]
    return [n for n in raw if n in haystack or n.hex().encode() in haystack]


def by_a_worker(office: Office, request: str) -> None:
    engine = Engine(office.workspace, lambda: Service(office.workspace, office.service.actor))
    engine.queue(request)
    engine.work(once=True)
    engine.close()


def by_hand_done(office: Office, request: str, proof: Path, service: Service | None = None) -> None:
    service = service or office.service
    for step in service.manual_steps(request):
        if not step.settled:
            service.manual_done(step.ref, "", proof)


def told_everybody(office: Office, request: str, proof: Path) -> None:
    """Organisations have their part, the person knows of it, and vendors know what to keep."""
    for part in office.service.handovers(request):
        office.service.handed_over(request, part.organisation, "dpo@example.org", proof, reason="their contact")
        office.service.person_told(request, proof)
    for notice in office.service.notices(request):
        office.service.vendor_notified(request, notice.instruction.vendor, proof)


def standings(done: Fulfilled, system: str = "") -> Mapping[str, str]:
    return {s["ref"]: s["standing"] for s in done.payload["steps"] if system in ("", s["system"])}


def late(office: Office, email: str, number: int) -> None:
    """An integration enters the person, with the day on which it came to know them."""
    made = "INSERT INTO leads (id, email, name, created_at) VALUES (%s, %s, 'Ann', now() - interval '20 days')"
    with psycopg.connect(office.sandbox.stores["app_db"].url) as c:
        c.execute(made, [number, email])


def test_from_the_answer_on_only_what_is_open_is_kept_until_it_closes(
    office: Office, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    proof, subject = tmp_path / "proof.png", office.sandbox.people.subject
    proof.write_bytes(b"a picture")
    request = office.approved(subject.email)
    by_a_worker(office, request)
    told_everybody(office, request, proof)
    by_hand_done(office, request, proof)
    first = office.service.run(request)
    assert first.payload["outcome"] == "complete_with_retention"
    vault, journal = office.workspace.vault, office.workspace.journal
    assert {"identifiers"} < set(vault.open(request).slots()), "nobody was told yet"
    working, file = secrets(office, request), secrets(office, f"file:{request}")
    assert there(everything(office, caplog), *working) == working, "what is searched for can be found"

    # The answer: the working vault goes, and with it everything but what is open.
    office.service.answer(request, proof)
    assert journal.state(request) is State.ANSWERED
    assert vault.open(request).slots() == ()
    seen = everything(office, caplog)
    assert there(seen, *working) == []
    assert there(seen, subject.email) == []
    made = [e.payload["what"] for e in journal.entries(request, "capsule_made")]
    kept = {ref for ref, standing in standings(first).items() if standing == "retained"}
    assert {f"step {ref}" for ref in kept} < set(made)
    assert "recheck" in made
    assert names(office) >= {request, f"file:{request}", *(c.name for c in vault.capsules(request))}
    again = office.service.run(request)
    assert standings(again) == standings(first), "it reads back from capsules as it did before"
    assert office.service.run(request).envelope == again.envelope

    # Day 30: nobody is looked for any more but where something is kept.
    (recheck,) = [c for c in vault.capsules(request) if c.get_json("capsule")["what"] == "recheck"]
    looking = secrets(office, recheck.name)
    begun = first.confirmation.at
    month = on(office, begun + 30 * DAY + HOUR).run(request)
    assert month.payload["outcome"] == "complete_with_retention"
    assert standings(month) == standings(first)
    assert there(everything(office, caplog), *looking) == []
    assert len(vault.capsules(request)) == len(made) - 1
    assert {i.kind for c in vault.capsules(request) for i in _identifiers(c)} <= _needs(office, "app_db")
    year = on(office, begun + 365 * DAY).run(request)
    at = {s.system: s.at for s in year.confirmation.coverage}
    assert at["app_db"] > at["logins"] == month_of(month), "only where something is open"
    assert standings(year, "logins") == standings(month, "logins"), "it stands as it was proven"
    assert journal.state(request) is State.ANSWERED

    # The exceptions end: what was kept is deleted by a plan of its own, and looked for once more.
    later = begun + 366 * 12 * DAY
    assert any(o.owed is Owed.DECIDE_ANEW and o.overdue for o in on(office, later).due(request))
    planned = on(office, later).plan(request)
    assert planned.plan.changes
    assert planned.open == ()
    on(office, later).approve(request, planned.digest)
    on(office, later).run(request)
    by_hand_done(office, request, proof, on(office, later + HOUR))
    on(office, later + 2 * HOUR).run(request)
    capsules = [secret for c in vault.capsules(request) for secret in secrets(office, c.name)]
    assert capsules
    last = on(office, later + 31 * DAY).run(request)
    assert last.payload["outcome"] == "complete"
    assert journal.state(request) is State.CLOSED
    assert names(office) & {request, *(c.name for c in vault.capsules(request))} == set()
    seen = everything(office, caplog)
    assert there(seen, *capsules, subject.email) == []
    assert there(seen, *file), "what proves the answer is still there"
    with pytest.raises(UnknownError, match="destroyed"):
        vault.open(request)

    # 24 months after: the evidence file, unless it is held.
    assert on(office, later + 700 * DAY).purge() == ()
    held = on(office, later + 750 * DAY).place_hold("a case", later + 900 * DAY, {"email": subject.email})
    assert on(office, later + 800 * DAY).purge() == ()
    assert there(everything(office, caplog), *file)
    on(office, later + 800 * DAY).release_hold(held.id)
    assert [p.request for p in on(office, later + 800 * DAY).purge()] == [request]
    assert there(everything(office, caplog), *file) == []
    assert not [name for name in names(office) if request in name]
    assert [e.kind for e in journal.entries(request)] == ["vault_destroyed", "purged"], "which are entries themselves"
    journal.verify()


def test_a_request_of_which_nothing_is_left_is_looked_at_for_thirty_days_more(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    late(office, LEAD, 990001)
    by_a_worker(office, request := office.approved(LEAD))
    done = office.service.run(request)
    vault, journal, begun = office.workspace.vault, office.workspace.journal, done.confirmation.at
    assert (done.payload["outcome"], done.payload["final"]) == ("complete", True)
    assert journal.state(request) is not State.CLOSED
    assert vault.open(request).slots() == (), "where to write to is kept elsewhere here"
    (capsule,) = vault.capsules(request)
    kept = secrets(office, capsule.name)
    assert request in Agenda(journal.store).rows(), "whatever works the agenda off looks again"

    # Day 1: nothing. Day 7: an integration has entered the person anew.
    first = go_on(on(office, begun + DAY + HOUR), request, 1)
    assert first.at is not None
    assert first.at - begun < 7 * DAY + HOUR
    late(office, LEAD, 990002)
    told = go_on(on(office, begun + 7 * DAY + HOUR), request, 1)
    assert "new plan waits for approval" in told.said
    planned = office.service.show_plan(request)
    assert [(s.collection, s.action, s.count) for s in planned.plan.steps if s.collection == "public.leads"] == [
        ("public.leads", "delete", 1)
    ]
    assert planned.open == ()
    assert "identifiers" not in vault.open(request).slots()
    on(office, begun + 7 * DAY + HOUR).approve(request, planned.digest)
    assert not go_on(on(office, begun + 7 * DAY + 2 * HOUR), request, 1).stuck
    assert vault.open(request).slots() == ()

    # Thirty days after that it is over.
    assert vault.capsules(request)
    kept += [secret for c in vault.capsules(request) for secret in secrets(office, c.name)]
    for days in (8, 14, 38):
        service = on(office, begun + days * DAY + 3 * HOUR)
        go_on(service, request, 1)
    assert journal.state(request) is State.CLOSED
    seen = everything(office, caplog)
    assert there(seen, *kept, LEAD) == []
    assert there(seen, request), "what is searched for can be found"
    with pytest.raises(UnknownError, match="destroyed"):
        vault.open(request)
    journal.verify()


def _identifiers(capsule: RequestVault) -> frozenset[Identifier]:
    return canonical.decode(Subject, capsule.get_json("capsule")["subject"]).identifiers


def _needs(office: Office, system: str) -> frozenset[str]:
    return office.workspace.connector(system, datetime.now(UTC)).capabilities.needs | {"organisation_id"}


def month_of(done: Fulfilled) -> datetime:
    return next(s.at for s in done.confirmation.coverage if s.system == "logins")


def test_who_asked_for_their_data_is_known_until_they_have_it(office: Office, tmp_path: Path) -> None:
    late(office, LEAD, 990003)
    request = office.request(LEAD, Right.ACCESS)
    office.service.approve(request, office.service.plan(request).digest)
    package = office.service.export(request, tmp_path / "package")
    assert office.service.run(request).payload["final"]
    assert "identifiers" in office.workspace.vault.open(request).slots()
    office.service.deliver(request, package.folder, Way(Channel.ELECTRONIC, "", AddressFrom.REQUEST, LEAD))
    assert office.workspace.journal.state(request) is State.CLOSED
    assert not office.workspace.vault.holds(request)
