"""Server-sent events: the protocol of graphql-sse, resuming by Last-Event-ID, and why a stream ends."""

import asyncio
import json
import shutil
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.live.protocol import CloseCode, ProtocolError
from tests.server.live.socket_server import SocketServer
from tests.store.feed.factory_feeds import Events, wait_until

HERE = Path(__file__).parent
PACKAGES = HERE.parents[2] / "web"
FEED = "subscription($after: String) { numbered(after: $after) { number } }"
LARGE = "subscription { numbered { number padding } }"
FULL = "acme FULL_ADMINISTRATOR"


class EventStreamReader:
    """The events of one stream, as they come."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.aiter_lines()

    async def event(self) -> dict[str, str]:
        """The fields of the next event."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(10):
            async for line in self._lines:
                if not line and fields:
                    return fields
                name, _, value = line.partition(":")
                if name:
                    fields[name] = value.strip()
        return fields

    async def numbers(self, count: int) -> list[tuple[int, str]]:
        """The numbers of the next results, with the ids of their events."""
        found = [await self.event() for _ in range(count)]
        return [(json.loads(one["data"])["data"]["numbered"]["number"], one["id"]) for one in found]


def _url(world: SocketServer) -> str:
    return world.address.replace("ws", "http", 1) + "/stream"


@asynccontextmanager
async def open_event_stream(
    world: SocketServer, query: str, token: str = FULL, last: str | None = None, language: str = "en"
) -> AsyncIterator[EventStreamReader]:
    headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream", "Accept-Language": language}
    headers.update({} if last is None else {"Last-Event-ID": last})
    async with (
        httpx.AsyncClient(verify=False, timeout=20) as client,
        client.stream("POST", _url(world), json={"query": query}, headers=headers) as response,
    ):
        assert (response.status_code, response.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        yield EventStreamReader(response)


async def test_a_query_is_answered_and_complete(world: SocketServer) -> None:
    async with open_event_stream(world, "{ double(number: 4) }") as heard:
        assert await heard.event() == {"event": "next", "data": '{"data":{"double":8}}'}
        assert await heard.event() == {"event": "complete", "data": ""}
        assert await heard.event() == {}


async def test_a_bad_operation_is_told_in_the_stream(world: SocketServer) -> None:
    for query, code in [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("subscription { numbered(least: -1) { number } }", "BAD_USER_INPUT"),
    ]:
        async with open_event_stream(world, query) as heard:
            told = json.loads((await heard.event())["data"])
            assert told["errors"][0]["extensions"]["code"] == code
            assert (await heard.event())["event"] == "complete"


async def test_who_is_not_known_gets_a_plain_answer(world: SocketServer) -> None:
    async with httpx.AsyncClient(verify=False) as client:
        refused = await client.post(_url(world), json={"query": FEED}, headers={"Authorization": "Bearer nobody"})
        assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")
        empty = await client.post(_url(world), json={}, headers={"Authorization": f"Bearer {FULL}"})
        assert (empty.status_code, empty.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_USER_INPUT")


async def test_a_feed_is_in_the_language_that_the_request_accepts(world: SocketServer, events: Events) -> None:
    for language, chosen in [("sr-Latn, en;q=0.5", "sr-Latn"), ("de, en;q=0.5", "en")]:
        async with open_event_stream(world, "subscription { numbered { language } }", language=language) as heard:
            await events.insert(range(1))
            assert json.loads((await heard.event())["data"])["data"]["numbered"]["language"] == chosen


async def test_a_feed_goes_on_behind_the_last_event(world: SocketServer, events: Events) -> None:
    async with open_event_stream(world, FEED) as heard:
        await events.insert(range(5))
        told = await heard.numbers(5)
        assert [number for number, _ in told] == list(range(5))
    async with open_event_stream(world, FEED, last=told[2][1]) as heard:
        assert [number for number, _ in await heard.numbers(2)] == [3, 4]
        await events.insert([5])
        assert [number for number, _ in await heard.numbers(1)] == [5]
    async with open_event_stream(world, FEED, last="made up") as heard:
        assert json.loads((await heard.event())["data"])["errors"][0]["extensions"]["code"] == "INVALID_CURSOR"


async def test_a_stream_ends_with_its_token(world: SocketServer) -> None:
    async with open_event_stream(world, FEED, token=f"{FULL} 0.5") as heard:
        assert await heard.event() == {}


async def test_one_who_does_not_read_is_cut_off_and_the_others_hear_all(world: SocketServer, events: Events) -> None:
    reader, writer = await asyncio.open_connection(*_url(world)[len("http://") :].partition("/")[0].split(":"))
    body = json.dumps({"query": LARGE}).encode()
    head = ["POST /graphql/stream HTTP/1.1", "Host: x", f"Authorization: Bearer {FULL}"]
    head += ["Content-Type: application/json", f"Content-Length: {len(body)}", "", ""]
    writer.write("\r\n".join(head).encode() + body)
    await reader.readuntil(b"\r\n\r\n")
    async with open_event_stream(world, FEED) as heard:
        await events.insert_at_once(range(400))
        assert [number for number, _ in await heard.numbers(400)] == list(range(400))
        async with asyncio.timeout(15):
            while world.connections > 1:
                await asyncio.sleep(0.05)
    writer.close()


needs_node = pytest.mark.skipif(
    shutil.which("node") is None or not (PACKAGES / "node_modules" / "graphql-sse").exists(),
    reason="needs Node and the packages of web/ (make setup installs them where Node is there)",
)


@needs_node
async def test_the_real_client_hears_and_resumes(world: SocketServer, events: Events) -> None:
    start = await world.app_state.feed.now_cursor("acme")
    await events.insert(range(5))
    operation = {"query": FEED, "variables": {"after": start}}
    async with node_client(world, FULL, operation, 5) as client:
        assert await client.numbers(5) == list(range(5))
    async with open_event_stream(world, FEED, last=start) as heard:
        third = (await heard.numbers(3))[-1][1]
    async with node_client(world, FULL, operation, 2, third) as client:
        assert await client.numbers(2) == [3, 4]
    async with node_client(world, FULL, {"query": "{ double(number: 1) }"}, 9) as client:
        assert [await client.receive() for _ in range(3)] == [
            {"connected": "first"},
            {"result": {"data": {"double": 2}}},
            {"completed": 1},
        ]
    async with node_client(world, "nobody", operation, 1) as client:
        assert await client.receive() == {"failed": 401}


@needs_node
async def test_the_real_client_comes_back_by_itself_behind_the_last_event(world: SocketServer, events: Events) -> None:
    query = "subscription { numbered { number cursor } }"
    async with node_client(world, FULL, {"query": query}, 6, attempts=5) as client:
        await wait_until(lambda: world.metrics.subscribers == 1)
        await events.insert(range(3))
        assert await client.numbers(3) == [0, 1, 2]
        for close in world.feeds.access_monitor.close_callbacks:
            close(ProtocolError(CloseCode.SERVICE_RESTART, "come back"))
        await events.insert(range(3, 6))
        assert await client.numbers(3) == [3, 4, 5]
        assert await client.receive() == {"completed": 6}


class NodeClient:
    """One process of graphql_sse_client.mjs."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def receive(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        async with asyncio.timeout(20):
            said: dict[str, Any] = json.loads(await self._process.stdout.readline())
            return said

    async def numbers(self, count: int) -> list[int]:
        found: list[int] = []
        while len(found) < count:
            if "result" in (said := await self.receive()):
                found.append(said["result"]["data"]["numbered"]["number"])
        return found


@asynccontextmanager
async def node_client(
    world: SocketServer, token: str, operation: dict[str, Any], count: int, last: str = "", attempts: int = 0
) -> AsyncIterator[NodeClient]:
    script = [str(HERE / "graphql_sse_client.mjs"), _url(world), f"Bearer {token}", str(PACKAGES)]
    given = [json.dumps(operation), str(count), last, str(attempts)]
    process = await create_subprocess_exec("node", *script, *given, stdout=PIPE)
    try:
        yield NodeClient(process)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()
