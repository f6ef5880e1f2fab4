"""The oplog rolls over while a server is paused: its clients must reload, and the server recovers by itself."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

import httpx
import pytest
from pymongo import MongoClient

from tests.faults.deployment import Deployment, running_deployment
from tests.faults.event_comparison import decode_position
from tests.faults.figures import Figures
from tests.faults.scale import scaled
from tests.faults.subscribers import Subscriber, wait_until
from tests.mongod import temporary_replica_set
from tests.oplog import SHORT_OPLOG, roll_over_oplog
from tests.server_process import ServerProcess

SUBSCRIBERS = scaled(10, 50)
FAULT = "Oplog rolled over a cursor"


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    """Yield a deployment for this module only, because its oplog is overwritten."""
    with temporary_replica_set(options=SHORT_OPLOG) as (mongod,), running_deployment(mongod.uri) as made:
        yield made


@asynccontextmanager
async def running_subscribers(
    deployment: Deployment, server: ServerProcess, cursor: str, count: int
) -> AsyncIterator[list[Subscriber]]:
    """Subscribe at one server after a cursor."""
    all_of_them = [Subscriber([server.url], deployment.token, cursor) for _ in range(count)]
    for one in all_of_them:
        one.start()
    try:
        await wait_until(lambda: all(one.is_live.is_set() for one in all_of_them), 60)
        yield all_of_them
    finally:
        for one in all_of_them:
            await one.stop()


def write_change(deployment: Deployment) -> None:
    """Make a change that every subscriber receives."""
    deployment.make_writers()


async def is_ready(http: httpx.AsyncClient, server: ServerProcess) -> bool:
    try:
        return (await http.get(f"{server.url}/readyz")).status_code == 200
    except httpx.TransportError:
        return False


async def test_a_server_with_an_expired_cursor_reports_it_and_recovers(
    deployment: Deployment, figures: Figures
) -> None:
    with deployment.harness.start_server() as paused_server, MongoClient[dict[str, Any]](deployment.uri) as client:
        cursor = await asyncio.to_thread(deployment.feed_cursor)
        async with running_subscribers(deployment, paused_server, cursor, SUBSCRIBERS) as clients:
            await asyncio.to_thread(write_change, deployment)
            await wait_until(lambda: all(one.received_tokens for one in clients), 30)
            paused_server.process.send_signal(signal.SIGSTOP)
            try:
                # The first response belongs to the request in progress; the others are not requested.
                for _ in range(3):
                    await asyncio.to_thread(write_change, deployment)
                missed, before = await asyncio.to_thread(deployment.feed_cursor), await deployment.events_after(cursor)
                await roll_over_oplog(client, decode_position(missed).time)
            finally:
                paused_server.process.send_signal(signal.SIGCONT)
            awake = monotonic()
            await wait_until(lambda: all(one.error_codes for one in clients), 60)
            notified = monotonic() - awake
            assert {code for one in clients for code in one.error_codes} == {"CURSOR_EXPIRED"}
            happened = [token for token, _ in before]
            assert all(one.received_tokens == happened[: len(one.received_tokens)] for one in clients)
            assert {len(one.received_tokens) for one in clients} <= {1, 2, 3}
        async with httpx.AsyncClient(verify=False, timeout=5) as http:
            while not await is_ready(http, paused_server):
                await asyncio.sleep(0.02)
        anew = await asyncio.to_thread(feed_cursor_of, deployment, paused_server)
        async with running_subscribers(deployment, paused_server, anew, SUBSCRIBERS) as clients:
            await asyncio.to_thread(write_change, deployment)
            await wait_until(lambda: all(one.received_tokens for one in clients), 60)
            recovered = monotonic() - awake
            assert not [code for one in clients for code in one.error_codes]
        figures.record(FAULT, "subscribers got CURSOR_EXPIRED after", notified, 10, "s")
        figures.record(FAULT, "ready, and changes delivered again, after", recovered, 10, "s")


def feed_cursor_of(deployment: Deployment, server: ServerProcess) -> str:
    """Return the feed position that a server reports."""
    headers = {"Authorization": f"Bearer {deployment.token}"}
    answer = httpx.post(
        f"{server.url}/graphql", json={"query": "{ feedCursor }"}, headers=headers, timeout=30, verify=False
    ).json()
    cursor: str = answer["data"]["feedCursor"]
    return cursor
