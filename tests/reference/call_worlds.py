"""Small random weeks of calls on the edges of every rule, told relative to the Monday of the week asked for."""

import csv
import io
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from tests import random_values as rv
from tests.reference.calls_model import FORWARDING
from tests.reference.license_worlds import NAMES, administrators, group_by_kind, line

Record = dict[str, Any]
DAY, MS, WEEK = timedelta(days=1), timedelta(milliseconds=1), timedelta(days=7)
COLUMNS = ["Report ID", "Correlation ID", "Org UUID", "User UUID", "Start time", "Duration", "Client type", "Model"]
COLUMNS += ["Related reason", "Redirect reason", "Original reason", "User type", "Call Recording Result"]
CLIENTS = ["WXC_DEVICE", "WXC_THIRD_PARTY", "WXC_CLIENT", "TEAMS_WXC_CLIENT", "SIP", "", "NA"]
MODELS = ["Room Kit", "Board 55", "Desk Pro", "Desk Pro Plus", "Desk", "8865", "room", "", "NA"]
REASON = ["CallQueue", "HuntGroup", "CallPark", "CallParkRetrieve", "CallPickup", "DirectedCallPickup", *FORWARDING]
REASON += ["ConsultativeTransfer", "Deflection", "callqueue", "Unknown", "", "NA"]
USER_TYPES = ["User", "User", "", "NA", "user", "Place", "HuntGroup", "CallQueue"]
USER_TYPES += ["AutomatedAttendantBasic", "AutomatedAttendant", "VoiceMailGroup", "VoiceMail"]
OUTCOMES = ["ANSWERED", "TRANSFERRED", "ABANDONED", "VOICEMAIL", "OVERFLOWED"]
# Two legs of a burst at a time have a Correlation ID of their own.
PAIRS = "two by two"
# One is also a Report ID.
CORRELATIONS = ["", "", "NA", PAIRS, PAIRS, "X-1", "X-2", "R0-0"]
ZONES = ["Z", "", "+02:00", "-11:30"]
# Weeks back from the latest completed one; −1 is the week that is not over.
backs = rv.sampled_from([0, 0, 0, 1, 1, 2, 6, 7, 8, 9, -1])
within = rv.sampled_from([timedelta(), MS, 3 * DAY, WEEK - MS, WEEK - timedelta(seconds=1)])


@dataclass(frozen=True)
class Moment:
    """An instant within a week, so many weeks back, and how its zone is written."""

    back: int
    within: timedelta
    zone: str


@dataclass(frozen=True)
class Burst:
    """Lines that are alike but for their ids: `prefix-0`, `prefix-1`, and so on."""

    key: str
    prefix: str
    count: int
    alike: Record

    @property
    def ids(self) -> list[str]:
        """All of them."""
        return [f"{self.prefix}-{n}" for n in range(self.count)]


@dataclass(frozen=True)
class CallExample:
    """Streams of lines, and the moment asked for: now, this week's Monday 00:00, or the millisecond before it."""

    streams: list[tuple[str, list[Record | Burst]]]
    asked_at: str


moments = rv.builds(Moment, backs, within, rv.sampled_from(ZONES))
seconds = rv.sampled_from([0, 1, 29, 59, 60, 61, 3600])


@rv.composite
def calls(draw: rv.Draw, customers: list[str], prefix: str) -> Burst:
    """A burst: legs of one customer and one user or nobody, alike but for their ids."""
    customer, user = draw(rv.sampled_from(customers)), draw(rv.sampled_from(["", "NA", "1", "1", "2", "2", "3"]))
    alike = {
        "Org UUID": customer,
        "Correlation ID": draw(rv.sampled_from(CORRELATIONS)),
        "User UUID": str(uuid5(NAMESPACE_URL, customer + user)) if user.isdigit() else user,
        "Start time": draw(moments),
        "Duration": draw(seconds),
        "Client type": draw(rv.sampled_from(CLIENTS)),
        "Model": draw(rv.sampled_from(MODELS)),
        "User type": draw(rv.sampled_from(USER_TYPES)),
        "Call Recording Result": draw(rv.sampled_from(["", "", "NA", "successful"])),
        **{name: draw(rv.sampled_from(REASON)) for name in COLUMNS if name.endswith("reason")},
    }
    return Burst("Report ID", prefix, draw(rv.sampled_from([1, 1, 2, 9, 10, 11, 40, 51])), alike)


