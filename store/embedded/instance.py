"""The embedded MongoDB for its users: open a data directory, get a URI, close it when done.

Several processes may use one directory. The first one starts a supervisor, which starts mongod; the supervisor stops
mongod after the last user has closed its share or ended.
"""

import os
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

from domain.failures import OperatorError
from store.embedded.credentials import read_credentials
from store.embedded.folder import EmbeddedFolder, HeldLock, try_lock
from store.embedded.mongod import ALTERNATIVE_HINT, mongod_binary

OPEN_SECONDS = 90.0
POLL_SECONDS = 0.01
_ROOT = Path(__file__).resolve().parents[2]


class EmbeddedMongo:
    """One user's share in the mongod of a data directory.

    `uri` is valid until the share is closed. It contains the password: it must not be printed, logged or passed as an
    argument of a process.
    """

    def __init__(self, uri: str, share: HeldLock) -> None:
        self.uri = uri
        self._share = share

    def close(self) -> None:
        """Give up the share; mongod stops after the last one."""
        self._share.release()

    def __enter__(self) -> "EmbeddedMongo":
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def open_embedded_mongo(data: Path) -> EmbeddedMongo:
    """Return a share in the mongod of this directory; start it where it is not running.

    Block for 0.5 to 2 s where it must be started, else for some milliseconds. Raise OperatorError with a message that
    says what to do.
    """
    mongod_binary()
    folder = EmbeddedFolder.of(data)
    deadline = time.monotonic() + OPEN_SECONDS
    try:
        folder.create()
        share = _acquire_share(folder, deadline)
    except OSError as failure:
        reason = f"{failure.strerror}: {failure.filename}" if failure.filename else str(failure)
        message = f"The data directory {data} cannot be written ({reason}). Name another with --data,"
        raise OperatorError(f"{message} {ALTERNATIVE_HINT}") from None
    try:
        port = _wait_for_port(folder, deadline)
        return EmbeddedMongo(read_credentials(folder).user_uri(f"127.0.0.1:{port}"), share)
    except BaseException:
        share.release()
        raise


def _acquire_share(folder: EmbeddedFolder, deadline: float) -> HeldLock:
    # A supervisor that is stopping its mongod holds this lock exclusively until it ends.
    while (share := try_lock(folder.users_lock, shared=True)) is None:
        _sleep_or_fail(folder, deadline)
    return share


def _wait_for_port(folder: EmbeddedFolder, deadline: float) -> int:
    """Return the published port; start a supervisor where there is none, at most once."""
    has_started = False
    while (port := folder.serving_port()) is None:
        supervisor_lock = try_lock(folder.supervisor_lock)
        if supervisor_lock is not None:
            try:
                if has_started:
                    raise OperatorError(_failure_reason(folder))
                _start_supervisor(folder, supervisor_lock)
                has_started = True
            finally:
                supervisor_lock.release()
        _sleep_or_fail(folder, deadline)
    return port


def _start_supervisor(folder: EmbeddedFolder, supervisor_lock: HeldLock) -> None:
    folder.failure.unlink(missing_ok=True)
    command = [sys.executable, "-m", "store.embedded.supervisor", str(folder.root), str(supervisor_lock.descriptor)]
    log = os.open(folder.supervisor_log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        # In a session of its own: Ctrl-C in the terminal must not stop mongod before its users have ended.
        subprocess.Popen(
            command,
            cwd=_ROOT,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[supervisor_lock.descriptor],
        ).wait()
    finally:
        os.close(log)


def _failure_reason(folder: EmbeddedFolder) -> str:
    if folder.failure.exists():
        return folder.failure.read_text()
    return f"The supervisor of the embedded MongoDB ended while it started; {folder.supervisor_log} says more."


def _sleep_or_fail(folder: EmbeddedFolder, deadline: float) -> None:
    if time.monotonic() > deadline:
        message = f"The embedded MongoDB in {folder.root} neither starts nor stops; {folder.mongod_log} says more."
        raise OperatorError(f"{message} Try again, {ALTERNATIVE_HINT}")
    time.sleep(POLL_SECONDS)
