"""The executor counts what an operation costs, ends it at its limit, bounds its errors, and lets others have a turn."""

import asyncio
from time import monotonic, process_time, sleep
from types import SimpleNamespace
from typing import Any

import pytest
import strawberry
from graphql import ExecutionResult, parse
from graphql.execution.executor import CollectedErrors
from graphql.pyutils import RefMap
from strawberry.execution import optimized_is_awaitable

from schema.build import build_schema
from schema.costs import ROWS, field_weight, store_field_weights
from schema.executor import MAX_ERRORS, OperationExecutor

is_awaitable: Any = optimized_is_awaitable
resolved: list[int] = []
FIFTY_FIELDS = " ".join(f"a{n}: computed" for n in range(50))


@strawberry.type
class Row:
    number: int

    @strawberry.field
    def rows(self) -> list["Row"]:
        resolved.append(self.number)
        return [Row(number=number) for number in range(100)]

    @strawberry.field
    def computed(self) -> int | None:
        return self.number

    @strawberry.field
    def fails(self) -> int | None:
        raise ValueError

    @strawberry.field
    def must_not_fail(self) -> int:
        raise ValueError

    @strawberry.field
    def leaves(self) -> list[int]:
        return list(range(200))

    @strawberry.field
    def wrong_leaves(self) -> list[int | None]:
        return [1, None, "x", 3]  # type: ignore[list-item]

    @strawberry.field
    async def child(self) -> "Row":
        await asyncio.sleep(0)
        return self

    @strawberry.field
    def busy(self) -> int:
        sleep(0.003)
        return self.number


@strawberry.type
class Page:
    nodes: list[Row] = strawberry.field(directives=[ROWS])


@strawberry.type
class Query:
    @strawberry.field
    def rows(self) -> list[Row]:
        return [Row(number=number) for number in range(100)]

    @strawberry.field
    async def later(self) -> list[Row] | None:
        await asyncio.sleep(0)
        return [Row(number=number) for number in range(100)]

    @strawberry.field
    def page(self) -> Page:
        return Page(nodes=[Row(number=number) for number in range(100)])


SCHEMA: Any = strawberry.Schema(Query)._schema
store_field_weights(SCHEMA)


