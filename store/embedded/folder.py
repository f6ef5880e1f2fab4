"""The files of the embedded MongoDB in a data directory, and the locks that coordinate its processes.

DIR/mongodb/            mode 0700
  users.lock            locked shared by every user; the supervisor gets it exclusively once no user is left
  supervisor.lock       locked by the only supervisor; the starting process locks it and passes the descriptor on
  serving               the port, locked by the supervisor while its mongod accepts connections there
  port                  the port in the replica set's configuration, tried first at the next start
  failure               the message of a supervisor that gave up
  keyfile, password     mode 0600: the credentials of mongod (credentials.py)
  data/                 the dbpath of mongod
  mongod.log, supervisor.log
"""

import fcntl
import os
from pathlib import Path

from msgspec import Struct

# The name of the replica set whose only member stores its data in the folder.
SET_NAME = "partnerhub"
_PORT_BYTES = 5


class HeldLock:
    """An flock on a file; the kernel releases it when its holder ends, also after kill -9."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def release(self) -> None:
        """Release the lock; a second call does nothing."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


def try_lock(path: Path, *, shared: bool = False) -> HeldLock | None:
    """Lock the file, which is created where it is missing; return None where another lock prevents it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except OSError:
        os.close(descriptor)
        raise
    return HeldLock(descriptor)


class EmbeddedFolder(Struct, frozen=True):
    """The paths below one data directory, and the small files that its processes exchange."""

    root: Path

    @classmethod
    def of(cls, data: Path) -> "EmbeddedFolder":
        """Return the folder of a data directory."""
        return cls(data.resolve() / "mongodb")

    def create(self) -> None:
        """Create the folder; raise OSError where this user may not write."""
        self.root.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.root.mkdir(exist_ok=True, mode=0o700)
        # A copied directory can be readable by other users, and the files of the data contain no password check.
        self.root.chmod(0o700)
        self.data.mkdir(exist_ok=True, mode=0o700)

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def mongod_log(self) -> Path:
        return self.root / "mongod.log"

    @property
    def supervisor_log(self) -> Path:
        return self.root / "supervisor.log"

    @property
    def key_file(self) -> Path:
        return self.root / "keyfile"

    @property
    def password_file(self) -> Path:
        return self.root / "password"

    @property
    def users_lock(self) -> Path:
        return self.root / "users.lock"

    @property
    def supervisor_lock(self) -> Path:
        return self.root / "supervisor.lock"

    @property
    def failure(self) -> Path:
        return self.root / "failure"

    @property
    def serving(self) -> Path:
        return self.root / "serving"

    @property
    def port(self) -> Path:
        return self.root / "port"

    def last_port(self) -> int | None:
        """Return the port of the last start, or None where the file has no valid port."""
        text = self.port.read_text().strip() if self.port.exists() else ""
        return int(text) if text.isascii() and text.isdigit() and 1024 <= int(text) <= 65535 else None

    def has_data(self) -> bool:
        """Return whether a mongod has run here before."""
        return any(self.data.iterdir())

    def serving_port(self) -> int | None:
        """Return the published port; None where there is none, or where its supervisor has ended."""
        try:
            descriptor = os.open(self.serving, os.O_RDONLY)
        except FileNotFoundError:
            return None
        try:
            # Lock and read one file: another with the same name may be published between the two.
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(os.pread(descriptor, _PORT_BYTES, 0))
        finally:
            os.close(descriptor)
        return None

    def publish(self, port: int) -> HeldLock:
        """Publish that mongod accepts connections on this port; it is valid while the returned lock is held."""
        draft = self.serving.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        lock = try_lock(draft)
        if lock is None:
            raise RuntimeError("Another supervisor writes to this folder, although this one holds supervisor.lock.")
        os.write(lock.descriptor, str(port).encode())
        # Rename it only when it is complete and locked, so that no reader sees an incomplete file.
        draft.rename(self.serving)
        return lock

    def withdraw(self, lock: HeldLock) -> None:
        """Undo `publish`."""
        self.serving.unlink(missing_ok=True)
        lock.release()
