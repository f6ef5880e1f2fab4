"""Schemas, values and hosts that this project does not have: Strawberry answers the same with the compiled executor."""

import asyncio
import datetime
import enum
import sys
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from threading import Thread
from types import SimpleNamespace
from typing import Any, NewType

import pytest
import strawberry
from graphql import DocumentNode, execute, parse
from strawberry.extensions import ParserCache
from strawberry.schema.config import StrawberryConfig

from execution.plan_cache import plan_cache
from tests.execution.comparison import own_collection
from tests.execution.executors import COMPILED, last_fallback
from tests.execution.small_schema import _quiet, shown

AUTHORS: list["StoredAuthor"] = []
USER = ContextVar("user", default="nobody")
Day = NewType("Day", str)


class StoredAuthor:
    """An author whose books are kept in a list that resolvers change."""

    def __init__(self, name: str) -> None:
        self.name, self.books = name, [f"{name}{number}" for number in range(3)]


@strawberry.enum
class Access(enum.Flag):
    READ = 1
    WRITE = 2


@strawberry.enum
class Level(enum.IntEnum):
    ONE = 1
    TWO = 2


@dataclass
class Later:
    """An awaitable that cannot be hashed, because it can be compared."""

    value: Any

    def __await__(self) -> Iterator[Any]:
        return later(self.value).__await__()


class Everything:
    """An object that has every attribute."""

    def __getattr__(self, name: str) -> int:
        return 5


class Rejecting:
    """An object that has a mistake in its `__getattr__`."""

    def __getattr__(self, name: str) -> Any:
        raise KeyError(name)


class Lazy:
    """A proxy of an object that cannot be read."""

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        raise RuntimeError("not readable")


class Undecided:
    """Neither true nor false, and not comparable."""

    def __bool__(self) -> bool:
        raise ValueError("ambiguous")

    def __eq__(self, other: object) -> bool:
        raise ValueError("not comparable")

    __hash__ = object.__hash__


async def later(value: Any) -> Any:
    """Return the value in another turn of the event loop."""
    await asyncio.sleep(0)
    return value


def same(value: Any) -> tuple[Any, Any]:
    """Return one coroutine twice."""
    coroutine = later(value)
    return coroutine, coroutine


SOME_LATER = "a coroutine behind an object whose class raises"
VALUES: dict[str, Callable[[], Any]] = {
    "awaitables without a hash": lambda: [Later("a"), Later("a")],
    "objects that have every attribute": lambda: [Everything(), Everything(), "a"],
    "an object whose attributes raise": lambda: ["a", None, Rejecting(), "b"],
    "an object whose class raises": lambda: ["a", Lazy(), "b"],
    SOME_LATER: lambda: [later("a"), Lazy(), later("b")],
    "a coroutine twice": lambda: [*same("a"), "b"],
    "an exception that ends programs, as a value": lambda: [later(SystemExit("x")), later("a")],
}


@strawberry.type
class Book:
    @strawberry.field
    async def title(self, parent: strawberry.Parent[Any]) -> str:
        if parent == "a1":
            AUTHORS[0].books.append("new")
        await asyncio.sleep(0)
        if parent == "b1":
            AUTHORS[1].books.pop()
        return str(parent)


@strawberry.type
class Author:
    name: str
    books: list[Book]


@strawberry.type
class Checked:
    name: str

    @classmethod
    def is_type_of(cls, value: Any, _info: Any) -> Any:
        return value.verdict


class Promising:
    """An object whose attributes are coroutines, once they have been read."""

    def __init__(self) -> None:
        self.reads: list[str] = []

    @property
    def name(self) -> Any:
        self.reads.append("name")
        return later("n")

    @property
    def number(self) -> Any:
        self.reads.append("number")
        return later(2)

    @property
    def level(self) -> Any:
        return later(Level.TWO)


class Untellable(Exception):
    """An exception that has no text."""

    def __str__(self) -> str:
        raise ValueError("no text")


@strawberry.type
class Promised:
    name: str
    number: int | None
    level: Level

    @strawberry.field
    def untellable(self) -> str | None:
        raise Untellable


