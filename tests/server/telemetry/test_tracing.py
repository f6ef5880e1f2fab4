"""Traces of a real server at a real receiver: operations, their commands, the caller's trace; off by default."""

import httpx
import pytest
from opentelemetry import trace

from domain.failures import OperatorError
from server.telemetry.tracing import attach_parent, start_operation_span, wants_traces
from store.database.driver_events.command_spans import is_tracing
from tests.server.telemetry.otlp_receiver import attributes, running_receiver
from tests.server_process import ServerHarness

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SECRET = "a-secret-tag-name"
ACCEPT_TERMS = 'mutation { acceptTerms(input: {termsVersion: "2026-10"}) { userErrors { code } } }'
MUTATION = """mutation Listed($name: String!) { createTag(input: {name: $name, color: ORANGE, idempotencyKey: "k"}) {
    userErrors { message } } }"""


def test_operations_and_their_commands_continue_the_trace_of_the_caller(mongo_uri: str, database_name: str) -> None:
    with running_receiver() as receiver:
        harness = ServerHarness(mongo_uri, database_name, metrics_operations="Listed")
        harness.environment |= {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url, "OTEL_BSP_SCHEDULE_DELAY": "100"}
        harness.make_partner()
        with harness.start_server():
            harness.query(ACCEPT_TERMS)
            headers = {"Authorization": f"Bearer {harness.token()}", "traceparent": f"00-{TRACE}-{PARENT}-01"}
            body = {"query": MUTATION, "variables": {"name": SECRET}}
            answer = httpx.post(f"{harness.url}/graphql", json=body, headers=headers, verify=False, timeout=30)
            assert answer.json()["data"] == {"createTag": {"userErrors": []}}
            harness.query("{ nothing }")
            operation = receiver.wait_for("mutation Listed")
            refused = receiver.wait_for("operation")
    assert (operation.trace_id.hex(), operation.parent_span_id.hex()) == (TRACE, PARENT)
    assert attributes(operation)["graphql.operation.name"] == "Listed"
    assert attributes(operation)["partnerhub.partner"] == "acme"
    assert attributes(refused)["partnerhub.errors"].count("GRAPHQL_VALIDATION_FAILED") == 1
    assert refused.trace_id.hex() != TRACE
    commands = [span for span in receiver.spans if span.parent_span_id == operation.span_id]
    assert {"find administrators", "insert tags", "commitTransaction"} <= {span.name for span in commands}
    insert = attributes(next(span for span in commands if span.name == "insert tags"))
    assert insert == {
        "db.system.name": "mongodb",
        "db.namespace": database_name,
        "db.operation.name": "insert",
        "db.collection.name": "tags",
    }
    assert SECRET not in str(receiver.spans)
    # Nothing runs without an operation: neither jobs nor feeds.
    roots = {span.span_id for span in receiver.spans if span.name.split()[0] in {"mutation", "query", "operation"}}
    assert all(span.span_id in roots or span.parent_span_id in roots for span in receiver.spans)
    assert receiver.resources[0]["service.name"] == "partnerhub"


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, False),
        ({"OTEL_SERVICE_NAME": "x"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:4318", "OTEL_SDK_DISABLED": "true"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_TRACES_EXPORTER": "none"}, False),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, True),
    ],
)
def test_the_standard_variables_switch_traces_on(variables: dict[str, str], expected: bool) -> None:
    assert wants_traces(variables) is expected


@pytest.mark.parametrize(
    "variables",
    [
        {"OTEL_TRACES_EXPORTER": "zipkin"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
    ],
)
def test_an_exporter_that_cannot_be_used_stops_the_start(variables: dict[str, str]) -> None:
    with pytest.raises(OperatorError, match="OTEL_TRACES_EXPORTER to otlp or none"):
        wants_traces(variables)


def test_a_missing_extra_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.telemetry.tracing.find_spec", lambda _: None)
    with pytest.raises(OperatorError, match=r"partnerhub\[otel\]"):
        wants_traces({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"})


def test_nothing_is_recorded_without_an_exporter() -> None:
    assert start_operation_span() is None and not is_tracing()
    assert attach_parent([(b"traceparent", f"00-{TRACE}-{PARENT}-01".encode())]) is None
    assert not trace.get_current_span().get_span_context().is_valid
