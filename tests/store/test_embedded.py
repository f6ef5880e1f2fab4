"""The embedded MongoDB: one mongod for all users of a directory, gone after the last, back after any killing."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from domain.failures import OperatorError
from store import embedded
from store.embedded_folder import EmbeddedFolder

ROOT = Path(__file__).parents[2]
USER = """
import sys, time
from pathlib import Path
from store import embedded
mongo = embedded.open(Path(sys.argv[1]))
print(mongo.uri, flush=True)
time.sleep(600)
"""


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data directory; what still runs on it is ended, so that a failed test leaves nothing."""
    yield tmp_path / "data"
    for pid in (*keepers(tmp_path / "data"), *mongods(tmp_path / "data")):
        os.kill(pid, signal.SIGKILL)


def running(*words: str) -> list[int]:
    """The processes whose command line holds all of these words."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if all(word in command for word in words):
            found.append(int(folder.name))
    return found


def keepers(data: Path) -> list[int]:
    return running("store.keeper", str(EmbeddedFolder.of(data).root))


def mongods(data: Path) -> list[int]:
    return running("--dbpath", str(EmbeddedFolder.of(data).data))


def wait_until(is_so: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline, f"not within 30 s: {what}"
        time.sleep(0.02)


def all_gone(data: Path) -> bool:
    return not keepers(data) and not mongods(data)


def write(uri: str, name: str) -> None:
    with MongoClient[dict[str, Any]](uri, serverSelectionTimeoutMS=10000) as client:
        client.kept.things.insert_one({"_id": name})


def names(uri: str) -> set[str]:
    with MongoClient[dict[str, Any]](uri, serverSelectionTimeoutMS=10000) as client:
        return {thing["_id"] for thing in client.kept.things.find()}


@contextmanager
def another_user(data: Path) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """Another process that has it open, and the address that it got."""
    user = subprocess.Popen([sys.executable, "-c", USER, str(data)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert user.stdout is not None
        yield user, user.stdout.readline().strip()
    finally:
        kill(user)


def kill(user: "subprocess.Popen[str]") -> None:
    user.kill()
    user.communicate()


def test_gives_a_primary_that_has_transactions_and_change_streams(data: Path) -> None:
    with embedded.open(data) as mongo, MongoClient[dict[str, Any]](mongo.uri) as client:
        things = client.kept.things
        with things.watch(max_await_time_ms=100) as changes:
            with client.start_session() as session, session.start_transaction():
                things.insert_one({"_id": "one"}, session=session)
            assert changes.next()["documentKey"] == {"_id": "one"}


def test_stops_mongod_after_the_last_user_and_keeps_the_data(data: Path) -> None:
    with embedded.open(data) as mongo:
        write(mongo.uri, "one")
        with embedded.open(data) as second:
            assert second.uri == mongo.uri
        assert len(mongods(data)) == 1
    wait_until(lambda: all_gone(data), "keeper and mongod end")
    assert "Now exiting" in EmbeddedFolder.of(data).mongod_log.read_text()
    with embedded.open(data) as again:
        assert names(again.uri) == {"one"}


def test_goes_on_for_a_second_process_after_the_first_is_gone(data: Path) -> None:
    with another_user(data) as (first, uri), embedded.open(data) as mongo:
        assert mongo.uri == uri
        kill(first)
        before = mongods(data)
        write(mongo.uri, "one")
        assert mongods(data) == before


def test_a_killed_user_leaves_nothing_that_runs(data: Path) -> None:
    with another_user(data) as (user, uri):
        write(uri, "one")
        kill(user)
    wait_until(lambda: all_gone(data), "keeper and mongod end")
    with embedded.open(data) as mongo:
        assert names(mongo.uri) == {"one"}


def test_a_killed_keeper_takes_mongod_with_it_and_the_next_start_works(data: Path) -> None:
    with embedded.open(data) as mongo:
        write(mongo.uri, "one")
        (keeper,) = keepers(data)
        os.kill(keeper, signal.SIGKILL)
        # The first user still has it open: a new keeper serves both, at the address that they know.
        with embedded.open(data) as second:
            assert second.uri == mongo.uri
            assert len(mongods(data)) == 1
            assert names(mongo.uri) == {"one"}


def test_a_killed_mongod_is_started_again_for_those_who_use_it(data: Path) -> None:
    with embedded.open(data) as mongo:
        write(mongo.uri, "one")
        (killed,) = mongods(data)
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: bool(mongods(data)) and mongods(data) != [killed], "another mongod runs")
        assert names(mongo.uri) == {"one"}
        with embedded.open(data) as second:
            write(second.uri, "two")


def test_everything_killed_at_once_leaves_nothing_in_the_way(data: Path) -> None:
    with another_user(data) as (user, uri):
        write(uri, "one")
        for pid in (user.pid, *keepers(data), *mongods(data)):
            os.kill(pid, signal.SIGKILL)
    with embedded.open(data) as mongo:
        assert names(mongo.uri) == {"one"}


def test_a_keeper_that_is_told_to_leave_stops_mongod_cleanly(data: Path) -> None:
    with embedded.open(data) as mongo:
        write(mongo.uri, "one")
        os.kill(keepers(data)[0], signal.SIGTERM)
        wait_until(lambda: all_gone(data), "keeper and mongod end")
    assert "Now exiting" in EmbeddedFolder.of(data).mongod_log.read_text()


def test_takes_another_port_where_the_recorded_one_is_busy(data: Path) -> None:
    with embedded.open(data) as mongo:
        write(mongo.uri, "one")
    wait_until(lambda: all_gone(data), "keeper and mongod end")
    port = EmbeddedFolder.of(data).last_port()
    assert port is not None
    with closing(socket.create_server(("127.0.0.1", port))), embedded.open(data) as moved:
        assert moved.uri != mongo.uri
        assert names(moved.uri) == {"one"}
        write(moved.uri, "two")


def test_many_who_open_at_once_share_one_mongod(data: Path) -> None:
    with ExitStack() as shares, ThreadPoolExecutor(5) as pool:
        process = pool.submit(shares.enter_context, another_user(data))
        uris = {shares.enter_context(mongo).uri for mongo in pool.map(embedded.open, [data] * 4)}
        assert uris == {process.result()[1]}
        assert len(mongods(data)) == len(keepers(data)) == 1


def test_interrupting_the_users_terminal_does_not_reach_mongod(data: Path) -> None:
    with another_user(data) as (user, _):
        assert os.getsid(keepers(data)[0]) != os.getsid(user.pid)
        assert os.getpgid(mongods(data)[0]) != os.getpgid(user.pid)


def test_no_other_user_of_the_machine_may_read_the_data(data: Path) -> None:
    with embedded.open(data):
        assert data.stat().st_mode & 0o777 == 0o700
        assert EmbeddedFolder.of(data).root.stat().st_mode & 0o777 == 0o700


def test_says_so_where_the_directory_cannot_be_written(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(OperatorError, match=r"cannot be written .* Name another with --data, or set MONGODB_URI"):
        embedded.open(file / "data")


def test_says_what_mongod_said_where_the_data_is_no_database(data: Path) -> None:
    folder = EmbeddedFolder.of(data)
    folder.make()
    (folder.data / "WiredTiger").write_text("not a database")
    (folder.data / "storage.bson").write_bytes(b"nonsense")
    with pytest.raises(OperatorError, match=r"(?s)does not start\. It said:\n  .*mongod\.log"):
        embedded.open(data)
    wait_until(lambda: all_gone(data), "keeper ends")


def test_a_failure_that_was_mended_is_forgotten(data: Path) -> None:
    folder = EmbeddedFolder.of(data)
    folder.make()
    nonsense = folder.data / "storage.bson"
    nonsense.write_bytes(b"nonsense")
    with pytest.raises(OperatorError):
        embedded.open(data)
    nonsense.unlink()
    with embedded.open(data) as mongo:
        write(mongo.uri, "one")


def test_a_stale_port_file_and_a_stale_address_do_no_harm(data: Path) -> None:
    folder = EmbeddedFolder.of(data)
    folder.make()
    folder.port.write_text("not a port")
    folder.serving.write_text("1")
    folder.serving.with_suffix(".draft").write_text("1")
    with embedded.open(data) as mongo:
        write(mongo.uri, "one")
