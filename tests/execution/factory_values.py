"""What the fields of the schema with every feature return: decided by a seed, the parent, the field and its arguments.

The same decision is made whoever asks: a resolver of graphql-core's executor, or a batch function of the compiled one.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator, Mapping, Sequence
from random import Random
from typing import Any, Self
from zlib import crc32

from graphql import GraphQLError, GraphQLObjectType, get_named_type, is_list_type, is_non_null_type, is_object_type
from graphql.pyutils import Undefined

from tests.execution.factory_scalars import good_leaf, python_leaf, stored_leaf, wrong_leaf

MODES = ("plain", "stored", "sync", "async", "mixed", "batch", "batchNow", "each", "guarded")
KINDS: Mapping[str, Sequence[str]] = {
    "Node": ("Person", "Company", "Note"),
    "Named": ("Person", "Company"),
    "Later": ("Person", "Note"),
    "Found": ("Person", "Company", "Note"),
}


class Raised:
    """A decision: the resolver raises the error."""

    def __init__(self, error: Exception) -> None:
        self.error = error


class SlowValue:
    """An awaitable that is no coroutine."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __await__(self) -> Generator[Any, None, Any]:
        yield from asyncio.sleep(0).__await__()
        return self.value


class World:
    """The decisions of one operation; the context value of its executions."""

    def __init__(self, schema: Any, seed: int, failures: float = 0.0) -> None:
        self.schema, self.seed, self.failures = schema, seed, failures
        # What the operation has changed, in order.
        self.changes: list[str] = []

    @staticmethod
    def of(context: Any) -> "World":
        """Return the context as what it is."""
        assert isinstance(context, World)
        return context

    def guard(self, name: str) -> None:
        """Raise where the field may not be read at all."""
        if crc32(f"{self.seed}:{name}".encode()) % 1000 < 1000 * self.failures:
            raise PermissionError(f"Guarded: {name}.")

    def batch_failure(self, name: str) -> Exception | None:
        """Return the error that the batch function of the field raises; its resolver raises it for each parent."""
        fails = name.startswith("batch") and crc32(f"{self.seed}:all:{name}".encode()) % 1000 < 300 * self.failures
        return LookupError(f"All: {name}.") if fails else None

    def decide(self, parent: Any, name: str, graphql_type: Any, given: Mapping[str, Any], mode: str) -> Any:
        """Return what the field returns; Raised where it raises."""
        token = parent.token if isinstance(parent, Item) else 0
        key = f"{self.seed}:{token}:{name}:{_text(given)}"
        random = Random(crc32(key.encode()))
        if name.endswith("Echo"):
            return _text(given)
        if name.endswith("Count"):
            self.changes.append(name)
            return len(self.changes)
        whole = self.batch_failure(name)
        if whole is not None or random.random() < self.failures / 3:
            return Raised(whole or _error(random, name))
        return _Decision(self, random, mode).value(graphql_type)

    def answer(self, parent: Any, name: str, graphql_type: Any, given: Mapping[str, Any], mode: str = "sync") -> Any:
        """Return what the field returns, or raise."""
        decided = self.decide(parent, name, graphql_type, given, mode)
        if isinstance(decided, Raised):
            raise decided.error
        return decided

    def item(self, kind: str, random: Random) -> "Item":
        """Return a new object of the type."""
        return (Item if random.random() < 0.7 else MappingItem).make(self, kind, random.randrange(2**32))


