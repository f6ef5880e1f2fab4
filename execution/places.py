"""Places: the response paths of the objects of a level, computed only where somebody asks for one."""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any

from graphql import Undefined, is_list_type, is_non_null_type
from graphql.pyutils import Path

from execution.plan import FieldPlan


class Items(list[Any]):
    """The items of any iterable that a resolver returned; `failure` is what ended the iteration early."""

    failure: Exception | None = None


# Of the lists among the values of a field, as they were when they were read: resolvers may change lists meanwhile. None
# in the place of a null, and where the values are no lists.
Lengths = Sequence[int | None] | None


def lengths_of(values: Sequence[Any], present: Sequence[Any]) -> Lengths:
    """Return the lengths of lists; `present` are those that are not null."""
    if len(present) == len(values):
        return list(map(len, values))
    return [None if value is None else len(value) for value in values]


def as_read(values: Sequence[Any], lengths: Lengths, items: Sequence[Any]) -> Sequence[Any]:
    """Return the values of a field as they were read; `items` are those of all lists."""
    return values if lengths is None else divide(items, lengths)


def divide(items: Iterable[Any], lengths: Iterable[int | None]) -> list[Any]:
    """Return the items as lists of the lengths; None in the place of a length that is None."""
    rest = iter(items)
    return [None if length is None else list(islice(rest, length)) for length in lengths]


class Places:
    """The paths of the objects of one level, in their order. They are computed once, at the first request."""

    def __init__(self, compute: Callable[[], Sequence[Path | None]]) -> None:
        self._compute = compute
        self._paths: Sequence[Path | None] | None = None

    def paths(self) -> Sequence[Path | None]:
        """Return the path of each object; None for the root."""
        if self._paths is None:
            self._paths = self._compute()
        return self._paths

    def fields(self, field: FieldPlan) -> list[Path]:
        """Return the path of a field of each object."""
        return [Path(path, field.key, field.parent_type.name) for path in self.paths()]

    def children(self, field: FieldPlan, values: Sequence[Any], lengths: Lengths, items: Sequence[Any]) -> "Places":
        """Return the places of what the values of a field contain; `lengths` and `items` are those of lists."""

        def compute() -> list[Path | None]:
            found: list[Path | None] = []
            for path, value in zip(self.fields(field), as_read(values, lengths, items), strict=True):
                _add_paths(field.definition.type, value, path, found)
            return found

        return Places(compute)

    def some(self, indices: Sequence[int]) -> "Places":
        """Return the places of some of the objects."""

        def compute() -> list[Path | None]:
            paths = self.paths()
            return [paths[index] for index in indices]

        return Places(compute)


ROOT = Places(lambda: [None])


def collect_children(value_type: Any, value: Any, found: list[Any]) -> None:
    """Add what a value contains: itself or, of a list, its items; nothing in the place of errors and nulls."""
    if value is None or value is Undefined or isinstance(value, Exception):
        return
    if is_non_null_type(value_type):
        value_type = value_type.of_type
    if not is_list_type(value_type):
        found.append(value)
    elif isinstance(value, list | tuple):
        for item in value:
            collect_children(value_type.of_type, item, found)


def _add_paths(value_type: Any, value: Any, path: Path, found: list[Path | None]) -> None:
    """Add the paths of what collect_children finds, in the same order."""
    if value is None or value is Undefined or isinstance(value, Exception):
        return
    if is_non_null_type(value_type):
        value_type = value_type.of_type
    if not is_list_type(value_type):
        found.append(path)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _add_paths(value_type.of_type, item, path.add_key(index, None), found)
