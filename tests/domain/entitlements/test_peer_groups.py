"""The peer group of low assignment (domain rules: "KPIs and licence analytics")."""

from datetime import datetime, timedelta

import pytest

from domain.entitlements.peer_groups import (
    PeerGroup,
    build_peer_group,
    latest_peer_addition,
    license_rate,
    percentile_rank,
)


@pytest.mark.parametrize(("size", "place"), [(1, 1), (4, 1), (5, 2), (8, 2), (9, 3), (12, 3), (13, 4), (100, 25)])
def test_the_25th_percentile_is_the_nearest_rank(size: int, place: int) -> None:
    assert percentile_rank(size) == place


def test_a_group_of_seven_has_no_threshold_and_one_of_eight_has() -> None:
    assert build_peer_group(7, 0.5) == PeerGroup(7, None)
    assert build_peer_group(8, 0.5) == PeerGroup(8, 0.5)


def test_the_threshold_never_passes_three_quarters() -> None:
    assert build_peer_group(8, 0.76).threshold == 0.75
    assert build_peer_group(8, 3.0).threshold == 0.75


def test_a_line_joins_the_group_when_it_is_30_days_old_to_the_millisecond() -> None:
    now = datetime(2026, 11, 22, 12)
    assert latest_peer_addition(now) == now - timedelta(days=30)


def test_equal_fractions_have_equal_rates_and_a_line_without_licenses_has_none() -> None:
    assert license_rate(1, 3) == license_rate(333_333, 999_999)
    assert license_rate(333_333, 1_000_000) != license_rate(333_334, 1_000_000)
    assert license_rate(0, 0) is None
