"""Relations: each reads the values of many keys with one batch function, `(scope, keys) -> values`.

A field that has one key loads it through Strawberry's DataLoader, which collects the keys of one turn of the event
loop. A field that is resolved for all objects of a list has all keys of the list, and loads them at once (`load_all`).
A batch function with a third argument, `projection`, reads only these stored keys of its documents; None is for all.
"""

from asyncio import sleep
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from functools import partial
from inspect import signature
from typing import Any, Concatenate, Generic, Self, TypeVar, overload

from strawberry.dataloader import DataLoader

from store.database.joint_reads import JointRead
from store.database.scope import Scope
from store.database.stored_fields import Projection

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")
# One value for each key, in the order of the keys. An exception in the place of a value fails that key alone.
BatchFunction = Callable[Concatenate[Scope, Sequence[Key], ...], Awaitable[Sequence[Value | BaseException]]]


class RelationSet:
    """The base of a class whose attributes are relations; an instance holds the DataLoaders of one scope."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope


class RelationLoader(DataLoader[Key, Value]):
    """The values of one relation in one operation: of single keys, or of all keys of a list at once.

    `takes_projection` says that `read` has a second argument, the stored keys that are needed of its documents.
    """

    def __init__(self, read: Callable[..., Awaitable[Sequence[Value | BaseException]]], takes_projection: bool) -> None:
        super().__init__(read)
        self._read, self._takes_projection = read, takes_projection
        self._values: dict[Projection, dict[Key, Value]] = {}
        self._joint_reads: list[RelationRead[Key, Value]] = []

    def load(self, key: Key) -> Awaitable[Value]:
        """Return the key's value, in a batch with the other keys of this turn.

        Strawberry (0.341) cancels the call of a batch in which all other callers were cancelled, and the key that
        joins it would wait for ever.
        """
        # If all callers of the batch are cancelled, so is the last; a new batch is always safe.
        if self.batch is not None and self.batch.tasks and self.batch.tasks[-1].future.cancelled():
            self.batch = None
        return super().load(key)

    def prime_many(self, data: Mapping[Key, Value], force: bool = False) -> None:
        """Use these values without reading them."""
        super().prime_many(data, force)
        self._values.setdefault(None, {}).update(data)

    async def load_all(self, keys: Sequence[Key], projection: Projection = None) -> list[Value]:
        """Return the values in the order of the keys; an exception stands in the place of a value that failed.

        No key has a future of its own. Lists that are requested in one turn of the event loop are read together, with
        all stored keys that one of them needs.
        """
        values = self._values.setdefault(projection, {})
        if projection is not None and (whole := self._values.get(None)):
            values.update({key: whole[key] for key in keys if key in whole})
        missing = [key for key in keys if key not in values]
        if missing:
            values.update(await self._read_jointly(missing, projection))
        return [values[key] for key in keys]

    async def _read_jointly(self, keys: Sequence[Key], projection: Projection) -> Mapping[Key, Value]:
        while (joint_read := self._find_joint_read(keys, projection)) is not None:
            if (values := await joint_read.wait()) is not None:
                return values
        joint_read = RelationRead(keys, projection)
        self._joint_reads.append(joint_read)
        try:
            # The other fields of this level request their keys in the same turn.
            await sleep(0)
            joint_read.is_open = False
            read = await self._read_keys(list(joint_read.keys), joint_read.projection)
            by_key: Any = dict(zip(joint_read.keys, read, strict=True))
        except BaseException as failure:
            joint_read.fail(failure)
            raise
        finally:
            self._joint_reads.remove(joint_read)
        joint_read.finish(by_key)
        return by_key  # type: ignore[no-any-return]

    def _find_joint_read(self, keys: Sequence[Key], projection: Projection) -> "RelationRead[Key, Value] | None":
        """Return a read of this turn, to which the keys are added, or one under way that includes them."""
        for joint_read in self._joint_reads:
            if joint_read.is_open:
                joint_read.add(keys, projection)
                return joint_read
            if joint_read.includes(keys, projection):
                return joint_read
        return None

    def _read_keys(self, keys: list[Key], projection: Projection) -> Awaitable[Sequence[Value | BaseException]]:
        return self._read(keys, projection) if self._takes_projection else self._read(keys)


class RelationRead(JointRead[Key, Value]):
    """Keys of a relation that are read together, with the stored keys that one of their readers needs."""

    def __init__(self, keys: Sequence[Key], projection: Projection) -> None:
        super().__init__(keys)
        self.projection = projection
        self.is_open = True

    def add(self, keys: Sequence[Key], projection: Projection) -> None:
        """Add keys before they are read."""
        self.add_keys(keys)
        has_both = self.projection is not None and projection is not None
        self.projection = (self.projection or frozenset()) | (projection or frozenset()) if has_both else None

    def includes(self, keys: Sequence[Key], projection: Projection) -> bool:
        """Return whether everything that is requested is read."""
        is_projected = self.projection is None or (projection is not None and projection <= self.projection)
        return is_projected and all(key in self.keys for key in keys)


class Relation(Generic[Key, Value]):
    """A batch function, declared as an attribute of a RelationSet.

    On the class the attribute is the relation. On an instance it is a DataLoader, made at the first access. The
    DataLoader refers to the scope but not to the instance: with a circle of references, everything that an operation
    has read would wait for Python's garbage collector (docs/decisions/0016).
    """

    def __init__(self, read: BatchFunction[Key, Value]) -> None:
        self.read = read
        self._takes_projection = "projection" in signature(read).parameters
        self._name = ""

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, relations: None, owner: type) -> Self: ...

    @overload
    def __get__(self, relations: RelationSet, owner: type) -> RelationLoader[Key, Value]: ...

    def __get__(self, relations: RelationSet | None, owner: type) -> Any:
        """Return the relation, or the instance's DataLoader; the latter replaces this method for the instance."""
        if relations is None:
            return self
        loader: RelationLoader[Key, Value] = RelationLoader(partial(self.read, relations.scope), self._takes_projection)
        vars(relations)[self._name] = loader
        return loader


def in_key_order(keys: Sequence[Key], values: Mapping[Key, Value]) -> list[Value | None]:
    """Return the value of each key, None where there is none."""
    return [values.get(key) for key in keys]
