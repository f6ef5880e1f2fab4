"""The keys of variables: their length is checked before graphql-core compares a wrong one with every name it knows."""

from collections.abc import Mapping
from typing import Any

from domain.failures import BadUserInput
from domain.messages import translatable

# No argument or input field has a longer name.
MAX_KEY_LENGTH = 200


def check_variable_keys(variables: Mapping[str, Any]) -> None:
    """Raise BadUserInput where a key of the variables, at any depth, is longer than any name of the schema."""
    waiting: list[Any] = [variables]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            if any(len(key) > MAX_KEY_LENGTH for key in value):
                raise BadUserInput(
                    translatable("A key in the variables has at most {most} characters.", most=MAX_KEY_LENGTH)
                )
            value = value.values()
        waiting += [item for item in value if type(item) is dict or type(item) is list]