class _Decision:
    """The value of one field."""

    def __init__(self, world: World, random: Random, mode: str) -> None:
        self._world, self._random, self._mode = world, random, mode

    def value(self, graphql_type: Any) -> Any:
        """Return a value for the type, or a wrong one."""
        random = self._random
        if random.random() < self._world.failures:
            return self._wrong(graphql_type)
        if self._mode == "mixed" and random.random() < 0.3:
            return _later(self._plain(graphql_type), random)
        return self._plain(graphql_type)

    def _plain(self, graphql_type: Any) -> Any:
        random = self._random
        if is_non_null_type(graphql_type):
            graphql_type = graphql_type.of_type
        elif random.random() < 0.12:
            return None
        if is_list_type(graphql_type):
            return self._list([self.value(graphql_type.of_type) for _ in range(random.choice((0, 1, 2, 2, 3)))])
        name = graphql_type.name
        if name in KINDS:
            return self._world.item(random.choice(KINDS[name]), random)
        return self._world.item(name, random) if is_object_type(graphql_type) else good_leaf(name, random)

    def _list(self, values: list[Any]) -> Any:
        choice = self._random.randrange(12)
        if choice == 0:
            return tuple(values)
        if choice == 1:
            return (value for value in values)
        if choice == 2:
            return dict(enumerate(values)).values()
        return _async_iterate(values) if choice == 3 and self._mode == "mixed" else values

    def _wrong(self, graphql_type: Any) -> Any:
        random = self._random
        choice = random.randrange(8)
        if choice < 3:
            return None
        if choice == 3:
            return _error(random, "returned")
        if choice == 4:
            return Undefined
        named = get_named_type(graphql_type)
        if choice == 5:
            return self._world.item(random.choice(("Person", "Company", "Note", "Nowhere", "Color")), random)
        return wrong_leaf(named.name, random)


def _error(random: Random, name: str) -> Exception:
    choice = random.randrange(6)
    if choice == 0:
        return GraphQLError(f"Refused: {name}.", extensions={"code": "REFUSED", "name": name})
    if choice == 1:
        return GraphQLError("From elsewhere.", path=["elsewhere", 1])
    return (ValueError(f"Wrong: {name}."), KeyError(name), LookupError(), ValueError(""))[choice - 2]


def _later(value: Any, random: Random) -> Awaitable[Any]:
    return SlowValue(value) if random.random() < 0.3 else _wait_for(value)


async def _wait_for(value: Any) -> Any:
    await asyncio.sleep(0)
    return value


async def _async_iterate(values: Sequence[Any]) -> AsyncIterator[Any]:
    for value in values:
        yield value


def _text(given: Any) -> str:
    if isinstance(given, Mapping):
        return "{" + ",".join(f"{key}:{_text(given[key])}" for key in sorted(given)) + "}"
    return "[" + ",".join(map(_text, given)) + "]" if isinstance(given, list) else repr(given)


class Item:
    """An object; its attributes are the values of fields without a resolver, `document` those of stored ones."""

    world: World
    kind: str
    token: int
    document: dict[str, Any]

    @classmethod
    def make(cls, world: World, kind: str, token: int) -> Self:
        """Return the object with its stored values."""
        item = cls()
        graphql_type = world.schema.type_map.get(kind)
        fields = graphql_type.fields if isinstance(graphql_type, GraphQLObjectType) else {}
        item.__dict__.update(world=world, kind=kind, token=token, document=dict(_stored(world, fields, token)))
        return item

    def __repr__(self) -> str:
        return f"<{self.kind} {self.token}>"

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("plain"):
            raise AttributeError(name)
        return self._plain(name)

    def _plain(self, name: str) -> Any:
        field = self.world.schema.type_map[self.kind].fields[name]
        decided = self.world.decide(self, name, field.type, {}, "plain")
        if isinstance(decided, Raised):
            raise decided.error
        # The default resolver calls what can be called.
        return (lambda info, **given: decided) if self.token % 5 == 0 else decided


class MappingItem(Item, dict[str, Any]):
    """An object whose values are those of a mapping."""

    def get(self, name: str, default: Any = None) -> Any:
        """Return the value of a field."""
        return self._plain(name) if name.startswith("plain") else default


def _stored(world: World, fields: Mapping[str, Any], token: int) -> Iterator[tuple[str, Any]]:
    for name, field in fields.items():
        if not name.startswith("stored"):
            continue
        random = Random(crc32(f"{world.seed}:{token}:{name}".encode()))
        wrong, leaf = random.random() < world.failures, get_named_type(field.type).name
        if wrong and random.random() < 0.5:
            continue
        nullable = field.type.of_type if is_non_null_type(field.type) else field.type
        if wrong or (nullable is field.type and random.random() < 0.1):
            yield name, None
        elif not is_list_type(nullable):
            yield name, stored_leaf(leaf, random)
        else:
            items = [stored_leaf(leaf, random) for _ in range(random.randrange(3))]
            yield name, items if is_non_null_type(nullable.of_type) else [*items, None]


