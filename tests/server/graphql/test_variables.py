"""Long keys, long lists and long numbers are refused before anything converts them or compares them."""

from typing import Any

import pytest

from domain.failures import BadUserInput
from schema.build import build_schema
from server.graphql.operation import build_executor
from server.graphql.operations import OperationRejected, Operations
from server.graphql.variables import (
    MAX_KEY_LENGTH,
    MAX_LIST_LENGTH,
    MAX_NESTING,
    MAX_VALUES,
    check_variables,
    find_rejection,
)
from tests.worst_texts import MEBIBYTE, WORST_TEXTS, run_at_once, worst_text

OPERATIONS = Operations(build_schema())
LONG = "x" * (MAX_KEY_LENGTH + 1)


@pytest.mark.parametrize("variables", [{LONG: 1}, {"a": {LONG: 1}}, {"a": [{"b": [[{"c": 1}, {LONG: 1}]]}]}])
def test_a_long_key_is_refused_at_every_depth(variables: dict[str, Any]) -> None:
    with pytest.raises(BadUserInput, match="at most 200 characters"):
        check_variables(variables)


@pytest.mark.parametrize("value", [[1, "x", None, LONG], {LONG[:-1]: [LONG]}, [[0] * MAX_LIST_LENGTH]])
def test_other_values_are_accepted_at_once(value: Any) -> None:
    run_at_once(lambda: check_variables({"a": value}))


@pytest.mark.parametrize(
    "value",
    [
        [{"product": "CALLING", "licenses": 1}] * 15_000,
        [0] * (MAX_LIST_LENGTH + 1),
        [[0] * MAX_LIST_LENGTH] * 6,
        [{}] * 300_000,
        {f"k{n}": n for n in range(MAX_VALUES)},
    ],
)
def test_many_values_are_refused_at_once(value: Any) -> None:
    with pytest.raises(BadUserInput, match="at most"):
        run_at_once(lambda: check_variables({"a": value}))


@pytest.mark.parametrize("digits", [41, 5_000, 30_000])
@pytest.mark.parametrize(
    "text",
    [
        "{ customers(first: NUMBER) { totalCount } }",
        "{ customers(filter: {expiresWithinDays: NUMBER}) { totalCount } }",
        "{ licenseAnalytics(product: CALLING, lowAssignmentThreshold: 0.NUMBER) { asOf } }",
        "{ node(id: NUMBER) { id } }",
        "query ($n: Int = NUMBER) { customers(first: $n) { totalCount } }",
    ],
)
def test_a_number_with_many_digits_is_refused_at_once(text: str, digits: int) -> None:
    def prepare() -> Any:
        with pytest.raises(OperationRejected) as rejected:
            Operations(build_schema()).prepare(text.replace("NUMBER", "9" * digits), None)
        return rejected.value.errors[0]

    error = run_at_once(prepare)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "40 characters" in error["message"]


@pytest.mark.parametrize("text", WORST_TEXTS)
def test_a_mebibyte_of_key_is_refused_at_once(text: str) -> None:
    rejection = run_at_once(lambda: find_rejection({"input": {worst_text(text, MEBIBYTE): 1}}))
    assert rejection is not None
    assert rejection.__traceback__ is None


def test_variables_that_are_nested_too_deeply_are_rejected() -> None:
    deep: Any = 1
    for _ in range(MAX_NESTING):
        deep = [deep]
    assert find_rejection({"a": deep}) is None
    assert "at most 100 levels" in str(find_rejection({"a": [deep]}))


@pytest.mark.parametrize(
    "filter_",
    [
        {f"managedBye{n}": 1 for n in range(900)},
        {"allOf": [{f"statuss{n}": 1} for n in range(900)]},
        {"status": [f"NEARING_EXPIRATIONX{n}" for n in range(990)]},
    ],
)
def test_only_a_lone_mistake_in_variables_gets_a_suggestion(filter_: dict[str, Any]) -> None:
    text = "query($f: CustomerFilter) { customers(filter: $f) { totalCount } }"
    operation = OPERATIONS.prepare(text, None, {"f": filter_})

    def errors_of(variables: dict[str, Any]) -> list[str]:
        built = build_executor(OPERATIONS.graphql_schema, operation, variables)
        assert isinstance(built, list)
        return [error.message for error in built]

    found = run_at_once(lambda: errors_of({"f": filter_}))
    assert 1 < len(found) < 30 and "Did you mean" not in " ".join(found)
    assert "Did you mean" in errors_of({"f": {"managedBye": "x"}})[0]
