"""Batched fields under an executor that resolves one object at a time: their DataLoaders.

A batched field has one function, `(context, parents, **arguments) -> results in the order of the parents`. The compiled
executor calls it once for all objects of a level. Any other executor loads the result of each object here: the objects
of one turn of the event loop are one call of the same function.
"""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias
from weakref import ReferenceType, ref

from loaders.relation import RelationLoader

BatchedFunction: TypeAlias = Callable[..., Awaitable[Sequence[Any]]]


class BatchedFields:
    """The DataLoaders of one operation, by function and arguments.

    They refer to the operation's context weakly: with a circle of references, everything that an operation has read
    would wait for Python's garbage collector (docs/decisions/0016).
    """

    def __init__(self) -> None:
        self._loaders: dict[Hashable, RelationLoader[Any, Any]] = {}

    def load(
        self, context: Any, function: BatchedFunction, arguments: Mapping[str, Any], parent: Any
    ) -> Awaitable[Any]:
        """Return the result of the function for one parent."""
        key = (function, _hashable(arguments))
        loader = self._loaders.get(key)
        if loader is None:
            loader = self._loaders[key] = RelationLoader(partial(_call, ref(context), function, arguments), False)
            loader.cache = False
        return loader.load(parent)


async def _call(
    reference: "ReferenceType[Any]", function: BatchedFunction, arguments: Mapping[str, Any], parents: Sequence[Any]
) -> Sequence[Any]:
    context = reference()
    return [] if context is None else await function(context, parents, **arguments)


def _hashable(value: Any) -> Hashable:
    """Return arguments, which may be mappings and lists, as a key."""
    if isinstance(value, Mapping):
        return tuple((name, _hashable(item)) for name, item in sorted(value.items()))
    return tuple(map(_hashable, value)) if isinstance(value, list) else value
