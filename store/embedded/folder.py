"""The files of the embedded MongoDB in a data directory, and the locks by which its users and its supervisor agree.

DIR/mongodb/            mode 0700, and everything in it
  users.lock            shared by every user; the supervisor takes it whole to learn that the last one is gone
  supervisor.lock       held by the one supervisor; whoever starts a supervisor takes it first and hands it over
  serving               the port, held locked by the supervisor while mongod answers there
  port                  the port that the set was made or moved for, to be tried first
  failure               why the last supervisor gave up, in a sentence
  data/ mongod.log supervisor.log
"""

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

# The name of the replica set whose only member lives in the folder.
SET_NAME = "partnerhub"


class HeldLock:
    """A lock on a file (flock); the kernel gives it back when its holder is gone, however it went."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def release(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


def try_lock(path: Path, *, shared: bool = False) -> HeldLock | None:
    """The lock on this file, or None where somebody else's is in the way; the file is made where it is missing."""
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


@dataclass(frozen=True)
class EmbeddedFolder:
    """Where things are under one data directory."""

    root: Path

    @classmethod
    def of(cls, data: Path) -> "EmbeddedFolder":
        return cls(data.resolve() / "mongodb")

    def create(self) -> None:
        """Raises OSError where this user may not write."""
        self.root.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.root.mkdir(exist_ok=True, mode=0o700)
        # The caller's umask, or a copied directory, may have left it open to others; mongod asks for no password.
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
        """The port of last time, if the file says one."""
        text = self.port.read_text().strip() if self.port.exists() else ""
        return int(text) if text.isascii() and text.isdigit() and 1024 <= int(text) <= 65535 else None

    def has_data(self) -> bool:
        """Whether a mongod has ever run here."""
        return any(self.data.iterdir())

    def serving_port(self) -> int | None:
        """The port on which a living supervisor's mongod answers; what a dead supervisor left behind does not count."""
        try:
            text = self.serving.read_text()
            lock = try_lock(self.serving, shared=True)
        except FileNotFoundError:
            return None
        if lock is not None:
            lock.release()
            return None
        return int(text)

    def publish(self, port: int) -> HeldLock:
        """Say that mongod answers on this port, for as long as the lock is held."""
        draft = self.serving.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        lock = try_lock(draft)
        if lock is None:
            raise RuntimeError("Another supervisor writes here, although this one holds the supervisor's lock.")
        os.write(lock.descriptor, str(port).encode())
        # It is locked and complete before it gets its name, so that no reader ever sees half of it.
        draft.rename(self.serving)
        return lock

    def withdraw(self, lock: HeldLock) -> None:
        self.serving.unlink(missing_ok=True)
        lock.release()
