"""Limits of variables, checked as soon as they are read: 1 MiB of JSON can be 30 MB of objects, and requests wait.

graphql-core is another reason: it compares a wrong key with every name that it knows, and converts every value of a
list before a resolver can count them. 15,000 license lines took 1.2 s.
"""

from collections.abc import Mapping
from typing import Any

from domain.failures import BadUserInput, TooManyValues
from domain.messages import translatable

# No argument or input field has a longer name.
MAX_KEY_LENGTH = 200
# No list of an input may be longer than MAX_IDS = 500 (domain/text/input_checks.py) or a filter's 500 values.
MAX_LIST_LENGTH = 1_000
# All values together: at most some 100 ms of conversion.
MAX_VALUES = 5_000
# orjson reads deeper nesting than it writes: 254 levels, in the keys of feeds and of kept responses.
MAX_NESTING = 100


def find_rejection(variables: Mapping[str, Any] | None) -> BadUserInput | None:
    """Return why the variables are not accepted; without a traceback, which would keep them in memory."""
    if not variables:
        return None
    try:
        check_variables(variables)
    except BadUserInput as failure:
        return failure.with_traceback(None)
    return None


def check_variables(variables: Mapping[str, Any]) -> None:
    """Raise BadUserInput where a key or a list in the variables is too long, or they have too many values or levels."""
    waiting: list[tuple[Any, int]] = [(variables, 0)]
    count = 0
    while waiting:
        value, depth = waiting.pop()
        count += len(value)
        if depth > MAX_NESTING:
            raise BadUserInput(translatable("The variables have at most {most} levels.", most=MAX_NESTING))
        if count > MAX_VALUES:
            raise BadUserInput(translatable("The variables have at most {most} values in all.", most=MAX_VALUES))
        if type(value) is list and len(value) > MAX_LIST_LENGTH:
            raise TooManyValues("A list in the variables", MAX_LIST_LENGTH, len(value))
        if type(value) is not list:
            if len(max(value, key=len, default="")) > MAX_KEY_LENGTH:
                raise BadUserInput(
                    translatable("A key in the variables has at most {most} characters.", most=MAX_KEY_LENGTH)
                )
            value = value.values()
        waiting += [(item, depth + 1) for item in value if type(item) is dict or type(item) is list]
