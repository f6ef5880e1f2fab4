"""The measurements of the fault tests with their limits, printed at the end of a long run for docs/reliability.md."""

import os
import platform
from typing import NamedTuple

import pytest

from tests.faults.scale import TIME_FACTOR


class Figure(NamedTuple):
    """One measurement; `limit` applies on an idle machine; None if the value is only reported."""

    fault: str
    name: str
    measured: float
    limit: float | None
    unit: str


class Figures:
    """The figures of one run."""

    def __init__(self) -> None:
        self.recorded: list[Figure] = []

    def record(self, fault: str, name: str, measured: float, limit: float | None = None, unit: str = "") -> None:
        """Record a figure; fail if it exceeds its limit, which is scaled for times (s)."""
        self.recorded.append(Figure(fault, name, measured, limit, unit))
        allowed = limit if limit is None or unit != "s" else limit * TIME_FACTOR
        assert allowed is None or measured <= allowed, f"{fault}: {name} is {measured:.2f} {unit}, over {allowed:g}"

    def table(self) -> list[str]:
        """Return the figures as lines of Markdown."""
        rows = ["| Fault | Figure | Measured | Limit |", "|---|---|---|---|"]
        for fault, name, measured, limit, unit in self.recorded:
            asked = "" if limit is None else f"{limit:g} {unit}".strip()
            rows.append(f"| {fault} | {name} | {_number(measured)} {unit}".rstrip() + f" | {asked} |")
        return rows


FIGURES = Figures()


@pytest.fixture(scope="session")
def figures() -> Figures:
    """Return the object that records the measurements."""
    return FIGURES


def machine() -> str:
    """Describe the machine in one line."""
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores, {system}, load {load}"


def _number(measured: float) -> str:
    return f"{measured:,.0f}" if float(measured).is_integer() else f"{measured:,.2f}"
