"""Graceful shutdown: make /readyz fail, close live clients in waves, then let the server finish its requests.

uvicorn alone closes the port and all sockets at the same moment. A load balancer then notices it only by errors, and
all clients reconnect to the other processes at once.
"""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from math import ceil
from types import FrameType

from domain.batches import split_into_batches
from server.live.access import CloseConnection
from server.live.protocol import CloseCode, ProtocolError

# All clients are closed within this number of waves.
WAVES = 20
WAVE_SECONDS = 0.1
_MIN_WAVE_SIZE = 20
_CLOSE_REASON = "The server restarts: resume from your cursor."
SignalHandler = Callable[[int, FrameType | None], object]


class GracefulShutdown:
    """Delays a stop signal until the live clients are closed, then passes it to the original handler."""

    def __init__(
        self, pause: float, on_begin: Callable[[], None], live: Callable[[], Sequence[CloseConnection]]
    ) -> None:
        """Call `on_begin` to make /readyz fail; `pause` seconds later, close the clients that `live` returns."""
        self._pause, self._on_begin, self._live = pause, on_begin, live
        self._task: asyncio.Task[None] | None = None

    def intercept_signals(self, *numbers: signal.Signals) -> None:
        """Replace the signals' handlers if this is the main thread; a second signal is passed on at once.

        The server restores the handlers itself when it has stopped.
        """
        if threading.current_thread() is not threading.main_thread():
            return
        loop = asyncio.get_running_loop()
        for number in numbers:
            original = signal.getsignal(number)
            if callable(original):
                signal.signal(number, self._handler(loop, original))

    def _handler(self, loop: asyncio.AbstractEventLoop, original: SignalHandler) -> SignalHandler:
        def handle(number: int, frame: FrameType | None) -> None:
            if self._task is not None:
                original(number, frame)
            else:
                loop.call_soon_threadsafe(self._begin, number, original)

        return handle

    def _begin(self, number: int, original: SignalHandler) -> None:
        if self._task is not None:
            original(number, None)
            return
        self._on_begin()
        # SIGINT comes from a terminal: there is no load balancer to wait for.
        pause = 0.0 if number == signal.SIGINT else self._pause
        self._task = asyncio.create_task(self._close_clients(pause), name="graceful shutdown")
        self._task.add_done_callback(lambda _: original(number, None))

    async def _close_clients(self, pause: float) -> None:
        await asyncio.sleep(pause)
        for wave in _waves(self._live()):
            for close in wave:
                close(ProtocolError(CloseCode.SERVICE_RESTART, _CLOSE_REASON))
            await asyncio.sleep(WAVE_SECONDS)


def _waves(live: Sequence[CloseConnection]) -> Iterator[Sequence[CloseConnection]]:
    size = max(_MIN_WAVE_SIZE, ceil(len(live) / WAVES))
    return split_into_batches(live, size)
