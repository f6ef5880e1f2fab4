"""The highest use of a licence line in the last three months, from a short summary of its daily snapshots.

The *peaks* of a line are the days that have, or will have, the highest use of the period: each has more use than every
later day. They are stored with the line, the earliest first. The maximum of the period is then the first peak that
still belongs to it: as days pass, the maximum falls from one peak to the next without any write.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from domain.entitlements.license_snapshots import start_of_day
from domain.time.instants import DAY

# The period: this many dates, today included.
USE_DATES = 92
# Stored peaks: `{"day": datetime, "used": int}`, ascending by day and descending by use.
Peaks = Sequence[Mapping[str, Any]]


def first_use_day(now: datetime) -> datetime:
    """Return the first date of the period."""
    return start_of_day(now) - (USE_DATES - 1) * DAY


def highest_used(used: int, peaks: Peaks, now: datetime) -> int:
    """Return the highest use of one date of the period, the present figure `used` included."""
    first = first_use_day(now)
    return max(used, next((peak["used"] for peak in peaks if peak["day"] >= first), 0))


def build_peaks(used_by_day: Mapping[datetime, int], now: datetime) -> Peaks:
    """Return the peaks of the use by date; days before the period and days without use are left out."""
    peaks: list[Mapping[str, Any]] = []
    for day in sorted(used_by_day, reverse=True):
        if day >= first_use_day(now) and used_by_day[day] > (peaks[-1]["used"] if peaks else 0):
            peaks.append({"day": day, "used": used_by_day[day]})
    return peaks[::-1]


def add_days(peaks: Peaks, used_by_day: Mapping[datetime, int], now: datetime) -> Peaks | None:
    """Return the peaks with the new use of some days; None where a peak fell: then build them from all days.

    A day that is no peak can fall without effect.
    """
    before = {peak["day"]: peak["used"] for peak in peaks}
    if any(used < before.get(day, 0) for day, used in used_by_day.items()):
        return None
    return build_peaks({**before, **used_by_day}, now)


def in_period(peaks: Iterable[Mapping[str, Any]], now: datetime) -> list[Mapping[str, Any]]:
    """Return the peaks of the period: what is stored can begin with earlier days."""
    return [peak for peak in peaks if peak["day"] >= first_use_day(now)]
