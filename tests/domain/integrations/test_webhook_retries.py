"""The times of repeated deliveries."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.integrations.webhook_retries import MAX_DELIVERY_TIME, PAUSES, is_disabled, next_attempt_at

START = datetime(2026, 11, 29)


def test_the_pauses_grow_until_a_day_has_passed() -> None:
    at, pauses = START, []
    for attempts in range(1, 100):
        again = next_attempt_at(attempts, START, at)
        if again is None:
            break
        pauses.append(again - at)
        at = again
    assert [pause.total_seconds() for pause in pauses[:7]] == [5, 30, 120, 600, 3_600, 10_800, 10_800]
    assert START + MAX_DELIVERY_TIME - PAUSES[-1] < at <= START + MAX_DELIVERY_TIME


@given(st.integers(1, 50), st.integers(0, 200_000))
def test_no_attempt_is_later_than_a_day_after_the_first(attempts: int, seconds: int) -> None:
    now = START + timedelta(seconds=seconds)
    again = next_attempt_at(attempts, START, now)
    assert again is None or now < again <= START + MAX_DELIVERY_TIME


def test_a_webhook_is_disabled_after_five_days_without_success() -> None:
    assert not is_disabled(START, START + timedelta(days=5, milliseconds=-1))
    assert is_disabled(START, START + timedelta(days=5))
