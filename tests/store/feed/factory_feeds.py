"""Makes events and feeds for the tests of the feed."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from pymongo import MongoClient

from domain.cursors.feed import Position
from store.feed.feed import Feed

SECRET = b"the secret of this database"
VISIBLE_TO_ALL = {"keys": ["*"], "words": [], "access_until": {}}


def event(number: int, partner_id: str = "acme", **fields: Any) -> dict[str, Any]:
    """Return an event's document with the fields that the feed reads."""
    plain = {
        "kind": "STATUS_CHANGED",
        "partner_id": partner_id,
        "number": number,
        "customer_id": "cus_1",
        "facts_before": None,
        "facts_after": VISIBLE_TO_ALL,
    }
    return {**plain, **fields}


class Events:
    """The events of one database, written directly with a client of the test."""

    def __init__(self, client: MongoClient[dict[str, Any]], database: str) -> None:
        self.client = client
        self.collection = client[database]["events"]

    async def insert(self, numbers: Iterable[int], partner_id: str = "acme", **fields: Any) -> None:
        """Insert the events one by one."""
        for number in numbers:
            await asyncio.to_thread(self.collection.insert_one, event(number, partner_id, **fields))

    async def insert_at_once(self, numbers: Iterable[int], partner_id: str = "acme") -> None:
        """Insert the events in one transaction."""

        def write() -> None:
            with self.client.start_session() as session, session.start_transaction():
                self.collection.insert_many([event(number, partner_id) for number in numbers], session=session)

        await asyncio.to_thread(write)


@asynccontextmanager
async def running_feed(uri: str, database: str, **options: Any) -> AsyncIterator[Feed]:
    """Run a feed whose ring is filled."""
    feed = Feed(uri, database, [SECRET], **options)
    try:
        await asyncio.wait_for(feed.start(), 20)
        yield feed
    finally:
        await feed.stop()


async def read_numbers(feed: Feed, position: Position, count: int, partner_id: str = "acme") -> list[int]:
    """Return the numbers of the next events after the position."""
    numbers: list[int] = []
    async with asyncio.timeout(20):
        async for segment in feed.follow(partner_id, position):
            numbers += [event.document["number"] for event in segment.events]
            if len(numbers) >= count:
                break
    return numbers


async def read_all_numbers(feed: Feed, position: Position, partner_id: str = "acme") -> list[int]:
    """Return the numbers of all events after the position, up to now."""
    segments = feed.follow(partner_id, position, only_to_now=True)
    async with asyncio.timeout(20):
        return [event.document["number"] async for segment in segments for event in segment.events]


async def wait_until(holds: Any, seconds: float = 20) -> None:
    """Wait until the condition holds."""
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.01)
