"""The folder of the embedded MongoDB: its locks, the published port and the stored port; no mongod is started."""

import stat
import threading
from pathlib import Path

import pytest

from store.embedded.folder import EmbeddedFolder, try_lock


@pytest.fixture
def folder(tmp_path: Path) -> EmbeddedFolder:
    folder = EmbeddedFolder.of(tmp_path / "data")
    folder.create()
    return folder


def test_the_folder_is_readable_by_its_owner_only_also_where_it_existed(tmp_path: Path) -> None:
    folder = EmbeddedFolder.of(tmp_path)
    folder.root.mkdir(mode=0o755)
    folder.create()
    assert stat.S_IMODE(folder.root.stat().st_mode) == 0o700
    assert folder.data.is_dir() and not folder.has_data()


def test_shared_locks_exclude_an_exclusive_one_until_the_last_is_released(folder: EmbeddedFolder) -> None:
    first, second = (try_lock(folder.users_lock, shared=True) for _ in range(2))
    assert first is not None and second is not None
    first.release()
    assert try_lock(folder.users_lock) is None
    second.release()
    second.release()
    exclusive = try_lock(folder.users_lock)
    assert exclusive is not None and try_lock(folder.users_lock, shared=True) is None
    exclusive.release()


def test_a_port_is_published_while_its_lock_is_held(folder: EmbeddedFolder) -> None:
    assert folder.serving_port() is None
    lock = folder.publish(27017)
    assert folder.serving_port() == 27017
    folder.withdraw(lock)
    assert folder.serving_port() is None and not folder.serving.exists()


def test_the_port_of_a_supervisor_that_was_killed_does_not_count(folder: EmbeddedFolder) -> None:
    folder.publish(27017).release()
    assert folder.serving.read_text() == "27017" and folder.serving_port() is None
    assert folder.publish(27018) is not None and folder.serving_port() == 27018


@pytest.mark.parametrize(
    ("text", "port"),
    [("27017\n", 27017), ("1024", 1024), ("65535", 65535), ("1023", None), ("65536", None), ("", None), ("x", None)],
)
def test_only_a_valid_port_is_read(folder: EmbeddedFolder, text: str, port: int | None) -> None:
    assert folder.last_port() is None
    folder.port.write_text(text)
    assert folder.last_port() == port


def test_the_port_of_an_ended_supervisor_is_never_returned(folder: EmbeddedFolder) -> None:
    returned: set[int | None] = set()
    is_over = threading.Event()

    def read() -> None:
        while not is_over.is_set():
            returned.add(folder.serving_port())

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(200):
        folder.serving.unlink(missing_ok=True)
        folder.serving.write_text("1")
        folder.publish(27017).release()
    is_over.set()
    reader.join()
    assert returned <= {None, 27017}
