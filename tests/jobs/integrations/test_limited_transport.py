"""Answers that are made to take long: they end at a number of bytes, and others have their turn meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import repeat
from ssl import create_default_context
from time import thread_time

import httpx
import pytest

from jobs.integrations.limited_transport import LimitedTransport
from server.auth.documents import FetchFailed, fetch_json, new_http_client
from tests.machine_speed import is_below

MOST_BYTES = 48 * 1024
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
# What precedes each answer, and what follows without end.
HOSTILE = {
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "chunks of one byte": (CHUNKED, b"1\r\na\r\n"),
    "long extensions": (CHUNKED, b"1;" + b"x" * 15_000 + b"\r\na\r\n"),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"a:b\r\n"),
    "a long body": (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 10_000),
}


@asynccontextmanager
async def receiver(beginning: bytes, part: bytes, *, is_endless: bool = True) -> AsyncIterator[str]:
    """Run a server that answers with the beginning and then, until the client is gone, with the part."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(beginning)
                for block in repeat(part * (20_000 // len(part))) if is_endless else [part]:
                    writer.write(block)
                    await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        yield f"http://{host}:{port}/"


def limited() -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=LimitedTransport(create_default_context(), MOST_BYTES, 1, 1))


@pytest.mark.parametrize("name", HOSTILE)
async def test_an_answer_ends_at_its_limit(name: str) -> None:
    async with receiver(*HOSTILE[name]) as url, limited() as client:
        begun = thread_time()
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            await client.get(url)
        # Measured: 20 to 180 ms; without the limit, interim answers never ended.
        assert is_below(thread_time() - begun, 0.5)


@pytest.mark.parametrize("name", ["interim answers", "chunks of one byte"])
async def test_others_have_their_turn_while_an_answer_is_read(name: str) -> None:
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            begun = thread_time()
            await asyncio.sleep(0)
            longest = max(longest, thread_time() - begun)

    async with receiver(*HOSTILE[name]) as url, limited() as client:
        watching = asyncio.create_task(watch())
        with pytest.raises(httpx.ReadError):
            await client.get(url)
        watching.cancel()
    # Measured: 16 ms; it was 300.
    assert longest > 0 and is_below(longest, 0.06)


async def test_each_answer_on_a_connection_has_the_whole_limit() -> None:
    body = b"x" * (MOST_BYTES - 1_000)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
    async with receiver(head, body, is_endless=False) as url, limited() as client:
        for _ in range(3):
            assert (await client.get(url)).content == body


async def test_what_cannot_be_reached_is_an_error_of_httpx() -> None:
    async with receiver(b"", b"x") as url:
        pass
    async with limited() as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(url)
    async with receiver(b"nothing of HTTP\r\n\r\n", b"x") as url, limited() as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(url)


@pytest.mark.parametrize(
    ("name", "reason"),
    [("interim answers", "too many bytes"), ("chunks of one byte", "parts"), ("a long body", "more than 256 KiB")],
)
async def test_documents_of_issuers_are_limited_too(name: str, reason: str) -> None:
    async with receiver(*HOSTILE[name]) as url, new_http_client() as client:
        begun = thread_time()
        with pytest.raises(FetchFailed, match=reason):
            await fetch_json(client, url)
        # Measured: 40 to 420 ms; it was 5 s.
        assert is_below(thread_time() - begun, 1.5)