@pytest.fixture(autouse=True, params=[True, False], ids=["compiled", "not compiled"])
def compiled(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Both ways of execution have the same limits."""
    monkeypatch.setattr(OperationExecutor, "is_compiling", request.param)
    return bool(request.param)


async def run(text: str, **limits: Any) -> tuple[OperationExecutor, ExecutionResult]:
    executor: Any = OperationExecutor.build(
        SCHEMA, parse(text), root_value=Query(), is_awaitable=is_awaitable, **limits
    )
    result = executor.execute_operation()
    return executor, await result if is_awaitable(result) else result


@pytest.mark.parametrize(
    ("cost", "text"),
    [
        (1, "{ __typename }"),
        (1 + 100, "{ rows { number } }"),
        (1 + 200, "{ rows { number again: number } }"),
        (1 + 1 + 200, "{ rows { number } ...F } fragment F on Query { later { number } }"),
        (1 + 100 * (1 + 100), "{ rows { rows { number } } }"),
        (1 + 100 * 5 + 100, "{ page { nodes { number } } }"),
    ],
)
async def test_counts_the_weight_of_every_field_of_every_object(cost: int, text: str) -> None:
    executor, result = await run(text, cost_limit=cost)
    assert executor.fallback_reason == (None if executor.is_compiling else "switched_off")
    assert (executor.spent_cost, executor.failure, result.errors) == (cost, None, None)
    executor, result = await run(text, cost_limit=cost - 1)
    assert executor.failure is not None
    assert result.data is None


def test_counts_a_group_of_fields_that_takes_the_memory_of_a_freed_one() -> None:
    executor: Any = OperationExecutor.build(SCHEMA, parse("{ rows { number } }"), root_value=Query())
    field = [SimpleNamespace(node=SimpleNamespace(name=SimpleNamespace(value="rows")))]
    weight = field_weight(SCHEMA.query_type.fields["rows"])
    for count in (1, 2, 3):
        executor._spend(SCHEMA.query_type, {number: list(field) for number in range(count)})
    assert executor.spent_cost == 6 * weight > 0


@pytest.mark.parametrize("field", ["rows", "later"])
async def test_ends_within_a_list_without_a_pause(field: str) -> None:
    resolved.clear()
    executor, _ = await run(f"{{ {field} {{ rows {{ number }} }} other: later {{ number }} }}", cost_limit=550)
    assert executor.failure is not None
    assert "550" in str(executor.failure)
    assert len(resolved) <= 100


async def test_lists_at_most_so_many_errors_and_counts_the_others() -> None:
    executor, result = await run("{ rows { fails } later { mustNotFail } }")
    assert len(result.errors or ()) == MAX_ERRORS
    # The second list is null because of one of its items.
    assert executor.suppressed_errors == 1
    assert (result.data or {})["later"] is None


async def seconds_of(text: str) -> float:
    """Return the least processor time of three runs."""
    times = []
    for _ in range(3):
        started = process_time()
        await run(text)
        times.append(process_time() - started)
    return min(times)


async def test_an_error_costs_little_more_than_a_field() -> None:
    fields = await seconds_of(f"{{ rows {{ {FIFTY_FIELDS} }} }}")
    failing = await seconds_of("{ rows { " + " ".join(f"a{n}: fails" for n in range(50)) + " } }")
    # Measured: 1.8, with the traceback of what the resolver raises.
    assert failing < 3 * fields


async def test_a_wrong_leaf_of_a_list_is_an_error_of_its_own() -> None:
    _, result = await run("{ page { nodes { wrongLeaves } } }")
    assert (result.data or {})["page"]["nodes"][0] == {"wrongLeaves": [1, None, None, 3]}
    assert (result.errors or [])[0].path == ["page", "nodes", 0, "wrongLeaves", 2]


async def test_a_list_of_leaves_is_completed_as_a_whole(monkeypatch: pytest.MonkeyPatch, compiled: bool) -> None:
    complete, completed = OperationExecutor.complete_list_item_value, []

    def record(*arguments: Any) -> bool:
        completed.append(arguments)
        return complete(*arguments)

    monkeypatch.setattr(OperationExecutor, "complete_list_item_value", record)
    _, result = await run("{ page { nodes { leaves } } }")
    assert (result.data or {})["page"]["nodes"][9]["leaves"] == list(range(200))
    # Only the rows; a compiled operation completes them together, too.
    assert len(completed) == (0 if compiled else 100)


async def test_others_have_their_turn_while_a_long_list_is_completed() -> None:
    started, turns, task = monotonic(), 0, asyncio.create_task(run("{ rows { busy } later { child { busy } } }"))
    while not task.done():
        await asyncio.sleep(0)
        turns += 1
    _, result = await task
    assert result.errors is None
    assert [row["busy"] for row in (result.data or {})["rows"]] == list(range(100))
    # Without a pause there are about ten turns, however long they take.
    assert turns > (monotonic() - started) / 0.05


async def test_an_operation_can_be_cancelled_between_two_turns() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await run("{ rows { busy } }")


async def test_each_event_of_a_subscription_counts_for_itself() -> None:
    executor: Any = OperationExecutor.build(SCHEMA, parse("{ rows { number } }"), cost_limit=150)
    for _ in range(3):
        event = executor.build_per_event_executor(Query())
        result = event.execute_operation()
        await result if is_awaitable(result) else result
        assert (event.spent_cost, event.failure) == (101, None)


async def test_copies_share_nothing_that_an_execution_changes(compiled: bool) -> None:
    model: Any = OperationExecutor.build(SCHEMA, parse("{ rows { child { fails } } }"), root_value=Query())
    copies = [model.copy("first"), model.copy("second")]
    for executor in copies:
        assert len((await executor.execute_operation()).errors) == MAX_ERRORS
    assert [executor.context_value for executor in (model, *copies)] == [None, "first", "second"]
    shared: dict[str, Any] = {
        name: value
        for name, value in vars(copies[0]).items()
        if isinstance(value, (list, set, dict, RefMap, CollectedErrors))
        and any(value is vars(other)[name] for other in (model, copies[1]))
    }
    if compiled:
        # A compiled operation leaves the state of graphql-core's executor as it is.
        assert "collected_errors" not in shared and not any(len(value) for value in shared.values())
    else:
        assert set(shared) == {"fragments", "fragment_definitions"}


def test_the_served_schema_has_its_weights_where_the_executor_finds_them() -> None:
    schema = build_schema()._schema
    customers: Any = schema.type_map["CustomerConnection"]
    assert customers.fields["nodes"].extensions["partnerhub_row_weight"] == 5
    assert customers.fields["totalCount"].extensions["partnerhub_weight"] == 3
