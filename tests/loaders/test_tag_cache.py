"""Kept tags: until an event about a tag, and not for a caller that has made a later change."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest

from domain.cursors.feed import Position
from domain.types import ActivityKind
from loaders.tag_cache import TagCache
from store.database.client import Client
from store.database.scope import Scope


class StubFeed:
    """What a cache sees of the feed."""

    def __init__(self) -> None:
        self.listeners: list[Any] = []
        self.gap_listeners: list[Any] = []
        self.position, self.is_fresh = Position(10), True

    def receive(self, kind: ActivityKind, partner: str = "acme") -> None:
        for listener in self.listeners:
            listener(StubEvent(partner, {"kind": kind}))


class StubEvent:
    def __init__(self, partner_id: str, document: dict[str, Any]) -> None:
        self.partner_id, self.document = partner_id, document


@pytest.fixture
async def scope(mongo_uri: str, database_name: str) -> AsyncIterator[Scope]:
    client = Client(mongo_uri, database_name)
    scope = Scope(client, "acme", datetime(2026, 11, 29))
    await scope.collection("tags").insert_many([_tag("tag_1"), _tag("tag_2"), {**_tag("tag_3"), "partner_id": "other"}])
    yield scope
    await client.close()


def _tag(id_: str) -> dict[str, Any]:
    return {"_id": id_, "partner_id": "acme", "name": id_, "name_key": id_, "name_folded": id_, "description": None}


async def _rename(scope: Scope, name: str) -> None:
    await scope.collection("tags").update_one({"_id": "tag_1"}, {"$set": {"name": name}})


async def _names(cache: TagCache, scope: Scope, *ids: str) -> list[str | None]:
    return [None if tag is None else tag.name for tag in await cache.load(scope, ids)]


async def test_tags_are_read_once_until_an_event_about_a_tag_of_the_partner(scope: Scope) -> None:
    feed = StubFeed()
    cache = TagCache(feed)
    assert await _names(cache, scope, "tag_2", "tag_1", "tag_3", "none") == ["tag_2", "tag_1", None, None]
    await _rename(scope, "A")
    feed.receive(ActivityKind.TAG_CHANGED, "other")
    feed.receive(ActivityKind.CUSTOMER_CHANGED)
    assert await _names(cache, scope, "tag_1") == ["tag_1"]
    for kind in (ActivityKind.TAG_CREATED, ActivityKind.TAG_CHANGED, ActivityKind.TAG_DELETED):
        await _rename(scope, str(kind))
        feed.receive(kind)
        assert await _names(cache, scope, "tag_1", "tag_2") == [str(kind), "tag_2"]
    await _rename(scope, "B")
    for listener in feed.gap_listeners:
        listener()
    assert await _names(cache, scope, "tag_1") == ["B"] and cache.bytes > 0


async def test_tags_are_not_kept_where_the_feed_is_behind_or_an_event_arrives_meanwhile(
    scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = StubFeed()
    cache = TagCache(feed)
    assert cache.is_servable(scope, 10) and not cache.is_servable(scope, 11)
    scope.client.last_commit = 11
    assert not cache.is_servable(scope, 0)
    feed.position, feed.is_fresh = Position(11), False
    assert not cache.is_servable(scope, 0)
    assert await _names(cache, scope, "tag_1") == ["tag_1"] and cache.bytes == 0
    feed.is_fresh = True
    assert cache.is_servable(scope, 0)
    reading = asyncio.create_task(cache.load(scope, ["tag_1"]))
    await asyncio.sleep(0)
    feed.receive(ActivityKind.TAG_CHANGED)
    assert len(await reading) == 1 and cache.bytes == 0
    monkeypatch.setattr(cache, "_max_bytes", 4_000)
    assert await _names(cache, scope, "tag_1", "tag_2") == ["tag_1", "tag_2"] and cache.bytes == 0
    assert await _names(cache, scope, "tag_1") == ["tag_1"] and cache.bytes > 0
    assert await _names(cache, scope, "tag_2") == ["tag_2"] and cache.bytes <= 4_000
