"""Where the keys come from: a setting, a file, or the data directory of the embedded MongoDB."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from domain.failures import OperatorError
from server.app.keys import KEY_FILE, key_file_advice, load_keys, with_key_file
from server.app.settings import Settings
from server.auth.keys import generate_key, parse_keys
from server.operator_input import Secret
from tests.installation_keys import KEYS, SIGNING_KEY


def settings(**changes: Any) -> Settings:
    return Settings(**changes)


def test_the_processes_of_a_data_directory_share_a_file_that_only_their_user_can_read(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: load_keys(settings(), tmp_path), range(8)))
    assert len({each.signing["kid"] for each in keys}) == 1
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]
    path = tmp_path / KEY_FILE
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    assert load_keys(settings(data=tmp_path)) == keys[0]
    assert path.stat().st_mode & 0o777 == 0o600


def test_worker_processes_are_told_the_file(tmp_path: Path) -> None:
    chosen = with_key_file(settings(), tmp_path)
    worker = settings(mongodb_uri="mongodb://embedded", signing_key_file=chosen.signing_key_file)
    assert load_keys(worker) == load_keys(settings(), tmp_path)


def test_a_setting_comes_before_the_data_directory(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_text(generate_key())
    assert load_keys(settings(signing_key=Secret(SIGNING_KEY)), tmp_path) == KEYS
    assert load_keys(settings(signing_key_file=str(file)), tmp_path) == parse_keys(file.read_text())
    assert not (tmp_path / KEY_FILE).exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mongodb_uri": "mongodb://db.example"}, r"MONGODB_URI is set, so PARTNERHUB_SIGNING_KEY_FILE .*openssl"),
        ({"signing_key": Secret("a"), "signing_key_file": "b"}, "not both"),
        ({"signing_key": Secret("hunter2!")}, r"^PARTNERHUB_SIGNING_KEY contains no private key .*openssl"),
        ({"signing_key_file": "nowhere.pem"}, r"^PARTNERHUB_SIGNING_KEY_FILE: nowhere.pem cannot be read: No such"),
        ({"signing_key_file": __file__}, r"^PARTNERHUB_SIGNING_KEY_FILE: .*test_keys.py contains no private key"),
    ],
)
def test_a_mistake_names_the_setting_and_repeats_no_key(changes: dict[str, object], message: str) -> None:
    with pytest.raises(OperatorError, match=message) as refused:
        load_keys(settings(**changes))
    assert "hunter2" not in str(refused.value)


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=rf"{KEY_FILE} cannot be written: No such file"):
        load_keys(settings(), tmp_path / "missing")


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key.pem"
    path.write_text(generate_key())
    return path


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o602, 0o660, 0o777, 0o444])
def test_a_key_file_that_others_may_read_or_change_is_named(key_file: Path, mode: int) -> None:
    key_file.chmod(mode)
    (advice,) = key_file_advice(settings(signing_key_file=str(key_file)))
    assert f"{key_file} has the mode {mode:04o}" in advice and f"`chmod 600 {key_file}`" in advice
    assert key_file.read_text() not in advice


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_a_private_key_file_is_not_named(key_file: Path, mode: int) -> None:
    key_file.chmod(mode)
    assert key_file_advice(settings(signing_key_file=str(key_file))) == []


def test_a_relative_key_file_is_found(key_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key_file.chmod(0o644)
    monkeypatch.chdir(key_file.parent)
    (advice,) = key_file_advice(settings(signing_key_file=key_file.name))
    assert str(key_file) in advice


def test_credentials_of_systemd_may_have_any_mode(key_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key_file.chmod(0o440)
    chosen = settings(signing_key_file=str(key_file))
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(key_file.parent))
    assert key_file_advice(chosen) == []
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "")
    assert len(key_file_advice(chosen)) == 1


@pytest.mark.parametrize("path", ["", "/run/secrets/signing_key", "nowhere.pem"])
def test_no_file_and_mounted_secrets_are_not_examined(path: str) -> None:
    assert key_file_advice(settings(signing_key_file=path)) == []


def test_the_file_of_the_data_directory_needs_no_advice(tmp_path: Path) -> None:
    assert key_file_advice(with_key_file(settings(), tmp_path)) == []
