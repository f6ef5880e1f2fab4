"""The sample's history of licence figures: what was delivered for the days before the given one."""

from collections.abc import Iterator
from datetime import date, timedelta

from sample.entitlements import Entitlement
from sample.licenses import License
from sample.seeded_random import SeededRandom

HISTORY_DAYS = 100
DAILY_DAYS = 14
# Smaller entitlements are reported once a week: a first load stays short, and each completed week has its figures.
DAILY_FROM_TOTAL = 50
# The days in which the users of something new get their licences.
_RAMP_UP_DAYS = 40


def usage_days(entitlement: Entitlement, day: date) -> list[date]:
    """The days with figures, oldest first: Sundays (the last day of a week), the newest, and the latest ones daily.

    Empty for what has not begun, or had ended before the history begins.
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
    """The day before `day`, or the last whole day of what ended earlier. What renews itself does not end."""
    newest = day - timedelta(days=1)
    if not entitlement.auto_renew:
        newest = min(newest, entitlement.ends_at.date() - timedelta(days=1))
    if entitlement.cancelled_at is not None:
        newest = min(newest, entitlement.cancelled_at.date() - timedelta(days=1))
    return newest


def usage_records(rng: SeededRandom, entitlement: Entitlement, day: date) -> Iterator[dict[str, object]]:
    """License-usage lines by product, then day; the newest of each product has the entitlement's own figures."""
    days = usage_days(entitlement, day)
    if not days:
        return
    for line in entitlement.licenses:
        for each, figures in zip(days, _past_figures(rng, line, days, entitlement.starts_at.date()), strict=True):
            yield {
                "entitlement": entitlement.number,
                "product": line.product,
                "day": each.isoformat(),
                "total": figures.total,
                "assigned": figures.assigned,
                "used": figures.used,
            }


def _past_figures(rng: SeededRandom, line: License, days: list[date], started: date) -> Iterator[License]:
    """Figures that grew, or shrank a little, towards those of the line."""
    newest = days[-1]
    growth = rng.uniform(-0.1, 0.4)
    # Some customers ordered licences in these weeks.
    before_order = max(1, line.total * 4 // 5) if rng.chance(0.15) else line.total
    ordered = newest - timedelta(days=rng.randint(5, HISTORY_DAYS))
    for each in days[:-1]:
        age = (newest - each).days
        ratio = (1.0 - growth * age / HISTORY_DAYS) * _ramp_up_ratio(each, started) / _ramp_up_ratio(newest, started)
        total = before_order if each < ordered else line.total
        assigned = int(line.assigned * ratio * rng.uniform(0.98, 1.02) + 0.5)
        if line.assigned <= line.total:
            assigned = min(assigned, total)
        used = min(assigned, int(line.used * ratio * rng.uniform(0.9, 1.1) + 0.5))
        yield License(line.product, total, assigned, used)
    yield line


def _ramp_up_ratio(each: date, started: date) -> float:
    return min(1.0, ((each - started).days + 5) / _RAMP_UP_DAYS)
