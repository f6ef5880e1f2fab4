"""When a state is read again, and how a group of state subscribers ends."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from weakref import ref

import pytest

from domain.cursors.feed import Position
from domain.failures import CursorExpired, Unavailable
from resolvers.feeds import StateFeed
from server.live import retry
from server.live.feed_execution import FeedResult
from server.live.state_groups import StateGroup
from server.live.subscribers import Subscriber
from store.database.clock import utc_now
from store.feed.events import FeedEvent
from store.feed.oplog import EventSegment
from tests.server.live.factory_groups import MemoryFeed

FAR = datetime(2100, 1, 1)


class CutFeed(MemoryFeed):
    """A feed that misses events when it is cut."""

    def __init__(self) -> None:
        super().__init__()
        self.cut = asyncio.Event()

    async def follow(
        self, partner_id: str, position: Position, *, only_to_now: bool = False
    ) -> AsyncGenerator[EventSegment, None]:
        segments: list[EventSegment] = []
        for segment in segments:
            yield segment
        await self.cut.wait()
        raise CursorExpired


class StateWorld:
    """One group over states that the test prepares; its execution encodes a state as JSON."""

    def __init__(self, feed: MemoryFeed | None = None) -> None:
        self.feed: Any = feed or MemoryFeed()
        self.states: list[Any] = ["first"]
        self.read_count = 0
        self.valid_until = FAR
        self.results: list[FeedResult] = []
        self.subscriber = Subscriber(Position(0), self.results.extend)
        self.group: StateGroup | None = None
        self.removed = asyncio.Event()

    def start(self, is_affected: Callable[[FeedEvent], bool] = lambda _: True, **options: Any) -> None:
        state_feed = StateFeed(self._read, is_affected, **{"min_interval": 0.0, **options})
        execution: Any = SimpleNamespace(encode_result=self._encode)
        self.group = StateGroup(self.feed, self._context, state_feed, {"id": "job_1"}, execution)
        self.group.start(self.removed.set)
        self.group.join(self.subscriber)

    def _context(self) -> Any:
        return SimpleNamespace(scope=SimpleNamespace(partner_id="acme"), valid_until=self.valid_until)

    async def _read(self, _context: Any, id: str) -> Any:
        assert id == "job_1"
        self.read_count += 1
        state = self.states[min(self.read_count, len(self.states)) - 1]
        if isinstance(state, Exception):
            raise state
        return state

    async def _encode(self, state: Any, _context: Any) -> bytes:
        return json.dumps(state).encode()

    @property
    def delivered(self) -> list[Any]:
        return [json.loads(result.payload) for result in self.results]

    async def settle(self, seconds: float = 0.03) -> None:
        await asyncio.sleep(seconds)


@pytest.fixture
async def world() -> AsyncIterator[StateWorld]:
    world = StateWorld()
    yield world
    if world.group is not None:
        world.group.leave(world.subscriber)
        await world.settle(0)


async def test_reads_only_after_events_that_affect_the_state(world: StateWorld) -> None:
    world.states = ["first", "second"]
    world.start(lambda event: event.document["number"] == 2)
    await world.settle()
    world.feed.insert(1)
    await world.settle()
    assert (world.delivered, world.read_count) == (["first"], 1)
    world.feed.insert(2)
    await world.settle()
    assert (world.delivered, world.read_count) == (["first", "second"], 2)


async def test_a_state_that_differs_in_its_moment_alone_is_not_delivered(world: StateWorld) -> None:
    world.states = [{"at": 1, "count": 5}, {"at": 2, "count": 5}, {"at": 3, "count": 6}, {"at": 4, "count": 6}]
    world.start(at_moment_of=lambda state, earlier: {**state, "at": earlier["at"]})
    for number in range(1, 4):
        await world.settle()
        world.feed.insert(number)
    await world.settle()
    assert (world.delivered, world.read_count) == ([{"at": 1, "count": 5}, {"at": 3, "count": 6}], 4)


async def test_an_event_during_the_read_causes_another_read(world: StateWorld) -> None:
    world.states = ["first", "second"]
    world.start(min_interval=0.01)
    while not world.read_count:
        await asyncio.sleep(0)
    world.feed.insert(1)
    await world.settle(0.05)
    assert world.delivered == ["first", "second"]


async def test_reads_at_most_once_per_interval(world: StateWorld) -> None:
    world.start(min_interval=0.2)
    await world.settle(0)
    for number in range(1, 6):
        world.feed.insert(number)
        await world.settle(0.01)
    assert world.read_count == 1


async def test_reads_again_when_time_alone_may_change_the_state(world: StateWorld) -> None:
    world.states = ["first", "second"]
    world.valid_until = utc_now() + timedelta(seconds=0.1)
    world.start()
    await world.settle(0)
    world.valid_until = FAR
    await world.settle(0.3)
    assert (world.delivered, world.read_count) == (["first", "second"], 2)


async def test_polls_without_events(world: StateWorld) -> None:
    world.states = ["first", "second", "third"]
    world.start(poll_interval=0.02)
    await world.settle(0.3)
    assert world.delivered == ["first", "second", "third"]


async def test_an_equal_state_is_not_delivered_again(world: StateWorld) -> None:
    world.states = ["first", "first", "second"]
    world.start(poll_interval=0.02)
    await world.settle(0.3)
    assert world.delivered == ["first", "second"]


async def test_a_final_state_ends_the_subscription_without_errors(world: StateWorld) -> None:
    world.states = ["running", "completed"]
    world.start(poll_interval=0.01, is_final=lambda state: state == "completed")
    assert await asyncio.wait_for(world.subscriber.ended, 5) == []
    assert world.delivered == ["running", "completed"]
    assert world.removed.is_set()


async def test_missed_events_end_the_subscription_with_cursor_expired() -> None:
    feed = CutFeed()
    world = StateWorld(feed)
    world.start()
    await world.settle()
    assert world.delivered == ["first"]
    feed.cut.set()
    [error] = await asyncio.wait_for(world.subscriber.ended, 5)
    assert error["extensions"]["code"] == "CURSOR_EXPIRED"
    assert world.read_count == 1


async def test_a_failing_read_ends_the_subscription_with_an_error(world: StateWorld) -> None:
    async def fail(_context: Any, id: str) -> Any:
        raise RuntimeError(f"a defect with {id}")

    execution: Any = SimpleNamespace(encode_result=None)
    group = StateGroup(world.feed, world._context, StateFeed(fail, bool, 0.0), {"id": "job_1"}, execution)
    group.start(world.removed.set)
    group.join(world.subscriber)
    [error] = await asyncio.wait_for(world.subscriber.ended, 5)
    assert error["extensions"]["code"] == "INTERNAL"
    assert "defect" not in error["message"]


async def test_two_outages_with_equal_states_around_them_do_not_count_as_one(
    world: StateWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "MAX_STUCK_SECONDS", 0.1)
    monkeypatch.setattr(retry, "RETRY_INTERVAL_SECONDS", 0.001)
    world.states = ["same", Unavailable(), "same", Unavailable(), "same"]
    world.start()
    await world.settle()
    for number, read_count in [(1, 3), (2, 5)]:
        world.feed.insert(number)
        await world.settle(0.15)
        assert world.read_count == read_count
    assert not world.removed.is_set()
    assert world.delivered == ["same"]


async def test_a_group_that_ends_before_its_first_step_releases_its_callback(world: StateWorld) -> None:
    world.start()
    group, on_end = world.group, ref(world.removed)
    assert group is not None
    group.leave(world.subscriber)
    assert world.removed.is_set()
    await asyncio.sleep(0)
    world.removed = asyncio.Event()
    assert on_end() is None