def resolve_stored(parent: Any, info: Any) -> Any:
    """Return the stored value as the schema's Python value."""
    name, leaf = info.field_name, get_named_type(info.return_type).name
    # The last digit says whether the key may be absent.
    stored = parent.document.get(name) if name[-1] in "0246" else parent.document[name]
    if isinstance(stored, list):
        return [None if value is None else python_leaf(leaf, value) for value in stored]
    return None if stored is None else python_leaf(leaf, stored)


def resolve_sync(parent: Any, info: Any, **given: Any) -> Any:
    """Return the value, or raise."""
    return World.of(info.context).answer(parent, info.field_name, info.return_type, given)


def resolve_each(parent: Any, info: Any, **given: Any) -> Any:
    """Return the value, or raise."""
    return World.of(info.context).answer(parent, info.field_name, info.return_type, given)


def resolve_guarded(parent: Any, info: Any, **given: Any) -> Any:
    """Return the value where the field may be read."""
    World.of(info.context).guard(info.field_name)
    return World.of(info.context).answer(parent, info.field_name, info.return_type, given)


async def resolve_async(parent: Any, info: Any, **given: Any) -> Any:
    """Return the value after up to two turns of the event loop."""
    for _ in range(crc32(info.field_name.encode()) % 3):
        await asyncio.sleep(0)
    return World.of(info.context).answer(parent, info.field_name, info.return_type, given)


def resolve_mixed(parent: Any, info: Any, **given: Any) -> Any:
    """Return the value, or an awaitable, or a list that has some."""
    return World.of(info.context).answer(parent, info.field_name, info.return_type, given, "mixed")


def _results(name: str, graphql_type: Any, context: Any, parents: Sequence[Any], given: dict[str, Any]) -> list[Any]:
    projection = given.pop("projection", None)
    if (failure := World.of(context).batch_failure(name)) is not None:
        raise failure
    decided = [World.of(context).decide(parent, name, graphql_type, given, "sync") for parent in parents]
    return [_project(value.error if isinstance(value, Raised) else value, projection) for value in decided]


def _project(value: Any, projection: frozenset[str] | None) -> Any:
    """Take away what the compiled executor does not ask for: then it must not need it."""
    if projection is not None and isinstance(value, Item):
        value.__dict__["document"] = {key: stored for key, stored in value.document.items() if key in projection}
    elif isinstance(value, list | tuple):
        for item in value:
            _project(item, projection)
    return value


def batch_sync(name: str, graphql_type: Any) -> Callable[..., Sequence[Any]]:
    """Return the batch function of a field, which returns at once."""

    def read(context: Any, parents: Sequence[Any], **given: Any) -> Sequence[Any]:
        return _results(name, graphql_type, context, parents, given)

    return read


def batch_async(name: str, graphql_type: Any) -> Callable[..., Awaitable[Sequence[Any]]]:
    """Return the batch function of a field, which returns later."""

    async def read(context: Any, parents: Sequence[Any], **given: Any) -> Sequence[Any]:
        await asyncio.sleep(0)
        return tuple(_results(name, graphql_type, context, parents, given))

    return read


def has_type(kind: str) -> Callable[..., Any]:
    """Return the is_type_of of an object type; that of Note answers later."""

    def check(value: Any, info: Any) -> bool:
        # An object of another type answers; anything else is no object at all.
        return isinstance(value, Item) and value.kind == kind

    async def check_later(value: Any, info: Any) -> bool:
        await asyncio.sleep(0)
        return check(value, info)

    return check_later if kind == "Note" else check


def resolve_type_now(value: Any, info: Any, abstract_type: Any) -> Any:
    """Return the name of the object's type; of another value, what a faulty function would."""
    if isinstance(value, Item):
        return value.kind
    return {str: "Person", int: 7}.get(type(value))


async def resolve_type_later(value: Any, info: Any, abstract_type: Any) -> Any:
    """Return the name of the object's type in another turn of the event loop."""
    await asyncio.sleep(0)
    return resolve_type_now(value, info, abstract_type)
