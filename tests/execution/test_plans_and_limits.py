"""Plans are never taken for one another; memory, cancellation, cost limits and turns hold for compiled operations."""

import asyncio
import gc
import tracemalloc
from time import thread_time
from typing import Any

import pytest
import strawberry
from graphql import GraphQLSchema, build_schema, parse

from execution.metadata import EXECUTION, FieldExecution
from execution.plan_cache import plan_cache
from schema.costs import ROWS, store_field_weights
from schema.executor import MAX_ERRORS, OperationExecutor
from tests.execution.comparison import STOCK, own_collection
from tests.execution.executors import COMPILED, last_fallback
from tests.machine_speed import is_below

SDL = "type Query { a: String b: String rows: [Row] } type Row { a: String b: String later: String rows: [Row] }"
SCHEMA = build_schema(SDL)


def execute_now(schema: GraphQLSchema, text: str, root: Any, **variables: Any) -> Any:
    """Return the data of an operation that does not wait."""
    executor: Any = COMPILED.build(schema, parse(text), root, raw_variable_values=variables)
    result = executor.execute_operation()
    assert last_fallback() is None
    return result.data


def test_documents_that_differ_in_names_only() -> None:
    root = {"a": "A", "b": "B"}
    for alias, field in (("x", "a"), ("y", "a"), ("x", "b")):
        assert execute_now(SCHEMA, f"{{ {alias}: {field} }}", root) == {alias: field.upper()}


def test_operations_of_one_document() -> None:
    document = parse("query One { a } query Two { b } query Three { ...F } fragment F on Query { a b }")
    for name, expected in (
        ("One", {"a": "A"}),
        ("Two", {"b": "B"}),
        ("Three", {"a": "A", "b": "B"}),
        ("One", {"a": "A"}),
    ):
        executor: Any = COMPILED.build(SCHEMA, document, {"a": "A", "b": "B"}, operation_name=name)
        assert executor.execute_operation().data == expected


def test_a_document_has_a_plan_of_its_own_in_each_schema() -> None:
    """Also in a schema that was made from the other one, whose extensions it shares."""
    document = parse("{ a }")
    other = GraphQLSchema(
        **SCHEMA.to_kwargs() | {"types": None, "query": build_schema("type Query { a: Int! }").query_type}
    )
    for _ in range(2):
        for schema, expected in ((SCHEMA, {"a": "5"}), (other, {"a": 5})):
            executor: Any = COMPILED.build(schema, document, {"a": 5})
            assert executor.execute_operation().data == expected


def test_conditions_have_plans_of_their_own() -> None:
    document = parse(
        "query($x: Boolean!, $y: Boolean! = true) { a @include(if: $x) rows @skip(if: $y) { a @skip(if: $x) } }"
    )
    for x in (True, False, True):
        for y in (True, False):
            executor: Any = COMPILED.build(
                SCHEMA, document, {"a": "A", "rows": [{"a": 1}]}, raw_variable_values={"x": x, "y": y}
            )
            expected = ({"a": "A"} if x else {}) | ({} if y else {"rows": [{} if x else {"a": "1"}]})
            assert executor.execute_operation().data == expected


def test_the_cache_forgets_the_plans_of_the_least_recently_used() -> None:
    schema = build_schema(SDL)
    cache = plan_cache(schema)
    cache.max_bytes = 300_000
    for number in range(100):
        assert execute_now(schema, f"{{ x{number}: a rows {{ a }} }}", {"a": "A"}) == {f"x{number}": "A", "rows": None}
        assert cache.bytes <= cache.max_bytes
    assert 2 <= len(cache) < 100


@pytest.mark.parametrize(
    "text",
    [
        "{ x%d: a }",
        "{ x%d: a rows { a b rows { a rows { a b } } } }",
        "{ x%d: a " + " ".join(f"a{n}: rows {{ a }}" for n in range(30)) + " }",
        "{ x%d: a ...F } fragment F on Query { " + " ".join(f"b{n}: b" for n in range(50)) + " }",
    ],
    ids=["small", "nested", "aliases", "fragment"],
)
def test_plans_take_at_most_what_the_cache_counts(text: str) -> None:
    schema = build_schema(SDL)
    execute_now(schema, "{ a }", {})
    cache, count = plan_cache(schema), 12
    gc.collect()
    tracemalloc.start()
    try:
        counted, before = cache.bytes, tracemalloc.get_traced_memory()[0]
        for number in range(count):
            root: Any = {"a": "A", "rows": [{"rows": [{"rows": [{}]}]}]}
            executor: Any = COMPILED.build(schema, parse(text % number), root)
            executor.execute_operation()
        executor = None
        gc.collect()
        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    # What is counted includes the documents, which only the cache keeps alive here.
    assert taken <= cache.bytes - counted <= 8 * taken


class Waiting:
    """Resolvers that wait for an event that never comes, and know how many have been cancelled."""

    def __init__(self) -> None:
        self.begun = self.cancelled = 0

    async def wait(self, *_: Any) -> Any:
        """Wait until cancelled."""
        self.begun += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.cancelled += 1


