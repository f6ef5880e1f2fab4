"""Cached figures: kept until an event or their expiry, and not served to a caller that has made a later change."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from pymongo import MongoClient

from domain.types import PartnerRole
from loaders import figure_cache
from loaders.figure_cache import FigureCache
from store.database.client import Client
from store.database.clock import utc_now
from store.database.scope import Scope
from store.feed.feed import Feed
from tests.store.feed.factory_feeds import Events, running_feed

FAR = timedelta(days=1)


@pytest.fixture
def events(mongo_uri: str, database_name: str) -> Iterator[Events]:
    with MongoClient[dict[str, Any]](mongo_uri) as client:
        yield Events(client, database_name)


@pytest.fixture
async def feed(mongo_uri: str, database_name: str) -> AsyncIterator[Feed]:
    async with running_feed(mongo_uri, database_name) as running:
        yield running


@pytest.fixture
async def scope(mongo_uri: str, database_name: str) -> AsyncIterator[Scope]:
    client = Client(mongo_uri, database_name)
    yield Scope(client, "acme", utc_now())
    await client.close()


class Reader:
    """A figure whose value is the number of times it was read."""

    def __init__(self, valid_until: datetime) -> None:
        self.count = 0
        self._valid_until = valid_until

    async def __call__(self) -> tuple[int, datetime]:
        self.count += 1
        return self.count, self._valid_until


async def _receive(feed: Feed, events: Events, partner: str = "acme", **fields: Any) -> None:
    """Insert an event and wait until the feed has received it."""
    received = asyncio.Event()
    feed.listeners.append(lambda _: received.set())
    await events.insert([1], partner, **fields)
    await asyncio.wait_for(received.wait(), 10)


async def test_a_figure_is_read_once_until_a_customer_changes(feed: Feed, scope: Scope, events: Events) -> None:
    cache, read = FigureCache(feed), Reader(scope.now + FAR)
    assert [(await cache.read_figure(scope, "f", 0, read)).value for _ in range(3)] == [1, 1, 1]
    await _receive(feed, events, "other", customer_id="cus_1")
    await _receive(feed, events, customer_id=None)
    assert (await cache.read_figure(scope, "f", 0, read)).value == 1
    await _receive(feed, events, customer_id="cus_1")
    assert (await cache.read_figure(scope, "f", 0, read)).value == 2
    await _receive(feed, events, customer_id=None, kind="SETTINGS_CHANGED")
    assert (await cache.read_figure(scope, "f", 0, read)).value == 3


async def test_a_figure_expires_at_its_moment_and_not_a_millisecond_before(feed: Feed, scope: Scope) -> None:
    valid_until = scope.now + FAR
    cache, read = FigureCache(feed), Reader(valid_until)
    await cache.read_figure(scope, "f", 0, read)
    just_before = replace(scope, now=valid_until - timedelta(milliseconds=1))
    assert await cache.read_figure(just_before, "f", 0, read) == (1, valid_until)
    assert (await cache.read_figure(replace(scope, now=valid_until), "f", 0, read)).value == 2


async def test_each_visibility_has_its_own_figures(feed: Feed, scope: Scope) -> None:
    cache, read = FigureCache(feed), Reader(scope.now + FAR)
    own = replace(scope, administrator_id="adm_1", role=PartnerRole.ADMINISTRATOR)
    assert (await cache.read_figure(scope, "f", 0, read)).value == 1
    assert (await cache.read_figure(own, "f", 0, read)).value == 2
    assert (await cache.read_figure(scope, "g", 0, read)).value == 3


async def test_a_caller_that_made_a_change_is_served_nothing_older(feed: Feed, scope: Scope, events: Events) -> None:
    cache, read = FigureCache(feed), Reader(scope.now + FAR)
    assert (await cache.read_figure(scope, "f", 0, read)).value == 1
    ahead = feed.position.time + (1 << 32)
    assert (await cache.read_figure(scope, "f", ahead, read)).value == 2
    assert (await cache.read_figure(scope, "f", feed.position.time, read)).value == 2


async def test_a_figure_is_not_kept_if_an_event_arrives_while_it_is_read(
    feed: Feed, scope: Scope, events: Events
) -> None:
    cache, read = FigureCache(feed), Reader(scope.now + FAR)

    async def slowly() -> tuple[int, datetime]:
        await _receive(feed, events, customer_id="cus_1")
        return await read()

    assert (await cache.read_figure(scope, "f", 0, slowly)).value == 1
    assert (await cache.read_figure(scope, "f", 0, read)).value == 2


async def test_nothing_is_served_while_the_feed_is_silent(feed: Feed, scope: Scope) -> None:
    cache, read = FigureCache(feed), Reader(scope.now + FAR)
    assert (await cache.read_figure(scope, "f", 0, read)).value == 1
    await feed.stop()
    async with asyncio.timeout(10):
        while feed.is_fresh:
            await asyncio.sleep(0.05)
    assert [(await cache.read_figure(scope, "f", 0, read)).value for _ in range(2)] == [2, 3]


async def test_the_figures_of_a_process_are_bounded_by_bytes(scope: Scope, feed: Feed) -> None:
    cache = FigureCache(feed)
    reader = Reader(scope.now + FAR)
    for number in range(60):
        await cache.read_figure(scope, (number, "x" * 40_000), 0, reader)
        assert cache.bytes <= figure_cache.MAX_BYTES
    assert sum(map(len, cache._values.values())) < 60
    await cache.read_figure(scope, "x" * 2_000_000, 0, reader)
    assert cache.bytes == 0
