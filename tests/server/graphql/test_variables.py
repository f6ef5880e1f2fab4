"""Long keys of variables are refused before anything compares them with the names of the schema."""

from typing import Any

import pytest

from domain.failures import BadUserInput
from schema.build import build_schema
from server.graphql.operations import OperationRejected, Operations
from server.graphql.variables import MAX_KEY_LENGTH, check_variable_keys
from tests.worst_texts import MEBIBYTE, WORST_TEXTS, run_at_once, worst_text

LONG = "x" * (MAX_KEY_LENGTH + 1)


@pytest.mark.parametrize("variables", [{LONG: 1}, {"a": {LONG: 1}}, {"a": [{"b": [[{"c": 1}, {LONG: 1}]]}]}])
def test_a_long_key_is_refused_at_every_depth(variables: dict[str, Any]) -> None:
    with pytest.raises(BadUserInput, match="at most 200 characters"):
        check_variable_keys(variables)


@pytest.mark.parametrize("value", [[1, "x", None, LONG], {LONG[:-1]: [LONG]}, [[0] * 300_000]])
def test_other_values_are_accepted_at_once(value: Any) -> None:
    run_at_once(lambda: check_variable_keys({"a": value}))


@pytest.mark.parametrize("text", WORST_TEXTS)
def test_a_mebibyte_of_key_is_refused_at_once(text: str) -> None:
    operations = Operations(build_schema())
    query = "mutation($input: CreateTagInput!) { createTag(input: $input) { userErrors { code } } }"

    def prepare() -> str:
        with pytest.raises(OperationRejected) as rejected:
            operations.prepare(query, None, {"input": {worst_text(text, MEBIBYTE): 1}})
        return str(rejected.value.errors[0]["extensions"]["code"])

    assert run_at_once(prepare) == "BAD_USER_INPUT"
