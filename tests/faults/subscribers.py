"""Subscribers that reconnect after the last cursor that they received, to any server."""

import asyncio
import random
from array import array
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from time import monotonic
from typing import Any, NamedTuple

import orjson
import websockets
from websockets.asyncio.client import ClientConnection

from domain.time.instants import parse_instant
from store.database.clock import utc_now
from tests.faults.event_comparison import decode_position

ACTIVITY_SUBSCRIPTION = "subscription($after: String) { activity(after: $after) { cursor event { id at } } }"
_CONNECT_TIMEOUT_SECONDS = 5.0
# A client closes its socket after this time without changes and pings.
_RECEIVE_TIMEOUT_SECONDS = 25.0


class _ReceivedChange(NamedTuple):
    cursor: str
    token: str
    at: datetime | None


@lru_cache(4096)
def _parse_change(text: str) -> _ReceivedChange | None:
    """Parse the change in a message; None for other messages. Cached, because hundreds of clients get equal bytes."""
    message = orjson.loads(text)
    if message["type"] != "next":
        return None
    assert "errors" not in message["payload"], message
    (change,) = message["payload"]["data"].values()
    at = parse_instant(change["event"]["at"]) if "event" in change else None
    return _ReceivedChange(change["cursor"], decode_position(change["cursor"]).token, at)


class Subscriber:
    """One client of one feed: received changes with their times, and the number of closes by code."""

    def __init__(self, addresses: Sequence[str], token: str, cursor: str, query: str = ACTIVITY_SUBSCRIPTION) -> None:
        # It connects to the first address first. All subscribers share the list, which may change.
        self._addresses, self._token, self._query, self._cursor = addresses, token, query, cursor
        self.received_tokens: list[str] = []
        self.received_at = array("d")
        # The age of each change at receipt in seconds, if the feed has its time.
        self.delays = array("d")
        self.close_codes: list[int] = []
        self.closed_at: list[float] = []
        self.error_codes: list[str] = []
        self.is_live = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Connect, and reconnect until `stop`."""
        self._task = asyncio.create_task(self._run())

    @property
    def is_stopped(self) -> bool:
        """Whether the subscriber was stopped and not started again."""
        return self._task is None

    async def stop(self) -> None:
        """Disconnect."""
        self.is_live.clear()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _run(self) -> None:
        while True:
            address = random.choice(self._addresses) if self._addresses else None
            if address is not None:
                with suppress(OSError, TimeoutError, websockets.WebSocketException):
                    await self._connect(address)
            self.is_live.clear()
            await asyncio.sleep(random.uniform(0.05, 0.25))

    async def _connect(self, address: str) -> None:
        url = address.replace("http", "ws", 1) + "/graphql"
        options: Any = {"subprotocols": ["graphql-transport-ws"], "compression": None, "close_timeout": 1}
        connecting = websockets.connect(url, open_timeout=_CONNECT_TIMEOUT_SECONDS, **options)
        async with connecting as socket:
            try:
                await self._listen(socket)
            except websockets.ConnectionClosed:
                self.close_codes.append(socket.close_code or 1006)
                self.closed_at.append(monotonic())

    async def _listen(self, socket: ClientConnection) -> None:
        await _send_message(socket, type="connection_init", payload={"authorization": f"Bearer {self._token}"})
        while True:
            async with asyncio.timeout(_RECEIVE_TIMEOUT_SECONDS):
                text = await socket.recv()
            if (change := _parse_change(text)) is not None:
                self._receive(change)
                continue
            message = orjson.loads(text)
            if message["type"] == "connection_ack":
                asked = {"query": self._query, "variables": {"after": self._cursor}}
                await _send_message(socket, id="1", type="subscribe", payload=asked)
                self.is_live.set()
            elif message["type"] == "ping":
                await _send_message(socket, type="pong")
            else:
                self.error_codes += [error["extensions"]["code"] for error in message.get("payload") or ()]
                return

    def _receive(self, change: "_ReceivedChange") -> None:
        self._cursor = change.cursor
        self.received_tokens.append(change.token)
        self.received_at.append(monotonic())
        if change.at is not None:
            self.delays.append((utc_now() - change.at).total_seconds())

    def longest_gap(self, begun: float, ended: float) -> float:
        """Return the longest time without a message in the interval."""
        marks = [begun, *(at for at in self.received_at if begun < at < ended), ended]
        return max(later - earlier for earlier, later in pairwise(marks))


async def wait_until(holds: Callable[[], bool], seconds: float) -> None:
    """Wait until the condition holds."""
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.02)


async def _send_message(socket: ClientConnection, **message: Any) -> None:
    await socket.send(orjson.dumps(message).decode())
