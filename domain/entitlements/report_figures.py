"""Figures of licence reports: the sums over a table, the durations of a row, and the bounds of the arguments."""

from datetime import datetime
from fractions import Fraction
from typing import NamedTuple

from domain.entitlements.license_keys import MAX_LICENSE_LINES
from domain.entitlements.license_lines import MAX_LICENSES
from domain.failures import NumberOutOfRange
from domain.time.instants import DAY, add_months

MAX_REPORT_DAYS, MAX_REPORT_WEEKS = 365, 52


class ReportSums(NamedTuple):
    """Sums over the rows of a table; `customers` counts each customer once.

    `unassigned` and `overage` are summed over rows, so that one row's overage does not reduce another's remainder.
    """

    customers: int = 0
    total: int = 0
    assigned: int = 0
    used: int = 0
    unassigned: int = 0
    overage: int = 0


def rate_percent(rate: float) -> float:
    """Return a rate of licences in percent.

    The rate is a rounded quotient of two integers. Restoring the exact fraction first avoids a second rounding, so that
    the result equals `percent(assigned, total)`.
    """
    return float(Fraction(rate).limit_denominator(MAX_LICENSES * MAX_LICENSE_LINES) * 100)


def days_since(moment: datetime, now: datetime) -> int:
    """Return the days of 24 hours since a moment, rounded down; 0 for a moment in the future."""
    return max(0, (now - moment) // DAY)


def months_between(start: datetime, end: datetime) -> int:
    """Return the largest n for which start + n calendar months ≤ end; 0 where the end comes first."""
    months = (end.year - start.year) * 12 + end.month - start.month
    return max(0, months if months < 1 or add_months(start, months) <= end else months - 1)


def check_days(days: int) -> int:
    """Return `days`, the window of a report; raise NumberOutOfRange outside 1–365."""
    return _check_range("days", days, MAX_REPORT_DAYS)


def check_weeks(weeks: int) -> int:
    """Return `weeks`, the length of a trend; raise NumberOutOfRange outside 1–52."""
    return _check_range("weeks", weeks, MAX_REPORT_WEEKS)


def _check_range(argument: str, number: int, highest: int) -> int:
    if not 1 <= number <= highest:
        raise NumberOutOfRange(argument, 1, highest, number)
    return number
