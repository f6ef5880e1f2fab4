"""What all commands have in common: help, wrong options, and the end by an interrupt."""

from collections.abc import Iterator
from typing import Any

import click
import pytest
from click.testing import CliRunner

from server.cli.command_line import application
from tests.server.cli.conftest import RunCommand


def all_commands(group: click.Group, *path: str) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        yield (*path, name)
        if isinstance(command, click.Group):
            yield from all_commands(command, *path, name)


@pytest.mark.parametrize("path", list(all_commands(application)), ids=" ".join)
def test_every_command_and_option_is_explained(path: tuple[str, ...]) -> None:
    command: Any = application
    for name in path:
        command = command.commands[name]
    assert command.help
    assert all(option.help for option in command.params if isinstance(option, click.Option))
    printed = CliRunner().invoke(application, [*path, "--help"])
    assert (printed.exit_code, printed.output.startswith("Usage: ")) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["serve", "--prot", "1"], "No such option '--prot'. (Did you mean one of: '--host', '--port'?)"),
        (["serve", "--port", "70000"], "70000 is not in the range 0<=x<=65535"),
        (["serve", "--workers", "0"], "0 is not in the range 1<=x<=64"),
        (["token", "--ttl", "0"], "0 is not in the range x>=1"),
        (["export", "customers"], "Missing option '--partner'"),
        (["export", "customers", "--format", "pdf"], "'pdf' is not one of 'csv', 'xlsx', 'ndjson'"),
        (["export", "customers", "--order", "name"], "'name' is not one of 'NAME'"),
        (["import", "--partner", "acme"], "Missing argument 'KIND FILE… | DIRECTORY'"),
        (["nothing"], "No such command 'nothing'"),
    ],
)
def test_names_what_is_wrong(run_command: RunCommand, arguments: list[str], message: str) -> None:
    result = run_command(*arguments)
    assert (result.status, result.output) == (2, "")
    assert message in result.errors


@pytest.mark.parametrize("file_format", ["csv", "CSV", "Csv"])
def test_a_format_may_be_in_lower_case(run_command: RunCommand, file_format: str) -> None:
    arguments = ["--partner", "none", "--email", "a@b.example", "--format", file_format]
    assert "There is no partner none." in run_command("export", "customers", *arguments).errors


@pytest.mark.parametrize("group", [[], ["partner"], ["tokens"], ["jobs"], ["export"]])
def test_a_group_alone_prints_its_help(run_command: RunCommand, group: list[str]) -> None:
    result = run_command(*group)
    assert result.status == 2
    assert result.errors.startswith(f"Usage: {' '.join(['partnerhub', *group])} [OPTIONS] COMMAND")


def test_an_interrupt_does_not_end_as_a_rejected_record(
    run_command: RunCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("server.cli.commands.write_sample", interrupt)
    assert run_command("sample", "/nowhere") == (130, "", "")
