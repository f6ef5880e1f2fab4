"""Subscribers as clients should be: each comes back behind the last cursor that it has seen, on any server."""

import asyncio
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import pairwise
from time import monotonic
from typing import Any

import orjson
import websockets
from websockets.asyncio.client import ClientConnection

from domain.instants import parse_instant
from store.clock import utc_now
from tests.faults.truth import position_of

ACTIVITY = "subscription($after: String) { activity(after: $after) { cursor event { id at } } }"
_OPEN_SECONDS = 5.0
# A client that hears neither changes nor pings for so long takes its socket for lost.
_SILENT_SECONDS = 25.0


class Subscriber:
    """One client of one feed: what it heard, when, and how often its socket ended with which code."""

    def __init__(self, addresses: Sequence[str], token: str, cursor: str, query: str = ACTIVITY) -> None:
        # The first address is where it goes first; the same list is shared by all, and may be changed.
        self._addresses, self._token, self._query, self._cursor = addresses, token, query, cursor
        self._field = query.split("{")[1].split("(")[0].strip()
        self.heard: list[str] = []
        self.times: list[float] = []
        # How old each change was when it was heard, in seconds, where the feed says when it took place.
        self.ages: list[float] = []
        self.codes: list[int] = []
        self.closed_at: list[float] = []
        self.refusals: list[str] = []
        self.is_live = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Connects, and goes on until `stop`."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Leaves."""
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
                    await self._connected(address)
            self.is_live.clear()
            await asyncio.sleep(random.uniform(0.05, 0.25))

    async def _connected(self, address: str) -> None:
        url = address.replace("http", "ws", 1) + "/graphql"
        options: Any = {"subprotocols": ["graphql-transport-ws"], "compression": None, "close_timeout": 1}
        connecting = websockets.connect(url, open_timeout=_OPEN_SECONDS, **options)
        async with connecting as socket:
            try:
                await self._listen(socket)
            except websockets.ConnectionClosed:
                self.codes.append(socket.close_code or 1006)
                self.closed_at.append(monotonic())

    async def _listen(self, socket: ClientConnection) -> None:
        await _say(socket, type="connection_init", payload={"authorization": f"Bearer {self._token}"})
        while True:
            async with asyncio.timeout(_SILENT_SECONDS):
                message = orjson.loads(await socket.recv())
            if message["type"] == "connection_ack":
                asked = {"query": self._query, "variables": {"after": self._cursor}}
                await _say(socket, id="1", type="subscribe", payload=asked)
                self.is_live.set()
            elif message["type"] == "ping":
                await _say(socket, type="pong")
            elif message["type"] == "next":
                self._hear(message["payload"])
            else:
                self.refusals += [error["extensions"]["code"] for error in message.get("payload") or ()]
                return

    def _hear(self, payload: dict[str, Any]) -> None:
        assert "errors" not in payload, payload
        self._cursor = payload["data"][self._field]["cursor"]
        self.heard.append(position_of(self._cursor).token)
        self.times.append(monotonic())
        if (event := payload["data"][self._field].get("event")) is not None:
            self.ages.append((utc_now() - parse_instant(event["at"])).total_seconds())

    def longest_gap(self, begun: float, ended: float) -> float:
        """The longest time between two messages in the interval, or to its ends."""
        marks = [begun, *(at for at in self.times if begun < at < ended), ended]
        return max(later - earlier for earlier, later in pairwise(marks))


async def until(holds: Callable[[], bool], seconds: float) -> None:
    """Waits until the condition holds."""
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.02)


async def _say(socket: ClientConnection, **message: Any) -> None:
    await socket.send(orjson.dumps(message).decode())
