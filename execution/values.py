"""The values that resolvers return: whether they need a closer look, and iterables and awaitables made into lists.

`prepare` turns every iterable of a list type into `Items`, and adds a `Job` for what has to be awaited first.
"""

from collections.abc import AsyncIterable, Awaitable, Callable, Iterable
from types import AsyncGeneratorType, CoroutineType, FunctionType, GeneratorType
from typing import Any, NamedTuple

from graphql import Undefined, is_list_type, is_non_null_type
from graphql.pyutils import is_iterable

from execution.places import Items

# Whatever an instance says by these methods, its class does not tell.
_DYNAMIC = ("__await__", "__getattr__", "__aiter__")
_NEVER_PLAIN = (type(None), type(Undefined), GeneratorType, AsyncGeneratorType)
# A field that returns objects of ever new classes remembers no more of them.
_MAX_PLAIN_TYPES = 64


def are_plain(classes: set[type], known: set[type]) -> bool:
    """Return whether values of these classes are no exceptions, no awaitables, not iterated lazily, and not null.

    `known` are classes of which that is known.
    """
    if classes <= known:
        return True
    if not all(_is_plain(each) for each in classes):
        return False
    if len(known) + len(classes) <= _MAX_PLAIN_TYPES:
        known.update(classes)
    return True


def _is_plain(each: type) -> bool:
    if each in _NEVER_PLAIN or issubclass(each, BaseException):
        return False
    # Not hasattr: in Python 3.11 the class of every enumeration has a `__getattr__`, which its members do not have.
    return not any(map(_is_dynamic, each.__mro__))


def _is_dynamic(base: type) -> bool:
    own = vars(base)
    # Classes of C have a `__getattribute__` that reads attributes as usual.
    is_computed = isinstance(own.get("__getattribute__"), FunctionType) or ("__class__" in own and base is not object)
    return is_computed or any(name in own for name in _DYNAMIC)


class Job(NamedTuple):
    """Something to await: its result replaces `items[place]`."""

    items: list[Any]
    place: int
    item_type: Any
    awaitable: Awaitable[Any]


class Checks(NamedTuple):
    """The predicates of an execution, and what registers something that will be awaited."""

    is_awaitable: Callable[[Any], bool]
    is_async_iterable: Callable[[Any], bool]
    expect: Callable[[Any], Any]


def prepare_first(value_type: Any, value: Any, items: list[Any], index: int, checks: Checks) -> list[Job]:
    """Do the same as `prepare` with what a resolver returned, which may be an awaitable."""
    try:
        is_awaitable = checks.is_awaitable(value)
    except Exception as failure:  # noqa: BLE001  An object may compute its class or its attributes.
        items[index] = failure
        return []
    if is_awaitable:
        return [Job(items, index, value_type, checks.expect(value))]
    return prepare(value_type, value, items, index, checks)


def prepare(value_type: Any, value: Any, items: list[Any], index: int, checks: Checks) -> list[Job]:
    """Store the value in `items`, with lists in the place of iterables; return what has to be awaited in it.

    An awaitable at this very place is not awaited: it is the result of one, or the caller has looked. What is returned
    is registered with `checks.expect`.
    """
    try:
        return _prepare(value_type, value, items, index, checks)
    except Exception as failure:  # noqa: BLE001  An object may compute its class or its attributes.
        items[index] = failure
        return []


def _prepare(value_type: Any, value: Any, items: list[Any], index: int, checks: Checks) -> list[Job]:
    items[index] = value
    inner = value_type.of_type if is_non_null_type(value_type) else value_type
    if isinstance(value, Exception) or not is_list_type(inner) or value is None:
        return []
    if checks.is_async_iterable(value):
        return [Job(items, index, value_type, checks.expect(_read_async(value)))]
    if not is_iterable(value):
        return []
    listed = items[index] = value if isinstance(value, Items) else _read(value)
    jobs: list[Job] = []
    for place, item in enumerate(listed):
        try:
            is_awaitable = checks.is_awaitable(item)
        except Exception as failure:  # noqa: BLE001  To graphql-core, the iteration ends there.
            listed.failure = failure
            for rest in listed[place + 1 :]:
                if type(rest) is CoroutineType:
                    rest.close()
            del listed[place:]
            break
        if is_awaitable:
            jobs.append(Job(listed, place, inner.of_type, checks.expect(item)))
        else:
            jobs.extend(prepare(inner.of_type, item, listed, place, checks))
    return jobs


def _read(values: Iterable[Any]) -> Items:
    items = Items()
    try:
        for value in values:
            items.append(value)
    except Exception as failure:  # noqa: BLE001  Whatever an iterator raises is an error of the list.
        items.failure = failure
    return items


async def _read_async(values: AsyncIterable[Any]) -> Items:
    items = Items()
    iterator = aiter(values)
    try:
        async for value in iterator:
            items.append(value)
    except Exception as failure:  # noqa: BLE001  Whatever an iterator raises is an error of the list.
        items.failure = failure
    return items
