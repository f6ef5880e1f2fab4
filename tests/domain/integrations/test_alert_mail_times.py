"""When e-mails are sent: digests once at 08:00 local time, alerts that come together, repeated attempts."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.integrations.alert_mail_times import (
    MAX_SENDING_TIME,
    MAX_WAIT,
    next_attempt_at,
    next_digest_at,
    next_mail_at,
    time_zones,
)
from domain.integrations.alerts import AlertSchedule

DAILY, WEEKLY, AT_ONCE = AlertSchedule.DAILY, AlertSchedule.WEEKLY, AlertSchedule.AT_ONCE
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1))
ZONES = st.sampled_from(
    ["UTC", "Europe/Belgrade", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Kiritimati", "Africa/Casablanca"]
)


def _local(moment: datetime, zone: str) -> datetime:
    return moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))


@given(ZONES, MOMENTS, st.sampled_from([DAILY, WEEKLY]))
def test_a_digest_is_at_eight_once_a_day_or_on_monday(zone: str, after: datetime, schedule: AlertSchedule) -> None:
    first = next_digest_at(schedule, zone, after)
    second = next_digest_at(schedule, zone, first)
    days = 1 if schedule is DAILY else 7
    assert after < first <= after + timedelta(days=days, hours=2)
    for moment in (first, second):
        assert _local(moment, zone).strftime("%H:%M:%S") == "08:00:00"
    assert (_local(second, zone).date() - _local(first, zone).date()).days == days
    if schedule is WEEKLY:
        assert _local(first, zone).weekday() == 0
    assert next_digest_at(schedule, zone, first - timedelta(microseconds=1)) == first


@pytest.mark.parametrize(
    ("after", "hours"), [(datetime(2026, 3, 28, 7), 23), (datetime(2026, 10, 24, 6), 25), (datetime(2026, 6, 1, 6), 24)]
)
def test_days_of_23_and_25_hours_have_one_digest(after: datetime, hours: int) -> None:
    assert next_digest_at(DAILY, "Europe/Belgrade", after) == after + timedelta(hours=hours)


def test_an_alert_that_is_written_behind_the_digest_waits_for_the_next_one() -> None:
    eight = datetime(2026, 11, 30, 8)
    opened = eight - timedelta(seconds=1)
    assert next_mail_at(DAILY, "UTC", opened, opened, None) == eight
    assert next_mail_at(DAILY, "UTC", opened, opened, eight + timedelta(seconds=1)) == eight + timedelta(days=1)


@given(MOMENTS, st.lists(st.floats(0, 20).map(lambda seconds: timedelta(seconds=seconds)), max_size=20))
def test_what_comes_together_is_sent_together_within_a_minute(first: datetime, pauses: list[timedelta]) -> None:
    last, due = first, next_mail_at(AT_ONCE, "UTC", first, first, None)
    for pause in pauses:
        if last + pause >= due:
            break
        last += pause
        due = next_mail_at(AT_ONCE, "UTC", first, last, None)
    assert last < due <= first + MAX_WAIT < first + timedelta(minutes=1)


def test_attempts_are_repeated_with_growing_pauses_for_a_day() -> None:
    start = now = datetime(2026, 11, 30)
    pauses: list[timedelta] = []
    while (at := next_attempt_at(len(pauses) + 1, start, now)) is not None:
        pauses.append(at - now)
        now = at
    assert pauses == sorted(pauses) and len(pauses) == 26
    assert now <= start + MAX_SENDING_TIME < now + timedelta(hours=1)


def test_an_unknown_zone_of_another_process_is_utc() -> None:
    assert {"Europe/Belgrade", "UTC", "America/New_York"} <= time_zones() and "../UTC" not in time_zones()
    eight = datetime(2026, 11, 30, 8)
    assert next_digest_at(DAILY, "Europe/Atlantis", eight - timedelta(hours=1)) == eight
