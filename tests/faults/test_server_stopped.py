"""A server is told to stop while clients live on it: it says so first, sends them away in waves, and ends well."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from time import monotonic

import httpx
import orjson
import pytest

from tests.app_state import Server
from tests.faults.figures import Figures
from tests.faults.scale import sized
from tests.faults.subscribers import until
from tests.faults.world import World, running_world

LIVE = sized(60, 400)
FAULT = "SIGTERM with live subscriptions"


@pytest.fixture(scope="module")
def world(mongo_uri: str) -> Iterator[World]:
    with running_world(mongo_uri, drain_seconds="1") as made:
        yield made


async def first_refusal(server: Server) -> float:
    """When /readyz first says that nothing more should come here."""
    async with httpx.AsyncClient() as http:
        while (await http.get(f"{server.url}/readyz")).status_code == 200:
            await asyncio.sleep(0.01)
    return monotonic()


async def slow_import(world: World, server: Server, told: asyncio.Event) -> httpx.Response:
    """A request that is still sending its body when the server is told to stop."""

    async def lines() -> AsyncIterator[bytes]:
        for number in range(20):
            line = {"externalId": f"SLOW-{number}", "name": f"Slow {number}", "managedBy": "PARTNER_ORGANIZATION"}
            yield orjson.dumps(line) + b"\n"
            if number == 10:
                await told.wait()
            # It lasts beyond the moment at which the last client is sent away.
            await asyncio.sleep(0.2 if told.is_set() else 0)

    token = await asyncio.to_thread(world.hub.token, scope="import")
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
    async with httpx.AsyncClient(timeout=60) as http:
        return await http.post(f"{server.url}/import/customers", content=lines(), headers=headers)


async def event_stream(world: World, server: Server) -> float:
    """Subscribes by server-sent events; answers when the stream ended."""
    body = {"query": "subscription { activity { cursor } }"}
    headers = {"Authorization": f"Bearer {world.token}", "Accept": "text/event-stream"}
    async with (
        httpx.AsyncClient(timeout=60) as http,
        http.stream("POST", f"{server.url}/graphql/stream", json=body, headers=headers) as answer,
    ):
        assert answer.status_code == 200
        async for _ in answer.aiter_raw():
            pass
    return monotonic()


async def test_a_server_takes_leave_of_its_clients(world: World, figures: Figures) -> None:
    with world.hub.serving() as server:
        addresses, stays = [server.url], world.addresses
        world.addresses = addresses
        clients = await world.subscribers(LIVE, await asyncio.to_thread(world.cursor))
        world.addresses = stays
        told = asyncio.Event()
        streams = [asyncio.create_task(event_stream(world, server)) for _ in range(3)]
        importing = asyncio.create_task(slow_import(world, server, told))
        refused = asyncio.create_task(first_refusal(server))
        await asyncio.sleep(0)
        addresses.clear()
        server.process.send_signal(signal.SIGTERM)
        begun = monotonic()
        told.set()
        refused_at = await refused
        await until(lambda: all(one.codes for one in clients), 30)
        closed = sorted(at for one in clients for at in one.closed_at)
        imported = await importing
        status = await asyncio.to_thread(server.process.wait, 30)
        ended = monotonic()
        for one in clients:
            await one.stop()
        assert {code for one in clients for code in one.codes} == {1012}
        assert refused_at < closed[0] - 0.3, "the sockets were closed before /readyz could be heard"
        assert closed[-1] - closed[0] > 0.15, "all sockets were closed at once"
        assert (imported.status_code, imported.json()["added"]) == (200, 20), imported.text
        assert max(await asyncio.gather(*streams)) < ended
        assert status == 0
        figures.tell(FAULT, "sockets closed 1012", len(closed))
        figures.tell(FAULT, "/readyz turned after", refused_at - begun, 1, "s")
        figures.tell(FAULT, "first socket closed after", closed[0] - begun)
        figures.tell(FAULT, "last socket closed after", closed[-1] - begun)
        figures.tell(FAULT, "ended with status 0 after", ended - begun, 12, "s")
