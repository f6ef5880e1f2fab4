"""Limits on requests, with real sockets: what exceeds one is answered, and its connection is closed."""

import asyncio
import logging
import time
from collections.abc import Iterator
from typing import cast

import pytest
from structlog.testing import capture_logs

from server.connections.limit_log import LIMIT_HITS, limit_log
from server.live.socket_transport import SocketTransport
from tests.server.connections.limited_server import SHORT_SECONDS, LimitedServer, limited_server

HEAD = b"GET / HTTP/1.1\r\nHost: hub\r\n"
GET = HEAD + b"\r\n"
POST = b"POST / HTTP/1.1\r\nHost: hub\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
HANDSHAKE = (
    HEAD + b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)


@pytest.fixture(scope="module")
def shared_server() -> Iterator[LimitedServer]:
    with limited_server() as running:
        yield running


@pytest.fixture
def server(shared_server: LimitedServer) -> LimitedServer:
    shared_server.received.clear()
    return shared_server


TOO_LARGE = {
    "20 MB of header lines": (HEAD + b"X-Flood: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n" * 420_000, 431),
    "10,000 short header lines": (HEAD + b"a:b\r\n" * 10_000, 431),
    "one endless header": (HEAD + b"X: " + b"a" * 5_000_000, 431),
    "an endless header name": (HEAD + b"a" * 5_000_000, 431),
    "101 headers": (HEAD + b"a: b\r\n" * 100 + b"\r\n", 431),
    "headers of 33 kB": (HEAD + b"X: " + b"a" * 33_000 + b"\r\n\r\n", 431),
    "an endless URL": (b"GET /" + b"a" * 5_000_000, 414),
    "a URL of 17 kB": (b"GET /" + b"a" * 17_000 + b" HTTP/1.1\r\nHost: hub\r\n\r\n", 414),
    "an endless chunk extension": (CHUNKED + b"1;" + b"a" * 5_000_000, 400),
    "an endless trailer": (CHUNKED + b"1\r\na\r\n0\r\nX: " + b"a" * 5_000_000, 400),
    "10,000 trailers": (CHUNKED + b"1\r\na\r\n0\r\n" + b"a: b\r\n" * 10_000, 431),
    "chunks of one byte": (CHUNKED + b"1\r\na\r\n" * 100_000, 400),
    "a handshake with an endless header": (HANDSHAKE + b"X: " + b"a" * 5_000_000, 431),
    "a handshake with a header of 9 kB": (HANDSHAKE + b"X: " + b"a" * 9_000 + b"\r\n\r\n", 431),
    "a handshake with a URL of 9 kB": (HANDSHAKE.replace(b"/", b"/" + b"a" * 9_000, 1) + b"\r\n", 414),
}


@pytest.mark.parametrize("case", TOO_LARGE)
async def test_answers_what_is_too_large_and_closes(server: LimitedServer, case: str) -> None:
    data, status = TOO_LARGE[case]
    answer = await server.exchange(data)
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer[:200]
    assert answer.count(b"HTTP/1.1 ") == 1
    is_of_library = b"Failed to open a WebSocket" in answer
    assert is_of_library or b"\r\nx-content-type-options: nosniff\r\ncache-control: no-store\r\n" in answer
    assert not server.received


ALLOWED = {
    "99 headers": HEAD + b"a: b\r\n" * 98 + b"\r\n",
    "headers of 32 kB": HEAD + b"X: " + b"a" * 32_700 + b"\r\n\r\n",
    "a URL of 16 kB": b"GET /" + b"a" * 16_000 + b" HTTP/1.1\r\nHost: hub\r\n\r\n",
    "chunks of 100 bytes": CHUNKED + (b"64\r\n" + b"a" * 100 + b"\r\n") * 10_000 + b"0\r\n\r\n",
    "a chunk extension and a trailer": CHUNKED + b"1;name=value\r\na\r\n0\r\nTrailer: x\r\n\r\n",
    "a body of 3 MB": POST + b"Content-Length: 3000000\r\n\r\n" + b"a" * 3_000_000,
    "HTTP/1.0 without a host": b"GET / HTTP/1.0\r\n\r\n",
    "blank lines before the request": b"\r\n\r\n" + GET,
}


