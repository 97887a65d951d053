"""Over random databases: exactly her rows are found; what is ordered happens, exactly, or nothing does."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from connectors.errors import RefusedError
from connectors.model import Action, Identifier, LinkKind, Locator, Order, Record, Subject, Trust
from connectors.sandbox.postgres import EmbeddedPostgres
from tests.connectors.heroku_postgres import worlds
from tests.connectors.heroku_postgres.database import Database
from tests.connectors.heroku_postgres.worlds import Link, Row, World

SUBJECT = Subject.of(Identifier("email", worlds.ANN, Trust.PROVEN))
DELETE, REDACT, RETAIN = Action.DELETE, Action.REDACT, Action.RETAIN
Place = tuple[str, bool]  # collection, and whether the old rows of it
_few = settings(
    max_examples=30, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)  # fmt: skip


@pytest.fixture(scope="module")
def url(server: EmbeddedPostgres) -> str:
    return server.fresh("worlds")


def place(record: Record) -> Place:
    return record.at.collection, record.at.before is not None


def called(link: Link) -> str:
    """What the connector calls a link."""
    return link.name if link.enforced else f"link {', '.join(link.columns)} to {link.to.collection}"


def expected(world: World) -> dict[tuple[str, str], int]:
    """(collection, key) -> rows that must be located."""
    hers = world.hers()
    found = {(t.collection, ""): sum(r["uid"] in hers for r in world.rows[t]) for t in world.tables}
    found |= {(t.collection, "claimed"): world.claimed(t) for t in world.tables}
    for link in (k for k in world.links if k.kind is not LinkKind.OWNS):
        kind = "unmarked" if link.kind is None else "mentions"
        found[link.table.collection, f"{kind}:{called(link)}"] = len(world.naming(link))
    return {at: count for at, count in found.items() if count}


def predicted(world: World, records: list[Record], actions: Mapping[Place, Action]) -> dict[int, Row] | None:
    """The rows afterwards, where all that can be is unlinked as well; None if a key forbids it."""
    hers, after, gone = world.hers(), world.all(), dict[int, Row]()
    unlinked = {r.at.key.partition(":")[2] for r in records if r.mentions and not r.obstacles}
    for link in (k for k in world.links if called(k) in unlinked):
        for row in world.naming(link):
            after[row["uid"]] |= dict.fromkeys(link.frees)
    for table in world.tables:
        for row in (r for r in world.rows[table] if r["uid"] in hers):
            action = actions[table.collection, worlds.is_old(row)]
            if action is DELETE:
                gone[row["uid"]] = after.pop(row["uid"])
            elif action is REDACT and table.bears:
                after[row["uid"]]["email"] = None
    for link in (k for k in world.links if k.enforced):
        left = [after[r["uid"]] for r in world.rows[link.table] if r["uid"] in after]
        targets = [gone[r["uid"]] for r in world.rows[link.to] if r["uid"] in gone]
        if any(link.leads(row, target) for row in left for target in targets):
            return None
    return after


def orders_for(records: list[Record], action: Callable[[Record], Action]) -> list[Order]:
    return [
        Order(r.at, Action.MANUAL if r.obstacles else REDACT if r.mentions else action(r), r.count) for r in records
    ]


@_few
@given(world=worlds.worlds(), data=st.data())
def test_what_is_ordered_happens_exactly_or_nothing_does(url: str, world: World, data: st.DataObject) -> None:
    world.build(url)
    before = world.read(url)
    assert before == world.all()
    connector = Database(url).connector(*world.specs())
    records = list(connector.locate(SUBJECT))
    totals: dict[tuple[str, str], int] = {}
    for r in records:
        totals[r.at.collection, r.at.key] = totals.get((r.at.collection, r.at.key), 0) + r.count
    assert totals == expected(world)
    assert len({r.at for r in records}) == len(records)
    assert world.read(url) == before

    some = st.sampled_from((DELETE, DELETE, DELETE, REDACT, RETAIN))
    everything = data.draw(st.booleans())
    actions = {place(r): DELETE if everything else data.draw(some) for r in records if not r.at.key}
    after = predicted(world, records, actions)
    orders = orders_for(records, lambda r: actions[place(r)])
    try:
        outcomes = list(connector.delete(SUBJECT, orders))
    except RefusedError:
        event("refused")
        assert after is None
        assert world.read(url) == before
        return
    event("done" if records else "nothing to do")
    assert world.read(url) == after
    assert [(o.at, o.count) for o in outcomes] == [(o.at, o.count) for o in orders]
    if everything:
        assert [r for r in connector.locate(SUBJECT) if not r.at.key] == []


@_few
@given(world=worlds.worlds(), data=st.data())
def test_who_spares_what_takes_retained_rows_is_never_refused(url: str, world: World, data: st.DataObject) -> None:
    """And where there are several windows, nothing is said to hang on what it does not."""
    world.build(url)
    connector = Database(url).connector(*world.specs())
    records = list(connector.locate(SUBJECT))
    own = [r for r in records if not r.at.key]
    assume(own and not any(r.obstacles for r in records))
    several = {place(r)[0] for r in own if (r.at.collection, True) in map(place, own) and place(r)[1] is False}
    for r in own:
        exact = [there for there in taken(r) if r.at.collection in several or there[0] in several]
        assert all(hangs(world, there, place(r)) for there in exact)
    actions = {place(r): data.draw(st.sampled_from((DELETE, DELETE, RETAIN))) for r in own}
    while True:
        spared = {place(r) for r in own if actions[place(r)] is DELETE and _taking(r, actions)}
        if not spared:
            break
        actions |= dict.fromkeys(spared, REDACT)
    event("spared" if REDACT in actions.values() else "all as drawn")
    after = predicted(world, records, actions)
    assert after is not None
    list(connector.delete(SUBJECT, orders_for(records, lambda r: actions[place(r)])))
    assert world.read(url) == after


def _taking(record: Record, actions: Mapping[Place, Action]) -> bool:
    """Whether its deletion takes along what stays."""
    return any(actions[there] is not DELETE for there in taken(record))


def taken(record: Record) -> list[Place]:
    locators = [t for t in record.takes if isinstance(t, Locator)]
    assert len(locators) == len(record.takes)
    return [(t.collection, t.before is not None) for t in locators]


def hangs(world: World, there: Place, here: Place) -> bool:
    """Whether a row of hers there references one of hers here, by a key that the database enforces."""
    hers = world.hers()
    return any(
        k.leads(row, target)
        for k in world.links if k.enforced and (k.table.collection, k.to.collection) == (there[0], here[0])
        for row in world.rows[k.table] if row["uid"] in hers and worlds.is_old(row) is there[1]
        for target in world.rows[k.to] if target["uid"] in hers and worlds.is_old(target) is here[1]
    )  # fmt: skip
