"""Queries of the schema are executed once; their answers are kept within a bound of memory."""

from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from schema.build import build_schema
from server.graphql.introspection_answers import MAX_ANSWER_BYTES, IntrospectionAnswers
from server.graphql.operations import Operations

OPERATIONS = Operations(build_schema())
NAMES = "query A { __schema { types { name } } } query B { __type(name: $n) { name } __typename }".replace(
    "$n", '"Tag"'
)


@pytest.fixture
def executed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record the names of the operations that are executed."""
    names: list[str] = []
    execute = Operations._execute

    async def record(self: Operations, operation: Any, *arguments: Any) -> Any:
        names.append(operation.name)
        return await execute(self, operation, *arguments)

    monkeypatch.setattr(Operations, "_execute", record)
    return names


async def answer(text: str, name: str | None = None, **variables: Any) -> bytes:
    context: Any = SimpleNamespace(feed=None, operation_time=0)
    response = await OPERATIONS.execute(OPERATIONS.prepare(text, name, variables), variables, context)
    return orjson.dumps(response)


async def test_the_answer_of_each_operation_is_executed_once(executed: list[str]) -> None:
    first = [await answer(NAMES, name) for name in ("A", "B")]
    assert executed == ["A", "B"]
    assert [await answer(NAMES, name) for name in ("A", "B")] == first
    assert executed == ["A", "B"]
    assert orjson.loads(first[1]) == {"data": {"__type": {"name": "Tag"}, "__typename": "Query"}}


async def test_with_variables_or_errors_nothing_is_kept(executed: list[str]) -> None:
    with_variables = "query($no: Boolean!) { __schema { queryType { name @skip(if: $no) } } }"
    assert b"Query" in await answer(with_variables, no=False)
    assert b"Query" not in await answer(with_variables, no=True)
    nothing = '{ __type(name: "None") { name } }'
    assert [await answer(nothing) for _ in range(2)] == [b'{"data":{"__type":null}}'] * 2
    assert executed == ["", "", ""]


def test_the_least_recently_used_are_dropped() -> None:
    answers = IntrospectionAnswers(max_bytes=5_000)
    for name in "abc":
        answers.keep("text", name, {"data": "x" * 900})
        answers.get("text", "a")
    assert [answers.get("text", name) is not None for name in "abc"] == [True, False, True]
    assert answers.bytes == 2 * (4 * 5 + 902 + 1_000)


def test_large_answers_and_those_with_errors_are_not_kept() -> None:
    answers = IntrospectionAnswers()
    answers.keep("text", "large", {"data": "x" * MAX_ANSWER_BYTES})
    answers.keep("text", "wrong", {"data": None, "errors": [{}]})
    assert (answers.get("text", "large"), answers.get("text", "wrong"), answers.bytes) == (None, None, 0)
