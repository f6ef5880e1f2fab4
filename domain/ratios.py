"""Percentages and means: multiplied before they are divided, so that they are rounded once and equal shares compare
as equal."""


def percent(part: float, whole: float) -> float | None:
    """part ÷ whole × 100; None where there is nothing to be a part of."""
    return part * 100 / whole if whole else None


def mean(total: float, count: int) -> float | None:
    """total ÷ count; None where nothing was counted."""
    return total / count if count else None
