"""Compressed responses: which are compressed, how, and without blocking other requests."""

import asyncio
import gzip
from collections.abc import AsyncIterator

import brotli
import httpx
import pytest
import zstandard
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from server.http.compression import MAX_BYTES_IN_EVENT_LOOP, MIN_BYTES, CompressedResponses

UNPACK = {
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": lambda body: zstandard.ZstdDecompressor().decompress(body),
}


async def respond(request: Request) -> Response:
    """Return what the parameters describe."""
    query = request.query_params
    headers = {name: query[name] for name in ("ETag", "Content-Encoding", "Content-Range", "Vary") if name in query}
    content = b"{}" * (int(query["bytes"]) // 2)
    return Response(content, int(query.get("status", 200)), headers, query.get("type", "application/json"))


async def stream(_: Request) -> Response:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * 2000

    return StreamingResponse(chunks(), media_type="text/plain")


ROUTES = [Route("/", respond), Route("/stream", stream)]
TRANSPORT = httpx.ASGITransport(Starlette(routes=ROUTES, middleware=[Middleware(CompressedResponses)]))


async def get(path: str = "/", accept: str = "gzip", **params: str) -> tuple[httpx.Response, bytes]:
    """Return the response and its body as it was sent."""
    async with (
        httpx.AsyncClient(transport=TRANSPORT, base_url="http://hub") as client,
        client.stream("GET", path, params=params, headers={"Accept-Encoding": accept}) as response,
    ):
        return response, b"".join([chunk async for chunk in response.aiter_raw()])


@pytest.mark.parametrize("encoding", UNPACK)
@pytest.mark.parametrize("size", [MIN_BYTES, MAX_BYTES_IN_EVENT_LOOP + 2])
async def test_compresses_as_the_client_asks(encoding: str, size: int) -> None:
    response, body = await get(accept=encoding, bytes=str(size))
    assert response.headers["content-encoding"] == encoding
    assert response.headers["content-length"] == str(len(body))
    assert response.headers["vary"] == "Accept-Encoding"
    assert UNPACK[encoding](body) == b"{}" * (size // 2)
    assert len(body) < size / 10


@pytest.mark.parametrize(
    ("accept", "params"),
    [
        ("identity", {"bytes": "5000"}),
        ("gzip;q=0", {"bytes": "5000"}),
        ("gzip", {"bytes": str(MIN_BYTES - 2)}),
        ("gzip", {"bytes": "0"}),
    ],
)
async def test_leaves_short_bodies_and_those_of_other_clients_as_they_are(accept: str, params: dict[str, str]) -> None:
    response, body = await get(accept=accept, **params)
    assert "content-encoding" not in response.headers
    assert len(body) == int(params["bytes"])
    # A cache must know that another client may get other bytes.
    assert response.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "params",
    [
        {"type": "image/png"},
        {"type": "text/event-stream"},
        {"Content-Encoding": "br"},
        {"Content-Range": "bytes 0-1/2", "status": "206"},
    ],
)
async def test_leaves_other_responses_alone(params: dict[str, str]) -> None:
    response, body = await get(bytes="5000", **params)
    assert body == b"{}" * 2500
    assert "vary" not in response.headers
    assert response.headers.get("content-encoding") == params.get("Content-Encoding")


async def test_does_not_compress_a_stream() -> None:
    response, body = await get("/stream")
    assert (len(body), response.headers["vary"]) == (6000, "Accept-Encoding")


async def test_keeps_other_headers_and_weakens_a_strong_entity_tag() -> None:
    for etag, expected in (('"a"', 'W/"a"'), ('W/"a"', 'W/"a"')):
        response, _ = await get(bytes="5000", ETag=etag, Vary="Accept, Authorization")
        assert response.headers["etag"] == expected
        assert response.headers["vary"] == "Accept, Authorization, Accept-Encoding"


async def test_a_large_body_does_not_block_others() -> None:
    compressing = asyncio.create_task(get(bytes="40000000"))
    turns = 0
    while not compressing.done():
        await asyncio.sleep(0.001)
        turns += 1
    response, body = await compressing
    assert response.headers["content-encoding"] == "gzip"
    assert len(body) < 1_000_000
    # Compressing takes 100 ms or more: in the event loop there would be a handful of turns around it.
    assert turns > 20
