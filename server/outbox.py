"""What waits to be sent to one client: bounded, and looked at once more as it leaves."""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple, Protocol

from starlette.websockets import WebSocketDisconnect

from server.protocol import CloseCode, ProtocolError
from store.clock import utc_now

MAX_MESSAGES = 256
MAX_CHARACTERS = 1024 * 1024


class Socket(Protocol):
    """Where messages go."""

    async def send_text(self, data: str) -> None: ...


class Sender(Protocol):
    """What a message belongs to."""

    is_wanted: bool


class _Entry(NamedTuple):
    text: str
    visible_until: datetime | None
    sender: Sender | None


class Outbox:
    """Takes messages without waiting; one who does not keep up is closed, so that nobody else waits or pays."""

    def __init__(self, client: Socket, on_overflow: Callable[[ProtocolError], None]) -> None:
        self._client, self._on_overflow = client, on_overflow
        self._entries: deque[_Entry] = deque()
        self._characters = 0
        self._filled = asyncio.Event()
        self._is_finished = False

    def finish(self) -> None:
        """Nothing more will be put: `run` returns once all of it is sent."""
        self._is_finished = True
        self._filled.set()

    def put(self, text: str, visible_until: datetime | None = None, sender: Sender | None = None) -> None:
        """Adds a message; it is dropped on its way if by then its sender is not wanted, or it no longer visible."""
        self._entries.append(_Entry(text, visible_until, sender))
        self._characters += len(text)
        if len(self._entries) > MAX_MESSAGES or self._characters > MAX_CHARACTERS:
            self._entries.clear()
            self._characters = 0
            self._on_overflow(ProtocolError(CloseCode.TOO_SLOW, "You do not keep up: resume from your cursor."))
        self._filled.set()

    async def run(self) -> None:
        """Sends whatever is put, in order, until the client is gone or nothing more will come."""
        try:
            while not self._is_finished:
                await self._filled.wait()
                self._filled.clear()
                while self._entries:
                    entry = self._entries.popleft()
                    self._characters -= len(entry.text)
                    if _may_leave(entry):
                        await self._client.send_text(entry.text)
        except WebSocketDisconnect:
            return


def _may_leave(entry: _Entry) -> bool:
    if entry.visible_until is not None and entry.visible_until <= utc_now():
        return False
    return entry.sender is None or entry.sender.is_wanted
