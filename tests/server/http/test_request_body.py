"""The body of a request: gzip, and limits on what is sent and what it unpacks to."""

import gzip
import os
import zlib

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.http.errors import HttpError
from server.http.request_body import MAX_BODY_BYTES, MAX_COMPRESSION_RATIO, read_body


async def echo(request: Request) -> Response:
    try:
        return Response(await read_body(request))
    except HttpError as error:
        return Response(str(error), error.status, error.headers)


TRANSPORT = httpx.ASGITransport(Starlette(routes=[Route("/", echo, methods=["POST"])]))


async def post(content: bytes, encoding: str | None = "gzip") -> httpx.Response:
    headers = {} if encoding is None else {"Content-Encoding": encoding}
    async with httpx.AsyncClient(transport=TRANSPORT, base_url="http://hub") as client:
        return await client.post("/", content=content, headers=headers)


LARGEST = os.urandom(MAX_BODY_BYTES // 2).hex().encode()


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip", " gzip "])
@pytest.mark.parametrize("body", [b"", b"{}", b" " * 60_000, LARGEST])
async def test_unpacks_gzip(encoding: str, body: bytes) -> None:
    response = await post(gzip.compress(body), encoding)
    assert (response.status_code, response.content) == (200, body)


async def test_refuses_a_body_of_thousands_of_members() -> None:
    members = [gzip.compress(b""), gzip.compress(b" ")]
    assert (await post(members[0] * 50 + members[1] * 49 + gzip.compress(b"{}"))).content == b" " * 49 + b"{}"
    for member in members:
        response = await post(member * 10_000 + gzip.compress(b"{}"))
        assert (response.status_code, "more than 100 members" in response.text) == (400, True)


@pytest.mark.parametrize("encoding", [None, "identity"])
async def test_takes_a_plain_body_up_to_its_limit(encoding: str | None) -> None:
    assert (await post(LARGEST, encoding)).content == LARGEST
    assert (await post(LARGEST + b" ", encoding)).status_code == 413


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "zstd", "", "x"])
async def test_names_the_encoding_that_it_takes(encoding: str) -> None:
    response = await post(b"{}", encoding)
    assert (response.status_code, response.headers["accept-encoding"]) == (415, "gzip")


async def test_refuses_what_unpacks_to_more_than_the_limit() -> None:
    response = await post(gzip.compress(LARGEST + b" "))
    assert response.status_code == 413
    assert "also when it is unpacked" in response.text


async def test_refuses_what_unpacks_to_many_times_its_size() -> None:
    # 1 MB of zeros within the limit of bytes, and 100 MB that are never unpacked.
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    large = b"".join(packer.compress(b"0" * 10_000_000) for _ in range(10)) + packer.flush()
    for bomb in (gzip.compress(b"0" * 1_000_000), large[:MAX_BODY_BYTES]):
        response = await post(bomb)
        assert response.status_code == 413
        assert f"at most {MAX_COMPRESSION_RATIO} times" in response.text or "1 MiB" in response.text


@pytest.mark.parametrize("content", [b"{}", gzip.compress(LARGEST)[:-9], b"\x1f\x8b"])
async def test_refuses_damaged_gzip(content: bytes) -> None:
    response = await post(content)
    assert response.status_code == 400
    assert response.text.endswith(".")
