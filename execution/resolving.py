"""Resolves one field for all objects of a level."""

from asyncio import get_running_loop, iscoroutine
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import date
from enum import Enum
from operator import attrgetter
from types import CoroutineType
from typing import TYPE_CHECKING, Any

from graphql import GraphQLResolveInfo, default_field_resolver
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path, gather_with_cancel
from strawberry.types.arguments import convert_arguments

from execution.awaiting import results_of
from execution.completion import Completion
from execution.metadata import strawberry_field
from execution.places import Places
from execution.plan import FieldPlan
from execution.turns import TURNS

if TYPE_CHECKING:
    from execution.context import CompiledExecutionContext

_IMMUTABLE = (str, int, float, bool, Enum, frozenset, date)


class _AsyncIterable:
    def __aiter__(self) -> Any: ...


_ASYNC_ITERABLE = _AsyncIterable()
# A shorter level is resolved without a pause.
_SHORT_LIST = 50
# The number of objects of a longer level that are resolved between two checks of the end of the turn.
_CALLS_AT_ONCE = 10


class Resolving:
    """The resolvers of one execution, with their arguments, which are the same for all objects of a level."""

    def __init__(self, host: "CompiledExecutionContext", completion: Completion) -> None:
        self._host, self._completion = host, completion
        self._context = host.context_value
        self._reads_by_name = host.field_resolver is default_field_resolver
        # What is to be awaited and has not been begun. Where the operation ends first, `close` ends it.
        self._waiting: dict[int, Awaitable[Any]] = {}

    def column(self, field: FieldPlan, objects: Sequence[Any], places: Places) -> Any:
        """Return the value of the field of each object, or an awaitable of all; exceptions stand for errors.

        Values may be awaitables.
        """
        declared = field.execution
        try:
            # As graphql-core does: a wrong argument is the error, although the field may not be read either.
            coerced = self._arguments(field)
            if declared.guard is not None:
                declared.guard(self._context)
            if declared.batch is not None:
                results: Any = declared.batch(self._context, objects, **self._python_arguments(field, coerced))
                if self._host.is_awaitable(results):
                    return self.expect(_await_batch(self.expect(results), len(objects), self))
                return _check_batch(results, len(objects))
        except Exception as failure:  # noqa: BLE001  Whatever it raises is the error of the field of each object.
            return [failure] * len(objects)
        if field.attribute is not None and declared.each is None:
            return self._attributes(field, field.attribute, objects, places)
        if field.definition.resolve is None and declared.each is None and self._reads_by_name:
            return self._by_name(field, objects, places)
        try:
            call = self._caller(field, objects, places, coerced)
        except Exception as failure:  # noqa: BLE001  A wrong argument is the error of the field of each object.
            return [failure] * len(objects)
        if len(objects) > _SHORT_LIST and self.can_wait():
            return self.expect(_call_in_turns(call, len(objects)))
        return [call(index) for index in range(len(objects))]

    def _attributes(self, field: FieldPlan, name: str, objects: Sequence[Any], places: Places) -> list[Any]:
        """Return an attribute of each object; resolvers are called from the first one that has none."""
        values: list[Any] = []
        try:
            values.extend(map(attrgetter(name), objects))
        except Exception:  # noqa: BLE001  The resolver says what is the matter.
            paths = places.fields(field)
            values += [self.one(field, objects[index], paths[index]) for index in range(len(values), len(objects))]
        return values

    def _by_name(self, field: FieldPlan, objects: Sequence[Any], places: Places) -> list[Any]:
        """Return what graphql-core's default resolver returns: an entry or attribute, or a function's result."""
        name = field.details[0].node.name.value
        has_mappings = any(isinstance(each, Mapping) for each in _one_of_each_type(objects))
        values: list[Any] = []
        for each in objects:
            try:
                is_mapping = has_mappings and isinstance(each, Mapping)
                values.append(each.get(name) if is_mapping else getattr(each, name, None))
            except Exception as failure:  # noqa: BLE001  Whatever an attribute raises is the error of its field.
                values.append(self._completion.caught(failure))
        if not any(map(callable, _one_of_each_type(values))):
            return values
        paths = places.fields(field)
        return [
            self.one(field, objects[index], paths[index]) if callable(value) else value
            for index, value in enumerate(values)
        ]

    def _caller(
        self, field: FieldPlan, objects: Sequence[Any], places: Places, coerced: dict[str, Any]
    ) -> Callable[[int], Any]:
        """Return a function that returns the value of the field of one object, by its index."""
        each, context = field.execution.each, self._context
        if each is None:
            paths = places.fields(field)
            if len(objects) == 1:
                return lambda index: self.one(field, objects[index], paths[index], coerced)
            # Each has arguments of its own, which it may change.
            return lambda index: self.one(field, objects[index], paths[index])
        arguments, function, caught = self._python_arguments(field, coerced), each, self._completion.caught

        def call(index: int) -> Any:
            try:
                return function(context, objects[index], **arguments)
            except Exception as failure:  # noqa: BLE001  Whatever it raises is the error of its field.
                return caught(failure)

        return call

    def one(self, field: FieldPlan, parent: Any, path: Path, arguments: dict[str, Any] | None = None) -> Any:
        """Return the value of the field of one object, by its own resolver; an exception stands for an error.

        `arguments` are those that were coerced before.
        """
        resolve = field.definition.resolve or self._host.field_resolver
        info = self.info(field, path)
        try:
            return resolve(parent, info, **(self._arguments(field) if arguments is None else arguments))
        except Exception as failure:  # noqa: BLE001  Whatever a resolver raises is the error of its field.
            return self._completion.caught(failure)

    def info(self, field: FieldPlan, path: Path | None) -> GraphQLResolveInfo[Any]:
        """Return the information that resolvers get."""
        path = path or Path(None, field.key, field.parent_type.name)
        return self._host.build_resolve_info(field.definition, field.nodes, field.parent_type, path)

    def _arguments(self, field: FieldPlan) -> dict[str, Any]:
        """Return the arguments as graphql-core coerces them."""
        if field.arguments is not None:
            return field.arguments
        node, host = field.nodes[0], self._host
        arguments: dict[str, Any] = {}
        if field.definition.args or node.arguments:
            arguments = get_argument_values(field.definition, node, host.variable_values, None, host.hide_suggestions)
        if field.has_constant_arguments and _are_immutable(arguments):
            field.arguments = arguments
        return arguments

    def _python_arguments(self, field: FieldPlan, coerced: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments of the declared functions."""
        if field.python_arguments is not None:
            return field.python_arguments
        arguments = self._convert(field, dict(coerced))
        if field.has_constant_arguments and _are_immutable(arguments):
            field.python_arguments = arguments
        return arguments

    def _convert(self, field: FieldPlan, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments of a resolver of Strawberry, converted as the field declares."""
        declared = field.execution
        convert = declared.compiled_arguments
        if convert is None:
            arguments, convert = self._by_strawberry(field, arguments), declared.arguments
        if convert is not None:
            arguments = dict(convert(arguments, self.info(field, None)))
        if declared.takes_projection:
            arguments["projection"] = field.projection
        return arguments

    def _by_strawberry(self, field: FieldPlan, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments as Strawberry converts them."""
        definition = strawberry_field(field.definition)
        if not arguments or definition is None:
            return arguments
        schema: Any = self._host.schema
        schema = schema._strawberry_schema
        registry = schema.schema_converter.scalar_registry
        return convert_arguments(arguments, definition.arguments, scalar_registry=registry, config=schema.config)

    def can_wait(self) -> bool:
        """Return whether there is an event loop in which the operation can wait for its turn.

        There may be one although the operation is executed synchronously: nothing is an asynchronous iterable then.
        """
        return is_loop_running() and self._host.is_async_iterable(_ASYNC_ITERABLE)

    def expect(self, awaitable: Any) -> Any:
        """Return the awaitable, which is closed at the end unless `begin` is called with it."""
        self._waiting[id(awaitable)] = awaitable
        return awaitable

    def begin(self, awaitable: Any) -> Any:
        """Return an awaitable that is awaited now."""
        self._waiting.pop(id(awaitable), None)
        return awaitable

    def close(self) -> None:
        """Close what was never begun."""
        for awaitable in self._waiting.values():
            if iscoroutine(awaitable):
                awaitable.close()
        self._waiting.clear()

    def close_all(self, values: Iterable[Any]) -> None:
        """Close the coroutines among any values: nobody will await them."""
        for value in values:
            self.begin(value)
            # By its class: an object may compute what it seems to be.
            if type(value) is CoroutineType:
                value.close()

    async def together(self, awaitables: Sequence[Any]) -> Sequence[Any]:
        """Return the results of coroutines of the execution itself, which fail only where the operation ends."""
        pending = [self.begin(each) for each in awaitables]
        return [await pending[0]] if len(pending) == 1 else await gather_with_cancel(*pending)

    async def now(self, result: Any) -> Any:
        """Return a result that may still have to be awaited."""
        return result if type(result) is list else await self.begin(result)

    async def all(self, awaitables: Sequence[Any]) -> Sequence[Any]:
        """Return the results; exceptions stand for errors."""
        return await results_of(list(map(self.begin, awaitables)))


def _one_of_each_type(values: Sequence[Any]) -> Iterable[Any]:
    """Return a value of each class: whether it is a mapping or a function depends on its class."""
    return {type(value): value for value in values}.values()


def _are_immutable(arguments: Mapping[str, Any]) -> bool:
    return all(value is None or isinstance(value, _IMMUTABLE) for value in arguments.values())


def is_loop_running() -> bool:
    """Return whether this thread runs an event loop."""
    try:
        get_running_loop()
    except RuntimeError:
        return False
    return True


async def _call_in_turns(call: Callable[[int], Any], count: int) -> list[Any]:
    """Return the values of a long level; other operations have their turn in between."""
    values: list[Any] = []
    try:
        for start in range(0, count, _CALLS_AT_ONCE):
            if TURNS.is_over():
                await TURNS.wait()
            values.extend(map(call, range(start, min(start + _CALLS_AT_ONCE, count))))
    except BaseException:
        for value in values:
            if iscoroutine(value):
                value.close()
        raise
    return values


async def _await_batch(results: Any, count: int, resolving: Resolving) -> list[Any]:
    try:
        return _check_batch(await resolving.begin(results), count)
    except Exception as failure:  # noqa: BLE001  Whatever it raises is the error of the field of each object.
        return [failure] * count


def _check_batch(results: Sequence[Any], count: int) -> list[Any]:
    if len(results) != count:
        raise ValueError(f"A batch function returned {len(results)} results for {count} objects.")
    return list(results)
