"""Completes values one by one, exactly as graphql-core does: nulls, exceptions, wrong types, errors at their places."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError, Undefined, is_list_type, is_non_null_type
from graphql.execution.executor import Executor
from graphql.pyutils import Path

from execution.errors import FieldError
from execution.places import Places
from execution.plan import FAILED, FieldPlan

if TYPE_CHECKING:
    from execution.context import CompiledExecutionContext

# Where a host limits the errors of a response, this many times as many are recorded; the others are counted.
_RECORDED_FACTOR = 2


class Completion:
    """Completes values, and records the errors of one execution."""

    def __init__(self, host: "CompiledExecutionContext") -> None:
        self._host = host
        self.errors: list[FieldError] = []
        self.unrecorded = 0
        limit = host.max_errors
        self._max_recorded = None if limit is None else _RECORDED_FACTOR * limit

    @property
    def has_failed(self) -> bool:
        """Return whether an error is recorded."""
        return bool(self.errors)

    @property
    def is_full(self) -> bool:
        """Return whether further errors are only counted."""
        return self._max_recorded is not None and len(self.errors) >= self._max_recorded

    def caught(self, exception: Exception) -> Exception:
        """Return an exception that stands for an error; one that nobody will report keeps no frames alive."""
        return exception.with_traceback(None) if self.is_full else exception

    def fail(self, field: FieldPlan | None, path: Path | None, exception: Exception, *, is_late: bool = False) -> Any:
        """Record an error of a field at a place; return FAILED."""
        if self.is_full:
            self.unrecorded += 1
        else:
            self.errors.append(FieldError(exception, field.nodes if field is not None else None, path, is_late))
        return FAILED

    def column(self, field: FieldPlan, values: Sequence[Any], done: Sequence[Any], places: Places) -> list[Any]:
        """Return the completed values of a field; `done` are the completed children that they contain, in order."""
        children = iter(done)
        completed = [
            self._value(field, field.definition.type, value, path, children)
            for value, path in zip(values, places.fields(field), strict=True)
        ]
        return completed if field.is_required else [None if each is FAILED else each for each in completed]

    def _value(self, field: FieldPlan, value_type: Any, value: Any, path: Path, children: Iterator[Any]) -> Any:
        if isinstance(value, Exception):
            return self.fail(field, path, value)
        if is_non_null_type(value_type):
            completed = self._value(field, value_type.of_type, value, path, children)
            if completed is None:
                name = field.details[0].node.name.value
                message = f"Cannot return null for non-nullable field {field.parent_type}.{name}."
                return self.fail(field, path, TypeError(message))
            return completed
        if value is None or value is Undefined:
            return None
        if is_list_type(value_type):
            return self._list(field, value_type, value, path, children)
        return next(children)

    def _list(self, field: FieldPlan, value_type: Any, value: Any, path: Path, children: Iterator[Any]) -> Any:
        if not isinstance(value, list | tuple):
            name = field.details[0].node.name.value
            message = f"Expected Iterable, but did not find one for field '{field.parent_type}.{name}'."
            return self.fail(field, path, GraphQLError(message))
        item_type, completed, has_failed = value_type.of_type, [], False
        is_required = is_non_null_type(item_type)
        for index, item in enumerate(value):
            result = self._value(field, item_type, item, path.add_key(index, None), children)
            if result is FAILED:
                has_failed = has_failed or is_required
                result = None
            completed.append(result)
        failure = getattr(value, "failure", None)
        if failure is not None:
            return self.fail(field, path, failure, is_late=True)
        return FAILED if has_failed else completed

    def leaves(self, field: FieldPlan, values: Sequence[Any], places: Places) -> list[Any]:
        """Return the serialized values, FAILED in the place of each that cannot be serialized."""
        leaf_type: Any = field.named_type
        completed: list[Any] = []
        for value, path in zip(values, places.paths(), strict=True):
            try:
                completed.append(Executor.complete_leaf_value(leaf_type, value))
            except Exception as failure:  # noqa: BLE001  Whatever a serializer raises.
                completed.append(self.fail(field, path, failure))
        return completed
