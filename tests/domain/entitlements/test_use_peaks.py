"""The peaks of use: the highest use of the last 92 dates, without the snapshots themselves."""

from datetime import datetime, timedelta

from hypothesis import given, settings

from domain.entitlements.use_peaks import Peaks, add_days, build_peaks, highest_used, in_period
from tests import random_values as rv
from tests.random_values import seeded

TODAY = datetime(2026, 11, 25)
NOW = TODAY + timedelta(hours=9)
DAY = timedelta(days=1)
# The use by days ago; the period ends 91 days ago.
histories: rv.Values[dict[int, int]] = rv.lists(
    rv.tuples(rv.integers(0, 100) | rv.sampled_from([90, 91, 92]), rv.integers(0, 6)), max_size=12
).map(dict)


def by_date(history: dict[int, int]) -> dict[datetime, int]:
    return {TODAY - ago * DAY: used for ago, used in history.items()}


def expected(used: int, history: dict[int, int], later: int = 0) -> int:
    """The highest use of the period, `later` days from now, as domain.md says it."""
    return max([used, *(figure for ago, figure in history.items() if ago + later <= 91)])


def as_pairs(peaks: Peaks | None) -> list[tuple[datetime, int]]:
    return [(peak["day"], peak["used"]) for peak in peaks or ()]


def test_each_peak_has_more_use_than_every_later_day() -> None:
    peaks = build_peaks(by_date({92: 99, 91: 5, 60: 7, 40: 3, 20: 3, 10: 0, 1: 1}), NOW)
    assert as_pairs(peaks) == [(TODAY - 60 * DAY, 7), (TODAY - 20 * DAY, 3), (TODAY - DAY, 1)]
    assert [highest_used(2, peaks, NOW + days * DAY) for days in (0, 31, 32, 71, 72)] == [7, 7, 3, 3, 2]
    assert in_period(peaks, NOW + 32 * DAY) == list(peaks)[1:]


@settings(max_examples=300)
@given(seeded(histories), seeded(histories), seeded(rv.integers(0, 6)), seeded(rv.integers(0, 100)))
def test_the_highest_use_is_that_of_all_days(
    history: dict[int, int], changed: dict[int, int], used: int, later: int
) -> None:
    peaks = build_peaks(by_date(history), NOW)
    assert highest_used(used, peaks, NOW + later * DAY) == expected(used, history, later)
    updated, all_days = add_days(peaks, by_date(changed), NOW), {**history, **changed}
    if updated is None:
        assert any(figure < history.get(ago, 0) for ago, figure in changed.items())
        updated = build_peaks(by_date(all_days), NOW)
    assert as_pairs(updated) == as_pairs(build_peaks(by_date(all_days), NOW))
    assert highest_used(used, updated, NOW + later * DAY) == expected(used, all_days, later)
