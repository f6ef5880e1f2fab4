"""Awaits what the resolvers of a level returned, all of it at the same time."""

from asyncio import Future, gather, get_running_loop
from collections.abc import Awaitable
from types import CoroutineType
from typing import Any


async def results_of(awaitables: list[Any]) -> list[Any]:
    """Return the results; exceptions stand for errors."""
    if len(awaitables) == 1:
        try:
            return [await awaitables[0]]
        except Exception as failure:  # noqa: BLE001  Whatever a resolver raises is the error of its field.
            return [failure]
    futures = _futures(awaitables)
    results = await gather(*futures, return_exceptions=True)
    if any(map(_ends_operation, set(map(type, results)))):
        for future, result in zip(futures, results, strict=True):
            # An exception of this kind that was returned, not raised, is a value.
            if _ends_operation(type(result)) and (future.cancelled() or future.exception() is not None):
                raise result
    return results


def _futures(awaitables: list[Any]) -> list[Future[Any]]:
    """Return a future of each; what cannot be awaited, or not again, fails by itself."""
    create_task = get_running_loop().create_task
    if set(map(type, awaitables)) == {CoroutineType} and len(set(map(id, awaitables))) == len(awaitables):
        return list(map(create_task, awaitables))
    return [each if isinstance(each, Future) else create_task(_result_of(each)) for each in awaitables]


async def _result_of(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


def _ends_operation(result_type: type) -> bool:
    return issubclass(result_type, BaseException) and not issubclass(result_type, Exception)
