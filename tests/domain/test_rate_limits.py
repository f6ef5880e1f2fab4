"""Leaky buckets that processes share: never more than the limit and the stated tolerance, for any interleaving."""

from datetime import datetime, timedelta
from itertools import accumulate
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rate_limits import (
    MAX_CLOCK_SKEW,
    Bucket,
    BudgetState,
    RateLimit,
    RateLimited,
    Share,
    describe_cost,
    give_back,
    reserve,
)

START = datetime(2026, 3, 1)
LIMIT = RateLimit(capacity=1000, per_second=50)
PROCESSES = 3


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_reserves_a_chunk_or_what_is_needed_or_the_rest() -> None:
    empty = Bucket(0, START)
    assert reserve(empty, LIMIT, 1, START) == (LIMIT.chunk, Bucket(50, START))
    assert reserve(empty, LIMIT, 400, START) == (400, Bucket(400, START))
    assert reserve(Bucket(980, START), LIMIT, 5, START) == (20, Bucket(1000, START))
    assert reserve(Bucket(980, START), LIMIT, 21, START) == (0, Bucket(980, START))
    assert reserve(empty, LIMIT, 1001, START).amount == 0


def test_leaks_with_time_and_never_below_empty_or_back() -> None:
    full = Bucket(1000, START)
    assert full.leak(LIMIT, after(4)) == Bucket(800, after(4))
    assert full.leak(LIMIT, after(100)) == Bucket(0, after(100))
    # The clock of another process is behind.
    assert full.leak(LIMIT, after(-5)) == full
    assert reserve(full, LIMIT, 100, after(2)).amount == 100


@pytest.mark.parametrize("ahead", [6, 3600, 10**9])
def test_a_clock_that_is_wrong_or_set_back_does_not_stop_the_leak(ahead: int) -> None:
    world = World()
    assert world.charge(0, 1000, after(ahead))
    # It has used the whole budget, which must leak away at once for those whose clocks are right.
    assert not world.charge(1, 100, START)
    assert world.bucket == Bucket(1000, START)
    assert world.shares[1].seconds_until(100, START) == 2
    assert world.charge(1, 100, after(2))


def test_a_clock_that_is_set_back_lets_room_be_estimated_by_the_new_one() -> None:
    share = Share(LIMIT, Bucket(1000, after(7200)))
    assert share.state("x", START).remaining == 0
    assert share.seconds_until(500, START) == 10
    share.add(reserve(share.bucket, LIMIT, 100, START))
    assert (share.held, share.seconds_until(500, after(1))) == (0, 9)


@given(st.floats(0, 1000), st.floats(-(10**6), 10**6))
def test_a_bucket_is_never_far_ahead_of_a_clock_that_has_read_it(level: float, ahead: float) -> None:
    bucket = Bucket(level, after(ahead)).leak(LIMIT, START)
    assert START <= bucket.at <= START + MAX_CLOCK_SKEW
    assert 0 <= bucket.level <= level
    assert bucket.leak(LIMIT, after(5 + LIMIT.window_seconds)).level == 0


@given(st.floats(0, 1000), st.floats(-(10**6), 10**6))
def test_the_level_at_a_moment_is_that_of_the_bucket_then(level: float, ahead: float) -> None:
    bucket = Bucket(level, after(ahead))
    assert bucket.level_at(LIMIT, START) == bucket.leak(LIMIT, START).level


def test_gives_back_what_was_not_spent() -> None:
    assert give_back(Bucket(500, START), LIMIT, 200, after(2)) == Bucket(200, after(2))
    assert give_back(Bucket(100, START), LIMIT, 200, START) == Bucket(0, START)


def test_a_share_knows_what_is_left_and_when_there_is_room() -> None:
    share = Share(LIMIT, Bucket(0, START))
    share.add(reserve(share.bucket, LIMIT, 970, START))
    assert (share.spend(960), share.spend(20), share.held) == (True, False, 10)
    assert share.state("x", START) == BudgetState("x", LIMIT, 40, START)
    assert share.state("x", after(1)).remaining == 90
    assert share.state("x", after(500)).remaining == 1000
    assert (share.seconds_until(30, START), share.seconds_until(140, START)) == (0, 2)
    assert (share.take_surplus(4), share.held, share.take_surplus(50)) == (6, 4, 0)


