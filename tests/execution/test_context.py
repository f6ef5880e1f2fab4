"""Compiled operations have the results of graphql-core's executor: data, order of keys, errors."""

import pytest

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
]


@pytest.mark.parametrize("text", OPERATIONS)
async def test_the_result_is_that_of_graphql_core(text: str) -> None:
    Counting.reasons.clear()
    for variables in ({"x": True}, {"x": False}):
        expected = await execute(STOCK, text, variables)
        assert shown(await execute(COMPILED, text, variables)) == shown(expected)
    assert not Counting.reasons


def test_an_operation_without_awaitables_is_executed_at_once() -> None:
    assert COMPILED.execute_sync("{ customers { id } }").data == {"customers": [{"id": "0"}, {"id": "1"}]}


async def test_a_batch_function_is_called_once_for_a_level() -> None:
    calls: list[int] = []
    await COMPILED.execute("{ customers(n: 9) { tags(n: 3) { id } more: tags { id } } }", context_value=calls)
    assert calls == [9, 9]
