"""The supervisor: a process that owns the embedded mongod and stops it when the last user is gone.

instance.py starts it as `python -m store.embedded.supervisor FOLDER LOCK`; LOCK is the inherited descriptor of
supervisor.lock. It outlives the process that started it, and ends by itself:

1. Create the credentials if they are missing. Start mongod, on the port of last time or on a free one, and wait until
   it is primary.
2. Publish the port, and watch the users' lock.
3. Once no user is left for LINGER_SECONDS, stop mongod and end. Restart mongod where it ended before that.
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
from store.embedded.credentials import create_credentials
from store.embedded.folder import EmbeddedFolder, HeldLock, try_lock
from store.embedded.mongod import EmbeddedMongod, MongodExited
from store.embedded.mongod_log import read_last_errors

WATCH_INTERVAL_SECONDS = 0.1
# Commands often follow each other: without this delay, each would stop and restart mongod.
LINGER_SECONDS = 1.0
MAX_QUICK_EXITS = 5
QUICK_EXIT_SECONDS = 60.0
BUSY_RETRY_SECONDS = 15.0

_log = logging.getLogger("partnerhub.supervisor")


def main() -> None:
    """Detach from the starting process and run the supervisor."""
    if os.fork():
        # The starting process waits for the parent of this fork only, so that the supervisor never becomes its zombie.
        os._exit(0)
    folder, supervisor_lock = EmbeddedFolder(Path(sys.argv[1])), HeldLock(int(sys.argv[2]))
    logging.basicConfig(format="%(asctime)s %(process)d %(message)s", level=logging.INFO)
    Supervisor(folder, supervisor_lock).run()


class _Terminated(BaseException):
    """SIGTERM was received: the machine is shutting down."""


def _raise_terminated(*_: object) -> None:
    raise _Terminated


class Supervisor:
    """Starts mongod, restarts it where it was killed, and stops it after the last user."""

    def __init__(self, folder: EmbeddedFolder, supervisor_lock: HeldLock) -> None:
        self.folder = folder
        self.supervisor_lock = supervisor_lock

    def run(self) -> None:
        """Run until no user is left; write the message of an OperatorError to `failure`, where users read it."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, _raise_terminated)
        try:
            self._serve_until_unused()
        except OperatorError as failure:
            self.folder.failure.write_text(str(failure))
        except _Terminated:
            _log.info("terminated by a signal")

    def _serve_until_unused(self) -> None:
        quick_exits = 0
        while quick_exits < MAX_QUICK_EXITS:
            started = time.monotonic()
            if self._serve_once():
                return
            quick_exits = quick_exits + 1 if time.monotonic() - started < QUICK_EXIT_SECONDS else 0
        self._raise_operator_error(f"The embedded MongoDB ended {MAX_QUICK_EXITS} times. It said last:")

    def _serve_once(self) -> bool:
        """Serve once; return True where all users are gone, False where mongod ended before that."""
        started = time.monotonic()
        mongod = self._start()
        serving = self.folder.publish(mongod.port)
        _log.info("mongod is primary on port %d after %.2f s", mongod.port, time.monotonic() - started)
        exclusive_lock = None
        try:
            exclusive_lock = self._watch(mongod)
        finally:
            self.folder.withdraw(serving)
            mongod.close()
        _log.info("mongod stopped (%s)", "no users" if exclusive_lock else f"status {mongod.exit_code}")
        return exclusive_lock is not None

    def _watch(self, mongod: EmbeddedMongod) -> HeldLock | None:
        """Return the exclusive lock of the users' file once no user is left; None where mongod ended first."""
        last_used = time.monotonic()
        while mongod.exit_code is None:
            exclusive_lock = try_lock(self.folder.users_lock)
            if exclusive_lock is None:
                last_used = time.monotonic()
            elif time.monotonic() - last_used > LINGER_SECONDS:
                # Hold it until this process ends, so that a new user waits until mongod has closed the data.
                return exclusive_lock
            else:
                exclusive_lock.release()
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
        credentials = create_credentials(self.folder)
        if port != self.folder.last_port() and self.folder.has_data():
            with contextlib.closing(EmbeddedMongod(self.folder, port, credentials, is_standalone=True)) as standalone:
                standalone.rename_member()
        # Write the port before the set exists. Without it, the next start would rename the member, which is harmless.
        self.folder.port.write_text(f"{port}\n")
        mongod = EmbeddedMongod(self.folder, port, credentials)
        try:
            mongod.wait_for_primary()
        except BaseException:
            mongod.close()
            raise
        return mongod

    def _raise_operator_error(self, sentence: str) -> NoReturn:
        log = self.folder.mongod_log
        raise OperatorError(f"{sentence}\n{read_last_errors(log)}\nAll of it is in {log}.")


def find_free_port(preferred: int | None = None) -> int:
    """Return the preferred port if it is free, else a random free port from 20000 to 31999."""
    # These are below the range of ports of outgoing connections, so that none takes the port while mongod is down.
    random_ports = (20000 + secrets.randbelow(12000) for _ in range(1000))
    for port in itertools.chain([preferred] if preferred else [], random_ports):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
    raise OperatorError("The embedded MongoDB finds no free port between 20000 and 32000.")


if __name__ == "__main__":
    main()
