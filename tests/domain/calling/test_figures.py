"""What follows from weekly sums: percentages, averages, and the weeks of a trend."""

from datetime import date, datetime, timedelta

import pytest

from domain.calling.calls import CallFeature, EndpointType
from domain.calling.figures import (
    CustomerCallingPoint,
    CustomerUsage,
    QualityCounts,
    build_calling_point,
    build_customer_quality,
    build_customer_queue,
    build_queue_insights,
    choose_week,
    count_features,
    list_endpoint_qualities,
    list_weeks,
)
from domain.failures import BadUserInput
from domain.ratios import mean, percent

NOW = datetime(2026, 11, 25, 12)
MONDAY = datetime(2026, 11, 16)
WEEK = timedelta(weeks=1)


def test_nothing_has_no_percentage_and_no_average() -> None:
    assert (percent(0, 0), mean(0, 0), percent(1, 3), mean(1, 4)) == (None, None, 100 / 3, 0.25)


def test_equal_shares_of_different_sizes_are_equal() -> None:
    assert len({percent(7 * size, 25 * size) for size in range(1, 1000)}) == 1


def test_poor_is_a_share_of_what_was_measured() -> None:
    assert QualityCounts(3, 1, 96).poor_percent == 25.0
    assert QualityCounts(0, 0, 5).poor_percent is None


def test_usage_counts_whole_minutes_and_all_calls() -> None:
    usage = CustomerUsage("c", active_users=2, licensed_users=5, calls=5, seconds=179, previous_calls=4)
    assert (usage.minutes, usage.calls_per_active_user, usage.weekly_change_percent) == (2, 2.5, 25.0)
    none = CustomerUsage("c", active_users=0, licensed_users=5, calls=5, seconds=59, previous_calls=0)
    assert (none.minutes, none.calls_per_active_user, none.weekly_change_percent) == (0, None, None)
    gone = CustomerUsage("c", active_users=0, licensed_users=5, calls=0, seconds=0, previous_calls=3)
    assert gone.weekly_change_percent == -100.0


def test_weeks_end_with_the_last_one() -> None:
    assert list_weeks(3, MONDAY) == [MONDAY - 2 * WEEK, MONDAY - WEEK, MONDAY]
    assert len(list_weeks(52, MONDAY)) == 52
    for count in (0, 53):
        with pytest.raises(BadUserInput, match="from 1 to 52"):
            list_weeks(count, MONDAY)


def test_the_week_is_the_latest_completed_one_or_one_of_the_51_before() -> None:
    midnight = MONDAY + WEEK
    assert choose_week(None, midnight) == choose_week(MONDAY.date(), NOW) == MONDAY
    assert choose_week(None, midnight - timedelta(milliseconds=1)) == MONDAY - WEEK
    assert choose_week((MONDAY - 51 * WEEK).date(), NOW) == MONDAY - 51 * WEEK
    for refused in (MONDAY - 52 * WEEK, MONDAY + WEEK, MONDAY + timedelta(days=1), MONDAY - timedelta(days=1)):
        with pytest.raises(BadUserInput, match="weekStart is a Monday from 2025-11-24 to 2026-11-16; this is "):
            choose_week(refused.date(), NOW)
    with pytest.raises(BadUserInput, match="this is Tuesday, 2026-11-17"):
        choose_week(date(2026, 11, 17), NOW)


def test_a_point_of_a_customer_follows_from_its_sums() -> None:
    sums = {"low": 3, "high": 1, "calls": 70, "seconds": 3599, "good": 3, "poor": 1}
    assert build_calling_point(MONDAY, sums, 9) == CustomerCallingPoint(date(2026, 11, 16), 4, 9, 70, 59, 25.0)
    assert build_calling_point(MONDAY, {}, 9) == CustomerCallingPoint(date(2026, 11, 16), 0, 9, 0, 0, None)


def test_every_endpoint_and_feature_is_listed_in_its_order() -> None:
    found = list_endpoint_qualities({"endpoints": {"WEBEX_APP_POOR": 2, "WEBEX_APP_NOT_AVAILABLE": 1}})
    assert [one.endpoint for one in found] == list(EndpointType)
    assert [(one.good, one.poor, one.not_available) for one in found] == [(0, 0, 0), (0, 2, 1), (0, 0, 0), (0, 0, 0)]
    counts = count_features({"features": {"VOICEMAIL": 3}})
    assert [one.feature for one in counts] == list(CallFeature)
    assert [one.calls for one in counts] == [0] * 8 + [3]


def test_averages_are_over_the_calls_that_were_measured() -> None:
    sums = {"customer_id": "c", "good": 2, "loss_sum": 3.0, "loss_count": 2, "jitter_count": 0, "latency_sum": 0.0}
    found = build_customer_quality({**sums, "latency_count": 4})
    averages = (found.average_packet_loss_percent, found.average_jitter_ms, found.average_latency_ms)
    assert averages == (1.5, None, 0.0)
    assert (found.good, found.poor, found.not_available, found.poor_percent) == (2, 0, 0, 0.0)


def test_queue_calls_that_nobody_waited_in_have_no_averages() -> None:
    nothing = build_queue_insights({}, None)
    assert (nothing.offered, nothing.average_seconds_to_answer, nothing.abandoned_percent) == (0, None, None)
    sums = {"offered": 4, "answered": 1, "abandoned": 1, "answer_seconds": 9, "answer_count": 3}
    row = build_customer_queue({"customer_id": "c", **sums, "abandon_seconds": 5, "abandon_count": 1})
    assert (row.insights.average_seconds_to_answer, row.insights.average_seconds_to_abandon) == (3.0, 5.0)
    assert row.insights.abandoned_percent == row.insights.average_abandoned_percent == 25.0
