"""Compiled operations have the results of graphql-core's executor: data, order of keys, errors."""

import asyncio
from time import process_time
from typing import Any

import pytest
from graphql import ExecutionResult, GraphQLSchema, parse
from strawberry.execution import optimized_is_awaitable

from execution.context import CompiledExecutionContext
from execution.plan_cache import PlanCache, plan_cache
from execution.variables import coerce_variables, read_signatures
from tests.execution.small_schema import COMPILED, STOCK, Counting, execute, shown

OPERATIONS = [
    "{ __typename }",
    "{ customers { id name } }",
    "{ customers(n: 5) { id name } }",
    "{ customers(n: 0) { id } }",
    "{ customers { id __typename name tags(n: 2) { id color size } } }",
    "{ customers { tags(n: 2) { id later } } }",
    "{ customers { tags(n: 2) { id must } } }",
    "{ customers(n: 1) { optionalTags { id color must } } }",
    "{ customers { matrix } }",
    "{ a: node { id ... on Tag { color } } b: node(k: 1) { id ... on Customer { name } } c: node(k: 2) { id } }",
    "{ node(k: 3) { id } customers { id } }",
    "{ nodes { id ... on Tag { color } ... on Customer { name } } }",
    "{ __schema { queryType { name fields { name type { name kind ofType { name } } } } } }",
    "query ($x: Boolean!) { customers { id @include(if: $x) name @skip(if: $x) } }",
    "query ($x: Boolean = false) { customers { ...F @skip(if: $x) } } fragment F on Customer { a: id tags { id } id }",
    "mutation { a: add(number: 1) b: add(number: 4) c: add(number: 2) }",
    "mutation { a: add(number: 1) b: add(number: 5) c: add(number: 2) }",
    "mutation { a: add(number: 1) missing c: add(number: 5) }",
]


@pytest.mark.parametrize("text", OPERATIONS)
async def test_the_result_is_that_of_graphql_core(text: str) -> None:
    Counting.reasons.clear()
    for variables in ({"x": True}, {"x": False}):
        expected = await execute(STOCK, text, variables)
        assert shown(await execute(COMPILED, text, variables)) == shown(expected)
    assert not Counting.reasons


@pytest.mark.parametrize("text", OPERATIONS)
async def test_a_copy_has_the_result_of_its_own_variables(text: str) -> None:
    prototype: Any = CompiledExecutionContext.build(COMPILED._schema, parse(text), raw_variable_values={"x": True})
    signatures = read_signatures(COMPILED._schema, prototype.operation)
    assert signatures is not None
    for variables in ({"x": True}, {"x": False}, {"x": True}):
        executor = prototype.copy([])
        executor.variable_values = coerce_variables(signatures, variables)
        result = executor.execute_operation()
        result = await result if optimized_is_awaitable(result) else result
        assert shown(result) == shown(await execute(STOCK, text, variables))


def test_an_operation_without_awaitables_is_executed_at_once() -> None:
    assert COMPILED.execute_sync("{ customers { id } }").data == {"customers": [{"id": "0"}, {"id": "1"}]}


async def test_a_batch_function_is_called_once_for_a_level() -> None:
    calls: list[int] = []
    await COMPILED.execute("{ customers(n: 9) { tags(n: 3) { id } more: tags { id } } }", context_value=calls)
    assert calls == [9, 9]


SCHEMA: Any = COMPILED._schema
is_awaitable: Any = optimized_is_awaitable


def build(document: Any, schema: Any = SCHEMA) -> Any:
    return CompiledExecutionContext.build(schema, document, context_value=[], is_awaitable=is_awaitable)


async def result_of(executor: Any) -> ExecutionResult:
    result = executor.execute_operation()
    return await result if is_awaitable(result) else result  # type: ignore[no-any-return]


async def test_a_plan_is_compiled_once_and_kept_by_the_identity_of_its_document() -> None:
    text = "{ customers { name } }"
    document, cache = parse(text), plan_cache(SCHEMA)
    for _ in range(3):
        await result_of(build(document))
    count = len(cache)
    await result_of(build(parse(text)))
    assert len(cache) == count + 1


async def test_a_copy_of_a_schema_has_plans_of_its_own() -> None:
    document = parse("{ customers { id } }")
    await result_of(build(document))
    copied = GraphQLSchema(**SCHEMA.to_kwargs())
    assert plan_cache(copied) is not plan_cache(SCHEMA)
    assert (await result_of(build(document, copied))).errors is None


async def test_the_plans_of_a_schema_are_bounded() -> None:
    cache = PlanCache(max_bytes=60_000)
    executors = [build(parse(f"{{ a{number}: customers {{ id name }} }}")) for number in range(20)]
    for executor in executors:
        cache.plans_of(executor.operation, executor.fragment_definitions)
        assert cache.bytes <= 60_000
    assert 0 < len(cache) < 20


async def test_a_cancelled_operation_leaves_no_coroutine_behind() -> None:
    """A coroutine that nobody awaited is a warning, which is an error here."""
    text = (
        "{ nodes { id ... on Customer { tags { later } } } customers(n: 3) { tags(n: 3) { later } more: tags { id } } }"
    )
    for turns in range(8):
        task = asyncio.create_task(result_of(build(parse(text))))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_compiling_costs_less_than_ten_executions() -> None:
    """Of graphql-core's executor, with ten customers."""
    text = "{ customers(n: 10) { id name __typename tags(n: 3) { id color size must } } }"
    documents = [parse(text) for _ in range(30)]

    async def seconds(is_compiling: bool, documents: list[Any]) -> float:
        began = process_time()
        for document in documents:
            executor = build(document)
            executor.is_compiling = is_compiling
            await result_of(executor)
        return process_time() - began

    first, again = await seconds(True, documents), await seconds(True, documents)
    assert first - again < 10 * await seconds(False, documents)
