"""The feed: order, cursors, the ring and the oplog behind it, against a real mongod."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import MongoClient

from domain.cursors.feed import Position
from domain.failures import CursorExpired, InvalidCursor
from store.database.client import Client, Driver
from store.feed.catch_ups import MAX_CONCURRENT_CATCH_UPS
from store.feed.events import FeedEvent, cluster_time, token_time
from store.feed.feed import Feed
from store.feed.stream import EventStream
from tests.store.feed.factory_feeds import Events, read_all_numbers, read_numbers, running_feed, wait_until


@pytest.fixture
def events(mongo_uri: str, database_name: str) -> Iterator[Events]:
    with MongoClient[dict[str, Any]](mongo_uri) as client:
        yield Events(client, database_name)


@pytest.mark.parametrize("driver", ["motor", "pymongo"])
async def test_delivers_each_event_of_the_partner_in_order(
    mongo_uri: str, database_name: str, events: Events, driver: str
) -> None:
    async with running_feed(mongo_uri, database_name, driver=driver) as feed:
        reading = asyncio.create_task(read_numbers(feed, feed.position, 20))
        for number in range(20):
            await events.insert([number])
            await events.insert([1000 + number], "other")
        assert await reading == list(range(20))


async def test_starts_with_the_events_of_the_last_minutes(mongo_uri: str, database_name: str, events: Events) -> None:
    await events.insert(range(10))
    async with running_feed(mongo_uri, database_name) as feed:
        assert feed.is_fresh
        assert len(feed.read_segment("acme", Position(feed.position.time - (60 << 32))).events) == 10


@pytest.mark.parametrize("driver", ["motor", "pymongo"])
async def test_is_read_up_to_the_time_of_a_transaction_only_with_all_of_its_events(
    mongo_uri: str, database_name: str, events: Events, driver: Driver
) -> None:
    await events.insert_at_once(range(300))
    read: list[FeedEvent] = []
    # By the time up to which the stream has been read: the events until then.
    reached: dict[int, int] = {}

    def note(position: Position) -> None:
        reached.setdefault(position.time, len(read))

    client = Client(mongo_uri, database_name, driver=driver)
    stream = EventStream(client, 60, lambda _: None, read.append, note)
    running = asyncio.create_task(stream.run())
    await wait_until(lambda: len(read) == 300)
    stream.stop()
    await running
    await client.close()
    assert reached[read[0].position.time] == 300


async def test_a_cursor_delivers_everything_written_after_it(
    mongo_uri: str, database_name: str, events: Events
) -> None:
    async with running_feed(mongo_uri, database_name) as feed:
        cursor = await feed.now_cursor("acme")
        await events.insert(range(5))
        assert await read_numbers(feed, feed.read_cursor("acme", cursor), 5) == list(range(5))


async def test_continues_exactly_after_any_event_of_the_ring(
    mongo_uri: str, database_name: str, events: Events
) -> None:
    async with running_feed(mongo_uri, database_name) as feed:
        start = feed.position
        await events.insert_at_once(range(12))
        await events.insert(range(12, 20))
        await wait_until(lambda: len(feed.read_segment("acme", start).events) == 20)
        for number, event in enumerate(feed.read_segment("acme", start).events):
            position = feed.read_cursor("acme", feed.cursor("acme", event.position))
            assert await read_all_numbers(feed, position) == list(range(number + 1, 20))


async def test_continues_exactly_after_any_event_of_the_oplog(
    mongo_uri: str, database_name: str, events: Events
) -> None:
    async with (
        running_feed(mongo_uri, database_name) as large,
        running_feed(mongo_uri, database_name, ring_size=3) as small,
    ):
        start = large.position
        await events.insert_at_once(range(6))
        await events.insert(range(6, 9))
        await wait_until(lambda: len(large.read_segment("acme", start).events) == 9)
        await wait_until(lambda: small.position >= large.position)
        for number, event in enumerate(large.read_segment("acme", start).events):
            cursor = large.cursor("acme", event.position)
            assert await read_all_numbers(small, small.read_cursor("acme", cursor)) == list(range(number + 1, 9))


@pytest.mark.parametrize("driver", ["motor", "pymongo"])
async def test_loses_and_repeats_nothing_while_catching_up_under_writes(
    mongo_uri: str, database_name: str, events: Events, driver: str
) -> None:
    async with running_feed(mongo_uri, database_name, ring_size=20, driver=driver) as feed:
        start = feed.position
        await events.insert(range(100))
        writing = asyncio.create_task(events.insert(range(100, 400)))
        readers = [asyncio.create_task(read_numbers(feed, start, 400)) for _ in range(6)]
        for reader in readers:
            assert await reader == list(range(400))
        await writing


async def test_catches_up_in_several_segments(mongo_uri: str, database_name: str, events: Events) -> None:
    async with running_feed(mongo_uri, database_name, ring_size=20) as feed:
        start = feed.position
        for first in range(0, 1000, 250):
            await events.insert_at_once(range(first, first + 250))
        assert await read_numbers(feed, start, 1000) == list(range(1000))


async def test_events_of_other_partners_do_not_push_a_partner_out_of_the_ring(
    mongo_uri: str, database_name: str, events: Events
) -> None:
    async with running_feed(mongo_uri, database_name, ring_size=3) as feed:
        start = feed.position
        await events.insert([7])
        await events.insert_at_once(range(10), "loud")
        await events.insert([8])
        await wait_until(lambda: [e.document["number"] for e in feed.read_segment("acme", feed.position).events] == [])
        await read_numbers(feed, start, 2)
        quiet = feed.position
        await events.insert_at_once(range(10), "loud")
        await wait_until(lambda: feed.position > quiet)
        assert feed.read_segment("acme", quiet).events == []


async def test_tokens_contain_their_time_and_sort_in_the_order_of_the_stream(
    mongo_uri: str, database_name: str, events: Events
) -> None:
    with events.collection.watch([], max_await_time_ms=100) as stream:
        await events.insert_at_once(range(300))
        await events.insert(range(300, 310))
        changes = [stream.next() for _ in range(310)]
    tokens = [change["_id"]["_data"] for change in changes]
    assert [change["fullDocument"]["number"] for change in changes] == list(range(310))
    assert tokens == sorted(set(tokens))
    assert all(cluster_time(change["clusterTime"]) == token_time(change["_id"]) for change in changes)


async def test_rejects_cursors_of_other_partners_and_secrets(mongo_uri: str, database_name: str) -> None:
    feed = Feed(mongo_uri, database_name, [b"secret"])
    with pytest.raises(InvalidCursor):
        feed.read_cursor("evil", feed.cursor("acme", Position(5)))
    with pytest.raises(InvalidCursor):
        Feed(mongo_uri, database_name, [b"other"]).read_cursor("acme", feed.cursor("acme", Position(5)))
    await feed.stop()


@pytest.mark.parametrize("driver", ["motor", "pymongo"])
async def test_old_cursors_expire_and_the_feed_continues_after_a_drop(
    mongo_uri: str, database_name: str, events: Events, driver: str
) -> None:
    async with running_feed(mongo_uri, database_name, driver=driver) as feed:
        await events.insert(range(3))
        before = feed.position
        follower = asyncio.create_task(read_numbers(feed, before, 1000))
        await asyncio.to_thread(events.collection.drop)
        with pytest.raises(CursorExpired):
            await follower
        cursor = await feed.now_cursor("acme")
        await events.insert([3])
        assert await read_numbers(feed, feed.read_cursor("acme", cursor), 1) == [3]


async def test_is_not_fresh_before_its_start(mongo_uri: str, database_name: str) -> None:
    feed = Feed(mongo_uri, database_name, [b"secret"])
    assert not feed.is_fresh
    await feed.stop()


async def test_resuming_followers_of_a_partner_share_one_read_of_the_oplog(
    mongo_uri: str, database_name: str, events: Events
) -> None:
    async with running_feed(mongo_uri, database_name, ring_size=10) as feed:
        start = feed.position
        following = asyncio.create_task(_positions(feed, start, 300))
        await events.insert(range(300))
        positions = [start, *await following]
        before = feed.catch_up_count
        resumed = await asyncio.gather(*(read_all_numbers(feed, position) for position in reversed(positions[:100])))
        assert resumed == [list(range(number, 300)) for number in reversed(range(100))]
        assert feed.catch_up_count == before + 1


async def _positions(feed: Feed, position: Position, count: int) -> list[Position]:
    positions: list[Position] = []
    async for segment in feed.follow("acme", position):
        positions += [event.position for event in segment.events]
        if len(positions) >= count:
            break
    return positions


async def test_a_slow_follower_misses_nothing_and_does_not_stop_a_quick_one(
    mongo_uri: str, database_name: str, events: Events
) -> None:
    async with running_feed(mongo_uri, database_name, ring_size=10) as feed:
        start = feed.position
        received: list[FeedEvent] = []
        feed.listeners.append(received.append)
        for first in range(0, 4000, 500):
            await events.insert_at_once(range(first, first + 500))
        await wait_until(lambda: len(received) == 4000)
        slow = feed.follow("acme", start, only_to_now=True)
        numbers = [event.document["number"] for event in (await anext(slow)).events]
        quick = asyncio.create_task(read_all_numbers(feed, start))
        numbers += [event.document["number"] async for segment in slow for event in segment.events]
        assert numbers == list(range(4000))
        assert await quick == list(range(4000))


async def test_more_partners_than_may_catch_up_at_once_all_catch_up(
    mongo_uri: str, database_name: str, events: Events
) -> None:
    async with running_feed(mongo_uri, database_name, ring_size=3) as feed:
        start = feed.position
        names = [f"p{number}" for number in range(3 * MAX_CONCURRENT_CATCH_UPS)]
        for name in names:
            await events.insert_at_once(range(20), name)
        numbers = await asyncio.gather(*(read_numbers(feed, start, 20, name) for name in names))
        assert numbers == [list(range(20))] * len(names)


async def test_a_catch_up_ends_with_its_last_follower(mongo_uri: str, database_name: str, events: Events) -> None:
    async with running_feed(mongo_uri, database_name, ring_size=3) as feed:
        start = feed.position
        for first in range(0, 6000, 500):
            await events.insert_at_once(range(first, first + 500))
        leaving = feed.follow("acme", start)
        await anext(leaving)
        await leaving.aclose()
        await wait_until(lambda: not [task for task in asyncio.all_tasks() if task.get_name() == "catch-up"])
        assert await read_numbers(feed, start, 6000) == list(range(6000))


async def test_missed_events_are_reported_to_followers_and_gap_listeners(
    mongo_uri: str, database_name: str, events: Events
) -> None:
    async with running_feed(mongo_uri, database_name) as feed:
        gaps: list[bool] = []
        feed.gap_listeners.append(lambda: gaps.append(True))
        numbers: list[int] = []
        feed.listeners.append(lambda event: numbers.append(event.document["number"]))
        follower = asyncio.create_task(read_numbers(feed, feed.position, 5))
        await events.insert([1])
        await wait_until(lambda: numbers == [1])
        await asyncio.to_thread(events.collection.drop)
        with pytest.raises(CursorExpired):
            await follower
        assert gaps == [True]
        assert feed.reopen_count == 1
        await events.insert([2])
        await wait_until(lambda: numbers == [1, 2])


async def test_reports_its_lag(mongo_uri: str, database_name: str, events: Events) -> None:
    async with running_feed(mongo_uri, database_name) as feed:
        await events.insert([0])
        await read_numbers(feed, Position(feed.position.time - (60 << 32)), 1)
        assert 0 <= feed.lag < 10
        assert 0 <= feed.seconds_since_response < 10
        await asyncio.wait_for(feed.wait_until_fresh(), 10)
