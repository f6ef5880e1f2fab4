"""Percentages and means.

They multiply before they divide, so that the result is rounded only once and equal shares compare as equal.
"""


def percent(part: float, whole: float) -> float | None:
    """Return part ÷ whole × 100, or None where the whole is 0."""
    return part * 100 / whole if whole else None


def mean(total: float, count: int) -> float | None:
    """Return total ÷ count, or None where the count is 0."""
    return total / count if count else None
