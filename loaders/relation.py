"""Relations: each reads the values of many keys with one batch function, `(scope, keys) -> values`.

An operation reads them through Strawberry's DataLoader, which collects the keys of one turn of the event loop. A
compiled executor that has all keys of a list can call the batch function (`Loaders.customers.read`) without it.
"""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from functools import partial
from typing import Any, Generic, Self, TypeVar, overload

from strawberry.dataloader import DataLoader

from store.database.scope import Scope

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")
# One value for each key, in the order of the keys. An exception in the place of a value fails that key alone.
BatchFunction = Callable[[Scope, Sequence[Key]], Awaitable[Sequence[Value | BaseException]]]


class RelationSet:
    """The base of a class whose attributes are relations; an instance holds the DataLoaders of one scope."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope


class RelationLoader(DataLoader[Key, Value]):
    """A DataLoader that still answers a key loaded in the same turn in which all other callers were cancelled.

    Strawberry (0.341) cancels the call of such a batch, and the key that joined it would wait for ever.
    """

    def load(self, key: Key) -> Awaitable[Value]:
        """Return the key's value, in a batch with the other keys of this turn."""
        # If all callers of the batch are cancelled, so is the last; a new batch is always safe.
        if self.batch is not None and self.batch.tasks and self.batch.tasks[-1].future.cancelled():
            self.batch = None
        return super().load(key)


class Relation(Generic[Key, Value]):
    """A batch function, declared as an attribute of a RelationSet.

    On the class the attribute is the relation. On an instance it is a DataLoader, made at the first access. The
    DataLoader refers to the scope but not to the instance: with a circle of references, everything that an operation
    has read would wait for Python's garbage collector (docs/decisions/0016).
    """

    def __init__(self, read: BatchFunction[Key, Value]) -> None:
        self.read = read
        self._name = ""

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, relations: None, owner: type) -> Self: ...

    @overload
    def __get__(self, relations: RelationSet, owner: type) -> DataLoader[Key, Value]: ...

    def __get__(self, relations: RelationSet | None, owner: type) -> Any:
        """Return the relation, or the instance's DataLoader; the latter replaces this method for the instance."""
        if relations is None:
            return self
        loader: DataLoader[Key, Value] = RelationLoader(partial(self.read, relations.scope))
        vars(relations)[self._name] = loader
        return loader


def in_key_order(keys: Sequence[Key], values: Mapping[Key, Value]) -> list[Value | None]:
    """Return the value of each key, None where there is none."""
    return [values.get(key) for key in keys]
