"""The options that several commands share, and what all commands and groups have in common."""

import sys
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any, Final

import click

# What is wrong with a file or directory is said where it is used.
PATH: Final = click.Path(path_type=Path)
data_option: Final = click.option("--data", type=PATH, metavar="DIR", help="The directory of the embedded MongoDB.")
partner_option: Final = click.option("--partner", metavar="ID", required=True, help="The partner's id.")
# 128 and the number of SIGINT.
_INTERRUPTED: Final = 130
Command = Callable[..., None]


class Group(click.Group):
    """A group of commands, which show the defaults of their options; without a command, it prints its help."""

    def __init__(self, name: str, *, help: str) -> None:
        settings = {"show_default": True, "max_content_width": 120}
        super().__init__(name, help=help, no_args_is_help=True, context_settings=settings)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of their definition."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. An interrupt ends it as it ends other programs; click's status 1 means rejected records."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            sys.exit(_INTERRUPTED)


def choice_option(
    flag: str, parameter: str, choices: type[Enum], *, case_sensitive: bool = False, **attributes: Any
) -> Callable[[Command], Command]:
    """Return a decorator for an option whose value is one of the enum's names."""
    return click.option(flag, parameter, type=click.Choice(choices, case_sensitive=case_sensitive), **attributes)
