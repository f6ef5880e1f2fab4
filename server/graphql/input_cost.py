"""The cost of what the input of a mutation lists: each customer of a list is read, changed and told of by an event."""

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import ListValueNode, Node, NullValueNode, ObjectValueNode, VariableNode

# 200 customers that lose a tag and get it again take 100 ms: 0.25 ms each time. 500, the longest list, remain one
# operation.
INPUT_ITEM_COST = 30
# A filter in the input of a mutation: all customers of the partner are looked at, by the mutation or by the job that it
# starts. Three of them remain one operation.
FILTER_ITEMS = 200
FILTER_FIELDS = frozenset({"matching", "filter", "rule"})


def count_items(value: Any, variables: Mapping[str, Any]) -> int:
    """Return the number of items of all lists in a literal, or in the value of a variable; a filter counts as many."""
    count, waiting = 0, [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, VariableNode):
            value = variables.get(value.name.value)
        inner = _items(value)
        fields = _fields(value)
        count += len(inner) + FILTER_ITEMS * sum(_is_filter(name, inside, variables) for name, inside in fields)
        waiting += [*inner, *(inside for _, inside in fields)]
    return count


def _items(value: Any) -> Sequence[Any]:
    """Return the items of a list, as JSON or as a literal."""
    if isinstance(value, ListValueNode):
        return value.values
    return value if isinstance(value, list) else ()


def _fields(value: Any) -> Sequence[tuple[str, Any]]:
    """Return the names and values of an input object, as JSON or as a literal."""
    if isinstance(value, ObjectValueNode):
        return [(field.name.value, field.value) for field in value.fields]
    return list(value.items()) if isinstance(value, Mapping) else ()


def _is_filter(name: str, value: Any, variables: Mapping[str, Any]) -> bool:
    given = variables.get(value.name.value) if isinstance(value, VariableNode) else value
    return name in FILTER_FIELDS and given is not None and not isinstance(given, NullValueNode)


def variables_in(value: Node) -> set[str]:
    """Return the names of the variables in a literal."""
    names, waiting = set[str](), [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, VariableNode):
            names.add(node.name.value)
        else:
            waiting += [*_items(node), *(value for _, value in _fields(node))]
    return names
