"""A plugin of pytest: graphql-core's own tests execute with another executor, and each test says how it ran."""

import signal
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from execution.context import CompiledExecutionContext

# A test that waits for the cancellation of a neighbour would wait for ever.
_SECONDS = 30
runs: Counter[str] = Counter()


class StockExecutor(StrawberryGraphQLCoreExecutionContext):
    """Strawberry's executor."""


class CompiledExecutor(CompiledExecutionContext):
    """The compiled executor; it counts the operations by how they ran."""

    def execute_operation(self, serially: bool | None = None) -> Any:
        """Execute the operation."""
        runs["all"] += 1
        return super().execute_operation(serially)

    def not_compiled(self, reason: str) -> None:
        """Count the reason."""
        runs[reason] += 1
        super().not_compiled(reason)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that chooses the executor."""
    parser.addoption("--executor", default="compiled")


def pytest_configure(config: pytest.Config) -> None:
    """Make the executor the one that graphql-core takes where none is named."""
    chosen = CompiledExecutor if config.getoption("--executor") == "compiled" else StockExecutor
    execute: Any = import_module("graphql.execution.execute")
    execute.IncrementalExecutor = chosen
    execute.ExecutorThrowingOnIncremental = chosen


def _time_out(*_: object) -> None:
    raise TimeoutError(f"It took more than {_SECONDS} seconds.")


_tests: dict[str, tuple[str, str]] = {}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Note how the operations of a test ran."""
    runs.clear()
    failure = ""
    signal.signal(signal.SIGALRM, _time_out)
    signal.alarm(_SECONDS)
    try:
        return (yield)
    except BaseException as raised:
        failure = f"{type(raised).__name__}: {str(raised)[:150]}"
        raise
    finally:
        signal.alarm(0)
        reasons = sorted(reason for reason in runs if reason != "all")
        compiled = runs["all"] - sum(runs[reason] for reason in reasons)
        how = "no operation" if not runs else "compiled" if compiled == runs["all"] else ", ".join(reasons)
        how = f"partly: {how}" if runs and 0 < compiled < runs["all"] else how
        _tests[item.nodeid] = (how, failure)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the table, and each test that failed."""
    table: Counter[tuple[str, str]] = Counter()
    for how, failure in _tests.values():
        table[how, "failed" if failure else "passed"] += 1
    for (how, outcome), count in sorted(table.items()):
        terminalreporter.write_line(f"{count:6} {outcome}  {how}")
    for name, (how, failure) in _tests.items():
        if failure:
            terminalreporter.write_line(f"FAILED {name} ({how}) {failure!r}")
