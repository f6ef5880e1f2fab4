"""Graceful shutdown with live clients: /readyz first, then closes in groups, then exit status 0."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from time import monotonic

import httpx
import orjson
import pytest

from tests.faults.deployment import Deployment, running_deployment
from tests.faults.figures import Figures
from tests.faults.scale import scaled
from tests.faults.subscribers import wait_until
from tests.server_process import ServerProcess

SUBSCRIBERS = scaled(60, 400)
FAULT = "SIGTERM with live subscriptions"


@pytest.fixture(scope="module")
def deployment(mongo_uri: str) -> Iterator[Deployment]:
    with running_deployment(mongo_uri, drain_seconds="1") as made:
        yield made


async def wait_until_not_ready(server: ServerProcess) -> float:
    """Return the time at which /readyz first reports the shutdown."""
    async with httpx.AsyncClient(verify=False) as http:
        while (await http.get(f"{server.url}/readyz")).status_code == 200:
            await asyncio.sleep(0.01)
    return monotonic()


async def slow_import(deployment: Deployment, server: ServerProcess, stop_requested: asyncio.Event) -> httpx.Response:
    """Send a request whose body is incomplete when the server is told to stop."""

    async def lines() -> AsyncIterator[bytes]:
        for number in range(20):
            line = {"externalId": f"SLOW-{number}", "name": f"Slow {number}", "managedBy": "PARTNER_ORGANIZATION"}
            yield orjson.dumps(line) + b"\n"
            if number == 10:
                await stop_requested.wait()
            # It ends after the last client is closed.
            await asyncio.sleep(0.2 if stop_requested.is_set() else 0)

    token = await asyncio.to_thread(deployment.harness.token, scope="import")
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
    async with httpx.AsyncClient(verify=False, timeout=60) as http:
        return await http.post(f"{server.url}/import/customers", content=lines(), headers=headers)


async def run_event_stream(deployment: Deployment, server: ServerProcess) -> float:
    """Subscribe by server-sent events; return the time at which the stream ended."""
    body = {"query": "subscription { activity { cursor } }"}
    headers = {"Authorization": f"Bearer {deployment.token}", "Accept": "text/event-stream"}
    async with (
        httpx.AsyncClient(verify=False, timeout=60) as http,
        http.stream("POST", f"{server.url}/graphql/stream", json=body, headers=headers) as answer,
    ):
        assert answer.status_code == 200
        async for _ in answer.aiter_raw():
            pass
    return monotonic()


async def test_a_server_shuts_down_gracefully(deployment: Deployment, figures: Figures) -> None:
    with deployment.harness.start_server() as server:
        addresses, stays = [server.url], deployment.addresses
        deployment.addresses = addresses
        clients = await deployment.start_subscribers(SUBSCRIBERS, await asyncio.to_thread(deployment.feed_cursor))
        deployment.addresses = stays
        stop_requested = asyncio.Event()
        streams = [asyncio.create_task(run_event_stream(deployment, server)) for _ in range(3)]
        importing = asyncio.create_task(slow_import(deployment, server, stop_requested))
        refused = asyncio.create_task(wait_until_not_ready(server))
        await asyncio.sleep(0)
        addresses.clear()
        server.process.send_signal(signal.SIGTERM)
        begun = monotonic()
        stop_requested.set()
        refused_at = await refused
        await wait_until(lambda: all(one.close_codes for one in clients), 30)
        closed = sorted(at for one in clients for at in one.closed_at)
        imported = await importing
        status = await asyncio.to_thread(server.process.wait, 30)
        ended = monotonic()
        for one in clients:
            await one.stop()
        assert {code for one in clients for code in one.close_codes} == {1012}
        assert refused_at < closed[0] - 0.3, "the sockets were closed before /readyz reported the shutdown"
        assert closed[-1] - closed[0] > 0.15, "all sockets were closed at once"
        assert (imported.status_code, imported.json()["added"]) == (200, 20), imported.text
        assert max(await asyncio.gather(*streams)) < ended
        assert status == 0
        figures.record(FAULT, "sockets closed 1012", len(closed))
        figures.record(FAULT, "/readyz turned after", refused_at - begun, 1, "s")
        figures.record(FAULT, "first socket closed after", closed[0] - begun)
        figures.record(FAULT, "last socket closed after", closed[-1] - begun)
        figures.record(FAULT, "ended with status 0 after", ended - begun, 12, "s")
