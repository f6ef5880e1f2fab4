"""The rows of the table of docs/performance.md, which bench.table collects."""

from collections.abc import Iterable
from typing import NamedTuple

Pair = tuple[float, float]


class Row(NamedTuple):
    """A figure, what it is compared with, and what must hold.

    `measured` is empty where it was not measured; the remark then says why. `cpu` is the processor time of one request
    or message in µs, `per_second` the number of them: of this project and of the other.
    """

    work: str
    against: str
    required: str
    measured: str = ""
    holds: bool = False
    cpu: Pair | None = None
    per_second: Pair | None = None
    remark: str = ""


def ratio_row(work: str, against: str, least: float, ratio: float, cpu: Pair, per_second: Pair) -> Row:
    """Return the row of a speed, where 1 is the speed of the other; `least` is 0 where nothing is required."""
    return Row(work, against, f"≥ {least:g} ×" if least else "", f"{ratio:.2f} ×", ratio >= least, cpu, per_second)


_HEAD = ("Work", "Compared with", "Required", "Measured", "Processor time (µs)", "A second", "Remark")


def markdown(rows: Iterable[Row]) -> str:
    """Return the rows as a table; bold is what does not hold."""
    lines = [_HEAD, ("---",) * len(_HEAD), *map(_cells, rows)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _cells(row: Row) -> tuple[str, ...]:
    measured = (row.measured if row.holds else f"**{row.measured}**") if row.measured else "not run"
    return row.work, row.against, row.required, measured, _pair(row.cpu), _pair(row.per_second), row.remark


def _pair(figures: Pair | None) -> str:
    return "" if figures is None else f"{figures[0]:,.0f} : {figures[1]:,.0f}"
