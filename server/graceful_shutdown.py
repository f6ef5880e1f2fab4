"""How a process takes leave: it says so first, then sends its live clients away in waves, then finishes its requests.

uvicorn alone would close the port and every socket in the same moment: whoever balances the load would learn of it
from errors, and all clients would come back to the other processes at once.
"""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from math import ceil
from types import FrameType

from server.live.access import CloseConnection
from server.live.protocol import CloseCode, ProtocolError

# However many there are, the last one hears of it after so many waves.
WAVES = 20
WAVE_SECONDS = 0.1
_MIN_WAVE_SIZE = 20
_CLOSE_REASON = "The server restarts: resume from your cursor."
SignalHandler = Callable[[int, FrameType | None], object]


class GracefulShutdown:
    """Stands between the signal to stop and whoever obeys it."""

    def __init__(
        self, pause: float, on_begin: Callable[[], None], live: Callable[[], Sequence[CloseConnection]]
    ) -> None:
        """`on_begin` turns /readyz; `pause` seconds later `live` names the clients that are to go."""
        self._pause, self._on_begin, self._live = pause, on_begin, live
        self._task: asyncio.Task[None] | None = None

    def intercept_signals(self, *numbers: signal.Signals) -> None:
        """Takes the signals' handlers' place, where this is the process's main thread; a second signal passes through.

        The server puts its handlers back itself when it has stopped.
        """
        if threading.current_thread() is not threading.main_thread():
            return
        loop = asyncio.get_running_loop()
        for number in numbers:
            obey = signal.getsignal(number)
            if callable(obey):
                signal.signal(number, self._handler(loop, obey))

    def _handler(self, loop: asyncio.AbstractEventLoop, obey: SignalHandler) -> SignalHandler:
        def handle(number: int, frame: FrameType | None) -> None:
            if self._task is not None:
                obey(number, frame)
            else:
                loop.call_soon_threadsafe(self._begin, number, obey)

        return handle

    def _begin(self, number: int, obey: SignalHandler) -> None:
        if self._task is not None:
            obey(number, None)
            return
        self._on_begin()
        # Nobody waits at a terminal for the load to be balanced anew.
        pause = 0.0 if number == signal.SIGINT else self._pause
        self._task = asyncio.create_task(self._close_clients(pause), name="graceful shutdown")
        self._task.add_done_callback(lambda _: obey(number, None))

    async def _close_clients(self, pause: float) -> None:
        await asyncio.sleep(pause)
        for wave in _waves(self._live()):
            for close in wave:
                close(ProtocolError(CloseCode.SERVICE_RESTART, _CLOSE_REASON))
            await asyncio.sleep(WAVE_SECONDS)


def _waves(live: Sequence[CloseConnection]) -> Iterator[Sequence[CloseConnection]]:
    size = max(_MIN_WAVE_SIZE, ceil(len(live) / WAVES))
    for start in range(0, len(live), size):
        yield live[start : start + size]