@pytest.mark.parametrize("batch", [False, True], ids=["each", "batch"])
async def test_a_cancelled_operation_leaves_nothing(batch: bool) -> None:
    schema, waiting = build_schema(SDL), Waiting()
    field = schema.type_map["Row"].fields["later"]  # type: ignore[attr-defined]
    field.resolve = waiting.wait
    if batch:
        field.extensions[EXECUTION] = FieldExecution(batch=waiting.wait)
    root: Any = {"rows": [{"rows": [{}, {}]}, {"rows": [{}]}]}
    with own_collection() as forgotten:
        executor: Any = COMPILED.build(schema, parse("{ rows { later rows { later a } } }"), root)
        running = asyncio.ensure_future(executor.execute_operation())
        while waiting.begun < (2 if batch else 5):
            await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert asyncio.all_tasks() == {asyncio.current_task()}
    assert waiting.cancelled == waiting.begun
    assert forgotten == []


@strawberry.type
class Row:
    number: int

    @strawberry.field
    async def rows(self) -> list["Row"]:
        await asyncio.sleep(0)
        return [Row(number=n) for n in range(50)]

    @strawberry.field
    def fails(self) -> int | None:
        raise ValueError(f"row {self.number}")


@strawberry.type
class Query:
    @strawberry.field(directives=[ROWS])  # type: ignore[untyped-decorator]
    def rows(self) -> list[Row]:
        return [Row(number=n) for n in range(200)]


LIMITED: Any = strawberry.Schema(Query, execution_context_class=OperationExecutor)._schema
store_field_weights(LIMITED)
TEN = " ".join(f"a{n}: number" for n in range(10))
FIFTY = " ".join(f"a{n}: number" for n in range(50))


async def run_limited(text: str, *, compiled: bool, **limits: Any) -> tuple[Any, Any]:
    """Return the executor and the result of an operation."""
    executor: Any = OperationExecutor.build(LIMITED, parse(text), Query(), **limits)
    executor.is_compiling = compiled
    result = executor.execute_operation()
    return executor, await result if hasattr(result, "__await__") else result


@pytest.mark.parametrize(
    "text", ["{ rows { number } }", "{ rows { rows { number } } }", "{ rows { fails rows { number } } }"]
)
@pytest.mark.parametrize("limit", [100, 1_200, 12_000, 30_000])
async def test_the_cost_limit_stops_both_executors(text: str, limit: int) -> None:
    outcomes: list[tuple[Any, ...]] = []
    for compiled in (False, True):
        executor, result = await run_limited(text, compiled=compiled, cost_limit=limit)
        outcomes.append((str(executor.failure), result.data is None))
        if executor.failure is None:
            outcomes[-1] += (executor.spent_cost,)
    assert outcomes[0] == outcomes[1]


async def test_errors_are_bounded_on_both_executors() -> None:
    reported = []
    for compiled in (False, True):
        executor, result = await run_limited("{ rows { fails number } }", compiled=compiled)
        assert len(result.errors) == MAX_ERRORS
        reported.append(([error.message for error in result.errors], executor.suppressed_errors, result.data))
    assert reported[0] == reported[1]


async def test_others_have_their_turn_while_ten_thousand_rows_are_built() -> None:
    """Processor time of this thread, because the machine may be busy: no block of the event loop takes 40 ms of it."""
    longest = []
    for _ in range(3):
        task = asyncio.create_task(run_limited(f"{{ rows {{ rows {{ {TEN} }} }} }}", compiled=True))
        blocks, last = [], thread_time()
        while not task.done():
            await asyncio.sleep(0)
            blocks.append(thread_time() - last)
            last = thread_time()
        _, result = await task
        assert len(result.data["rows"][199]["rows"]) == 50
        longest.append(max(blocks))
        assert len(blocks) > 5
    assert is_below(min(longest), 0.04), longest


def test_the_stock_executor_is_another_class() -> None:
    """The comparisons of this folder would say nothing if both were compiled."""
    assert not issubclass(STOCK, COMPILED) and issubclass(OperationExecutor, COMPILED.__mro__[1])


@pytest.mark.parametrize(
    "text", ["{ rows { number } }", f"{{ rows {{ {FIFTY} }} }}", "{ rows { number fails again: fails } }"]
)
async def test_compiling_costs_at_most_ten_stock_executions(text: str) -> None:
    """Processor time of this thread, each the least of three."""
    stock: list[float] = []
    first: list[float] = []
    later: list[float] = []
    for _ in range(3):
        # A document of its own has no plan yet.
        document = parse(text)
        for times, compiled in ((stock, False), (first, True), (later, True)):
            executor: Any = OperationExecutor.build(LIMITED, document, Query())
            executor.is_compiling = compiled
            started = thread_time()
            result = executor.execute_operation()
            await result if hasattr(result, "__await__") else result
            times.append(thread_time() - started)
    assert min(first) - min(later) <= 10 * min(stock)
