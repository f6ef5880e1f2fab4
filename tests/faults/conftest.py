"""What the tests of faults share: the figures, and their table at the end of a run in one process."""

import pytest

from tests.faults.figures import FIGURES, figures, machine

__all__ = ["figures"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table that docs/reliability.md shows."""
    if FIGURES.told:
        terminalreporter.write_sep("-", "figures of the faults")
        terminalreporter.write_line(machine())
        for row in FIGURES.table():
            terminalreporter.write_line(row)