@strawberry.type
class Rights:
    access: Access | None
    level: Level | None


@strawberry.type
class Query:
    @strawberry.field
    def authors(self) -> list[Author]:
        AUTHORS[:] = map(StoredAuthor, "abc")
        return AUTHORS  # type: ignore[return-value]

    @strawberry.field
    def rights(self) -> list[Rights]:
        pairs: Any = [(Access.READ, Level.ONE), (Access.READ | Access.WRITE, 1), (Access(0), 2.0), (1, 3), (None, None)]
        return [Rights(access=access, level=level) for access, level in pairs]

    @strawberry.field
    def accesses(self) -> list[Access | None]:
        return [Access.READ, Access.READ | Access.WRITE]

    @strawberry.field
    def values(self, name: str) -> list[str | None] | None:
        return VALUES[name]()  # type: ignore[no-any-return]

    @strawberry.field
    def value(self, name: str) -> str | None:
        return VALUES[name]()[2 if "attributes" in name else 1]  # type: ignore[no-any-return]

    @strawberry.field
    def promised(self, plain: int = 0) -> list[Promised]:
        plain_objects: Any = [Promised(name="p", number=None, level=Level.ONE) for _ in range(plain)]
        return [*plain_objects, Promising(), Promising()]

    @strawberry.field
    def checked(self) -> list[Checked | None]:
        verdicts = (True, 1, 0, Undecided(), None)
        return [type("Value", (), {"name": "n", "verdict": verdict})() for verdict in verdicts]

    @strawberry.field
    def day(self, day: Day, level: Level = Level.ONE) -> str:
        return f"{day} {level.value}"


def read_day(text: str) -> str:
    """Return the text with the name of the current user."""
    return f"{text} of {USER.get()}"


CONFIG = StrawberryConfig(scalar_map={Day: strawberry.scalar(name="Day", parse_value=read_day)})


def make_schema(executor: Any, query: type = Query, **options: Any) -> strawberry.Schema:
    """Return the schema with an executor."""
    schema = strawberry.Schema(query, execution_context_class=executor, config=CONFIG, **options)
    schema.process_errors = _quiet  # type: ignore[assignment,method-assign]
    return schema


STOCK_SCHEMA, SCHEMA = make_schema(None), make_schema(COMPILED)


async def compare(text: str, **variables: Any) -> Any:
    """Compare an operation; return its data."""
    expected: Any = await STOCK_SCHEMA.execute(text, variables)
    actual: Any = await SCHEMA.execute(text, variables)
    assert last_fallback() is None
    assert shown(actual) == shown(expected)
    return actual.data


async def test_lists_that_change_while_their_items_wait() -> None:
    data = await compare("{ authors { name books { title } } }")
    assert [len(author["books"]) for author in data["authors"]] == [3, 3, 3]


@pytest.mark.parametrize("text", ["{ rights { access } }", "{ rights { access level } }", "{ accesses }"])
async def test_enumerations_of_flags_and_numbers(text: str) -> None:
    await compare(text)


@pytest.mark.parametrize("field", ["value", "values"])
@pytest.mark.parametrize("name", [name for name in VALUES if "coroutine twice" not in name])
async def test_values_that_are_not_what_they_seem(name: str, field: str) -> None:
    if field == "values" or name not in ("an exception that ends programs, as a value", SOME_LATER):
        with own_collection() as forgotten:
            await compare(f"query($name: String!) {{ {field}(name: $name) }}", name=name)
        assert forgotten == []


async def test_a_coroutine_that_is_twice_in_a_list() -> None:
    await compare("query($name: String!) { values(name: $name) }", name="a coroutine twice")


@pytest.mark.parametrize("plain", [0, 2])
async def test_attributes_that_are_coroutines(plain: int) -> None:
    with own_collection() as forgotten:
        await compare("query($plain: Int!) { promised(plain: $plain) { name number level } }", plain=plain)
    assert forgotten == []


