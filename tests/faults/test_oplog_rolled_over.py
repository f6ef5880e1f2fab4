"""The oplog rolls over while a server is out of breath: its clients are told to load anew, and it goes on by itself."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

import httpx
import pytest
from pymongo import MongoClient

from tests.app_state import Server
from tests.faults.figures import Figures
from tests.faults.scale import sized
from tests.faults.subscribers import Subscriber, until
from tests.faults.truth import position_of
from tests.faults.world import World, running_world
from tests.mongod import running_set
from tests.oplog import FORGETFUL, roll_over

SUBSCRIBERS = sized(10, 50)
FAULT = "Oplog rolled over a cursor"


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """A set of the module's own, since it is filled with noise."""
    with running_set(options=FORGETFUL) as (mongod,), running_world(mongod.uri) as made:
        yield made


@asynccontextmanager
async def listening(world: World, server: Server, cursor: str, count: int) -> AsyncIterator[list[Subscriber]]:
    """Subscribers of that server, all behind the cursor."""
    all_of_them = [Subscriber([server.url], world.token, cursor) for _ in range(count)]
    for one in all_of_them:
        one.start()
    try:
        await until(lambda: all(one.is_live.is_set() for one in all_of_them), 60)
        yield all_of_them
    finally:
        for one in all_of_them:
            await one.stop()


def change(world: World) -> None:
    """Something that every subscriber hears of."""
    world.writers()


async def is_ready(http: httpx.AsyncClient, server: Server) -> bool:
    try:
        return (await http.get(f"{server.url}/readyz")).status_code == 200
    except httpx.TransportError:
        return False


async def test_a_server_that_lost_its_place_says_so_and_goes_on(world: World, figures: Figures) -> None:
    with world.hub.serving() as sleepy, MongoClient[dict[str, Any]](world.uri) as client:
        cursor = await asyncio.to_thread(world.cursor)
        async with listening(world, sleepy, cursor, SUBSCRIBERS) as clients:
            await asyncio.to_thread(change, world)
            await until(lambda: all(one.heard for one in clients), 30)
            sleepy.process.send_signal(signal.SIGSTOP)
            try:
                # The first of them answers the question that is open already; the others are never asked for.
                for _ in range(3):
                    await asyncio.to_thread(change, world)
                missed, before = await asyncio.to_thread(world.cursor), await world.happened(cursor)
                await roll_over(client, position_of(missed).time)
            finally:
                sleepy.process.send_signal(signal.SIGCONT)
            awake = monotonic()
            await until(lambda: all(one.refusals for one in clients), 60)
            told = monotonic() - awake
            assert {code for one in clients for code in one.refusals} == {"CURSOR_EXPIRED"}
            happened = [token for token, _ in before]
            assert all(one.heard == happened[: len(one.heard)] for one in clients)
            assert {len(one.heard) for one in clients} <= {1, 2, 3}
        async with httpx.AsyncClient(timeout=5) as http:
            while not await is_ready(http, sleepy):
                await asyncio.sleep(0.02)
        anew = await asyncio.to_thread(cursor_at, world, sleepy)
        async with listening(world, sleepy, anew, SUBSCRIBERS) as clients:
            await asyncio.to_thread(change, world)
            await until(lambda: all(one.heard for one in clients), 60)
            recovered = monotonic() - awake
            assert not [code for one in clients for code in one.refusals]
        figures.tell(FAULT, "subscribers told CURSOR_EXPIRED after", told, 10, "s")
        figures.tell(FAULT, "ready, and changes heard again, after", recovered, 10, "s")


def cursor_at(world: World, server: Server) -> str:
    """What that server says of where the feed stands."""
    headers = {"Authorization": f"Bearer {world.token}"}
    answer = httpx.post(f"{server.url}/graphql", json={"query": "{ feedCursor }"}, headers=headers, timeout=30).json()
    cursor: str = answer["data"]["feedCursor"]
    return cursor
