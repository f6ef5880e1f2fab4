"""A @oneOf input without exactly one value is a validation error as a literal, and BAD_USER_INPUT as a variable."""

from typing import Any

import httpx
import pytest

from tests.api_server import ApiHarness
from tests.schema.factory_mutations import token_of
from tests.websocket_client import connect_websocket

VALIDATION = "GRAPHQL_VALIDATION_FAILED"
EXACTLY_ONE = (
    "Within OneOf Input Object type 'CustomerLookup', exactly one field must be specified, "
    "and the value for that field must be non-null."
)
TRIAL = "mutation%s { startTrial(input: {customer: %s, licenses: []}) { __typename } }"
TAGS = "mutation%s { assignTags(input: {customers: %s, tags: []}) { __typename } }"
LITERALS = {
    "no key": "{ customer(by: {}) { id } }",
    "two keys": '{ customer(by: {id: "a", externalId: "b"}) { id } }',
    "null": "{ customer(by: {id: null}) { id } }",
    "null beside a value": '{ customer(by: {id: null, externalId: "b"}) { id } }',
    "nullable variable": "query($a: ID) { customer(by: {id: $a}) { id } }",
    "nullable variable with a default": 'query($a: ID = "a") { customer(by: {id: $a}) { id } }',
    "two variables": "query($a: ID!, $b: ID!) { customer(by: {id: $a, externalId: $b}) { id } }",
    "default of a variable": "query($by: CustomerLookup! = {}) { customer(by: $by) { id } }",
    "fragment": "query($a: ID) { ...F } fragment F on Query { customer(by: {id: $a}) { id } }",
    "nested, no key": TRIAL % ("", "{}"),
    "nested, two keys": TRIAL % ("", '{id: "a", new: {name: "A"}}'),
    "nested, null": TRIAL % ("", "{new: null}"),
    "nested, nullable variable": TRIAL % ("($a: NewCustomerInput)", "{new: $a}"),
    "selection, no key": TAGS % ("", "{}"),
    "selection, nullable variable": TAGS % ("($a: CustomerFilter)", "{matching: $a}"),
}


@pytest.fixture
def token(api: ApiHarness) -> str:
    """Return the token of an administrator who may use every one of the fields."""
    return token_of(api, "FULL_ADMINISTRATOR")


def _codes(answer: dict[str, Any]) -> set[str]:
    assert "data" not in answer, answer
    return {error["extensions"]["code"] for error in answer["errors"]}


@pytest.mark.parametrize("query", LITERALS.values(), ids=LITERALS)
def test_a_wrong_literal_is_a_validation_error(api: ApiHarness, token: str, query: str) -> None:
    for variables in ({}, {"a": None}, {"a": "a", "b": "b"}):
        assert _codes(api.execute(token, query, **variables)) == {VALIDATION}


def test_the_message_says_what_a_one_of_input_needs(api: ApiHarness, token: str) -> None:
    assert [error["message"] for error in api.execute(token, LITERALS["no key"])["errors"]] == [EXACTLY_ONE]
    (error,) = api.execute(token, LITERALS["nullable variable"])["errors"]
    assert error["message"] == (
        "Variable '$a' must be declared non-null: it is the value of the OneOf Input Object 'CustomerLookup'."
    )


@pytest.mark.parametrize("by", [{}, {"id": None}, {"id": "a", "externalId": "b"}, {"id": "a", "externalId": None}])
def test_a_wrong_variable_is_bad_user_input(api: ApiHarness, token: str, by: Any) -> None:
    query = "query($by: CustomerLookup!) { customer(by: $by) { id } }"
    answer = api.execute(token, query, by=by)
    assert _codes(answer) == {"BAD_USER_INPUT"}
    assert EXACTLY_ONE in answer["errors"][0]["message"]


def test_an_unset_variable_in_a_literal_is_bad_user_input(api: ApiHarness, token: str) -> None:
    query = "query($a: ID!) { customer(by: {id: $a}) { id } }"
    assert _codes(api.execute(token, query)) == _codes(api.execute(token, query, a=None)) == {"BAD_USER_INPUT"}
    # The validated document is cached: the next values are judged by themselves.
    assert api.execute(token, query, a="cus_x") == {"data": {"customer": None}}


def test_websockets_and_event_streams_answer_the_same(api: ApiHarness, token: str) -> None:
    query = LITERALS["no key"]
    (error,) = api.execute(token, query)["errors"]
    with connect_websocket(api.url, token) as socket:
        socket.send({"id": "1", "type": "subscribe", "payload": {"query": query}})
        assert socket.receive() == {"id": "1", "type": "error", "payload": [error]}
    headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
    stream = httpx.post(f"{api.url}/graphql/stream", json={"query": query}, headers=headers, verify=False)
    assert EXACTLY_ONE in stream.text and VALIDATION in stream.text and "INTERNAL" not in stream.text
