"""Minimal websocket clients, for tests with thousands of them: they answer pings and count bytes."""

import asyncio
import socket
from typing import Self

import orjson

from tests.faults.subscribers import wait_until

_UPGRADE = (
    "GET /graphql HTTP/1.1\r\nHost: {0}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
)
_TEXT, _PING, _PONG = 0x81, 0x89, 0x8A


class RawSocket(asyncio.Protocol):
    """One client; `is_gone` simulates a machine without power, `stall` a client that no longer reads."""

    def __init__(self) -> None:
        self.is_gone = False
        self.received = 0
        self.is_open = True
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def connect(cls, url: str, *, receive_buffer: int | None = None) -> Self:
        """Connect to the server."""
        host, port = url.removeprefix("http://").split(":")
        plain = socket.socket()
        plain.setblocking(False)
        if receive_buffer is not None:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(plain, (host, int(port)))
        _, made = await loop.create_connection(cls, sock=plain)
        made._send_raw(_UPGRADE.format(f"{host}:{port}").encode())
        await wait_until(lambda: made.received > 0, 30)
        return made

    def subscribe(self, token: str, query: str, operations: int = 1) -> None:
        """Send connection_init and start a number of equal operations."""
        self._send_message(type="connection_init", payload={"authorization": f"Bearer {token}"})
        for number in range(operations):
            self._send_message(id=str(number), type="subscribe", payload={"query": query})

    def stall(self) -> None:
        """Stop reading."""
        if self._transport is not None:
            self._transport.pause_reading()

    def close(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += len(data)
        # An idle client receives nothing but pings.
        if not self.is_gone and data[0] == _PING:
            self._send_frame(_PONG, data[2 : 2 + data[1]])

    def connection_lost(self, failure: Exception | None) -> None:
        self.is_open = False

    def _send_message(self, **message: object) -> None:
        self._send_frame(_TEXT, orjson.dumps(message))

    def _send_frame(self, kind: int, payload: bytes) -> None:
        size = len(payload)
        length = bytes([0x80 | size]) if size < 126 else bytes([0x80 | 126]) + size.to_bytes(2, "big")
        # A mask of zeros leaves the payload unchanged.
        self._send_raw(bytes([kind]) + length + bytes(4) + payload)

    def _send_raw(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)


async def connect_many(url: str, token: str, query: str, number: int) -> list[RawSocket]:
    """Connect a number of clients, some of them at a time."""
    made: list[RawSocket] = []
    numbers = iter(range(number))

    async def open_some() -> None:
        for _ in numbers:
            one = await RawSocket.connect(url)
            one.subscribe(token, query)
            made.append(one)
            answered = one.received
            await wait_until(lambda one=one, had=answered: one.received > had, 30)  # type: ignore[misc]

    await asyncio.gather(*(open_some() for _ in range(50)))
    return made
