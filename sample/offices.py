"""The sample's telephone users: which customers report their calls, who calls there, how much, and on which days."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sample.entitlements import Entitlement
from sample.seeded_random import Dice
from sample.usage import newest_day

WEEKS = 8
# A first load has to stay short: one calling customer in seven reports its calls, and a large one those of one site.
_REPORTING = 0.14
_USERS = (((1, 2), 34), ((3, 5), 36), ((6, 10), 22), ((11, 16), 8))
# Calls of a user in a week; the busiest sit at a reception.
_BUSY = (((1, 4), 52), ((5, 10), 32), ((11, 28), 13), ((51, 75), 3))
_WEEKDAYS = ((0, 22), (1, 21), (2, 21), (3, 20), (4, 14), (5, 1), (6, 1))
_PLACES = ("Headquarters", "Branch office", "Service centre", "Warehouse, north gate")
# (client type, device model), of desks, apps, rooms and what nobody can name.
_DESKS = (("WXC_DEVICE", "8845"), ("WXC_DEVICE", "9841"), ("WXC_THIRD_PARTY", "NA"))
_APPS = (("WXC_CLIENT", "NA"), ("WXC_CLIENT", "NA"), ("TEAMS_WXC_CLIENT", "NA"))
_ROOMS = (("WXC_DEVICE", "Room Kit"), ("WXC_DEVICE", "Board 70"), ("WXC_DEVICE", "Desk Pro"))
_OTHERS = (("SIP", "NA"), ("WXC_SIP_GW", "NA"))


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with a telephone; `calls` bounds those of a week."""

    uuid: str
    name: str
    calls: tuple[int, int]
    device: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Office:
    """What a customer's reports come from; `poor` is the share of calls that sound bad, `weeks` its Mondays."""

    customer: str
    place: str
    users: Sequence[User]
    days: Sequence[date]
    poor: float
    queue: str | None


def report_days(day: date) -> list[date]:
    """The days of the eight completed weeks before the day, and those of its own week that are over."""
    monday = day - timedelta(days=day.weekday(), weeks=WEEKS)
    return [monday + timedelta(days=number) for number in range((day - monday).days)]


def open_office(dice: Dice, customer: str, holdings: Sequence[Entitlement], day: date) -> Office | None:
    """The office of a customer that reports its calls; None for all others."""
    held = next((one for one in holdings if one.set_up and _assigned(one) > 0), None)
    if held is None or not dice.chance(_REPORTING):
        return None
    days = [each for each in report_days(day) if held.starts.date() < each <= newest_day(held, day)]
    low, high = dice.weighted(_USERS)
    count = min(_assigned(held), dice.between(low, high))
    number = int(customer.rpartition("-")[2])
    users = [_user(dice, number, place) for place in range(count)]
    poor = dice.share(0.2, 0.4) if dice.chance(0.06) else dice.share(0.0, 0.06)
    queue = dice.pick(("Support", "Sales", "Orders")) if count > 2 and dice.chance(0.35) else None
    return Office(customer, dice.pick(_PLACES), users, days, poor, queue)


def moments(dice: Dice, days: Sequence[date], low: int, high: int) -> Iterator[datetime]:
    """So many moments in each week of the days, most of them in its working hours."""
    for first in days[::7]:
        week = {each.weekday(): each for each in days if first <= each < first + timedelta(days=7)}
        for _ in range(dice.between(low, high)):
            each = week.get(dice.weighted(_WEEKDAYS))
            if each is not None:
                yield datetime.combine(each, time(7)) + timedelta(milliseconds=dice.between(0, 11 * 3_600_000))


def _assigned(held: Entitlement) -> int:
    return sum(line.assigned for line in held.licenses if line.product == "CALLING")


def _user(dice: Dice, number: int, place: int) -> User:
    devices = dice.weighted(((_APPS, 52), (_DESKS, 36), (_ROOMS, 8), (_OTHERS, 4)))
    uuid = f"{number:08x}-5a3c-4d1e-8f00-{place + 1:012x}"
    return User(uuid, f"User {place + 1}, {number:06d}", dice.weighted(_BUSY), dice.pick(devices))