async def test_a_coroutine_behind_a_value_that_fails() -> None:
    @strawberry.type
    class Failing:
        name: str
        number: int | None

    @strawberry.type
    class Query:
        @strawberry.field
        def failing(self) -> list[Failing | None]:
            objects: Any = [SimpleNamespace(name=None, number=number) for number in (Lazy(), later(1))]
            return objects  # type: ignore[no-any-return]

    with own_collection() as forgotten:
        result: Any = await make_schema(COMPILED, query=Query).execute("{ failing { name number } }")
    assert result.data == {"failing": [None, None]}
    assert forgotten == []


async def test_an_attribute_that_is_not_what_it_should_be_is_read_once() -> None:
    class Wrong:
        name, level, reads = "n", Level.ONE, 0

        @property
        def number(self) -> str:
            self.reads += 1
            return "two"

    @strawberry.type
    class Query:
        @strawberry.field
        def wrong(self) -> list[Promised]:
            return objects  # type: ignore[return-value]

    objects = [Wrong(), Wrong()]
    schema = make_schema(COMPILED, query=Query)
    result: Any = await schema.execute("{ wrong { name number level } }")
    assert result.data == {"wrong": [{"name": "n", "number": None, "level": "ONE"}] * 2}
    assert [each.reads for each in objects] == [1, 1]


async def test_an_exception_without_a_text_is_an_error_of_its_field() -> None:
    result: Any = await SCHEMA.execute("{ promised { untellable name } }")
    assert result.data == {"promised": [{"untellable": None, "name": "n"}] * 2}
    assert {(error.message, error.path[2]) for error in result.errors} == {("no text", "untellable")}


async def test_verdicts_that_are_neither_true_nor_false() -> None:
    await compare("{ checked { name } }")


def test_literals_of_a_scalar_of_the_schema_are_read_anew() -> None:
    """What "today" means depends on the user and on the time."""
    schema = make_schema(COMPILED, extensions=[ParserCache])
    for user in ("Ada", "Zoe"):
        USER.set(user)
        assert schema.execute_sync('{ day(day: "today") }').data == {"day": f"today of {user} 1"}


def test_fragments_that_are_joined_with_one_operation() -> None:
    operation = parse("{ ...F }").definitions[0]
    for field in ("accesses", "rights { level }", "accesses"):
        fragment = parse(f"fragment F on Query {{ {field} }}").definitions[0]
        document = DocumentNode(definitions=(operation, fragment))
        result: Any = execute(SCHEMA._schema, document, Query(), executor_class=COMPILED)
        assert list(result.data) == [field.split()[0]]


def test_a_condition_of_another_type_in_a_document_that_is_not_validated() -> None:
    document = parse("query($is: [Boolean]) { accesses @include(if: $is) }")
    for executor in (None, COMPILED):
        result: Any = execute(
            SCHEMA._schema, document, Query(), variable_values={"is": [True]}, executor_class=executor
        )
        assert result.data == {"accesses": ["READ", None]}


async def test_a_synchronous_execution_within_an_event_loop() -> None:
    @strawberry.type
    class Day:
        number: int

        @strawberry.field
        def date(self) -> datetime.date:
            return datetime.date.fromordinal(self.number)

    @strawberry.type
    class Query:
        @strawberry.field
        def days(self) -> list[Day]:
            return [Day(number=number) for number in range(1, 3_001)]

    schema = strawberry.Schema(Query, execution_context_class=COMPILED)
    result = schema.execute_sync("{ days { number date } }")
    assert result.errors is None
    assert result.data is not None and result.data["days"][2_999] == {"number": 3_000, "date": "0009-03-19"}


def test_threads_share_the_plans_of_a_schema() -> None:
    schema = make_schema(COMPILED)
    cache = plan_cache(schema._schema)
    cache.max_bytes = 100_000
    failed: list[Any] = []

    def run(number: int) -> None:
        for count in range(60):
            aliases = " ".join(f"a{each}: rights {{ level }}" for each in range(1 + (count + number) % 5))
            result = schema.execute_sync(f"{{ {aliases} }}")
            failed.extend(error for error in result.errors or () if "cannot represent" not in error.message)

    threads = [Thread(target=run, args=(number,)) for number in range(6)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(0.00001)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert failed == []
    assert cache.bytes == sum(plans.counted_bytes for plans in cache._operations.values()) <= cache.max_bytes
