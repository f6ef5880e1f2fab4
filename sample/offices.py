"""The sample's telephone users: the customers that report calls, their users, and the times of their calls."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sample.entitlements import Entitlement
from sample.seeded_random import SeededRandom
from sample.usage import last_usage_day

HISTORY_WEEKS = 8
DAY = timedelta(days=1)
# Some customers with few used licences report their calls, so that the first load stays short.
_REPORTING_SHARE = 0.2
_MAX_USERS = 12
# Calls of a user in a week, as ranges with weights; 3 % are receptionists.
_CALLS_PER_WEEK_WEIGHTS = (((1, 4), 52), ((5, 10), 32), ((11, 28), 13), ((51, 75), 3))
_WEEKDAY_WEIGHTS = ((0, 22), (1, 21), (2, 21), (3, 20), (4, 14), (5, 1), (6, 1))
_LOCATIONS = ("Headquarters", "Branch office", "Service centre", "Warehouse, north gate")
# Client type and device model of desk phones, apps, rooms and unknown devices.
_DESK_PHONES = (("WXC_DEVICE", "8845"), ("WXC_DEVICE", "9841"), ("WXC_THIRD_PARTY", "NA"))
_SOFTPHONES = (("WXC_CLIENT", "NA"), ("WXC_CLIENT", "NA"), ("TEAMS_WXC_CLIENT", "NA"))
_ROOM_DEVICES = (("WXC_DEVICE", "Room Kit"), ("WXC_DEVICE", "Board 70"), ("WXC_DEVICE", "Desk Pro"))
_OTHER_DEVICES = (("SIP", "NA"), ("WXC_SIP_GW", "NA"))
_NO_DEVICE = ("NA", "NA")
# The services of the telephone system that have legs of calls, by their user type.
_SERVICES = ("CallQueue", "HuntGroup", "AutomatedAttendantVideo", "VoiceMailRetrieval", "VoiceMailGroup")


@dataclass(frozen=True, slots=True)
class Party:
    """Who or what has a leg of a call; `device` is a client type and a model."""

    uuid: str
    name: str
    user_type: str
    device: tuple[str, str]


@dataclass(frozen=True, slots=True)
class User:
    """A person; `calls_per_week` is the least and the largest number of calls in a week that it makes or takes."""

    party: Party
    calls_per_week: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Office:
    """A customer that reports calls on `days`; `poor_share` is the share of legs of poor quality.

    `users` are as many as the customer's used Calling licences.
    """

    customer: str
    location: str
    users: Sequence[User]
    room: Party
    days: Sequence[date]
    poor_share: float
    queue: str | None

    def service(self, user_type: str) -> Party:
        """Return the service of the telephone system with this user type; it has no device."""
        number = int(self.customer.rpartition("-")[2])
        uuid = f"{number:08x}-5a3c-4d1e-8f01-{_SERVICES.index(user_type):012x}"
        return Party(uuid, f"{user_type} {number:06d}", user_type, _NO_DEVICE)


def report_days(day: date) -> list[date]:
    """Return the days of the eight completed weeks before the day, and the past days of its own week."""
    monday = day - timedelta(days=day.weekday(), weeks=HISTORY_WEEKS)
    return [monday + timedelta(days=number) for number in range((day - monday).days)]


def make_office(rng: SeededRandom, customer: str, holdings: Sequence[Entitlement], day: date) -> Office | None:
    """Return the office of a customer, or None if it does not report its calls.

    A customer that reports them has one running entitlement with used Calling licences, of at most 12 users. It reports
    whole weeks.
    """
    running = [held for held in holdings if _used_calling_licenses(held) and last_usage_day(held, day + DAY) == day]
    count = _used_calling_licenses(running[0]) if len(running) == 1 else 0
    if not 1 <= count <= _MAX_USERS or not rng.chance(_REPORTING_SHARE):
        return None
    days = [each for each in report_days(day) if running[0].starts_at.date() < _monday_of(each)]
    number = int(customer.rpartition("-")[2])
    users = [_make_user(rng, number, index) for index in range(1, count + 1)]
    room = Party(f"{number:08x}-5a3c-4d1e-8f02-{0:012x}", f"Room {number:06d}", "Place", rng.choice(_ROOM_DEVICES))
    poor = rng.uniform(0.2, 0.4) if rng.chance(0.1) else rng.uniform(0.0, 0.06)
    queue = rng.choice(("Support", "Sales", "Orders")) if count > 2 and rng.chance(0.6) else None
    return Office(customer, rng.choice(_LOCATIONS), users, room, days, poor, queue)


def draw_call_times(rng: SeededRandom, days: Sequence[date], low: int, high: int) -> Iterator[datetime]:
    """Yield `low` to `high` times in each week, between 7:00 and 18:00, most of them from Monday to Friday."""
    for first in days[::7]:
        week = {each.weekday(): each for each in days if first <= each < first + timedelta(days=7)}
        for _ in range(rng.randint(low, high)):
            each = week.get(rng.weighted_choice(_WEEKDAY_WEIGHTS))
            if each is not None:
                yield datetime.combine(each, time(7)) + timedelta(milliseconds=rng.randint(0, 11 * 3_600_000))


def _monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _used_calling_licenses(entitlement: Entitlement) -> int:
    if not entitlement.set_up:
        return 0
    return sum(line.used for line in entitlement.licenses if line.product == "CALLING")


def _make_user(rng: SeededRandom, customer_number: int, index: int) -> User:
    devices = rng.weighted_choice(((_SOFTPHONES, 54), (_DESK_PHONES, 38), (_ROOM_DEVICES, 4), (_OTHER_DEVICES, 4)))
    uuid = f"{customer_number:08x}-5a3c-4d1e-8f00-{index:012x}"
    party = Party(uuid, f"User {index}, {customer_number:06d}", "User", rng.choice(devices))
    return User(party, rng.weighted_choice(_CALLS_PER_WEEK_WEIGHTS))
