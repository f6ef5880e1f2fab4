"""The object types of values: `is_type_of` of an object type, and the runtime types of an interface or a union."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from graphql.execution.executor import invalid_return_type_error

from execution.completion import Completion
from execution.metadata import ARE_ALL_OF_TYPE
from execution.places import Places
from execution.plan import FAILED, FieldPlan
from execution.resolving import Resolving

if TYPE_CHECKING:
    from execution.context import CompiledExecutionContext

# Completes objects of one type.
Complete = Callable[[FieldPlan, Any, Sequence[Any], Places], Any]


class RuntimeTypes:
    """The types of the values of one execution."""

    def __init__(self, host: "CompiledExecutionContext", resolving: Resolving, completion: Completion) -> None:
        self._host, self._resolving, self._completion = host, resolving, completion

    def checked(
        self, field: FieldPlan, object_type: Any, objects: Sequence[Any], places: Places, complete: Complete
    ) -> Any:
        """Complete objects that must be of the type; the others are errors."""
        check = object_type.is_type_of
        if check is None or _are_all_of(object_type, objects):
            return complete(field, object_type, objects, places)
        info = self._resolving.info(field, None)
        verdicts = [_call(check, each, info) for each in objects]
        if all(verdict is True for verdict in verdicts):
            return complete(field, object_type, objects, places)
        later = self._await(verdicts)
        if later is not None:
            return self._resolving.expect(self._checked_later(field, object_type, objects, places, complete, later))
        return self._checked_one_by_one(field, object_type, objects, places, complete, verdicts)

    async def _checked_later(
        self, field: FieldPlan, object_type: Any, objects: Sequence[Any], places: Places, complete: Complete, later: Any
    ) -> Any:
        verdicts = await self._resolving.begin(later)
        return await self._resolving.now(
            self._checked_one_by_one(field, object_type, objects, places, complete, verdicts)
        )

    def _checked_one_by_one(
        self,
        field: FieldPlan,
        object_type: Any,
        objects: Sequence[Any],
        places: Places,
        complete: Complete,
        verdicts: Sequence[Any],
    ) -> Any:
        types: list[Any] = []
        for each, verdict, path in zip(objects, verdicts, places.paths(), strict=True):
            wrong = _why_not_of(field, object_type, each, verdict)
            types.append(object_type if wrong is None else self._completion.fail(field, path, wrong))
        return self._by_type(field, types, objects, places, complete)

    def of_abstract(self, field: FieldPlan, objects: Sequence[Any], places: Places, complete: Complete) -> Any:
        """Complete objects of an interface or a union, those of each type together."""
        resolve = field.named_type.resolve_type or self._host.type_resolver
        info = self._resolving.info(field, None)
        names = [_call(resolve, each, info, field.named_type) for each in objects]
        later = self._await(names)
        if later is not None:
            return self._resolving.expect(self._of_abstract_later(field, objects, places, complete, later))
        return self._of_names(field, names, objects, places, complete)

    async def _of_abstract_later(
        self, field: FieldPlan, objects: Sequence[Any], places: Places, complete: Complete, later: Any
    ) -> Any:
        names = await self._resolving.begin(later)
        return await self._resolving.now(self._of_names(field, names, objects, places, complete))

    def _of_names(
        self, field: FieldPlan, names: Sequence[Any], objects: Sequence[Any], places: Places, complete: Complete
    ) -> Any:
        known: dict[Any, Any] = {}
        types: list[Any] = []
        for index, (name, each) in enumerate(zip(names, objects, strict=True)):
            runtime_type = known.get(name) if type(name) is str else None
            if runtime_type is None:
                runtime_type = self._valid_type(field, name, each, places, index)
                if type(name) is str and runtime_type is not FAILED:
                    known[name] = runtime_type
            types.append(runtime_type)

        def complete_checked(field: FieldPlan, object_type: Any, objects: Sequence[Any], places: Places) -> Any:
            return self.checked(field, object_type, objects, places, complete)

        return self._by_type(field, types, objects, places, complete_checked)

    def _valid_type(self, field: FieldPlan, name: Any, value: Any, places: Places, index: int) -> Any:
        """Return the object type with the name that a value was resolved to; FAILED where there is none."""
        path = places.paths()[index]
        if isinstance(name, Exception):
            return self._completion.fail(field, path, name)
        details: Any = field.details
        info = self._resolving.info(field, path)
        try:
            return self._host.ensure_valid_runtime_type(name, field.named_type, details, info, value)
        except Exception as failure:  # noqa: BLE001  It says what is wrong with the name.
            return self._completion.fail(field, path, failure)

    def _by_type(
        self, field: FieldPlan, types: Sequence[Any], objects: Sequence[Any], places: Places, complete: Complete
    ) -> Any:
        """Complete the objects of each type together; an object whose type is FAILED stays so."""
        if all(each is types[0] for each in types) and types[0] is not FAILED:
            return complete(field, types[0], objects, places)
        results: list[Any] = [FAILED] * len(objects)
        pending: list[tuple[list[int], Any]] = []
        groups: dict[Any, list[int]] = {}
        for index, each in enumerate(types):
            if each is not FAILED:
                groups.setdefault(each, []).append(index)
        for object_type, indices in groups.items():
            done = complete(field, object_type, [objects[index] for index in indices], places.some(indices))
            if type(done) is list:
                _place(results, indices, done)
            else:
                pending.append((indices, done))
        return self._resolving.expect(self._by_type_later(results, pending)) if pending else results

    async def _by_type_later(self, results: list[Any], pending: Sequence[tuple[list[int], Any]]) -> list[Any]:
        done = await self._resolving.together([each for _, each in pending])
        for (indices, _), some in zip(pending, done, strict=True):
            _place(results, indices, some)
        return results

    def _await(self, values: list[Any]) -> Any:
        """Return a coroutine of the values where some of them are awaitable; None where there are none."""
        is_awaitable = self._host.is_awaitable
        waiting = [index for index, value in enumerate(values) if is_awaitable(value)]
        if not waiting:
            return None
        for index in waiting:
            self._resolving.expect(values[index])
        return self._resolving.expect(self._awaited(values, waiting))

    async def _awaited(self, values: list[Any], waiting: Sequence[int]) -> list[Any]:
        results = await self._resolving.all([values[index] for index in waiting])
        _place(values, waiting, results)
        return values


def _are_all_of(object_type: Any, objects: Sequence[Any]) -> bool:
    """Return whether the type declares a check of all objects at once, and that it holds."""
    check = object_type.extensions.get(ARE_ALL_OF_TYPE)
    try:
        return check is not None and check(objects)
    except Exception:  # noqa: BLE001  Then each object is checked by itself.
        return False


def _why_not_of(field: FieldPlan, object_type: Any, value: Any, verdict: Any) -> Exception | None:
    """Return the error of a value that is not of the type; None where it is."""
    if isinstance(verdict, Exception):
        return verdict
    details: Any = field.details
    try:
        return None if verdict else invalid_return_type_error(object_type, value, details)
    except Exception as failure:  # noqa: BLE001  Not everything is either true or false.
        return failure


def _call(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return the result; an exception stands for an error."""
    try:
        return function(*arguments)
    except Exception as failure:  # noqa: BLE001  Whatever it raises is an error of the field.
        return failure


def _place(results: list[Any], indices: Sequence[int], values: Sequence[Any]) -> None:
    for index, value in zip(indices, values, strict=True):
        results[index] = value
