"""The real graphql-ws client from npm against the real websocket."""

import asyncio
import json
import shutil
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from server.live.protocol import CloseCode, ProtocolError
from tests.server.live.socket_server import SocketServer
from tests.store.feed.factory_feeds import Events, wait_until

HERE = Path(__file__).parent
PACKAGES = HERE.parents[2] / "web"
FEED = "subscription($after: String) { numbered(after: $after) { number cursor } }"

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or not (PACKAGES / "node_modules" / "graphql-ws").exists(),
    reason="needs Node and the packages of web/ (make setup installs them where Node is there)",
)


class NodeClient:
    """One process of graphql_ws_client.mjs."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def run(self, query: str, count: int = 0, **variables: Any) -> None:
        assert self._process.stdin is not None
        operation = {"query": query, "variables": variables, "count": count}
        self._process.stdin.write(json.dumps(operation).encode() + b"\n")
        await self._process.stdin.drain()

    async def receive(self, *, pongs: bool = False) -> dict[str, Any]:
        assert self._process.stdout is not None
        async with asyncio.timeout(20):
            while True:
                said: dict[str, Any] = json.loads(await self._process.stdout.readline())
                if pongs or "pong" not in said:
                    return said


@asynccontextmanager
async def node_client(address: str, token: str, **options: Any) -> AsyncIterator[NodeClient]:
    command = ["node", "--experimental-websocket", "--no-warnings", str(HERE / "graphql_ws_client.mjs")]
    given = [address, f"Bearer {token}", str(PACKAGES), json.dumps(options)]
    process = await create_subprocess_exec(*command, *given, stdin=PIPE, stdout=PIPE)
    try:
        yield NodeClient(process)
    finally:
        process.kill()
        await process.communicate()


async def test_queries_subscribes_and_resumes(world: SocketServer, events: Events) -> None:
    start = await world.app_state.feed.now_cursor("acme")
    async with node_client(world.address, "acme FULL_ADMINISTRATOR") as client:
        await client.run("query($n: Int!) { double(number: $n) }", n=4)
        assert await client.receive() == {"connected": True}
        assert await client.receive() == {"result": {"data": {"double": 8}}}
        assert await client.receive() == {"completed": 1}
        await client.run(FEED, 5, after=start)
        await events.insert(range(5))
        results = [(await client.receive())["result"]["data"]["numbered"] for _ in range(5)]
        assert [result["number"] for result in results] == list(range(5))
        assert await client.receive() == {"completed": 5}
        await events.insert(range(5, 8))
        await client.run(FEED, 5, after=results[2]["cursor"])
        assert [(await client.receive())["result"]["data"]["numbered"]["number"] for _ in range(5)] == [3, 4, 5, 6, 7]


async def test_receives_the_errors_of_a_bad_operation_and_continues(world: SocketServer) -> None:
    async with node_client(world.address, "acme FULL_ADMINISTRATOR") as client:
        await client.run("{ nothing }")
        assert await client.receive() == {"connected": True}
        assert (await client.receive())["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        await client.run("{ double(number: 1) }")
        assert await client.receive() == {"result": {"data": {"double": 2}}}


async def test_receives_a_pong(world: SocketServer) -> None:
    async with node_client(world.address, "acme FULL_ADMINISTRATOR") as client:
        await client.run(FEED, 1)
        assert await client.receive() == {"connected": True}
        assert await client.receive(pongs=True) == {"pong": True}


async def test_receives_the_reason_of_a_rejected_connection(world: SocketServer) -> None:
    async with node_client(world.address, "nobody") as client:
        await client.run("{ double(number: 1) }")
        assert await client.receive() == {"closed": 4403, "reason": "This token is not valid."}
        assert await client.receive() == {"failed": "This token is not valid."}


async def test_reconnects_and_resumes_after_its_last_cursor(world: SocketServer, events: Events) -> None:
    async with node_client(world.address, "acme FULL_ADMINISTRATOR", retryAttempts=5) as client:
        await client.run(FEED, 9, after=await world.app_state.feed.now_cursor("acme"))
        assert await client.receive() == {"connected": True}
        numbers: list[int] = []
        # Each code that asks it to come back.
        for number, code in enumerate((CloseCode.SERVICE_RESTART, CloseCode.TRY_AGAIN_LATER, CloseCode.TOO_SLOW)):
            await events.insert([3 * number])
            numbers.append((await client.receive())["result"]["data"]["numbered"]["number"])
            for close in world.feeds.access_monitor.close_callbacks:
                close(ProtocolError(code, "come back"))
            assert await client.receive() == {"closed": code, "reason": "come back"}
            await events.insert([3 * number + 1, 3 * number + 2])
            assert await client.receive() == {"connected": True}
            numbers += [(await client.receive())["result"]["data"]["numbered"]["number"] for _ in range(2)]
        assert numbers == list(range(9))
        assert await client.receive() == {"completed": 9}


async def test_does_not_reconnect_after_a_protocol_error(world: SocketServer) -> None:
    async with node_client(world.address, "acme FULL_ADMINISTRATOR", retryAttempts=5) as client:
        await client.run(FEED, 9)
        assert await client.receive() == {"connected": True}
        await wait_until(lambda: bool(world.feeds.access_monitor.close_callbacks))
        for close in world.feeds.access_monitor.close_callbacks:
            close(ProtocolError(CloseCode.BAD_REQUEST, "a mistake"))
        assert await client.receive() == {"closed": 4400, "reason": "a mistake"}
        assert await client.receive() == {"failed": "a mistake"}


async def test_a_lazy_client_has_a_socket_only_during_operations(world: SocketServer) -> None:
    async with node_client(world.address, "acme FULL_ADMINISTRATOR", lazy=True, lazyCloseTimeout=0) as client:
        for _ in range(2):
            assert world.connections == 0
            await client.run("{ double(number: 1) }")
            assert await client.receive() == {"connected": True}
            assert await client.receive() == {"result": {"data": {"double": 2}}}
            assert [await client.receive(), await client.receive()] == [
                {"completed": 1},
                {"closed": 1000, "reason": "Normal Closure"},
            ]
            await wait_until(lambda: world.connections == 0)


async def test_an_eager_client_has_a_socket_before_its_first_operation(world: SocketServer) -> None:
    async with node_client(world.address, "acme FULL_ADMINISTRATOR", lazy=False) as client:
        assert await client.receive() == {"connected": True}
        await client.run("{ double(number: 1) }")
        assert await client.receive() == {"result": {"data": {"double": 2}}}
