"""The supervisor: a small process that owns the embedded mongod and stops it when the last user is gone.

Started by instance.py as `python -m store.embedded.supervisor FOLDER LOCK`, where LOCK is the inherited descriptor of
supervisor.lock. It outlives whoever started it, and ends by itself.
"""

import contextlib
import itertools
import logging
import os
import secrets
import signal
import socket
import sys
import time
from pathlib import Path
from typing import NoReturn

from domain.failures import OperatorError
from store.embedded.folder import EmbeddedFolder, HeldLock, try_lock
from store.embedded.mongod import EmbeddedMongod, MongodExited
from store.embedded.mongod_log import read_last_errors

WATCH_INTERVAL_SECONDS = 0.1
# Commands often follow each other; without this each would wait for the stop and the start of the one before.
LINGER_SECONDS = 1.0
MAX_QUICK_EXITS = 5
QUICK_EXIT_SECONDS = 60.0
BUSY_RETRY_SECONDS = 15.0

_log = logging.getLogger("partnerhub.supervisor")


def main() -> None:
    """Leave the family of whoever started this, then keep."""
    if os.fork():
        # The starter waits for this one alone, so that the supervisor never becomes somebody's zombie.
        os._exit(0)
    folder, supervisor_lock = EmbeddedFolder(Path(sys.argv[1])), HeldLock(int(sys.argv[2]))
    logging.basicConfig(format="%(asctime)s %(process)d %(message)s", level=logging.INFO)
    Supervisor(folder, supervisor_lock).run()


class _Terminated(BaseException):
    """SIGTERM: the machine goes down."""


def _raise_terminated(*_: object) -> None:
    raise _Terminated


class Supervisor:
    """Starts mongod, starts it again where it was killed, and stops it after the last user."""

    def __init__(self, folder: EmbeddedFolder, supervisor_lock: HeldLock) -> None:
        self.folder = folder
        self.supervisor_lock = supervisor_lock

    def run(self) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, _raise_terminated)
        try:
            self._serve_until_unused()
        except OperatorError as failure:
            self.folder.failure.write_text(str(failure))
        except _Terminated:
            _log.info("told to leave")

    def _serve_until_unused(self) -> None:
        quick_ends = 0
        while quick_ends < MAX_QUICK_EXITS:
            started = time.monotonic()
            if self._serve_once():
                return
            quick_ends = quick_ends + 1 if time.monotonic() - started < QUICK_EXIT_SECONDS else 0
        self._raise_operator_error(f"The embedded MongoDB ended {MAX_QUICK_EXITS} times. It said last:")

    def _serve_once(self) -> bool:
        """Whether all users were gone in the end; False where mongod ended before them."""
        started = time.monotonic()
        mongod = self._start()
        serving = self.folder.publish(mongod.port)
        _log.info("mongod is primary on port %d after %.2f s", mongod.port, time.monotonic() - started)
        nobody_left = None
        try:
            nobody_left = self._watch(mongod)
        finally:
            self.folder.withdraw(serving)
            mongod.close()
        _log.info("mongod stopped (%s)", "no users" if nobody_left else f"status {mongod.exit_code}")
        return nobody_left is not None

    def _watch(self, mongod: EmbeddedMongod) -> HeldLock | None:
        """The users' lock once nobody else holds it; None where mongod ended first."""
        last_used = time.monotonic()
        while mongod.exit_code is None:
            nobody_left = try_lock(self.folder.users_lock)
            if nobody_left is None:
                last_used = time.monotonic()
            elif time.monotonic() - last_used > LINGER_SECONDS:
                # Held whole until this process ends, so that a new user waits until the data is free again.
                return nobody_left
            else:
                nobody_left.release()
            time.sleep(WATCH_INTERVAL_SECONDS)
        return None

    def _start(self) -> EmbeddedMongod:
        port = find_free_port(self.folder.last_port())
        deadline = time.monotonic() + BUSY_RETRY_SECONDS
        while True:
            try:
                return self._start_on(port)
            except MongodExited as ended:
                if ended.is_port_busy:
                    port = find_free_port()
                elif not ended.is_folder_busy or time.monotonic() > deadline:
                    self._raise_operator_error("The embedded MongoDB does not start. It said:")
            except TimeoutError as failure:
                self._raise_operator_error(f"The embedded MongoDB was not ready in a minute ({failure}). It said last:")
            time.sleep(WATCH_INTERVAL_SECONDS)

    def _start_on(self, port: int) -> EmbeddedMongod:
        if port != self.folder.last_port() and self.folder.has_data():
            with contextlib.closing(EmbeddedMongod(self.folder, port, is_standalone=True)) as alone:
                alone.rename_member()
        # Written before the set exists: a set whose port is not known is moved, and that does no harm to a new one.
        self.folder.port.write_text(f"{port}\n")
        mongod = EmbeddedMongod(self.folder, port)
        try:
            mongod.wait_for_primary()
        except BaseException:
            mongod.close()
            raise
        return mongod

    def _raise_operator_error(self, sentence: str) -> NoReturn:
        log = self.folder.mongod_log
        raise OperatorError(f"{sentence}\n{read_last_errors(log)}\nAll of it is in {log}.")


def find_free_port(wanted: int | None = None) -> int:
    """The wanted port if nobody listens there, else any free one."""
    # Below the ports that outgoing connections are given, so that none of them takes ours while mongod is down.
    others = (20000 + secrets.randbelow(12000) for _ in range(1000))
    for port in itertools.chain([wanted] if wanted else [], others):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
    raise OperatorError("The embedded MongoDB finds no free port between 20000 and 32000.")


if __name__ == "__main__":
    main()
