"""Daily snapshots: the days and lines that are due, and the weekly sums."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.entitlements.license_snapshots import (
    MAX_CATCH_UP_DAYS,
    LicenseSums,
    WeekKey,
    days_to_snapshot,
    lines_to_snapshot,
    sum_by_week,
)
from tests import random_values as rv

DAY, MS = timedelta(days=1), timedelta(milliseconds=1)
TODAY = datetime(2026, 11, 25)
NOW = TODAY + timedelta(hours=9)
LONG_AGO = TODAY - 300 * DAY
MONDAY = datetime(2026, 11, 16)


def held(**facts: Any) -> dict[str, Any]:
    """A stored subscription with a line of each product."""
    products = ("MEETINGS", "CALLING", "MESSAGING", "REAL_TIME_TRANSLATIONS")
    lines = [{"product": product, "total": 10, "assigned": 5, "used": 3, "day": None} for product in products]
    values: dict[str, Any] = {
        "_id": "sub_1",
        "number": "SUB-1",
        "kind": "SUBSCRIPTION",
        "added_at": TODAY - 10 * DAY,
        "starts_at": TODAY - 10 * DAY,
        "first_ends_at": TODAY + 10 * DAY,
        "ends_at": TODAY + 10 * DAY,
        "renewals": 0,
        "term_months": 12,
        "auto_renew": False,
        "set_up": True,
        "suspended": False,
        "suspended_at": None,
        "cancelled_at": None,
        "overdue_invoice": None,
        "licenses": lines,
    }
    return {**values, **facts}


def due(day: datetime, **facts: Any) -> list[str]:
    return [line["product"] for line in lines_to_snapshot(held(**facts), day)]


def test_the_day_that_ended_is_due_from_midnight_and_no_earlier() -> None:
    yesterday = TODAY - DAY
    assert days_to_snapshot(yesterday - DAY, LONG_AGO, TODAY) == [yesterday]
    assert days_to_snapshot(yesterday - DAY, LONG_AGO, TODAY - MS) == []
    assert days_to_snapshot(yesterday, LONG_AGO, NOW) == []


def test_missed_days_are_caught_up_as_far_back_as_a_weekly_change_looks() -> None:
    assert days_to_snapshot(TODAY - 4 * DAY, LONG_AGO, NOW) == [TODAY - 3 * DAY, TODAY - 2 * DAY, TODAY - DAY]
    many = days_to_snapshot(LONG_AGO, LONG_AGO, NOW)
    assert (len(many), many[0], many[-1]) == (MAX_CATCH_UP_DAYS, TODAY - 14 * DAY, TODAY - DAY)


def test_a_partner_begins_with_the_day_of_its_creation() -> None:
    assert days_to_snapshot(None, TODAY, NOW) == []
    assert days_to_snapshot(None, TODAY - MS, NOW) == [TODAY - DAY]
    assert days_to_snapshot(None, LONG_AGO, NOW) == [TODAY - DAY]


@given(st.none() | st.integers(0, 40), st.integers(0, 40), st.integers(0, 86_399_999))
def test_every_day_is_taken_once_and_only_when_it_has_ended(done: int | None, age: int, milliseconds: int) -> None:
    now = TODAY + milliseconds * MS
    days = days_to_snapshot(None if done is None else TODAY - done * DAY, TODAY - age * DAY, now)
    assert days == sorted(set(days))
    assert all(TODAY - 14 * DAY <= day <= TODAY - DAY and day >= TODAY - age * DAY for day in days)
    assert done is None or all(day > TODAY - done * DAY for day in days)
    assert not days or days_to_snapshot(days[-1], TODAY - age * DAY, now) == []


def test_lines_of_the_products_that_analytics_are_about_are_due_while_their_entitlement_runs() -> None:
    day = TODAY - DAY
    both = ["MEETINGS", "CALLING"]
    assert due(day) == due(day, suspended=True) == both
    assert due(day, set_up=False) == []
    # Whether it runs is asked at the moment at which the day ends.
    assert (due(day, ends_at=TODAY), due(day, ends_at=TODAY + MS)) == ([], both)
    assert (due(day, starts_at=TODAY + MS), due(day, starts_at=TODAY)) == ([], both)
    assert (due(day, cancelled_at=TODAY), due(day, cancelled_at=TODAY + MS)) == ([], both)
    assert due(day, first_ends_at=TODAY - 5 * DAY, auto_renew=True) == both


def snapshot(entitlement: str, day: datetime, figures: tuple[int, int, int], **changes: Any) -> dict[str, Any]:
    total, assigned, used = figures
    line = {"entitlement_id": entitlement, "customer_id": "cus_1", "product": "CALLING", "day": day}
    return {**line, "total": total, "assigned": assigned, "used": used, **changes}


def sums_of(snapshots: list[dict[str, Any]]) -> dict[WeekKey, LicenseSums]:
    return {key: week.sums for key, week in sum_by_week(snapshots).items()}


def test_a_week_adds_up_the_last_snapshot_of_each_line() -> None:
    sunday = MONDAY + 6 * DAY
    sums = sums_of(
        [
            snapshot("sub_1", sunday, (10, 4, 2)),
            snapshot("sub_1", MONDAY, (90, 80, 70)),
            snapshot("sub_2", MONDAY + DAY, (5, 8, 8)),
            snapshot("sub_2", sunday + DAY, (7, 7, 7)),
            snapshot("sub_2", MONDAY, (1, 1, 1), product="MEETINGS"),
            snapshot("sub_3", MONDAY, (2, 2, 0), customer_id="cus_2"),
        ]
    )
    # What one line has over its total takes nothing away from what another has left.
    assert sums == {
        WeekKey("cus_1", "CALLING", MONDAY): LicenseSums(15, 12, 10, 6),
        WeekKey("cus_1", "CALLING", MONDAY + 7 * DAY): LicenseSums(7, 7, 7, 0),
        WeekKey("cus_1", "MEETINGS", MONDAY): LicenseSums(1, 1, 1, 0),
        WeekKey("cus_2", "CALLING", MONDAY): LicenseSums(2, 2, 0, 0),
    }


def test_lines_with_names_are_lines_of_their_own() -> None:
    week = sum_by_week(
        [
            snapshot("sub_1", MONDAY, (5, 8, 1), name="Professional"),
            snapshot("sub_1", MONDAY + DAY, (20, 10, 2), name="Workspace"),
            snapshot("sub_1", MONDAY, (90, 90, 90), name="Workspace"),
            snapshot("sub_1", MONDAY, (1, 1, 1)),
        ]
    )[WeekKey("cus_1", "CALLING", MONDAY)]
    assert week.sums == LicenseSums(26, 19, 4, 10)
    assert week.assigned == {"sub_1:CALLING": 1, "sub_1:CALLING:Professional": 8, "sub_1:CALLING:Workspace": 10}


def test_a_week_of_calling_says_what_each_line_had_assigned() -> None:
    weeks = sum_by_week(
        [
            snapshot("sub_1", MONDAY + DAY, (10, 4, 2)),
            snapshot("sub_1", MONDAY, (10, 9, 2)),
            snapshot("sub_2", MONDAY, (5, 8, 8)),
            snapshot("sub_2", MONDAY, (1, 1, 1), product="MEETINGS"),
        ]
    )
    assert weeks[WeekKey("cus_1", "CALLING", MONDAY)].assigned == {"sub_1:CALLING": 4, "sub_2:CALLING": 8}
    assert weeks[WeekKey("cus_1", "MEETINGS", MONDAY)].assigned == {}


SNAPSHOTS = rv.builds(
    lambda line, day, total, assigned: snapshot(line, MONDAY + day * DAY, (total, assigned, assigned // 2)),
    rv.sampled_from(["sub_1", "sub_2", "sub_3"]),
    rv.integers(0, 20),
    rv.integers(0, 9),
    rv.integers(0, 9),
)


LISTS = rv.lists(SNAPSHOTS, max_size=20, unique_by=lambda one: (one["entitlement_id"], one["day"]))


@given(rv.seeded(LISTS), rv.randoms())
def test_the_sums_do_not_depend_on_the_order(snapshots: list[dict[str, Any]], random: Any) -> None:
    shuffled = random.sample(snapshots, len(snapshots))
    assert sums_of(shuffled) == sums_of(snapshots)
    for key, sums in sums_of(snapshots).items():
        week = [one for one in snapshots if key.week <= one["day"] < key.week + 7 * DAY]
        last = {one["entitlement_id"]: one for one in sorted(week, key=lambda one: one["day"])}.values()
        left = sum(max(0, one["total"] - one["assigned"]) for one in last)
        assert sums == (*(sum(one[name] for one in last) for name in ("total", "assigned", "used")), left)
