"""The sample's telephone users: the customers that report calls, their users, and the times of their calls."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from sample.seeded_random import SeededRandom

HISTORY_WEEKS = 8
_SUNDAY = 6
DAY = timedelta(days=1)
# Some customers with few used licences report their calls, so that the first load stays short.
_REPORTING_SHARE = 0.2
_MAX_USERS = 12
_RECEPTIONIST_CALLS = (51, 56)
# Calls of a user in a week, as ranges with weights; 1 % are receptionists.
_CALLS_PER_WEEK_WEIGHTS = (((1, 2), 62), ((3, 6), 31), ((11, 16), 6), (_RECEPTIONIST_CALLS, 1))
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


class Party(Struct, frozen=True):
    """Who or what has a leg of a call; `device` is a client type and a model."""

    uuid: str
    name: str
    user_type: str
    device: tuple[str, str]


class User(Struct, frozen=True):
    """A person; `calls_per_week` is the least and the largest number of calls in a week that it makes or takes."""

    party: Party
    calls_per_week: tuple[int, int]


class Week(NamedTuple):
    """The days of a week, and how many users of the office have calls in it: as many as used their licenses."""

    days: Sequence[date]
    user_count: int


class Office(Struct, frozen=True):
    """A customer with calls in `weeks`; `poor_share` is the share of legs of poor quality.

    The first call of each week to the queue of a showcase is abandoned.
    """

    customer: str
    location: str
    users: Sequence[User]
    room: Party
    weeks: Sequence[Week]
    poor_share: float
    queue: str | None
    is_showcase: bool = False

    def service(self, user_type: str) -> Party:
        """Return the service of the telephone system with this user type; it has no device."""
        number = int(self.customer.rpartition("-")[2])
        uuid = f"{number:08x}-5a3c-4d1e-8f01-{_SERVICES.index(user_type):012x}"
        return Party(uuid, f"{user_type} {number:06d}", user_type, _NO_DEVICE)


def report_weeks(day: date) -> list[list[date]]:
    """Return the days of each of the eight completed weeks before the day, and the past days of its own week."""
    monday = day - timedelta(days=day.weekday(), weeks=HISTORY_WEEKS)
    days = [monday + timedelta(days=number) for number in range((day - monday).days)]
    return [days[first : first + 7] for first in range(0, len(days), 7)]


def make_office(rng: SeededRandom, customer: str, used: Mapping[date, int], first: date, day: date) -> Office | None:
    """Return the office of a customer; None where nobody uses Calling.

    `used` is how many Calling licenses were used until each day of the license history, `first` the day of the first.
    """
    weeks = [
        Week([each for each in days if each >= first], used.get(days[-1], 0))
        for days in report_weeks(day)
        if days[-1] >= first
    ]
    count = max((week.user_count for week in weeks), default=0)
    if count == 0:
        return None
    number = int(customer.rpartition("-")[2])
    users = [_make_user(rng, number, index) for index in range(1, count + 1)]
    room = Party(f"{number:08x}-5a3c-4d1e-8f02-{0:012x}", f"Room {number:06d}", "Place", rng.choice(_ROOM_DEVICES))
    poor = rng.uniform(0.2, 0.4) if rng.chance(0.06) else rng.uniform(0.0, 0.06)
    queue = rng.choice(("Support", "Sales", "Orders")) if count > 2 and rng.chance(0.4) else None
    return Office(customer, rng.choice(_LOCATIONS), users, room, weeks, poor, queue)


def as_showcase(office: Office) -> Office:
    """Return the office with a queue and a receptionist: it alone has a figure in each chart of calls."""
    receptionist = User(office.users[0].party, _RECEPTIONIST_CALLS)
    users, queue = (receptionist, *office.users[1:]), office.queue or "Support"
    return replace(office, users=users, queue=queue, is_showcase=True)


def draw_call_times(rng: SeededRandom, days: Sequence[date], low: int, high: int) -> Iterator[datetime]:
    """Yield `low` to `high` times on the days of one week, between 7:00 and 18:00, most of them from Monday to Friday.

    A week that is not over has the calls of its past days only.
    """
    by_weekday = {each.weekday(): each for each in days}
    is_over = days[-1].weekday() == _SUNDAY
    for _ in range(rng.randint(low, high)):
        each = by_weekday.get(rng.weighted_choice(_WEEKDAY_WEIGHTS), days[-1] if is_over else None)
        if each is not None:
            yield datetime.combine(each, time(7)) + timedelta(milliseconds=rng.randint(0, 11 * 3_600_000))


def _make_user(rng: SeededRandom, customer_number: int, index: int) -> User:
    devices = rng.weighted_choice(((_SOFTPHONES, 54), (_DESK_PHONES, 38), (_ROOM_DEVICES, 4), (_OTHER_DEVICES, 4)))
    uuid = f"{customer_number:08x}-5a3c-4d1e-8f00-{index:012x}"
    party = Party(uuid, f"User {index}, {customer_number:06d}", "User", rng.choice(devices))
    return User(party, rng.weighted_choice(_CALLS_PER_WEEK_WEIGHTS))
