"""The options that several commands share, and what all commands and groups have in common."""

from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any, Final

import click

# What is wrong with a file or directory is said where it is used.
PATH: Final = click.Path(path_type=Path)
data_option: Final = click.option("--data", type=PATH, metavar="DIR", help="The directory of the embedded MongoDB.")
partner_option: Final = click.option("--partner", metavar="ID", required=True, help="The partner's id.")
Command = Callable[..., None]


class Group(click.Group):
    """A group of commands, which show the defaults of their options; without a command, it prints its help."""

    def __init__(self, name: str, *, help: str) -> None:
        super().__init__(
            name, help=help, no_args_is_help=True, context_settings={"show_default": True, "max_content_width": 120}
        )


def choice_option(flag: str, parameter: str, choices: type[Enum], **attributes: Any) -> Callable[[Command], Command]:
    """Return a decorator for an option whose value is one of the enum's names, in upper or lower case."""
    return click.option(flag, parameter, type=click.Choice(choices, case_sensitive=False), **attributes)
