"""The errors of an execution, in graphql-core's order: as if each field were completed before the next one."""

from collections.abc import Sequence
from sys import maxsize
from typing import Any, NamedTuple

from graphql import FieldNode, GraphQLError, is_list_type, is_non_null_type, located_error
from graphql.pyutils import Path

from execution.plan import ObjectPlan

Key = tuple[int, ...]


class FieldError(NamedTuple):
    """What went wrong at a place of the response.

    It comes after the errors of the items where an iterator `is_late`: it raised after some items.
    """

    exception: Exception
    nodes: Sequence[FieldNode] | None
    path: Path | None
    is_late: bool = False

    def locate(self) -> GraphQLError:
        """Return the error as an entry of the response; where it cannot be told, that is the error."""
        path = self.path.as_list() if self.path is not None else None
        try:
            return located_error(self.exception, self.nodes, path)
        except Exception as failure:  # noqa: BLE001  Whatever the text of an exception raises.
            return located_error(failure, self.nodes, path)


def order_errors(root: ObjectPlan, errors: Sequence[FieldError]) -> list[FieldError]:
    """Return the errors in order, without those that graphql-core would not have reached.

    Where an error makes a field null, or an object above it, no more fields of that object are executed.
    """
    if len(errors) < 2:
        return list(errors)
    keyed = sorted(((*_key(root, error), error) for error in errors), key=lambda each: each[0])
    ordered: list[FieldError] = []
    null_at: Key | None = None
    for key, null_key, error in keyed:
        if null_at is None or key[: len(null_at)] != null_at:
            ordered.append(error)
            null_at = null_key
    return ordered


def _key(root: ObjectPlan, error: FieldError) -> tuple[Key, Key]:
    """Return the place of an error as indices of fields and items, and the place that it makes null."""
    steps: list[Path] = []
    path = error.path
    while path is not None:
        steps.append(path)
        path = path.prev
    key: list[int] = []
    nullable_length = 0
    plan, plans, value_type = root, {"": root}, None
    for step in reversed(steps):
        if isinstance(step.key, int):
            key.append(step.key)
            value_type = _nullable(value_type).of_type
        else:
            plan = plans.get(step.typename or "", root) if key else root
            field = next(each for each in plan.fields if each.key == step.key)
            key.append(field.index)
            plans, value_type = field.plans, field.definition.type
        if not is_non_null_type(value_type):
            nullable_length = len(key)
    null_key = tuple(key[:nullable_length])
    return (*key, maxsize) if error.is_late else tuple(key), null_key


def _nullable(value_type: Any) -> Any:
    inner = value_type.of_type if is_non_null_type(value_type) else value_type
    return inner if is_list_type(inner) else value_type
