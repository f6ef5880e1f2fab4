"""Raw sockets that receive a feed at little cost, and the bare endpoint that is the limit of bench.fanout."""

import asyncio
import re
import select
import socket
from array import array
from multiprocessing.connection import Connection
from time import monotonic
from typing import Any, NamedTuple

import orjson
import uvicorn

from server.live.protocol import SUBPROTOCOL

_NUMBER = re.compile(rb'"externalId":"G\d-(\d+)"')
_MAX_NUMBER_LENGTH = 40
_PING = re.compile(rb"\x89\x04(.{4})", re.DOTALL)


class ReceivedMessages(NamedTuple):
    """The number of messages received, the time of the last one, and the sorted delays in seconds."""

    messages: int
    last_at: float
    delays: "array[float]"


def run_sockets(pipe: Connection, port: int, counts: list[int], messages: list[list[str]], committed: Any) -> None:
    """Run in a process of its own: open the sockets, report it, and receive as many messages as the pipe orders."""
    sockets = SocketPool(port)
    for count, opening in zip(counts, messages, strict=True):
        sockets.open(count, opening)
    pipe.send("open")
    while (expected := pipe.recv()) is not None:
        pipe.send(sockets.receive(expected, committed))
    sockets.close()


def subscribe_messages(token: str, feed: str, **variables: Any) -> list[str]:
    """Return a client's messages: connection_init, the feed, and a query that is answered once the feed is accepted."""
    subscribe = {"query": feed, "variables": variables}
    messages: list[dict[str, Any]] = [
        {"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}},
        {"id": "8a1f5b1e-6f3e-4d46-9f8a-3b1f6f3e4d46", "type": "subscribe", "payload": subscribe},
        {"id": "2", "type": "subscribe", "payload": {"query": "{ feedCursor }"}},
    ]
    return [orjson.dumps(message).decode() for message in messages]


class SocketPool:
    """Websockets with minimal parsing, so that they cost less than the server."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._by_fd: dict[int, socket.socket] = {}
        self._unparsed: dict[int, bytes] = {}
        self._epoll = select.epoll()

    def open(self, count: int, messages: list[str]) -> None:
        """Open sockets that send these messages, and wait until the last operation is complete."""
        for number in range(count):
            connection = socket.create_connection(("127.0.0.1", self._port))
            connection.sendall(_handshake(self._port))
            _read_until(connection, b"\r\n\r\n")
            connection.sendall(b"".join(map(_masked_frame, messages)))
            _read_until(connection, b'"complete"')
            connection.setblocking(False)
            self._by_fd[connection.fileno()] = connection
            self._epoll.register(connection, select.EPOLLIN)
            if number % 200 == 0:
                self.read_ready(0)

    def receive(self, expected: int, committed: Any) -> ReceivedMessages:
        """Receive the expected messages; stop after 10 s without one."""
        numbers, times = array("l"), array("d")
        last_at = monotonic()
        while len(numbers) < expected and monotonic() - last_at < 10:
            for number, at in self.read_ready(1):
                numbers.append(number)
                times.append(at)
                last_at = at
        delays = array("d", sorted(at - committed[number] for number, at in zip(numbers, times, strict=True)))
        return ReceivedMessages(len(numbers), last_at, delays)

    def close(self) -> None:
        for connection in self._by_fd.values():
            connection.close()

    def read_ready(self, seconds: float) -> list[tuple[int, float]]:
        """Return the numbers of the customers that have changed, with the times of their messages' arrival."""
        numbers = []
        for fd, _ in self._epoll.poll(seconds):
            text = self._unparsed.pop(fd, b"") + self._by_fd[fd].recv(262144)
            at, end = monotonic(), 0
            for match in _NUMBER.finditer(text):
                numbers.append((int(match[1]), at))
                end = match.end()
            self._unparsed[fd] = text[max(end, len(text) - _MAX_NUMBER_LENGTH) :]
            for ping in _PING.finditer(text):
                self._by_fd[fd].sendall(b"\x8a\x84\0\0\0\0" + ping[1])
        return numbers


def _handshake(port: int) -> bytes:
    lines = ["GET /graphql HTTP/1.1", f"Host: 127.0.0.1:{port}", "Upgrade: websocket", "Connection: Upgrade"]
    key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="
    lines += ["Sec-WebSocket-Version: 13", key, f"Sec-WebSocket-Protocol: {SUBPROTOCOL}", "", ""]
    return "\r\n".join(lines).encode()


def _masked_frame(text: str) -> bytes:
    """Return a client's frame; a mask of zeros leaves the text unchanged."""
    data = text.encode()
    length = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2, "big")
    return b"\x81" + length + b"\0\0\0\0" + data


def _read_until(connection: socket.socket, sign: bytes) -> None:
    received = b""
    while sign not in received:
        data = connection.recv(65536)
        assert data, f"The server closed a socket: {received!r}"
        received += data


def run_bare_server(port: int, message: bytes, changes: int, rate: float, committed: Any) -> None:
    """Run an endpoint of bare uvicorn that sends prepared bytes to all its sockets at the rate of the changes."""
    sockets: list[Any] = []

    async def broadcast() -> None:
        start = monotonic()
        for number in range(changes):
            await asyncio.sleep(max(0, start + number / rate - monotonic()))
            data = message.replace(b"G0-0", b"G0-%d" % number)
            committed[number] = monotonic()
            for send in sockets:
                await send({"type": "websocket.send", "bytes": data})

    tasks = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            tasks.append(asyncio.create_task(broadcast()))
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body"})
            return
        await receive()
        await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL})
        await receive()
        await send({"type": "websocket.send", "text": orjson.dumps({"type": "complete"}).decode()})
        sockets.append(send)
        while (await receive())["type"] != "websocket.disconnect":
            pass
        sockets.remove(send)

    uvicorn.run(
        application,
        port=port,
        loop="uvloop",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        lifespan="off",
        log_level="warning",
    )
