"""Faults of the database that the feed survives: kill, hang, and a rolled-over oplog."""

import asyncio
import signal
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient

from domain.failures import CursorExpired
from store.feed.feed import MAX_SILENCE_SECONDS
from tests.mongod import Mongod, temporary_replica_set
from tests.oplog import SHORT_OPLOG, roll_over_oplog
from tests.store.feed.factory_feeds import Events, event, read_all_numbers, read_numbers, running_feed, wait_until

OPTIONS = (*SHORT_OPLOG, "--setParameter", "enableTestCommands=1")


def _pause_and_insert(events: Events) -> None:
    """Let nothing of this process run, except what the driver has begun; meanwhile, an event is inserted."""
    time.sleep(MAX_SILENCE_SECONDS + 0.5)
    events.collection.insert_one(event(0))


@pytest.fixture(scope="module")
def mongod() -> Iterator[Mongod]:
    """A mongod for the tests of this module, which may stop it for a while."""
    with temporary_replica_set(options=OPTIONS) as (only,):
        yield only


@pytest.fixture
def database() -> str:
    """A database that no other test has used."""
    return f"test_{uuid4().hex[:16]}"


@pytest.fixture
def events(mongod: Mongod, database: str) -> Iterator[Events]:
    with MongoClient[dict[str, Any]](mongod.uri) as client:
        yield Events(client, database)


async def test_continues_after_the_last_event_when_the_database_was_killed(database: str) -> None:
    with temporary_replica_set(options=OPTIONS) as (mongod,), MongoClient[dict[str, Any]](mongod.uri) as client:
        events = Events(client, database)
        async with running_feed(mongod.uri, database) as feed:
            start = feed.position
            following = asyncio.create_task(read_numbers(feed, start, 60))
            await events.insert(range(30))
            mongod.send(signal.SIGKILL)
            await wait_until(lambda: not feed.is_fresh)
            mongod.stop()
            # Longer than the driver bears by itself, so that the stream is opened again.
            await asyncio.sleep(7)
            await asyncio.to_thread(mongod.start)
            await wait_until(lambda: client.admin.command("hello")["isWritablePrimary"])
            await events.insert(range(30, 60))
            assert await following == list(range(60))
            await wait_until(lambda: feed.is_fresh)


@pytest.mark.parametrize("code", [286, 136, 280, 260])
async def test_reopens_at_once_after_a_lost_position_and_repeats_nothing(
    mongod: Mongod, database: str, events: Events, code: int
) -> None:
    async with running_feed(mongod.uri, database, history_seconds=60) as feed:
        numbers: list[int] = []
        feed.listeners.append(lambda event: numbers.append(event.document["number"]))
        follower = asyncio.create_task(read_numbers(feed, feed.position, 6))
        await events.insert(range(3))
        await wait_until(lambda: numbers == [0, 1, 2])
        failing = {"failCommands": ["getMore"], "errorCode": code}
        events.client.admin.command("configureFailPoint", "failCommand", mode={"times": 1}, data=failing)
        await wait_until(lambda: feed.reopen_count == 1, 5)
        await events.insert(range(3, 6))
        assert await follower == list(range(6))
        assert numbers == list(range(6))


async def test_followers_end_with_cursor_expired_when_events_are_lost(
    mongod: Mongod, database: str, events: Events
) -> None:
    async with running_feed(mongod.uri, database, history_seconds=0) as feed:
        follower = asyncio.create_task(read_numbers(feed, feed.position, 6))
        await events.insert(range(3))
        failing = {"failCommands": ["getMore"], "errorCode": 286}
        events.client.admin.command("configureFailPoint", "failCommand", mode={"times": 1}, data=failing)
        with pytest.raises(CursorExpired):
            await follower
        cursor = await feed.now_cursor("acme")
        await events.insert([3])
        assert await read_numbers(feed, feed.read_cursor("acme", cursor), 1) == [3]


async def test_is_not_fresh_while_the_database_hangs_and_continues_afterwards(
    mongod: Mongod, database: str, events: Events
) -> None:
    async with running_feed(mongod.uri, database) as feed:
        following = asyncio.create_task(read_numbers(feed, feed.position, 2))
        await events.insert([0])
        mongod.send(signal.SIGSTOP)
        await wait_until(lambda: not feed.is_fresh)
        mongod.send(signal.SIGCONT)
        await wait_until(lambda: feed.is_fresh)
        await events.insert([1])
        assert await following == [0, 1]


async def test_an_answer_from_before_a_pause_of_the_process_does_not_make_it_fresh(
    mongod: Mongod, database: str, events: Events
) -> None:
    async with running_feed(mongod.uri, database) as feed:
        numbers: list[int] = []
        feed.listeners.append(lambda event: numbers.append(event.document["number"]))
        await wait_until(lambda: feed.is_fresh)
        _pause_and_insert(events)
        assert not feed.is_fresh
        async with asyncio.timeout(10):
            await feed.wait_until_fresh()
        assert numbers == [0]


async def test_a_cursor_before_the_oplog_has_expired(mongod: Mongod, database: str, events: Events) -> None:
    async with running_feed(mongod.uri, database) as feed:
        await events.insert([0])
        old = feed.position
    await roll_over_oplog(events.client, old.time)
    async with running_feed(mongod.uri, database, history_seconds=300) as feed:
        with pytest.raises(CursorExpired):
            await read_all_numbers(feed, old)
        following = asyncio.create_task(read_numbers(feed, feed.position, 1))
        await asyncio.to_thread(events.collection.insert_one, event(1))
        assert await following == [1]
