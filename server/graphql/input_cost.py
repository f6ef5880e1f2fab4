"""The cost of what the input of a mutation lists: each customer of a list is read, changed and told of by an event."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from graphql import Undefined, ValueNode, value_from_ast_untyped

# 200 customers that lose a tag and get it again take 100 ms: 0.25 ms each time. 500, the longest list, remain one
# operation.
INPUT_ITEM_COST = 30
# A filter in the input of a mutation: all customers of the partner are looked at, by the mutation or by the job that it
# starts. Three of them remain one operation.
FILTER_ITEMS = 200
FILTER_FIELDS = frozenset({"matching", "filter", "rule"})


class Items(NamedTuple):
    """What takes the place of a value whose items are counted."""

    number: int


def count_variables(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables with each list and object counted: a document may name one of them hundreds of times."""
    return {name: count_variable(value) for name, value in variables.items()}


def count_variable(value: Any) -> Any:
    """Return the items of a list or an object; any other value as it is."""
    return Items(count_items(value)) if isinstance(value, (list, dict)) else value


def count_argument(value: ValueNode, counted_variables: dict[str, Any]) -> int:
    """Return the number of items of all lists in a literal with variables."""
    return count_items(value_from_ast_untyped(value, counted_variables))


def count_items(value: Any) -> int:
    """Return the number of items of all lists in a value; a filter counts as many."""
    count, waiting = 0, [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Items):
            count += value.number
        elif isinstance(value, list):
            count += len(value)
            waiting += value
        elif isinstance(value, dict):
            count += FILTER_ITEMS * sum(_is_filter(name, member) for name, member in value.items())
            waiting += value.values()
    return count


def _is_filter(name: str, value: Any) -> bool:
    return name in FILTER_FIELDS and value is not None and value is not Undefined
