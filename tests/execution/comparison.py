"""Runs an operation on graphql-core's executor and on the compiled one, and compares the results."""

import asyncio
import gc
import json
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from graphql import DocumentNode, ExecutionResult, GraphQLError, GraphQLSchema, execute
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

Executor = type[StrawberryGraphQLCoreExecutionContext]
STOCK: Executor = StrawberryGraphQLCoreExecutionContext


class AllErrors(StrawberryGraphQLCoreExecutionContext):
    """Finds all errors that an operation can have: none ends the execution of a neighbour."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.error_propagation = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one execution, whether nothing in it waited, and the warnings about forgotten coroutines."""

    result: ExecutionResult
    at_once: bool
    forgotten: tuple[str, ...] = ()


@dataclass(slots=True)
class Request:
    """One execution of a document; `context` and `root` make those values of each execution anew."""

    schema: GraphQLSchema
    document: DocumentNode
    variables: Mapping[str, Any] = field(default_factory=dict)
    context: Callable[[], Any] = dict
    root: Callable[[], Any] = dict
    operation_name: str | None = None
    options: dict[str, Any] = field(default_factory=dict)

    async def run(self, executor: Executor) -> Outcome:
        """Return the result of one executor."""
        # Garbage of graphql-core's executor must not be collected while the other one runs (see own_collection).
        assert not gc.isenabled()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            result, at_once = await self._execute(executor)
        forgotten = [str(warning.message) for warning in caught if "never awaited" in str(warning.message)]
        return Outcome(result, at_once, tuple(forgotten))

    async def _execute(self, executor: Executor) -> tuple[ExecutionResult, bool]:
        outcome: Any = execute(
            self.schema,
            self.document,
            self.root(),
            self.context(),
            dict(self.variables),
            self.operation_name,
            executor_class=executor,
            **self.options,
        )
        at_once = isinstance(outcome, ExecutionResult)
        if not at_once:
            outcome = await outcome
        left_some = await _settle()
        return outcome, at_once and not left_some


async def _settle() -> bool:
    """Wait for what an execution left running, as graphql-core does in the background; return whether it left some."""
    current, left_some = asyncio.current_task(), False
    while running := asyncio.all_tasks() - {current}:
        left_some = True
        await asyncio.wait(running)
    # What the last of them held is released in the next turn of the event loop.
    for _ in range(2):
        await asyncio.sleep(0)
    return left_some


def describe_error(error: GraphQLError) -> tuple[Any, ...]:
    """Return what a client gets of an error, and the type of its cause."""
    locations = tuple((place.line, place.column) for place in error.locations or ())
    extensions = json.dumps(error.extensions, sort_keys=True, default=repr)
    return error.message, tuple(error.path or ()), locations, extensions, type(error.original_error).__name__


def ordered(data: Any) -> str:
    """Return the data as text, with the keys in their order."""
    return json.dumps(data, ensure_ascii=False, default=repr)


async def differences(request: Request, expected: Outcome, actual: Outcome) -> list[str]:
    """Return in what `actual` differs from `expected`; nothing where they are the same to a client.

    The order of errors is compared where nothing waited. Elsewhere it depends on the event loop, as does which of
    several errors makes a field null: each must then be one that graphql-core can find.
    """
    found = []
    if ordered(expected.result.data) != ordered(actual.result.data):
        found.append(f"data\n  {ordered(expected.result.data)}\n  {ordered(actual.result.data)}")
    wanted = [describe_error(error) for error in expected.result.errors or ()]
    given = [describe_error(error) for error in actual.result.errors or ()]
    if wanted == given or (not expected.at_once and Counter(wanted) == Counter(given)):
        return found
    if expected.at_once:
        return [*found, f"errors\n  {wanted}\n  {given}"]
    return [*found, *await _impossible_errors(request, expected.result.data, wanted, given)]


async def _impossible_errors(request: Request, data: Any, wanted: list[Any], given: list[Any]) -> list[str]:
    """Return why the errors are none that another order of the same work would bring."""
    everything = await request.run(AllErrors)
    possible = Counter(describe_error(error) for error in everything.result.errors or ())
    # An error that a resolver has located itself does not say where it arose.
    places_wanted = {_nulled(data, error[1]) for error in wanted if _is_located(error)}
    places_given = {_nulled(data, error[1]) for error in given if _is_located(error)}
    found = [f"an error that cannot be: {error}" for error in given if error not in possible and error not in wanted]
    found += [
        f"twice: {error}"
        for error, count in Counter(given).items()
        if count > max(possible[error], Counter(wanted)[error])
    ]
    own_places = len(wanted) + len(given) > sum(_is_located(error) for error in wanted + given)
    if places_wanted != places_given and not own_places:
        found.append(f"errors at other places\n  {wanted}\n  {given}")
    # Only where a field above is null, another error may stand for one.
    alone = {error for error in wanted if _nulled(data, error[1]) == error[1] and _is_located(error)}
    found += [f"missing: {error}" for error in alone - set(given)]
    return found


def _is_located(error: tuple[Any, ...]) -> bool:
    """Whether the executor has located the error: it has a place in the document."""
    return bool(error[2])


def _nulled(data: Any, path: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the first position on the path that is null."""
    for length, key in enumerate(path):
        if data is None:
            return path[:length]
        try:
            data = data[key]
        except (KeyError, IndexError, TypeError):
            return path
    return path


@contextmanager
def own_collection() -> Iterator[list[str]]:
    """Collect garbage at the end of the block only; add to the list what it says about forgotten coroutines.

    graphql-core forgets coroutines where an error ends the execution of their neighbours.
    """
    forgotten: list[str] = []
    gc.collect()
    # What there is already need not be looked at again, here or later: a walk through it takes 0.1 s and more.
    gc.freeze()
    gc.disable()
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield forgotten
            gc.collect()
        forgotten += [str(warning.message) for warning in caught if "never awaited" in str(warning.message)]
    finally:
        gc.enable()
