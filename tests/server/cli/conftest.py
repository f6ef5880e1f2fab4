"""The command line in this process, over a prepared database."""

import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest

from server.cli.command_line import main
from tests.installation_keys import SIGNING_KEY


class CommandResult(NamedTuple):
    """What a command returned and printed."""

    status: int
    output: str
    errors: str


RunCommand = Callable[..., CommandResult]


@pytest.fixture
def database_name(prepared_database: str) -> str:
    """Return the name of an empty database with all collections and indexes."""
    return prepared_database


@pytest.fixture
def run_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], mongo_uri: str, database_name: str
) -> RunCommand:
    """Return a function that runs `partnerhub` with arguments in this process: a process of its own takes 1.5 s."""
    monkeypatch.setenv("MONGODB_URI", mongo_uri)
    monkeypatch.setenv("PARTNERHUB_DATABASE", database_name)
    monkeypatch.setenv("PARTNERHUB_SIGNING_KEY", SIGNING_KEY)

    def run(*arguments: str) -> CommandResult:
        monkeypatch.setattr(sys, "argv", ["partnerhub", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit_request:
            main()
        printed = capsys.readouterr()
        return CommandResult(int(exit_request.value.code or 0), printed.out, printed.err)

    return run
