"""A new document is checked in steps, between which others have their turn."""

import asyncio

import pytest

from schema.build import build_schema
from server.graphql.operations import OperationRejected, Operations
from server.graphql.steps import Steps, finish, finish_in_turns

_LONG = "{ customers(first: 1) { nodes { " + " ".join(f"a{n}: name" for n in range(150)) + " } } }"


def _count_to(number: int) -> Steps[int]:
    for _ in range(number):
        yield
    return number


def test_the_result_of_steps_is_returned() -> None:
    assert (finish(_count_to(0)), finish(_count_to(3)), asyncio.run(finish_in_turns(_count_to(3)))) == (0, 3, 3)


def test_a_long_document_is_checked_in_several_steps_and_then_known() -> None:
    operations = Operations(build_schema())
    # Parsing, and three parts of the rules.
    assert len(list(operations._prepare_in_steps(_LONG, None, {}))) == 4
    assert list(operations._prepare_in_steps(_LONG, None, {})) == []


@pytest.mark.parametrize("text", [_LONG, "{ viewer { no } }", "{", _LONG.replace("a3: name", "a3: no a4: no")])
def test_both_ways_give_the_same_result(text: str) -> None:
    def errors_of(operations: Operations, *, in_turns: bool) -> object:
        try:
            if in_turns:
                asyncio.run(operations.prepare_in_turns(text, None, {}))
            else:
                operations.prepare(text, None)
        except OperationRejected as rejected:
            return rejected.errors
        return None

    one, other = (errors_of(Operations(build_schema()), in_turns=flag) for flag in (False, True))
    assert one == other
    assert (one is None) == (text == _LONG)


@pytest.mark.parametrize(("mistakes", "most"), [(30, 20), (150, 3)])
def test_a_document_with_many_errors_is_not_checked_further(mistakes: int, most: int) -> None:
    unknown = " ".join(f"a{n}: no{n}" for n in range(mistakes))
    operations = Operations(build_schema())
    # Parsing; the first part of the rules finds as many errors as an answer has.
    steps = operations._prepare_in_steps("{ customers(first: 1) { nodes { %s } } }" % unknown, None, {})  # noqa: UP031
    with pytest.raises(OperationRejected) as rejected:
        assert list(steps) == [None]
    assert len(rejected.value.errors) == most
