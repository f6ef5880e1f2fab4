"""When a failed delivery is repeated, when it is given up, and when its webhook is disabled."""

from datetime import datetime, timedelta

# The pause after the first, second, … failed attempt; the last one holds for all later attempts.
PAUSES = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=3),
)
MAX_DELIVERY_TIME = timedelta(hours=24)
MAX_FAILING_TIME = timedelta(days=5)


def next_attempt_at(attempts: int, first_attempt_at: datetime, now: datetime) -> datetime | None:
    """Return when the delivery is tried again after `attempts` failures; None where it is given up."""
    at = now + PAUSES[min(attempts, len(PAUSES)) - 1]
    return at if at <= first_attempt_at + MAX_DELIVERY_TIME else None


def is_disabled(failing_since: datetime, now: datetime) -> bool:
    """Return whether a webhook without a successful delivery since `failing_since` is disabled."""
    return now >= failing_since + MAX_FAILING_TIME