@pytest.mark.parametrize("case", ALLOWED)
async def test_answers_what_is_within_the_limits(server: LimitedServer, case: str) -> None:
    client = await server.connect()
    # A byte at the end of each piece arrives with the next one.
    for start in range(0, len(ALLOWED[case]), 30_001):
        client.send(ALLOWED[case][start : start + 30_001])
        await asyncio.sleep(0)
    assert (await client.read_response()).startswith(b"HTTP/1.1 200 ")
    await client.close()


SMUGGLING = {
    "both lengths": POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "both lengths in the other order": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
    "two lengths": POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    "a list of lengths": POST + b"Content-Length: 3, 3\r\n\r\nabc",
    "a length with a sign": POST + b"Content-Length: +3\r\n\r\nabc",
    "a hexadecimal length": POST + b"Content-Length: 0x3\r\n\r\nabc",
    "an unknown encoding": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "two encodings": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunked before identity": POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "an encoding in HTTP/1.0": b"POST / HTTP/1.0\r\nHost: hub\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a space before the colon": POST + b"Content-Length : 3\r\n\r\nabc",
    "a folded header": POST + b"X: a\r\n b\r\n\r\n",
    "bare line feeds": b"GET / HTTP/1.1\nHost: hub\n\n",
    "a NUL in a header": HEAD + b"X: a\0b\r\n\r\n",
    "a negative chunk": CHUNKED + b"-1\r\na\r\n0\r\n\r\n",
    "a chunk of 2^68 bytes": CHUNKED + b"fffffffffffffffff\r\na\r\n0\r\n\r\n",
    "a chunk size with 0x": CHUNKED + b"0x1\r\na\r\n0\r\n\r\n",
    "a chunk that is longer than it says": CHUNKED + b"1\r\naa\r\n0\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": HEAD + b"Host: other\r\n\r\n",
    "HTTP/0.9": b"GET /\r\n\r\n",
    "HTTP/2 with prior knowledge": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "CONNECT": b"CONNECT hub:443 HTTP/1.1\r\nHost: hub\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
}


@pytest.mark.parametrize("case", SMUGGLING)
async def test_refuses_what_a_proxy_could_understand_differently(server: LimitedServer, case: str) -> None:
    answer = await server.exchange(SMUGGLING[case] + GET)
    assert answer[9:12] in {b"400", b"501", b"505"}, answer[:200]
    assert answer.count(b"HTTP/1.1 ") == 1
    # Nothing of the request, and nothing behind it, reaches the application as a request.
    assert not server.received


async def test_drops_trailers(server: LimitedServer) -> None:
    client = await server.connect()
    client.send(CHUNKED + b"1\r\na\r\n0\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n")
    assert b'"bytes": 1, "client": "127.0.0.1"' in await client.read_response()
    await client.close()


LATE = {
    "nothing": (b"", b""),
    "half a header": (HEAD + b"X-Half: a", b"HTTP/1.1 408 "),
    "half a request line": (b"GE", b"HTTP/1.1 408 "),
    "only blank lines": (b"\r\n\r\n", b""),
    "half a handshake": (HANDSHAKE, b"HTTP/1.1 408 "),
    "no body": (POST + b"Content-Length: 10\r\n\r\n", b"HTTP/1.1 408 "),
    "half a chunk": (CHUNKED + b"5\r\na", b"HTTP/1.1 408 "),
    "no further request": (GET, b"HTTP/1.1 200 "),
    "half a further request": (GET + HEAD, b"HTTP/1.1 200 "),
}


