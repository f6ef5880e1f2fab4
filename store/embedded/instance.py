"""The embedded MongoDB as its users see it: open a data directory, get an address, close it when done."""

import os
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

from domain.failures import OperatorError
from store.embedded.folder import EmbeddedFolder, HeldLock, try_lock
from store.embedded.mongod import ALTERNATIVE_HINT, mongod_binary

OPEN_SECONDS = 90.0
POLL_SECONDS = 0.01
_ROOT = Path(__file__).resolve().parents[2]


class EmbeddedMongo:
    """A share in the mongod of one data directory; mongod stops after the last share is closed or its holder dies."""

    def __init__(self, uri: str, share: HeldLock) -> None:
        self.uri = uri
        self._share = share

    def close(self) -> None:
        self._share.release()

    def __enter__(self) -> "EmbeddedMongo":
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def open_embedded_mongo(data: Path) -> EmbeddedMongo:
    """The mongod of this directory, started where it does not run: blocks for 0.5 to 2 s then, else some milliseconds.

    Raises OperatorError with a sentence that says what to do.
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
    except BaseException:
        share.release()
        raise
    return EmbeddedMongo(f"mongodb://127.0.0.1:{port}/?directConnection=true", share)


def _acquire_share(folder: EmbeddedFolder, deadline: float) -> HeldLock:
    # A supervisor that is stopping its mongod holds this lock whole until it is gone.
    while (share := try_lock(folder.users_lock, shared=True)) is None:
        _sleep_or_fail(folder, deadline)
    return share


def _wait_for_port(folder: EmbeddedFolder, deadline: float) -> int:
    """The port that the supervisor serves; starts the supervisor where there is none, once."""
    has_started_one = False
    while (port := folder.serving_port()) is None:
        supervisor_lock = try_lock(folder.supervisor_lock)
        if supervisor_lock is not None:
            try:
                if has_started_one:
                    raise OperatorError(_failure_reason(folder))
                _start_supervisor(folder, supervisor_lock)
                has_started_one = True
            finally:
                supervisor_lock.release()
        _sleep_or_fail(folder, deadline)
    return port


def _start_supervisor(folder: EmbeddedFolder, supervisor_lock: HeldLock) -> None:
    folder.failure.unlink(missing_ok=True)
    command = [sys.executable, "-m", "store.embedded.supervisor", str(folder.root), str(supervisor_lock.descriptor)]
    log = os.open(folder.supervisor_log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        # A session of its own: Ctrl-C in the user's terminal must not reach mongod before its users have finished.
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
