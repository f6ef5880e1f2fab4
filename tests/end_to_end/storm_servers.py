"""Server processes that start fast: forked from a process that has imported everything."""

import os
import signal
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from tests.forked_command import FORKSERVER


class ForkedServer:
    """A real server process on its own port; `url` waits until it is ready."""

    def __init__(self, mongo_uri: str, database: str) -> None:
        self._answers, sender = FORKSERVER.Pipe(duplex=False)
        self._process = FORKSERVER.Process(target=_serve, args=(mongo_uri, database, sender), daemon=True)
        self._process.start()
        sender.close()
        self._url: str | None = None

    @property
    def url(self) -> str:
        """The address of the server."""
        if self._url is None:
            self._url = self._answers.recv()
        return self._url

    @property
    def is_ready(self) -> bool:
        """Whether the server is ready."""
        if self._url is None and self._answers.poll():
            with suppress(EOFError):
                self._url = self._answers.recv()
        return self._url is not None

    def pause(self) -> None:
        """Pause the process with SIGSTOP, like an overloaded machine."""
        self._send(signal.SIGSTOP)

    def resume(self) -> None:
        """Resume the process with SIGCONT."""
        self._send(signal.SIGCONT)

    def _send(self, number: signal.Signals) -> None:
        if self._process.pid is not None and self._process.is_alive():
            os.kill(self._process.pid, number)

    def kill(self) -> None:
        """Kill the process with SIGKILL."""
        self._process.kill()
        self._process.join(timeout=20)
        with suppress(OSError):
            self._answers.close()


def _serve(mongo_uri: str, database: str, sender: "Connection[Any, Any]") -> None:
    from tests.end_to_end.storm_serving import serve

    serve(mongo_uri, database, sender.send)
