"""The embedded MongoDB is closed to the other users of the machine, and its password is nowhere but in its file."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from domain.failures import OperatorError
from store.embedded import instance as embedded
from store.embedded.credentials import read_credentials
from store.embedded.folder import EmbeddedFolder
from store.embedded.instance import EmbeddedMongo
from tests.store.embedded.test_embedded import all_gone, mongods, names, supervisors, wait_until, write

ROOT = Path(__file__).parents[3]
NOBODY = 65534
# Run by root, it becomes another user; run by anybody else, it stays the same user, without the password.
STRANGER = """
import encodings.idna, os, sys
from pathlib import Path
from pymongo import MongoClient
if os.geteuid() == 0:
    os.setgroups([]); os.setgid({nobody}); os.setuid({nobody})
    for path in sys.argv[2:]:
        try:
            Path(path).stat()
            print("reads", path)
        except PermissionError:
            pass
client = MongoClient("127.0.0.1", int(sys.argv[1]), directConnection=True)
attempts = dict(
    reads=lambda: client.partnerhub.secrets.find_one(),
    writes=lambda: client.partnerhub.partners.insert_one({{}}),
    lists=lambda: client.list_database_names(),
    adds_a_user=lambda: client.admin.command("createUser", "me", pwd="me", roles=["root"]),
    reads_the_log=lambda: client.admin.command("getLog", "global"),
    stops_it=lambda: client.admin.command("shutdown"),
)
for name, attempt in attempts.items():
    try:
        attempt()
        print(name)
    except Exception as failure:
        assert getattr(failure, "code", None) == 13, failure
print("compression:", client.admin.command("hello", compression=["zlib", "snappy", "zstd"]).get("compression"))
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data directory that tests share; what still runs on it is ended."""
    data = tmp_path_factory.mktemp("embedded") / "data"
    yield data
    for pid in (*supervisors(data), *mongods(data)):
        os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def mongo(data: Path) -> Iterator[EmbeddedMongo]:
    with embedded.open_embedded_mongo(data) as mongo:
        write(mongo.uri, "one")
        yield mongo


def port(mongo: EmbeddedMongo) -> str:
    return mongo.uri.partition("127.0.0.1:")[2].partition("/")[0]


def test_another_user_of_the_machine_reads_and_changes_nothing(data: Path, mongo: EmbeddedMongo) -> None:
    folder = EmbeddedFolder.of(data)
    script = textwrap.dedent(STRANGER).format(nobody=NOBODY)
    files = [str(folder.password_file), str(folder.key_file), str(folder.mongod_log)]
    command = [sys.executable, "-c", script, port(mongo), *files]
    stranger = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (stranger.stdout, stranger.returncode) == ("compression: None\n", 0), stranger.stderr


def test_directories_and_credentials_belong_to_their_owner_alone(data: Path, mongo: EmbeddedMongo) -> None:
    folder = EmbeddedFolder.of(data)
    assert {path.stat().st_mode & 0o777 for path in (data, folder.root, folder.data)} == {0o700}
    assert {path.stat().st_mode & 0o777 for path in (folder.key_file, folder.password_file)} == {0o600}


def test_no_process_argument_log_or_text_contains_the_password(data: Path, mongo: EmbeddedMongo) -> None:
    folder = EmbeddedFolder.of(data)
    credentials = read_credentials(folder)
    assert f":{credentials.password}@" in mongo.uri
    logs = [path.read_text(errors="replace") for path in (folder.mongod_log, folder.supervisor_log)]
    with MongoClient[dict[str, Any]](mongo.uri) as client:
        texts = [*_command_lines(), *logs, repr(client), repr(credentials), repr(mongo)]
    assert not [text for text in texts if credentials.password in text or credentials.key in text]


def _command_lines() -> Iterator[str]:
    for folder in Path("/proc").glob("[0-9]*"):
        # A process can end between the listing and the reading.
        with suppress(OSError):
            yield (folder / "cmdline").read_bytes().decode(errors="replace")


def test_a_wrong_password_is_refused(data: Path, mongo: EmbeddedMongo) -> None:
    password = read_credentials(EmbeddedFolder.of(data)).password
    with pytest.raises(OperationFailure, match="Authentication failed") as refused:
        names(mongo.uri.replace(password, f"{password}x"))
    assert password not in str(refused.value)


def test_data_gets_a_new_password_where_the_files_are_missing(tmp_path: Path) -> None:
    """As for a restored copy; the data of a version without passwords has no user yet, like new data."""
    data = tmp_path / "data"
    folder = EmbeddedFolder.of(data)
    with embedded.open_embedded_mongo(data) as mongo:
        write(mongo.uri, "one")
    wait_until(lambda: all_gone(data), "supervisor and mongod end")
    folder.key_file.unlink()
    folder.password_file.unlink()
    with embedded.open_embedded_mongo(data) as again:
        assert again.uri != mongo.uri
        assert names(again.uri) == {"one"}


def test_a_mongod_that_runs_without_a_password_is_reported(tmp_path: Path) -> None:
    folder = EmbeddedFolder.of(tmp_path / "data")
    folder.create()
    lock = folder.publish(1)
    with pytest.raises(OperatorError, match="started without a password, by an older partnerhub: stop"):
        embedded.open_embedded_mongo(tmp_path / "data")
    folder.withdraw(lock)
