"""The sample's history of license figures for the days before the given day."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from sample.entitlements import Entitlement
from sample.licenses import License
from sample.seeded_random import SeededRandom

# Twelve Sundays before any day. Older days lie in closed weeks on some weekdays, and their figures are refused.
HISTORY_DAYS = 84
DAILY_DAYS = 14
# Smaller entitlements report once a week: the first load stays short, and each completed week has figures.
DAILY_FROM_TOTAL = 50
# The number of days in which the users of a new entitlement get their licenses.
_RAMP_UP_DAYS = 40


def usage_days(entitlement: Entitlement, day: date) -> list[date]:
    """Return the days with figures, oldest first: every Sunday, the newest day, and daily for large entitlements.

    Empty for an entitlement that has not started, or that ended before the history starts.
    """
    newest = last_usage_day(entitlement, day)
    oldest = max(entitlement.starts_at.date(), day - timedelta(days=HISTORY_DAYS))
    if newest < oldest or not entitlement.set_up:
        return []
    is_large = max(line.total for line in entitlement.licenses) >= DAILY_FROM_TOTAL
    daily_from = day - timedelta(days=DAILY_DAYS) if is_large else newest
    days = (oldest + timedelta(days=number) for number in range((newest - oldest).days + 1))
    return [each for each in days if each >= daily_from or each == newest or each.weekday() == 6]


def last_usage_day(entitlement: Entitlement, day: date) -> date:
    """Return the day before `day`, or the last whole day of an entitlement that ended earlier."""
    newest = day - timedelta(days=1)
    if not entitlement.auto_renew:
        newest = min(newest, entitlement.ends_at.date() - timedelta(days=1))
    if entitlement.cancelled_at is not None:
        newest = min(newest, entitlement.cancelled_at.date() - timedelta(days=1))
    return newest


def usage_records(rng: SeededRandom, entitlement: Entitlement, day: date) -> Iterator[dict[str, object]]:
    """Yield license-usage records by line, then day; the newest of a line has the entitlement's own figures."""
    days = usage_days(entitlement, day)
    if not days:
        return
    for line in entitlement.licenses:
        for each, figures in zip(days, _past_figures(rng, entitlement, line, days), strict=True):
            yield {
                "entitlement": entitlement.number,
                **line.identity,
                "day": each.isoformat(),
                "total": figures.total,
                "assigned": figures.assigned,
                "used": figures.used,
            }


def _past_figures(rng: SeededRandom, entitlement: Entitlement, line: License, days: list[date]) -> Iterator[License]:
    """Yield figures that grow, or shrink a little, to those of the line; the totals are as they were ordered."""
    newest, started = days[-1], entitlement.starts_at.date()
    growth = rng.uniform(-0.1, 0.2)
    for each in days[:-1]:
        age = (newest - each).days
        ratio = (1.0 - growth * age / HISTORY_DAYS) * _ramp_up_ratio(each, started) / _ramp_up_ratio(newest, started)
        total = entitlement.total_at(line, datetime.combine(each, time.max))
        assigned = int(line.assigned * ratio * rng.uniform(0.98, 1.02) + 0.5)
        if line.assigned <= line.total:
            assigned = min(assigned, total)
        used = min(assigned, int(line.used * ratio * rng.uniform(0.9, 1.1) + 0.5))
        yield License(line.product, total, assigned, used, line.name)
    yield line


def _ramp_up_ratio(each: date, started: date) -> float:
    return min(1.0, ((each - started).days + 5) / _RAMP_UP_DAYS)
