"""The sample's telephone users: the customers that report calls, their users, and the times of their calls."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sample.entitlements import Entitlement
from sample.seeded_random import SeededRandom
from sample.usage import last_usage_day

HISTORY_WEEKS = 8
# One Calling customer in seven reports its calls, of one site only, so that the first load stays short.
_REPORTING_SHARE = 0.14
_USER_COUNT_WEIGHTS = (((1, 2), 34), ((3, 5), 36), ((6, 10), 22), ((11, 16), 8))
# Calls of a user in a week, as ranges with weights; 3 % are receptionists.
_CALLS_PER_WEEK_WEIGHTS = (((1, 4), 52), ((5, 10), 32), ((11, 28), 13), ((51, 75), 3))
_WEEKDAY_WEIGHTS = ((0, 22), (1, 21), (2, 21), (3, 20), (4, 14), (5, 1), (6, 1))
_LOCATIONS = ("Headquarters", "Branch office", "Service centre", "Warehouse, north gate")
# Client type and device model of desk phones, apps, rooms and unknown devices.
_DESK_PHONES = (("WXC_DEVICE", "8845"), ("WXC_DEVICE", "9841"), ("WXC_THIRD_PARTY", "NA"))
_SOFTPHONES = (("WXC_CLIENT", "NA"), ("WXC_CLIENT", "NA"), ("TEAMS_WXC_CLIENT", "NA"))
_ROOM_DEVICES = (("WXC_DEVICE", "Room Kit"), ("WXC_DEVICE", "Board 70"), ("WXC_DEVICE", "Desk Pro"))
_OTHER_DEVICES = (("SIP", "NA"), ("WXC_SIP_GW", "NA"))


@dataclass(frozen=True, slots=True)
class User:
    """A telephone user; `calls_per_week` is the least and the largest number of calls in a week."""

    uuid: str
    name: str
    calls_per_week: tuple[int, int]
    device: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Office:
    """The site of a customer that reports calls on `days`; `poor_share` is the share of calls of poor quality."""

    customer: str
    location: str
    users: Sequence[User]
    days: Sequence[date]
    poor_share: float
    queue: str | None


def report_days(day: date) -> list[date]:
    """Return the days of the eight completed weeks before the day, and the past days of its own week."""
    monday = day - timedelta(days=day.weekday(), weeks=HISTORY_WEEKS)
    return [monday + timedelta(days=number) for number in range((day - monday).days)]


def make_office(rng: SeededRandom, customer: str, holdings: Sequence[Entitlement], day: date) -> Office | None:
    """Return the office of a customer, or None if it does not report its calls."""
    calling = next(
        (entitlement for entitlement in holdings if entitlement.set_up and _assigned_calling_licenses(entitlement) > 0),
        None,
    )
    if calling is None or not rng.chance(_REPORTING_SHARE):
        return None
    days = [each for each in report_days(day) if calling.starts_at.date() < each <= last_usage_day(calling, day)]
    low, high = rng.weighted_choice(_USER_COUNT_WEIGHTS)
    count = min(_assigned_calling_licenses(calling), rng.randint(low, high))
    number = int(customer.rpartition("-")[2])
    users = [_make_user(rng, number, index) for index in range(1, count + 1)]
    poor = rng.uniform(0.2, 0.4) if rng.chance(0.06) else rng.uniform(0.0, 0.06)
    queue = rng.choice(("Support", "Sales", "Orders")) if count > 2 and rng.chance(0.35) else None
    return Office(customer, rng.choice(_LOCATIONS), users, days, poor, queue)


def draw_call_times(rng: SeededRandom, days: Sequence[date], low: int, high: int) -> Iterator[datetime]:
    """Yield `low` to `high` times in each week, between 7:00 and 18:00, most of them from Monday to Friday."""
    for first in days[::7]:
        week = {each.weekday(): each for each in days if first <= each < first + timedelta(days=7)}
        for _ in range(rng.randint(low, high)):
            each = week.get(rng.weighted_choice(_WEEKDAY_WEIGHTS))
            if each is not None:
                yield datetime.combine(each, time(7)) + timedelta(milliseconds=rng.randint(0, 11 * 3_600_000))


def _assigned_calling_licenses(entitlement: Entitlement) -> int:
    return sum(line.assigned for line in entitlement.licenses if line.product == "CALLING")


def _make_user(rng: SeededRandom, customer_number: int, index: int) -> User:
    devices = rng.weighted_choice(((_SOFTPHONES, 52), (_DESK_PHONES, 36), (_ROOM_DEVICES, 8), (_OTHER_DEVICES, 4)))
    uuid = f"{customer_number:08x}-5a3c-4d1e-8f00-{index:012x}"
    return User(
        uuid, f"User {index}, {customer_number:06d}", rng.weighted_choice(_CALLS_PER_WEEK_WEIGHTS), rng.choice(devices)
    )