@pytest.mark.parametrize("case", LATE)
async def test_closes_a_connection_on_which_too_little_arrives(server: LimitedServer, case: str) -> None:
    data, begins = LATE[case]
    started = time.monotonic()
    answer = await server.exchange(data)
    assert answer.startswith(begins), answer[:200]
    assert bool(answer) == bool(begins)
    assert time.monotonic() - started >= SHORT_SECONDS * 0.9
    await no_connections(server)


async def no_connections(server: LimitedServer) -> None:
    async with asyncio.timeout(10):
        while server.connections:
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("drip", [b"X: a\r\n", b"a", b"\r\n"], ids=["headers", "letters", "blank lines"])
async def test_bytes_do_not_extend_the_time_of_a_head(server: LimitedServer, drip: bytes) -> None:
    client = await server.connect()
    client.send(HEAD if drip != b"\r\n" else b"")
    reading = asyncio.create_task(client.read_all())
    async with asyncio.timeout(SHORT_SECONDS * 8):
        while not reading.done():
            client.send(drip if drip != b"a" else b"X")
            await asyncio.sleep(SHORT_SECONDS / 20)
    await no_connections(server)


async def test_a_slow_body_that_makes_progress_is_read(server: LimitedServer) -> None:
    client = await server.connect()
    client.send(POST + b"Content-Length: 20000\r\n\r\n")
    for _ in range(10):
        await asyncio.sleep(SHORT_SECONDS / 5)
        client.send(b"a" * 2000)
    assert b'"bytes": 20000' in await client.read_response()
    await client.close()


async def test_the_body_of_an_early_response_is_discarded(server: LimitedServer) -> None:
    client = await server.connect()
    client.send(POST.replace(b"/", b"/early", 1) + b"Content-Length: 500000\r\n\r\n" + b"a" * 100_000)
    assert b'"/early"' in await client.read_response()
    client.send(b"a" * 400_000 + GET)
    assert b'"path": "/"' in await client.read_response()
    # Then the connection is idle, and closed.
    assert await client.read_all() == b""


async def test_the_body_of_an_early_response_must_arrive_in_time(server: LimitedServer) -> None:
    answer = await server.exchange(POST.replace(b"/", b"/early", 1) + b"Content-Length: 500000\r\n\r\n")
    assert answer.count(b"HTTP/1.1 ") == 1
    await no_connections(server)


async def test_a_client_that_does_not_read_is_disconnected(server: LimitedServer) -> None:
    client = await server.connect()
    client.send(GET.replace(b"/", b"/large", 1))
    client.stop_reading()
    await no_connections(server)
    await client.close()


async def test_a_response_to_a_client_that_has_left_logs_nothing(
    server: LimitedServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("uvicorn"), "propagate", True)
    left = GET.replace(b"/", b"/left", 1)
    for data in (left, left + GET):
        assert await server.exchange(data) == b""
    assert (await server.exchange(GET)).startswith(b"HTTP/1.1 200 ")
    assert caplog.records == []


async def test_pipelined_requests_are_answered_in_order_and_a_flood_of_them_is_not(server: LimitedServer) -> None:
    paths = [b"/%d" % number for number in range(10)]
    answer = await server.exchange(b"".join(GET.replace(b"/", path, 1) for path in paths))
    assert [part[1:].partition(b'"')[0] for part in answer.split(b'"path": ')[1:]] == paths
    assert (await server.exchange(GET * 20_000)).count(b"HTTP/1.1 200 ") <= 20
    assert len(server.received) <= 40


async def test_a_websocket_opens_and_frees_its_place(server: LimitedServer) -> None:
    client = await server.connect()
    client.send(HANDSHAKE + b"\r\n")
    assert (await client.read_head()).startswith(b"HTTP/1.1 101 ")
    await client.close()
    await no_connections(server)