def test_the_error_says_what_was_requested_and_when_to_come_again() -> None:
    states = [BudgetState("partner", LIMIT, 500, START), BudgetState("administrator", LIMIT, 10.9, START)]
    failure = RateLimited(75, "administrator", 1.3, states)
    cost = {"requested": 75, "limit": 1000, "remaining": 10, "resetAt": "2026-03-01T00:00:20Z"}
    assert failure.extensions == {"code": "RATE_LIMITED", "retryAfter": 2, "cost": cost}
    assert "after 2 s" in str(failure)
    assert RateLimited(75, "partner", 0, states).retry_after == 1
    assert describe_cost(1, [BudgetState("x", LIMIT, -3, START)])["remaining"] == 0


class Step(NamedTuple):
    """One step of one process."""

    kind: str
    process: int
    cost: float
    pause: float


steps = st.builds(
    Step,
    st.sampled_from(["charge", "charge", "charge", "settle", "die"]),
    st.integers(0, PROCESSES - 1),
    st.floats(0.1, 1000) | st.floats(0.1, 60),
    st.sampled_from([0.0, 0.0, 0.01, 1.0]) | st.floats(0, 30),
)


class World:
    """The shared bucket and the shares of all processes."""

    def __init__(self) -> None:
        self.bucket = Bucket(0, START)
        self.shares = [Share(LIMIT, self.bucket) for _ in range(PROCESSES)]

    def charge(self, process: int, cost: float, now: datetime) -> bool:
        share = self.shares[process]
        if share.spend(cost):
            return True
        reservation = reserve(self.bucket, LIMIT, cost - share.held, now)
        self.bucket = reservation.bucket
        share.add(reservation)
        return share.spend(min(cost, share.held)) if reservation.amount else False

    def settle(self, process: int, now: datetime) -> None:
        self.bucket = give_back(self.bucket, LIMIT, self.shares[process].take_surplus(0), now)

    def die(self, process: int) -> None:
        self.shares[process] = Share(LIMIT, self.bucket)


@given(st.lists(steps, max_size=40))
def test_no_interleaving_of_processes_passes_more_than_the_limit_and_the_tolerance(sequence: list[Step]) -> None:
    world, now = World(), START
    passed: list[tuple[float, float]] = []
    for step in sequence:
        now += timedelta(seconds=step.pause)
        if step.kind == "charge":
            cost = step.cost if world.charge(step.process, step.cost, now) else 0.0
            passed.append(((now - START).total_seconds(), cost))
        elif step.kind == "settle":
            world.settle(step.process, now)
        else:
            world.die(step.process)
        assert all(share.held <= LIMIT.chunk + 1e-6 for share in world.shares)
        assert world.bucket.level <= LIMIT.capacity + 1e-6
    for first, (begin, _) in enumerate(passed):
        tolerance = PROCESSES * LIMIT.chunk if first else 0
        for (end, _), total in zip(passed[first:], accumulate(cost for _, cost in passed[first:]), strict=True):
            assert total <= LIMIT.capacity + LIMIT.per_second * (end - begin) + tolerance + 1e-3


@given(st.lists(steps, max_size=20), st.integers(0, PROCESSES - 1))
def test_after_a_pause_every_process_may_use_the_whole_budget(sequence: list[Step], process: int) -> None:
    world, now = World(), START
    for step in sequence:
        now += timedelta(seconds=step.pause)
        world.charge(step.process, step.cost, now)
    world.die(process)
    assert world.charge(process, LIMIT.capacity, now + timedelta(seconds=LIMIT.window_seconds))


@pytest.mark.parametrize(("capacity", "rate", "window"), [(1000, 50, 20), (10, 3, 4), (1, 100, 1)])
def test_the_window_is_the_time_in_which_a_full_bucket_empties(capacity: float, rate: float, window: int) -> None:
    assert RateLimit(capacity, rate).window_seconds == window


@pytest.mark.parametrize(("remaining", "seconds"), [(400.0, 2.0), (499.0, 0.02), (500.0, 0.0), (900.0, 0.0)])
def test_states_when_a_part_of_the_budget_is_left_again(remaining: float, seconds: float) -> None:
    assert BudgetState("administrator", LIMIT, remaining, START).seconds_until(500) == pytest.approx(seconds)
