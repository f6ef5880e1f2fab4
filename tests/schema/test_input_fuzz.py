"""No value of any argument of the schema is an internal error, as a literal or as a variable."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import GraphQLField
from hypothesis import HealthCheck, assume, given, settings
from structlog.testing import capture_logs

from tests.api_server import ApiHarness
from tests.random_values import seeded
from tests.schema.factory_inputs import arguments_of, is_readable, literal
from tests.schema.factory_paths import SCHEMA, SchemaField, query_fields, selection_of
from tests.schema.factory_walk import FULL, PartnerPair, TargetIds
from tests.websocket_client import connect_websocket

CODES = {
    "BAD_USER_INPUT",
    "FORBIDDEN",
    "GRAPHQL_PARSE_FAILED",
    "GRAPHQL_VALIDATION_FAILED",
    "INVALID_CURSOR",
    "QUERY_TOO_COMPLEX",
    "TERMS_NOT_ACCEPTED",
}
QUERIES = [field for field in query_fields() if field.field.args]
# The examples are the same in each run: a new kind of value belongs into the strategies.
FUZZ = settings(
    max_examples=6, derandomize=True, database=None, suppress_health_check=list(HealthCheck), print_blob=False
)


def _root_fields(root: Any) -> list[SchemaField]:
    return [SchemaField(root.name, name, field, "%s") for name, field in root.fields.items()]


MUTATIONS, FEEDS = _root_fields(SCHEMA.mutation_type), _root_fields(SCHEMA.subscription_type)


class FuzzWorld:
    """A partner with one object of each kind, and the operations that are sent to it."""

    def __init__(self, api: ApiHarness) -> None:
        self.pair = PartnerPair(api, FULL)
        own = self.pair.ids("own")
        self.ids = (*(own.of_kind(kind) for kind in TargetIds.KINDS), self.pair.home_tag)

    def execute(self, kind: str, target: SchemaField, arguments: dict[str, Any]) -> None:
        """Execute the operation with literals, then with variables; assert that each error has a client's code."""
        for text, variables in operations(kind, target, arguments):
            answer = self.pair.api.execute(self.pair.token, text, **variables)
            codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
            assert codes <= CODES, (text, variables, answer)


def operations(kind: str, target: SchemaField, arguments: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the operation with the arguments as literals, and with the arguments as variables."""
    yield _operation(kind, "", target, {name: literal(value) for name, value in arguments.items()}), {}
    declared = _declare(target.field, arguments)
    yield _operation(kind, declared, target, {name: f"${name}" for name in arguments}), arguments


def _operation(kind: str, declared: str, target: SchemaField, texts: dict[str, str]) -> str:
    joined = ", ".join(f"{name}: {text}" for name, text in texts.items())
    field = f"{target.name}{f'({joined})' if joined else ''} {selection_of(target.field)}"
    return f"{kind}{declared} {{ {target.path.replace('%s', field)} }}"


def _declare(field: GraphQLField, arguments: dict[str, Any]) -> str:
    declared = ", ".join(f"${name}: {field.args[name].type}" for name in arguments)
    return f"({declared})" if declared else ""


@pytest.fixture(scope="module")
def world(shared_server: ApiHarness) -> FuzzWorld:
    """Return the world of all examples: mutations that succeed change it."""
    return FuzzWorld(shared_server.with_new_partners())


@pytest.fixture(autouse=True)
def _no_traceback(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail the test where the server, which runs in this process, logs an error."""
    with capture_logs() as lines:
        yield
    assert [line for line in lines if line["log_level"] in ("error", "critical")] == []
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.parametrize("target", QUERIES, ids=lambda target: target.label)
def test_a_query_answers_any_value(world: FuzzWorld, target: SchemaField) -> None:
    @FUZZ
    @given(arguments=seeded(arguments_of(target.field, world.ids)))
    def check(arguments: dict[str, Any]) -> None:
        world.execute("query", target, arguments)

    check()


@pytest.mark.parametrize("target", MUTATIONS, ids=lambda target: target.name)
def test_a_mutation_answers_any_value(world: FuzzWorld, target: SchemaField) -> None:
    @FUZZ
    @given(arguments=seeded(arguments_of(target.field, world.ids)))
    def check(arguments: dict[str, Any]) -> None:
        world.execute("mutation", target, arguments)

    check()


@pytest.mark.parametrize("target", FEEDS, ids=lambda target: target.name)
def test_a_feed_answers_any_value(world: FuzzWorld, target: SchemaField) -> None:
    with connect_websocket(world.pair.api.url, world.pair.token) as socket:

        @FUZZ
        @given(arguments=seeded(arguments_of(target.field, world.ids)))
        def check(arguments: dict[str, Any]) -> None:
            # orjson reads neither lone surrogates nor endless numbers: the protocol closes the socket for them.
            assume(is_readable(arguments))
            for text, variables in operations("subscription", target, arguments):
                payload = {"query": text, "variables": variables}
                socket.send({"id": "1", "type": "subscribe", "payload": payload})
                socket.send({"id": "1", "type": "complete"})
                socket.send({"id": "2", "type": "subscribe", "payload": {"query": "{ __typename }"}})
                while (message := socket.receive()) != {"id": "2", "type": "complete"}:
                    if message["type"] == "error":
                        codes = {error["extensions"]["code"] for error in message["payload"]}
                        assert codes <= CODES, (payload, message)

        check()


def test_a_literal_is_what_the_variable_says() -> None:
    assert literal({"a": [1, None, "\0"], "b": {}}) == '{a: [1, null, "\\u0000"], b: {}}'
