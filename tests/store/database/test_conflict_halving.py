"""A batch that conflicts is halved until each part succeeds or a single item fails."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.failures import OutcomeUnknown, Unavailable
from store.database.client import ConnectionFailure
from store.database.conflict_halving import BATCH_DEADLINE_SECONDS, halve_on_conflict
from store.database.transactions import DEADLINE_SECONDS


class Writes:
    """Records the calls; a call with more than `at_most` items, or with one of `broken`, is Unavailable."""

    def __init__(self, at_most: int = 1_000, broken: Sequence[int] = (), cause: Exception | None = None) -> None:
        self.calls: list[tuple[list[int], float]] = []
        self.at_most, self.broken, self.cause = at_most, broken, cause

    async def run(self, items: Sequence[int], deadline: float) -> int:
        self.calls.append((list(items), deadline))
        if len(items) > self.at_most or set(items) & set(self.broken):
            raise Unavailable from self.cause
        return sum(items)


async def test_a_batch_without_conflicts_is_written_once() -> None:
    writes = Writes()
    assert await halve_on_conflict([1, 2, 3], writes.run) == [6]
    assert writes.calls == [([1, 2, 3], BATCH_DEADLINE_SECONDS)]


async def test_a_batch_with_conflicts_is_halved_in_order() -> None:
    writes = Writes(at_most=2)
    assert await halve_on_conflict([1, 2, 3, 4, 5], writes.run) == [3, 3, 9]
    assert [items for items, _ in writes.calls] == [[1, 2, 3, 4, 5], [1, 2], [3, 4, 5], [3], [4, 5]]


async def test_a_single_item_has_the_longer_deadline_and_then_fails() -> None:
    writes = Writes(broken=[2])
    with pytest.raises(Unavailable):
        await halve_on_conflict([1, 2, 3, 4], writes.run)
    assert writes.calls[1:] == [([1, 2], BATCH_DEADLINE_SECONDS), ([1], DEADLINE_SECONDS), ([2], DEADLINE_SECONDS)]


async def test_both_deadlines_can_be_given() -> None:
    writes = Writes(at_most=1)
    await halve_on_conflict([1, 2], writes.run, deadline=3.0, single_deadline=4.0)
    assert [deadline for _, deadline in writes.calls] == [3.0, 4.0, 4.0]


async def test_a_batch_that_may_be_committed_is_not_repeated() -> None:
    calls = []

    async def run(items: Sequence[int], _: float) -> int:
        calls.append(items)
        raise OutcomeUnknown

    with pytest.raises(OutcomeUnknown):
        await halve_on_conflict([1, 2, 3, 4], run)
    assert calls == [[1, 2, 3, 4]]


async def test_a_database_that_cannot_be_reached_is_not_tried_again() -> None:
    writes = Writes(at_most=0, cause=ConnectionFailure("down"))
    with pytest.raises(Unavailable):
        await halve_on_conflict([1, 2, 3, 4], writes.run)
    assert len(writes.calls) == 1


@given(items=st.lists(st.integers()), at_most=st.integers(1, 5))
async def test_every_item_is_written_once_whatever_the_conflicts(items: list[int], at_most: int) -> None:
    written: list[int] = []

    async def run(part: Sequence[int], _: float) -> None:
        if len(part) > at_most:
            raise Unavailable
        written.extend(part)

    await halve_on_conflict(items, run)
    assert written == items
