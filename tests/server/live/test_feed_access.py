"""Feeds while access ends, while the database does not answer, and after missed events."""

import asyncio
import signal
from datetime import timedelta
from typing import Any

import httpx
import pytest
from pymongo import MongoClient

from domain.cursors.feed import Position
from server.live.access import MAX_ACCESS_CHANGES, AdministratorAccess
from server.live.protocol import CloseCode, ProtocolError
from server.telemetry.exposition import metrics_text
from store.database.clock import utc_now
from store.database.scope import administrator_key
from store.feed.events import REVOKED, AccessGrant
from tests.mongod import temporary_replica_set
from tests.server.http.test_event_stream import open_event_stream
from tests.server.live.socket_server import COUNTS, SocketServer, running_world
from tests.store.feed.factory_feeds import Events, wait_until

FEED = "subscription($after: String) { numbered(after: $after) { number cursor } }"
LARGE = "subscription { numbered { number padding } }"
STATE = "subscription { eventCount { count } }"
ADMINISTRATOR = "adm_admi00000000000000000000"
MINE = {"keys": ["*", administrator_key(ADMINISTRATOR)], "words": [], "access_until": {}}
UNASSIGNED = {"keys": ["*"], "words": [], "access_until": {}}


async def test_queued_messages_are_dropped_when_the_customer_is_unassigned(
    world: SocketServer, events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A slow machine must not disconnect the subscriber before its messages are queued.
    monkeypatch.setattr("server.live.send_queue.STALL_TIMEOUT_SECONDS", 120.0)
    monkeypatch.setattr("server.live.unread_time.MAX_UNREAD_SECONDS", 120.0)
    async with world.socket(max_queue=1) as slow:
        await slow.initialise("acme ADMINISTRATOR")
        await slow.subscribe("1", LARGE)
        await slow.settle()
        slow.connection.transport.pause_reading()
        count = 0
        async with asyncio.timeout(100):
            while not await _is_stuck(world):
                await events.insert([count], facts_before=MINE, facts_after=MINE)
                count += 1
        figures: list[tuple[int, int]] = []
        world.app_state.feed.listeners.append(lambda _: figures.append((world.metrics.delivered, world.metrics.queued)))
        await events.insert([1000], facts_before=MINE, facts_after=UNASSIGNED)
        await events.insert([1001], customer_id="cus_2", facts_before=MINE, facts_after=MINE)
        await wait_until(lambda: len(figures) == 2)
        (delivered, queued), _ = figures
        slow.connection.transport.resume_reading()
        assert await slow.numbers(delivered + 1) == [*range(delivered), 1001]
        assert delivered + queued == count
        assert world.metrics.dropped == queued > 0


async def _is_stuck(world: SocketServer) -> bool:
    """Return whether messages are queued, and still are when the buffers of the kernel are full."""
    if world.metrics.queued < 4:
        return False
    before = world.metrics.delivered
    await asyncio.sleep(0.2)
    return world.metrics.queued >= 4 and world.metrics.delivered == before


async def test_nothing_is_delivered_while_the_database_does_not_answer(database_name: str) -> None:
    with temporary_replica_set() as (mongod,), MongoClient[dict[str, Any]](mongod.uri) as client:
        events = Events(client, database_name)
        async with running_world(mongod.uri, database_name) as world, world.socket() as socket:
            ready = world.address.replace("ws", "http", 1).replace("/graphql", "/readyz")
            start = await world.app_state.feed.now_cursor("acme")
            await socket.initialise()
            await events.insert(range(3))
            position = world.app_state.feed.read_cursor("acme", start)
            await wait_until(lambda: len(world.app_state.feed.read_segment("acme", position).events) == 3)
            mongod.send(signal.SIGSTOP)
            await wait_until(lambda: not world.app_state.feed.is_fresh)
            async with httpx.AsyncClient(verify=False) as http:
                response = await http.get(ready)
                assert response.status_code == 503
                assert "feed" in response.text
            # They lie in memory, but whether they are still theirs nobody can say.
            await socket.subscribe("1", FEED, after=start)
            for _ in range(3):
                await socket.settle()
            assert world.metrics.delivered == 0
            mongod.send(signal.SIGCONT)
            assert await socket.numbers(3) == [0, 1, 2]
            async with httpx.AsyncClient(verify=False) as http:
                assert (await http.get(ready)).status_code == 200


async def test_a_change_that_failed_in_an_outage_is_delivered_after_it(world: SocketServer, events: Events) -> None:
    COUNTS["outages"] = 0
    async with world.socket() as socket, world.socket() as late:
        for one in (socket, late):
            await one.initialise()
        start = await world.app_state.feed.now_cursor("acme")
        await socket.subscribe("1", "subscription { numbered { number flaky } }")
        await socket.settle()
        await events.insert(range(4))
        assert await socket.payloads(4) == [{"number": number, "flaky": True} for number in range(4)]
        COUNTS["outages"] = 0
        await late.subscribe("1", "subscription($a: String) { numbered(after: $a) { number flaky } }", a=start)
        assert await late.numbers(4) == list(range(4))


async def test_a_state_is_delivered_at_once_and_after_changes_to_every_subscriber(
    world: SocketServer, events: Events
) -> None:
    async with world.socket() as one, world.socket() as two:
        await one.initialise()
        await one.subscribe("1", STATE)
        assert (await one.receive())["payload"] == {"data": {"eventCount": {"count": 0}}}
        await events.insert([1])
        assert (await one.receive())["payload"] == {"data": {"eventCount": {"count": 1}}}
        await two.initialise()
        await two.subscribe("1", STATE)
        assert (await two.receive())["payload"] == {"data": {"eventCount": {"count": 1}}}
        await events.insert([2])
        for socket in (one, two):
            assert (await socket.receive())["payload"] == {"data": {"eventCount": {"count": 2}}}
        assert world.metrics.subscribers == 2


async def test_missed_events_end_every_feed_with_cursor_expired(world: SocketServer, events: Events) -> None:
    await events.insert([0])
    async with world.socket() as socket:
        await socket.initialise()
        await socket.subscribe("changes", FEED)
        await socket.settle()
        await socket.subscribe("state", STATE)
        while (await socket.receive())["id"] != "state":
            # The earlier event is delivered late.
            pass
        await asyncio.to_thread(events.collection.drop)
        ended = [await socket.receive(), await socket.receive()]
        while len(ended) < 2 or {one["type"] for one in ended[-2:]} != {"error"}:
            # The state may have been read once more before the gap was known.
            ended.append(await socket.receive())
        assert {one["id"] for one in ended[-2:]} == {"changes", "state"}
        assert {one["payload"][0]["extensions"]["code"] for one in ended[-2:]} == {"CURSOR_EXPIRED"}
        await socket.subscribe("again", FEED)
        await socket.settle()
        await events.insert([1])
        assert await socket.numbers(1) == [1]


async def test_an_event_stream_ends_with_the_viewers_access(world: SocketServer, events: Events) -> None:
    async with (
        open_event_stream(world, FEED, "acme ADMINISTRATOR") as reader,
        open_event_stream(world, FEED) as colleague,
    ):
        await events.insert([1], facts_after=MINE)
        assert [number for number, _ in await reader.numbers(1)] == [1]
        changes = {"role": ["ADMINISTRATOR", "HELPDESK_ADMINISTRATOR"]}
        await events.insert([2], kind="ADMINISTRATOR_CHANGED", subject_id=ADMINISTRATOR, changes=changes)
        assert await reader.event() == {}
        assert [number for number, _ in await colleague.numbers(2)] == [1, 2]


def test_the_last_change_of_a_grant_decides() -> None:
    access, now = AdministratorAccess(), utc_now()
    before, after = Position(5), Position(7)
    assert access.allows(AccessGrant("cus_1", None), before, now)
    assert not access.allows(AccessGrant("cus_1", now), before, now)
    access.record_change(Position(6), "cus_1", REVOKED)
    assert not access.allows(AccessGrant("cus_1", None), before, now)
    assert access.allows(AccessGrant("cus_1", None), after, now)
    assert access.allows(AccessGrant("cus_2", None), before, now)
    access.record_change(Position(8), "cus_1", now + timedelta(seconds=1))
    assert access.allows(AccessGrant("cus_1", now), before, now)


def test_too_many_changes_of_access_close_the_connections() -> None:
    access, closed = AdministratorAccess(), list[ProtocolError]()
    access.connections.add(closed.append)
    for number in range(MAX_ACCESS_CHANGES):
        access.record_change(Position(number), f"cus_{number}", REVOKED)
    assert not closed
    access.record_change(Position(MAX_ACCESS_CHANGES), "cus_last", REVOKED)
    assert [error.code for error in closed] == [CloseCode.TRY_AGAIN_LATER]


def _read_feed_metrics(world: SocketServer) -> dict[str, float]:
    world.feeds.publisher.publish()
    lines = (line.rsplit(" ", 1) for line in metrics_text().decode().splitlines())
    return {line[0]: float(line[1]) for line in lines if line[0].startswith("partnerhub_feed_")}


async def test_metrics_report_the_feed(world: SocketServer, events: Events) -> None:
    before = _read_feed_metrics(world)
    async with world.socket() as socket:
        await socket.initialise()
        await socket.subscribe("1", FEED)
        await socket.settle()
        await events.insert(range(3))
        assert await socket.numbers(3) == [0, 1, 2]
        figures = _read_feed_metrics(world)
        assert figures["partnerhub_feed_subscribers"] == 1
        delivered = "partnerhub_feed_delivered_total"
        assert figures[delivered] - before[delivered] == 3
        world.metrics.delivered += 2
        assert _read_feed_metrics(world)[delivered] - figures[delivered] == 2
        for name in (
            "lag_seconds",
            "seconds_since_stream_response",
            "stream_reopens_total",
            "oplog_catch_ups_total",
            "queued",
            "dropped_total",
            "queue_closures_total",
        ):
            assert figures[f"partnerhub_feed_{name}"] >= 0
