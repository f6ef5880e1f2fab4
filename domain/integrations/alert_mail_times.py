"""When the alerts of a rule are sent by e-mail, and when a message that could not be sent is tried again."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.integrations.alerts import AlertSchedule

DEFAULT_TIME_ZONE = "UTC"
# Alerts come together where each follows the one before within this time; the first one waits no longer than the other.
QUIET_TIME = timedelta(seconds=10)
MAX_WAIT = timedelta(seconds=45)
DIGEST_TIME = time(8)
# The pause after the first, second, … failed attempt; the last one holds for all later attempts.
RETRY_PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))
MAX_SENDING_TIME = timedelta(hours=24)


@cache
def time_zones() -> frozenset[str]:
    """Return the names of the IANA database."""
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="ascii").split())


def next_mail_at(
    schedule: AlertSchedule, time_zone: str, first_at: datetime, last_at: datetime, sent_at: datetime | None
) -> datetime:
    """Return when alerts are sent of which the first opened at `first_at`, and the last one at `last_at`.

    `sent_at` is the moment at which the message before was made: a digest is sent once, also where an alert of the time
    before 08:00 was written behind it.
    """
    if schedule is AlertSchedule.AT_ONCE:
        return min(first_at + MAX_WAIT, last_at + QUIET_TIME)
    return next_digest_at(schedule, time_zone, first_at if sent_at is None else max(first_at, sent_at))


def next_digest_at(schedule: AlertSchedule, time_zone: str, after: datetime) -> datetime:
    """Return the next 08:00 in the time zone, on a Monday where the schedule is weekly; strictly after the moment."""
    zone = _load_zone(time_zone)
    day = after.replace(tzinfo=UTC).astimezone(zone).date()
    while True:
        moment = _to_utc(day, zone)
        if moment > after and (schedule is AlertSchedule.DAILY or day.weekday() == 0):
            return moment
        day += timedelta(days=1)


def next_attempt_at(attempts: int, started_at: datetime, now: datetime) -> datetime | None:
    """Return when a message is tried again after `attempts` failures; None where it is given up."""
    at = now + RETRY_PAUSES[min(attempts, len(RETRY_PAUSES)) - 1]
    return at if at <= started_at + MAX_SENDING_TIME else None


def _to_utc(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, DIGEST_TIME, tzinfo=zone).astimezone(UTC).replace(tzinfo=None)


def _load_zone(name: str) -> ZoneInfo:
    """Return the time zone; UTC where this machine's database lacks a zone that another process knew."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError):
        return ZoneInfo(DEFAULT_TIME_ZONE)