@pytest.mark.parametrize("frame", [b"\x89\x80", b"\x01\x80", b"\x81\x80"], ids=["pings", "fragments", "messages"])
async def test_a_flood_of_frames_closes_a_websocket(server: LimitedServer, frame: bytes) -> None:
    client = await server.connect()
    later = b"\x00\x80" if frame[0] == 1 else frame
    client.send(HANDSHAKE + b"\r\n")
    await client.read_head()
    client.send((frame + bytes(4)) + (later + bytes(4)) * 500_000)
    answer = await client.read_all()
    assert b"\x03\xf0too many frames" in answer
    # A pong for each ping that was read, and no more.
    assert len(answer) < 5_000
    await no_connections(server)


@pytest.mark.parametrize(
    "frames", [b"\x81\x80\0\0\0\0" * 2_000, b"\xff\xff", b"\x81\x00"], ids=["flood", "bad", "unmasked"]
)
async def test_bad_frames_behind_an_unanswered_handshake_close_it(
    server: LimitedServer, frames: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    await server.exchange(HANDSHAKE + b"\r\n" + frames)
    await no_connections(server)
    assert not caplog.records


async def test_a_first_message_of_a_socket_is_small(server: LimitedServer) -> None:
    """Its parts are kept until it is complete, and nobody has authenticated yet."""
    client = await server.connect()
    client.send(HANDSHAKE + b"\r\n")
    await client.read_head()
    is_last, is_masked, length_of_8_bytes = 0x81, 0x80, 127
    client.send(bytes([is_last, is_masked | length_of_8_bytes]) + (1 << 20).to_bytes(8, "big") + bytes(4))
    message_too_big = (1009).to_bytes(2, "big")
    assert message_too_big in await client.read_all()
    await no_connections(server)


async def test_pings_of_a_client_that_does_not_read_fill_no_memory() -> None:
    with limited_server(frames=1_000_000) as server:
        client = await server.connect()
        client.send(HANDSHAKE + b"\r\n")
        await client.read_head()
        client.stop_reading()
        ping = bytes([0x89, 0x80 | 125]) + bytes(4 + 125)
        for _ in range(150):
            client.send(ping * 1_000)
            await client.drain()
        (connection,) = cast(set[SocketTransport], server.server.server_state.connections)
        assert connection.transport.get_write_buffer_size() < 1_000_000
        await client.close()
        await no_connections(server)


async def test_the_body_of_an_import_has_its_own_time(server: LimitedServer) -> None:
    client = await server.connect()
    client.send(POST.replace(b" / ", b" /import/customers ", 1) + b"Content-Length: 1\r\n\r\n")
    await asyncio.sleep(2 * SHORT_SECONDS)
    client.send(b"a")
    assert b'"bytes": 1' in await client.read_response()
    await client.close()


@pytest.mark.parametrize("size", [0, 5, 200_000])
async def test_another_upgrade_is_ignored(server: LimitedServer, size: int) -> None:
    client = await server.connect()
    upgrade = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n"
    client.send(POST + upgrade + b"Content-Length: %d\r\n\r\n" % size)
    await asyncio.sleep(0)
    client.send(b"a" * size)
    assert b'"bytes": %d' % size in await client.read_response()
    client.send(GET)
    assert b'"bytes": 0' in await client.read_response()
    await client.close()


async def test_a_limit_is_counted_and_logged_once_with_its_setting(server: LimitedServer) -> None:
    limit_log.__init__()  # type: ignore[misc]
    before = LIMIT_HITS.labels("url_bytes")._value.get()
    with capture_logs() as lines:
        for _ in range(3):
            await server.exchange(b"GET /" + b"a" * 20_000)
    assert LIMIT_HITS.labels("url_bytes")._value.get() == before + 3
    (line,) = lines
    assert (line["limit"], line["setting"]) == ("url_bytes", "PARTNERHUB_CONNECTION_URL_BYTES")
    assert (line["address"], line["count"], line["log_level"]) == ("127.0.0.1", 1, "warning")
