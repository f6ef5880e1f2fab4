"""What the record of an operation counts, and that callers cannot add label values."""

from asyncio import CancelledError

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from server.app.logs import configure_logs
from server.telemetry.operation_metrics import MAX_NAMES, choose_names, name_label
from server.telemetry.operation_record import MAX_LOGGED_NAME, OperationRecorder

RECORDER = OperationRecorder(frozenset({"Listed"}))


def _count(operation: str, kind: str, outcome: str) -> float:
    labels = {"operation": operation, "kind": kind, "outcome": outcome}
    return REGISTRY.get_sample_value("partnerhub_operations_total", labels) or 0.0


def _sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


@pytest.mark.parametrize(
    ("failure", "kind", "codes", "outcome"),
    [
        (None, "query", (), "ok"),
        (None, "mutation", ("FORBIDDEN",), "error"),
        (ValueError("x"), "query", (), "error"),
        (CancelledError(), "query", (), "cancelled"),
        (CancelledError(), "subscription", (), "ok"),
    ],
)
def test_counts_how_an_operation_ended(
    failure: BaseException | None, kind: str, codes: tuple[str, ...], outcome: str
) -> None:
    before = _count("Listed", kind, outcome)
    try:
        with RECORDER.start() as record:
            record.set_operation(kind, "Listed")
            record.codes = codes
            if failure is not None:
                raise failure
    except (ValueError, CancelledError):
        pass
    assert _count("Listed", kind, outcome) == before + 1


def test_counts_each_code_once_and_the_cost() -> None:
    before = _sample("partnerhub_operation_errors_total", code="TIMEOUT")
    cost, seconds = "partnerhub_operation_cost_total", "partnerhub_operation_seconds_count"
    spent = _sample(cost, operation="Listed")
    timed = _sample(seconds, operation="Listed", kind="query")
    with RECORDER.start() as record:
        record.set_operation("query", "Listed")
        record.set_cost(321)
        record.set_errors([{"extensions": {"code": "TIMEOUT"}}] * 3)
    assert _sample("partnerhub_operation_errors_total", code="TIMEOUT") == before + 1
    assert _sample(cost, operation="Listed") == spent + 321
    assert _sample(seconds, operation="Listed", kind="query") == timed + 1


def test_names_that_are_not_listed_are_one_value() -> None:
    names = choose_names(" A, B,,A", ["Trusted"])
    assert names == {"A", "B", "Trusted"}
    assert [name_label(name, names) for name in ("A", "Trusted", "evil-1", "")] == ["A", "Trusted", "other", "other"]


def test_the_number_of_names_is_limited_and_the_setting_is_first() -> None:
    names = choose_names("Zz", (f"Op{number}" for number in range(1000)))
    assert len(names) == MAX_NAMES and "Zz" in names


def _logged(
    recorder: OperationRecorder, kind: str, *codes: str, administrator: str = "adm_1"
) -> tuple[str, str] | None:
    """Return the level and the event of the line of an operation."""
    with capture_logs() as lines, recorder.start() as record:
        record.set_viewer("acme", administrator)
        record.set_operation(kind, "N" * 500)
        record.codes = codes
    for line in lines:
        assert len(line["operation"]) == MAX_LOGGED_NAME
        assert (line["partner"], line["administrator"], line["kind"]) == ("acme", administrator, kind)
    return (lines[0]["log_level"], lines[0]["event"]) if lines else None


def test_logs_what_is_worth_reading() -> None:
    # Another test of this process may have set a higher level.
    configure_logs("DEBUG")
    assert _logged(RECORDER, "query") is None
    assert _logged(RECORDER, "subscription") is None
    assert _logged(RECORDER, "mutation") == ("info", "operation")
    assert _logged(RECORDER, "query", "FORBIDDEN") == ("info", "operation")
    # Anybody can cause these lines without a token.
    assert _logged(RECORDER, "unknown", "UNAUTHENTICATED", administrator="") is None
    assert _logged(RECORDER, "query", "FORBIDDEN", "TIMEOUT") == ("warning", "operation")
    assert _logged(OperationRecorder(logs_all=True), "query") == ("debug", "operation")


def test_slow_operations_are_warnings_but_not_long_subscriptions() -> None:
    recorder = OperationRecorder(slow_seconds=0.0)
    assert _logged(recorder, "query") == ("warning", "slow operation")
    assert _logged(recorder, "subscription") is None
