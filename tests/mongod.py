"""Real mongods for tests: data in memory if possible, killed with their parent process."""

import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from server.connections.limits import raise_descriptor_limit
from store.embedded.mongod import mongod_binary
from store.embedded.supervisor import find_free_port

START_SECONDS = 30.0
SET_NAME = "rs0"
_FOLDER_PREFIX = "partnerhub-test-"
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


def _end_with_parent() -> None:
    # A killed pytest runs no finalizers, so the kernel must end its mongod.
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _prepare_child() -> None:
    _end_with_parent()
    # Each collection and each index of a database is a file.
    raise_descriptor_limit()


class Mongod:
    """One mongod on a loopback port, a member of the replica set `set_name` after its initiation."""

    def __init__(self, folder: Path, port: int, set_name: str = SET_NAME, options: Sequence[str] = ()) -> None:
        self.folder, self.port, self.set_name, self.options = folder, port, set_name, tuple(options)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def uri(self) -> str:
        return f"mongodb://{self.address}/?directConnection=true"

    @property
    def pid(self) -> int:
        """The id of the running process."""
        assert self.process is not None
        return self.process.pid

    @property
    def log(self) -> Path:
        return self.folder / "mongod.log"

    def command(self) -> list[str]:
        data = ["--dbpath", str(self.folder), "--logpath", str(self.log), "--logappend"]
        network = ["--bind_ip", "127.0.0.1", "--port", str(self.port), "--nounixsocket", "--replSet", self.set_name]
        size = ["--wiredTigerCacheSizeGB", "0.5"]
        if "--oplogSize" not in self.options:
            size += ["--oplogSize", "256"]
        # No diagnostic data, which tests do not read. No snapshot history of five minutes, during which the files of
        # hundreds of dropped databases would stay open: more than a process may have.
        parameters = ("diagnosticDataCollectionEnabled=false", "minSnapshotHistoryWindowInSeconds=0")
        quiet = [word for parameter in parameters for word in ("--setParameter", parameter)]
        return [str(mongod_binary()), *data, *network, *size, *quiet, *self.options]

    def start(self) -> None:
        """Start or restart it, and wait until it responds."""
        self.launch()
        self.wait_until_up()

    def launch(self) -> None:
        """Start it. It ends with the calling thread."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.process = subprocess.Popen(
            self.command(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=_prepare_child,  # noqa: PLW1509 (one system call, its library is loaded before)
        )

    def wait_until_up(self) -> None:
        self._wait(lambda admin: bool(admin.command("ping")))

    def initiate(
        self, members: Sequence["Mongod"] = (), settings: Mapping[str, Any] | None = None, *, is_journaled: bool = True
    ) -> None:
        """Initiate a set of this mongod, or of `members`, and wait until there is a primary.

        Unless `is_journaled`, a majority write does not wait for the journal, which takes half of its time. Data of the
        last moments is then lost when the mongod is killed.
        """
        hosts = [{"_id": number, "host": member.address} for number, member in enumerate(members or [self])]
        with MongoClient[dict[str, Any]](self.uri) as client:
            configuration: dict[str, Any] = {"_id": self.set_name, "members": hosts, "settings": settings or {}}
            configuration["writeConcernMajorityJournalDefault"] = is_journaled
            client.admin.command("replSetInitiate", configuration)
        if len(hosts) > 1:
            self._elect()
        self._wait(self._has_primary)

    def _elect(self) -> None:
        """Start the first election, which would otherwise wait for the election timeout."""

        def is_elected(admin: Any) -> bool:
            admin.command("replSetStepUp")
            return True

        self._wait(is_elected)

    def _has_primary(self, admin: Any) -> bool:
        # A new primary reports itself shortly before it accepts writes.
        hello = admin.command("hello")
        return bool(hello["isWritablePrimary"]) or hello.get("primary") not in (None, self.address)

    def _wait(self, is_ready: Any) -> None:
        deadline = time.monotonic() + START_SECONDS
        with MongoClient[dict[str, Any]](self.uri, serverSelectionTimeoutMS=200, connectTimeoutMS=200) as client:
            while time.monotonic() < deadline:
                self._require_running()
                try:
                    if is_ready(client.admin):
                        return
                except PyMongoError:
                    pass
                time.sleep(0.02)
        raise RuntimeError(f"mongod on {self.address} was not ready in {START_SECONDS:.0f} s.\n{self.last_lines()}")

    def _require_running(self) -> None:
        if self.process is None or self.process.poll() is not None:
            raise RuntimeError(f"mongod on {self.address} ended while it started.\n{self.last_lines()}")

    def last_lines(self, count: int = 8) -> str:
        return "\n".join(self.log.read_text().splitlines()[-count:]) if self.log.exists() else "It wrote no log."

    def send(self, number: signal.Signals) -> None:
        """Send a signal such as SIGKILL or SIGSTOP, for the fault tests."""
        if self.process is None:
            return
        self.process.send_signal(number)
        if number is signal.SIGSTOP:
            # Its threads stop a moment later: one could still commit what a test expects it not to receive.
            os.waitid(os.P_PID, self.process.pid, os.WSTOPPED | os.WNOWAIT)

    def stop(self) -> None:
        """Kill it: the data of a test is discarded, so it need not be written."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


def _remove_stale_folders(parent: Path) -> None:
    # A killed pytest leaves its folder in memory, so the next run removes it.
    for folder in parent.glob(f"{_FOLDER_PREFIX}*"):
        owner = folder.name.removeprefix(_FOLDER_PREFIX).split("-")[0]
        if not Path("/proc", owner).exists():
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Yield a temporary folder, in memory if the machine has /dev/shm."""
    memory = Path("/dev/shm")
    parent = memory if memory.is_dir() and os.access(memory, os.W_OK) else None
    _remove_stale_folders(parent or Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=f"{_FOLDER_PREFIX}{os.getpid()}-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def temporary_replica_set(
    members: int = 1,
    options: Sequence[str] = (),
    settings: Mapping[str, Any] | None = None,
    *,
    is_journaled: bool = True,
) -> Iterator[list[Mongod]]:
    """Run a replica set with a number of members; yield them when the set accepts writes."""
    with temporary_folder() as folder:
        everyone = [Mongod(folder / str(number), find_free_port(), options=options) for number in range(members)]
        try:
            for member in everyone:
                member.launch()
            for member in everyone:
                member.wait_until_up()
            everyone[0].initiate(everyone, settings, is_journaled=is_journaled)
            yield everyone
        finally:
            for member in everyone:
                member.stop()
