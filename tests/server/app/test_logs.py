"""The log: one JSON object per line, above the level, with line breaks escaped."""

import logging
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
import structlog

from server.app.logs import configure_library_logs, configure_logs


@pytest.fixture(autouse=True)
def _unchanged_configuration() -> Iterator[None]:
    before, handlers, level = structlog.get_config(), logging.root.handlers[:], logging.root.level
    yield
    structlog.configure(**before)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


def _logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_writes_one_json_object_per_event(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs()
    structlog.get_logger().info("imported", partner="acme", text="a\nb")
    (entry,) = _logged(capsys)
    assert {name: entry[name] for name in ("event", "level", "partner", "text")} == {
        "event": "imported",
        "level": "info",
        "partner": "acme",
        "text": "a\nb",
    }
    assert entry["timestamp"].endswith("Z")


@pytest.mark.parametrize(
    ("level", "written"),
    [
        ("DEBUG", ["debug", "info", "warning", "error"]),
        ("INFO", ["info", "warning", "error"]),
        ("WARNING", ["warning", "error"]),
        ("ERROR", ["error"]),
    ],
)
def test_writes_events_of_the_level_and_above(
    capsys: pytest.CaptureFixture[str], level: str, written: list[str]
) -> None:
    configure_logs(level)
    logger = structlog.get_logger()
    for name in ("debug", "info", "warning", "error"):
        getattr(logger, name)("happened")
    assert [entry["level"] for entry in _logged(capsys)] == written


def test_writes_the_traceback_of_an_exception_in_the_same_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs()
    try:
        raise ValueError("broken")
    except ValueError:
        structlog.get_logger().exception("failed")
    (entry,) = _logged(capsys)
    assert entry["event"] == "failed" and "ValueError: broken" in entry["exception"]


def test_adds_the_context_of_the_request(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs()
    with structlog.contextvars.bound_contextvars(request="r-1"):
        structlog.get_logger().info("during")
    structlog.get_logger().info("after")
    during, after = _logged(capsys)
    assert during["request"] == "r-1" and "request" not in after


def test_libraries_write_in_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    logging.root.handlers.clear()
    configure_library_logs()
    # Servers of other tests in this process configure the loggers of uvicorn.
    logger = logging.getLogger("asyncio")
    logger.info("not written")
    try:
        raise ValueError("broken")
    except ValueError:
        logger.exception("Exception in %s\napplication", "ASGI")
    (entry,) = _logged(capsys)
    assert (entry["event"], entry["level"], entry["logger"]) == (
        "Exception in ASGI\napplication",
        "error",
        "asyncio",
    )
    assert "ValueError: broken" in entry["exception"] and entry["timestamp"].endswith("Z")
