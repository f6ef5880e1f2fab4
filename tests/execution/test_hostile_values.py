"""Values, documents and resolvers that nobody expects have the same result on both executors."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from graphql import GraphQLError, GraphQLSchema, build_schema, parse

from execution.metadata import EXECUTION, FieldExecution
from tests.execution.comparison import STOCK, Executor, Outcome, Request, differences, own_collection
from tests.execution.executors import COMPILED, last_fallback

SDL = """
interface Named { name: String }
type Row implements Named {
  name: String number: Int row: Row rows: [Row!] later: Row must: Int! names: [String] any: Named
}
type Other implements Named { name: String }
type Query {
  row: Row rows: [Row] musts: [Row!]! name: String number: Int names: [String] must: Int! any: Named named: [Named]
}
type Subscription { row: Row }
"""


class Row:
    """An object that is its own child."""

    name = "n"
    number = 1
    must = 2
    names = ("a", None)

    @property
    def row(self) -> "Row":
        return self

    any = row

    @property
    def rows(self) -> list["Row"]:
        return [self, self]

    async def later(self, info: Any) -> "Row":
        await asyncio.sleep(0)
        return self


async def of(value: Any) -> Any:
    """Return the value in another turn of the event loop."""
    await asyncio.sleep(0)
    return value


async def failing(error: BaseException) -> Any:
    """Raise in another turn of the event loop."""
    await asyncio.sleep(0)
    raise error


def done(value: Any) -> "asyncio.Future[Any]":
    """Return a future that has the value."""
    future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    future.set_result(value)
    return future


def broken_iterator(*values: Any) -> Iterator[Any]:
    """Yield the values, then raise."""
    yield from values
    raise ValueError("the iterator broke")


async def broken_async_iterator(*values: Any) -> AsyncIterator[Any]:
    """Yield the values, then raise."""
    for value in values:
        yield value
    raise ValueError("the iterator broke")


class Unfriendly:
    """An object whose attributes and comparisons raise."""

    @property
    def name(self) -> Any:
        raise RuntimeError("no name")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("not comparable")

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        raise RuntimeError("neither true nor false")


class Falsy(Row):
    """An object that is false, and has no length."""

    def __bool__(self) -> bool:
        return False


def raising(error: Exception) -> Callable[..., Any]:
    """Return a resolver that raises."""

    def resolve(*_: Any) -> Any:
        raise error

    return resolve


def _type_of(value: Any, info: Any, abstract_type: Any) -> Any:
    return getattr(value, "type_name", "Row")


VALUES: dict[str, tuple[str, Callable[[], Any]]] = {
    "an error with extensions": (
        "{ name number }",
        lambda: {"name": raising(GraphQLError("no", extensions={"code": "X", "deep": {"a": [1]}}))},
    ),
    "an error that has a path": ("{ name }", lambda: {"name": raising(GraphQLError("no", path=["elsewhere"]))}),
    "a returned error with extensions": ("{ name }", lambda: {"name": GraphQLError("no", extensions={"a": 1})}),
    "an awaitable of an awaitable": ("{ name number }", lambda: {"name": of(done("x")), "number": of(of)}),
    "an awaitable of an error": ("{ name must }", lambda: {"name": of(ValueError("no")), "must": of(KeyError("k"))}),
    "a future": ("{ row { name } name }", lambda: {"row": done(Row()), "name": done("x")}),
    "a list of awaitables": (
        "{ rows { name } }",
        lambda: {"rows": [of(Row()), None, Row(), failing(ValueError("no"))]},
    ),
    "an awaitable of a list of awaitables": (
        "{ names }",
        lambda: {"names": of([of("a"), of(None), failing(ValueError("no"))])},
    ),
    "a non-null list of awaitables": (
        "{ musts { name } name }",
        lambda: {"musts": [of(Row()), of(None), failing(ValueError("no"))]},
    ),
    "an iterator": ("{ rows { name } }", lambda: {"rows": iter([Row(), None, Row()])}),
    "an iterator that breaks": ("{ rows { name } name }", lambda: {"rows": broken_iterator(Row(), Row()), "name": "x"}),
    "an iterator of awaitables that breaks": ("{ names }", lambda: {"names": broken_iterator(of("a"), "b")}),
    "an async iterator": ("{ rows { name later { name } } }", lambda: {"rows": aiter_of(Row(), Row())}),
    "an async iterator that breaks": (
        "{ rows { name } name }",
        lambda: {"rows": broken_async_iterator(Row()), "name": "x"},
    ),
    "an async iterator of awaitables": (
        "{ names }",
        lambda: {"names": aiter_of(of("a"), failing(ValueError("no")), "c")},
    ),
    "an awaitable of an async iterator": ("{ names }", lambda: {"names": of(aiter_of("a", None))}),
    "a mapping as a list": ("{ names rows { name } }", lambda: {"names": {"a": 1, "b": 2}, "rows": {}}),
    "a set and a text as lists": ("{ names rows { name } }", lambda: {"names": {"a"}, "rows": "Row"}),
    "bytes as a list": ("{ names }", lambda: {"names": b"ab"}),
    "a falsy object": (
        "{ row { name row { name } } rows { number } }",
        lambda: {"row": Falsy(), "rows": [Falsy(), {}]},
    ),
    "an unfriendly object": (
        "{ row { name number } any { name } }",
        lambda: {"row": Unfriendly(), "any": Unfriendly()},
    ),
    "an object as a leaf": ("{ name number names }", lambda: {"name": object, "number": [], "names": [{}, []]}),
    "a leaf as an object": ("{ row { name } any { name } }", lambda: {"row": 3, "any": "text"}),
    "a list as an object": ("{ row { name } any { name } }", lambda: {"row": [Row()], "any": [Row()]}),
    "an iteration that ended": ("{ name number }", lambda: {"name": raising(StopIteration("no")), "number": 1}),
    "an async iteration that ended": (
        "{ name number }",
        lambda: {"name": raising(StopAsyncIteration()), "number": of(1)},
    ),
    "a recursion that is too deep": ("{ name number }", lambda: {"name": raising(RecursionError("deep")), "number": 1}),
    "an assertion": ("{ name number }", lambda: {"name": raising(AssertionError()), "number": of(1)}),
    "a type that is another": (
        "{ any { name __typename } }",
        lambda: {"any": type("Fake", (Row,), {"type_name": "Query"})()},
    ),
    "a type that comes later": (
        "{ any { name } }",
        lambda: {"any": type("Fake", (Row,), {"type_name": property(lambda _: of("Other"))})()},
    ),
    "a type that fails later": (
        "{ any { name } name }",
        lambda: {"any": type("Fake", (Row,), {"type_name": property(lambda _: failing(ValueError("no")))})()},
    ),
    "types of several kinds": (
        "{ named { __typename name ... on Row { number } } }",
        lambda: {
            "named": [
                Row(),
                type("Fake", (Row,), {"type_name": "Other"})(),
                None,
                type("Fake", (Row,), {"type_name": 7})(),
            ]
        },
    ),
}


async def aiter_of(*values: Any) -> AsyncIterator[Any]:
    """Yield the values."""
    for value in values:
        yield value


def make_schema() -> GraphQLSchema:
    """Return the schema; its objects tell their type."""
    schema = build_schema(SDL)
    schema.type_map["Named"].resolve_type = _type_of  # type: ignore[attr-defined]
    return schema


SCHEMA = make_schema()


async def compare(text: str, root: Callable[[], Any], schema: GraphQLSchema = SCHEMA, **variables: Any) -> Outcome:
    """Compare an operation; return the result of the compiled executor, which must not have fallen back."""
    document = parse(text)
    with own_collection():
        request = Request(schema, document, variables, root=root)
        expected = await request.run(STOCK)
        actual = await request.run(COMPILED)
        assert last_fallback() is None
        found = await differences(request, expected, actual)
    assert found == []
    return actual


@pytest.mark.parametrize("name", VALUES)
async def test_a_value_that_nobody_expects(name: str) -> None:
    text, root = VALUES[name]
    await compare(text, root)


async def test_cyclic_data() -> None:
    text = "name number"
    for depth in range(60):
        text = f"name {'later' if depth % 7 == 0 else 'row'} {{ {text} }} any {{ name }}"
    actual = await compare(f"{{ row {{ {text} }} }}", lambda: {"row": Row()})
    assert actual.result.errors is None


async def test_fragments_that_double() -> None:
    """The fragments name a million fields, which are twenty."""
    fragments = "".join(f"fragment F{n} on Row {{ name ...F{n + 1} row {{ ...F{n + 1} }} }} " for n in range(12))
    text = f"{{ row {{ ...F0 }} }} {fragments} fragment F12 on Row {{ number }}"
    actual = await compare(text, lambda: {"row": Row()})
    assert actual.result.errors is None


async def test_a_thousand_aliases() -> None:
    text = (
        "{ "
        + " ".join(f"a{n}: row {{ name }}" for n in range(500))
        + " ".join(f" b{n}: name" for n in range(500))
        + " }"
    )
    actual = await compare(text, lambda: {"row": Row(), "name": "x"})
    assert actual.result.data is not None and len(actual.result.data) == 1_000


async def test_huge_lists() -> None:
    await compare("{ names }", lambda: {"names": ["x"] * 10_000})
    rows = [Row()] * 400
    await compare("{ rows { name names rows { number } } }", lambda: {"rows": [*rows, None, ValueError("no"), *rows]})


def _batch_schema(function: Callable[..., Any]) -> GraphQLSchema:
    schema = make_schema()
    field = schema.type_map["Row"].fields["number"]  # type: ignore[attr-defined]
    field.extensions[EXECUTION] = FieldExecution(batch=function)
    return schema


BATCHES: dict[str, tuple[Any, list[Any]]] = {
    "values": (lambda context, parents: [1, 2, 3], [1, 2, 3]),
    "values later": (lambda context, parents: of((1, 2, 3)), [1, 2, 3]),
    "errors in place of values": (lambda context, parents: [1, ValueError("a"), GraphQLError("b")], [1, "a", "b"]),
    "an error": (raising(ValueError("all")), ["all", "all", "all"]),
    "an error later": (lambda context, parents: failing(ValueError("all")), ["all", "all", "all"]),
    "wrong values": (
        lambda context, parents: ["x", None, 2**40],
        [
            "Int cannot represent non-integer value: 'x'",
            None,
            "Int cannot represent non 32-bit signed integer value: 1099511627776",
        ],
    ),
    "awaitables as values": (lambda context, parents: [of(1), failing(ValueError("b")), 3], [1, "b", 3]),
    "too few values": (
        lambda context, parents: [1, 2],
        ["A batch function returned 2 results for 3 objects."] * 3,
    ),
}


@pytest.mark.parametrize("name", BATCHES)
async def test_a_batch_function_that_returns(name: str) -> None:
    function, expected = BATCHES[name]
    request = Request(
        _batch_schema(function), parse("{ rows { number } }"), root=lambda: {"rows": [Row(), Row(), Row()]}
    )
    with own_collection() as forgotten:
        result = (await request.run(COMPILED)).result
    errors = {error.path[1]: error.message for error in result.errors or () if error.path}
    rows = (result.data or {})["rows"]
    assert [errors.get(index, row["number"]) for index, row in enumerate(rows)] == expected
    assert forgotten == []


async def test_each_resolver_is_called_once_for_each_object() -> None:
    calls: dict[str, int] = {}

    def count(source: Any, info: Any) -> Any:
        place = f"{'.'.join(map(str, info.path.as_list()))} {info.parent_type.name} {len(info.field_nodes)}"
        calls[place] = calls.get(place, 0) + 1
        value = getattr(source, info.field_name)
        # Only some rows have to be awaited, and only one field of them.
        return of(value) if info.field_name == "number" and len(calls) % 3 == 0 else value

    schema = make_schema()
    for field in schema.type_map["Row"].fields.values():  # type: ignore[attr-defined]
        field.resolve = count
    text = "{ rows { name number must row { number name } rows { number } } rows { row { must } } }"
    seen: list[dict[str, int]] = []
    for executor in (STOCK, COMPILED):
        calls.clear()
        with own_collection():
            await Request(schema, parse(text), root=lambda: {"rows": [Row(), Row(), Row(), Row()]}).run(executor)
        seen.append(dict(calls))
    assert set(seen[0].values()) == {1}
    assert seen[1] == seen[0]


async def test_a_subscription_executes_each_event() -> None:
    executor: Any = COMPILED.build(SCHEMA, parse("subscription { row { name later { number } } }"))
    for _ in range(3):
        event = executor.build_per_event_executor({"row": Row()})
        result = await event.execute_operation()
        assert (result.data, result.errors) == ({"row": {"name": "n", "later": {"number": 1}}}, None)
        assert last_fallback() is None


async def test_one_plan_serves_concurrent_operations() -> None:
    """A field that has been plain turns out to be awaitable while another execution of its plan waits."""
    document = parse("{ rows { later { name } number name } name }")
    turns = [0]

    class Changing(Row):
        @property
        def number(self) -> Any:  # type: ignore[override]
            turns[0] += 1
            return of(5) if turns[0] % 2 else 5

    async def run(executor: Executor) -> Any:
        outcome: Any = executor.build(SCHEMA, document, {"rows": [Changing() for _ in range(5)], "name": of("x")})
        result = outcome.execute_operation()
        return (await result if hasattr(result, "__await__") else result).data

    expected = await run(STOCK)
    assert await asyncio.gather(*(run(COMPILED) for _ in range(8))) == [expected] * 8
