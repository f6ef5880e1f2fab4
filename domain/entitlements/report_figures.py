"""The figures of licence reports: what a table's rows add up to, and how long ago or ahead a row's moments are."""

from datetime import datetime
from fractions import Fraction
from typing import NamedTuple

from domain.entitlements.license_lines import MAX_LICENSES
from domain.failures import NumberOutOfRange
from domain.time.instants import DAY, add_months

MAX_REPORT_DAYS, MAX_REPORT_WEEKS = 365, 52


class ReportSums(NamedTuple):
    """Σ over the rows of a table; `customers` counts each once, `unassigned` and `overage` never set off each other."""

    customers: int = 0
    total: int = 0
    assigned: int = 0
    used: int = 0
    unassigned: int = 0
    overage: int = 0


def rate_percent(rate: float) -> float:
    """A rate of licences in percent, rounded once: of the fraction that it stands for, not of the rate itself."""
    return float(Fraction(rate).limit_denominator(MAX_LICENSES) * 100)


def days_since(since: datetime, now: datetime) -> int:
    """Whole days from a moment until now; 0 where it lies ahead."""
    return max(0, (now - since) // DAY)


def months_between(start: datetime, end: datetime) -> int:
    """The most calendar months that can be added to the start without passing the end; 0 where it comes first."""
    months = (end.year - start.year) * 12 + end.month - start.month
    return max(0, months if months < 1 or add_months(start, months) <= end else months - 1)


def check_days(days: int) -> int:
    """The window of a report in days; BadUserInput outside 1–365."""
    return _check_range("days", days, MAX_REPORT_DAYS)


def check_weeks(weeks: int) -> int:
    """How many weeks of a trend are asked for; BadUserInput outside 1–52."""
    return _check_range("weeks", weeks, MAX_REPORT_WEEKS)


def _check_range(name: str, number: int, most: int) -> int:
    if not 1 <= number <= most:
        raise NumberOutOfRange(name, 1, most, number)
    return number