@rv.composite
def media(draw: rv.Draw, report_ids: list[str]) -> Record:
    """Measurements of a call, or of one that never comes."""
    values = {
        "packetLossPercent": rv.sampled_from([0, 0.1, 4.999, 5, 5.001, 100, None]),
        "jitterMs": rv.sampled_from([0, 149.9, 150, 151, 12.5, None]),
        "latencyMs": rv.sampled_from([0, 399, 399.9, 400, 80.25, None]),
    }
    found: Record = draw(rv.fixed_dictionaries({}, optional=values))
    return {"reportId": draw(rv.sampled_from([*report_ids, "nobody"])), **found}


@rv.composite
def queue_calls(draw: rv.Draw, customers: list[str], prefix: str) -> Burst:
    """A burst of queue calls that ended alike."""
    alike = {
        "customer": draw(rv.sampled_from(customers)),
        "queue": draw(rv.sampled_from(["Sales", "Support"])),
        "offeredAt": draw(rv.builds(Moment, backs, within, rv.sampled_from(["Z", "+02:00"]))),
        "outcome": draw(rv.sampled_from(OUTCOMES)),
        "waitSeconds": draw(rv.sampled_from([0, 1, 7, 600])),
    }
    return Burst("id", prefix, draw(rv.sampled_from([1, 1, 2, 3, 7])), alike)


@rv.composite
def licenses(draw: rv.Draw, customers: list[str]) -> list[tuple[str, list[Record]]]:
    """CALLING licences of some customers, and snapshots of some of their weeks."""
    held = []
    for number, customer in enumerate(customers):
        for nth in range(draw(rv.sampled_from([0, 1, 1, 2]))):
            state = draw(rv.sampled_from([{}, {}, {"setUp": False}, {"suspended": True}, {"cancelledAt": -30 * DAY}]))
            fixed: Record = {"number": f"E-{number}-{nth}", "customer": customer, "addedAt": -200 * DAY}
            fixed |= {"startsAt": -200 * DAY, "endsAt": 200 * DAY, "autoRenew": False, **state}
            figures = draw(rv.sampled_from([(5, 0, 0), (5, 2, 1), (2, 4, 0), (90, 60, 3)]))
            product = draw(rv.sampled_from(["CALLING", "CALLING", "CALLING", "MEETINGS"]))
            names = draw(rv.sampled_from([[None], [None], ["Gold", "Silver"]]))
            held.append(("subscriptions", {**fixed, "licenses": [line(product, figures, name) for name in names]}))
    usage = [{"entitlement": one["number"], **_identity(single)} for _, one in held for single in one["licenses"]]
    days = rv.sampled_from([Moment(back, day * DAY, "day") for back in (0, 0, 1, 7) for day in (0, 4, 6)])
    told = [
        {**target, "day": day, "assigned": draw(rv.integers(0, 5)), "used": 0}
        for target in usage
        for day in draw(rv.lists(days, max_size=2))
    ]
    return [*group_by_kind(held), ("license-usage", told)]


def _identity(single_line: Record) -> Record:
    return {name: single_line[name] for name in ("product", "name") if name in single_line}


