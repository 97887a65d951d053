"""How a purge gives way to others: pure."""

from __future__ import annotations

from connectors.heroku_postgres.pressure import Pace


def pace() -> Pace:
    return Pace(5000, 1.0, 3.0, 0.001)


def test_nobody_is_slowed_and_it_neither_rests_nor_shrinks() -> None:
    at_work = pace()
    assert [at_work.after(0.2, 0.0012) for _ in range(5)] == [0.0] * 5
    assert at_work.rows == 5000


def test_others_are_slowed_and_it_takes_less_and_rests_longer_until_they_are_not() -> None:
    at_work = pace()
    rests = [at_work.after(0.4, 0.02) for _ in range(4)]
    assert rests == sorted(rests)
    assert rests[-1] == 1.6
    assert at_work.rows == 312
    eased = [at_work.after(0.1, 0.001) for _ in range(12)]
    assert eased[-1] == 0.0
    assert at_work.rows == 5000


def test_a_batch_that_takes_too_long_makes_the_next_one_smaller() -> None:
    at_work = pace()
    at_work.after(4.0, 0.0)
    assert at_work.rows == 3500


def test_locks_make_it_wait_longer_each_time_and_not_for_ever() -> None:
    at_work = pace()
    assert [at_work.troubled(n) for n in (1, 2, 20)] == [0.5, 1.0, 30.0]
    assert at_work.rows == 625