@rv.composite
def call_examples(draw: rv.Draw) -> CallExample:
    """Customers with and without licences, with and without calls, in any order; some of it twice."""
    customers = [f"C-{place}" for place in range(draw(rv.sampled_from([1, 2, 4, 9])))]
    fixed = {"managedBy": "PARTNER_ORGANIZATION", "createdAt": -600 * DAY}
    named = [{"externalId": key, "name": draw(rv.sampled_from(NAMES)), **fixed} for key in customers]
    assigned = draw(rv.subsets(customers))
    made = [draw(calls(customers, f"R{n}")) for n in range(draw(rv.integers(0, 15)))]
    ids = [key for burst in made for key in burst.ids]
    measured = draw(rv.lists(media(ids), max_size=20)) if ids else []
    queued = [draw(queue_calls(customers, f"Q{n}")) for n in range(draw(rv.integers(0, 12)))]
    streams: list[tuple[str, list[Any]]] = [("customers", named), ("administrators", administrators(assigned))]
    streams += draw(licenses(customers))
    early = draw(rv.integers(0, len(measured)))
    delivered: list[tuple[str, list[Any]]] = [("calls", made[::2]), ("calls", made[1::2]), ("queue-calls", queued)]
    delivered += [("call-media", measured[:early]), ("call-media", measured[early:])]
    if made and draw(rv.booleans()):
        # Delivered again: as it was, in another week, of another customer, in another call, with other columns.
        other = draw(calls(customers, "again")).alike
        again = [{"Report ID": key, **other} for key in draw(rv.lists(rv.sampled_from(ids), max_size=8, unique_by=str))]
        delivered.append(("calls", [made[0], *again]))
    if queued and draw(rv.booleans()):
        other = draw(queue_calls(customers, "again")).alike
        delivered.append(("queue-calls", [queued[0], {"id": queued[-1].ids[0], **other}]))
    streams += draw(rv.permutations(delivered))
    kept = [(kind, lines) for kind, lines in streams if lines]
    return CallExample(kept, draw(rv.sampled_from(["now", "MONDAY", "BEFORE_MONDAY"])))


def to_delivered(value: Any, now: datetime, week: datetime) -> Any:
    """Lines as they are delivered: `week` is the Monday of the latest completed week at the moment asked for."""
    if isinstance(value, Moment):
        if value.zone == "day":
            return str((week - value.back * WEEK + value.within).date())
        return format_in_zone(min(week - value.back * WEEK + value.within, now - timedelta(hours=2)), value.zone)
    if isinstance(value, timedelta):
        return format_in_zone(now + value, "Z")
    if isinstance(value, dict):
        return {name: to_delivered(one, now, week) for name, one in value.items()}
    return [to_delivered(one, now, week) for one in expand_bursts(value)] if isinstance(value, list) else value


def expand_bursts(lines: list[Any]) -> list[Any]:
    """The lines, one by one."""
    found: list[Any] = []
    for one in lines:
        found += _expand(one) if isinstance(one, Burst) else [one]
    return found


def _expand(burst: Burst) -> list[Record]:
    records = [{burst.key: key, **burst.alike} for key in burst.ids]
    for number, record in enumerate(records):
        if record.get("Correlation ID") == PAIRS:
            record["Correlation ID"] = f"{burst.prefix}/{number // 2}"
    return records


def format_in_zone(at: datetime, zone: str) -> str:
    """The instant (UTC) as that zone writes it; no zone at all is UTC."""
    offset = timedelta()
    if zone not in ("", "Z"):
        hours, minutes = zone[1:].split(":")
        offset = (1 if zone[0] == "+" else -1) * timedelta(hours=int(hours), minutes=int(minutes))
    return (at + offset).isoformat(timespec="milliseconds") + zone


def to_csv(lines: list[Record], columns: list[str]) -> bytes:
    """A file as Control Hub exports it: a byte order mark, a header in any order, columns that nobody asked for."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval='said "hello, world"\nand hung up', quoting=csv.QUOTE_MINIMAL)
    writer.writeheader()
    writer.writerows(lines)
    return ("\ufeff" + out.getvalue()).encode()
