"""Calling engagement as domain.md and the contract word it, in plain Python; knows nothing of the code."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cached_property
from typing import Any

from tests.reference.analytics_model import Licenses, Row, last_of_week, monday, ordered, percent
from tests.reference.model import Facts, sort_form

Answer = dict[str, Any]
WEEK = timedelta(days=7)
ENDPOINTS = ["DESK_PHONE", "WEBEX_APP", "ROOM_DEVICE", "UNKNOWN"]
FEATURES = ["CALL_QUEUE", "HUNT_GROUP", "AUTO_ATTENDANT", "CALL_PARK", "CALL_PICKUP"]
FEATURES += ["CALL_FORWARDING", "CALL_TRANSFER", "CALL_RECORDING", "VOICEMAIL"]
FORWARDING = [f"CallForward{how}" for how in ("Always", "Busy", "NoAnswer", "NotReachable", "Selective", "ModeBased")]
FORWARDING += ["Unconditional", "NoAnswer", "UserBusy", "Unavailable", "FollowMe", "TimeOfDay"]
REASONS = {
    "CallQueue": "CALL_QUEUE",
    "HuntGroup": "HUNT_GROUP",
    "CallPark": "CALL_PARK",
    "CallParkRetrieve": "CALL_PARK",
    "CallPickup": "CALL_PICKUP",
    "DirectedCallPickup": "CALL_PICKUP",
    **dict.fromkeys(FORWARDING, "CALL_FORWARDING"),
    "ConsultativeTransfer": "CALL_TRANSFER",
    "Deflection": "CALL_TRANSFER",
}
REASON_COLUMNS = ("Related reason", "Redirect reason", "Original reason")
APP_CLIENTS = ("WXC_CLIENT", "TEAMS_WXC_CLIENT")


@dataclass
class DeliveredCalls:
    """All calls, media figures and queue calls of a partner, each upserted by its key."""

    calls: dict[str, Facts] = field(default_factory=dict)
    media: dict[str, Facts] = field(default_factory=dict)
    queue: dict[str, Facts] = field(default_factory=dict)

    def deliver(self, kind: str, line: Facts) -> None:
        """One accepted line; what is absent keeps what is there."""
        held = {"calls": self.calls, "call-media": self.media, "queue-calls": self.queue}[kind]
        key = line[{"calls": "Report ID", "call-media": "reportId", "queue-calls": "id"}[kind]]
        told = {name: value for name, value in line.items() if kind != "calls" or value not in ("", "NA")}
        held[key] = {**held.get(key, {}), **told}


def week_of(text: str) -> date:
    """The Monday of the week in which the instant lies; without a zone it is UTC."""
    given = datetime.fromisoformat(text)
    return monday((given if given.tzinfo is None else given.astimezone(UTC)).date())


def quality(media: Facts) -> str:
    """GOOD where all measurements that are there are in order; POOR where one is not; without any, NOT_AVAILABLE."""
    limits = {"packetLossPercent": 5, "latencyMs": 400, "jitterMs": 150}
    judged = [media[name] < limit for name, limit in limits.items() if media.get(name) is not None]
    return ("GOOD" if all(judged) else "POOR") if judged else "NOT_AVAILABLE"


def endpoint(call: Facts) -> str:
    """From the record's client type, and the model of a device."""
    client = call.get("Client type")
    if client == "WXC_DEVICE":
        is_room = call.get("Model", "").startswith(("Room", "Board", "Desk Pro"))
        return "ROOM_DEVICE" if is_room else "DESK_PHONE"
    if client == "WXC_THIRD_PARTY":
        return "DESK_PHONE"
    return "WEBEX_APP" if client in APP_CLIENTS else "UNKNOWN"


def features(call: Facts) -> set[str]:
    """Each feature once."""
    found = {REASONS[call[name]] for name in REASON_COLUMNS if call.get(name) in REASONS}
    user_type = call.get("User type", "")
    if user_type.startswith("AutomatedAttendant"):
        found.add("AUTO_ATTENDANT")
    if user_type.startswith("VoiceMail"):
        found.add("VOICEMAIL")
    return found | ({"CALL_RECORDING"} if call.get("Call Recording Result") else set())


@dataclass(frozen=True)
class Engagement:
    """Calling of the customers that a viewer sees, at one moment."""

    licenses: Licenses
    delivered: DeliveredCalls

    @property
    def week(self) -> date:
        """The Monday of the latest completed week."""
        return monday(self.licenses.now.date()) - WEEK

    def weeks(self, count: int) -> list[date]:
        """The last completed weeks, oldest first."""
        return [self.week - back * WEEK for back in range(count - 1, -1, -1)]

    @cached_property
    def customers(self) -> dict[str, str]:
        """Those in sight, with their names as they are sorted."""
        there = self.licenses.delivered.customers(self.licenses.now)
        return {key: sort_form(held["name"]) for key, held in there.items() if self.licenses.is_visible(key)}

    @cached_property
    def _calls(self) -> dict[tuple[str, date], list[Facts]]:
        found: dict[tuple[str, date], list[Facts]] = {}
        for key, call in self.delivered.calls.items():
            whole = {**self.delivered.media.get(key, {}), **call}
            found.setdefault((call["Org UUID"], week_of(call["Start time"])), []).append(whole)
        return found

    @cached_property
    def _queue(self) -> dict[tuple[str, date], list[Facts]]:
        found: dict[tuple[str, date], list[Facts]] = {}
        for call in self.delivered.queue.values():
            found.setdefault((call["customer"], week_of(call["offeredAt"])), []).append(call)
        return found

    def calls(self, week: date, customer: str) -> list[Facts]:
        """The customer's calls of the week, each with its media figures."""
        return self._calls.get((customer, week), [])

    def all_calls(self, week: date) -> list[Facts]:
        """The week's calls of all customers in sight."""
        return [call for customer in self.customers for call in self.calls(week, customer)]

    def queue_calls(self, week: date, customer: str) -> list[Facts]:
        """The customer's queue calls of the week."""
        return self._queue.get((customer, week), [])

    @cached_property
    def _rows(self) -> list[Row]:
        return [row for row in self.licenses.rows("CALLING") if row.is_running]

    def licensed(self, customer: str, week: date) -> int:
        """Over its CALLING lines that run now: assigned as in the line's last snapshot of the week, else as now."""
        rows = [row for row in self._rows if row.customer == customer]
        then = [(row, last_of_week(row.snapshots, week)) for row in rows]
        return sum(row.assigned if one is None else one["assigned"] for row, one in then)

    def has_calling(self, customer: str) -> bool:
        """Whether the customer has a running CALLING line."""
        return any(row.customer == customer for row in self._rows)

    def users(self, week: date, customer: str) -> Counter[str]:
        """How many calls each user of the customer had in the week."""
        return Counter(call["User UUID"] for call in self.calls(week, customer) if call.get("User UUID"))

    def users_trend(self, count: int) -> list[Answer]:
        """Users by how many calls they had, week by week."""
        return [self._users_point(week) for week in self.weeks(count)]

    def _users_point(self, week: date) -> Answer:
        by_customer = {customer: self.users(week, customer) for customer in self.customers}
        counts = [number for users in by_customer.values() for number in users.values()]
        return {
            "weekStart": str(week),
            "inactive": sum(max(0, self.licensed(key, week) - len(users)) for key, users in by_customer.items()),
            "low": sum(1 <= number <= 10 for number in counts),
            "medium": sum(11 <= number <= 50 for number in counts),
            "high": sum(number >= 51 for number in counts),
        }

    def usage_rows(self) -> list[Answer]:
        """Customers with a running CALLING line or a call in the week."""
        return [self._usage_row(key) for key in self.customers if self.has_calling(key) or self.calls(self.week, key)]

    def _usage_row(self, customer: str) -> Answer:
        calls, before = self.calls(self.week, customer), len(self.calls(self.week - WEEK, customer))
        users = len(self.users(self.week, customer))
        return {
            "customer": {"externalId": customer},
            "activeUsers": users,
            "licensedUsers": self.licensed(customer, self.week),
            "calls": len(calls),
            "minutes": sum(int(call["Duration"]) for call in calls) // 60,
            "callsPerActiveUser": len(calls) / users if users else None,
            "weeklyChangePercent": percent(len(calls) - before, before),
        }

    def quality_trend(self, count: int) -> list[Answer]:
        """Qualities week by week."""
        return [{"weekStart": str(week), **qualities(self.all_calls(week))} for week in self.weeks(count)]

    def quality_by_endpoint(self) -> list[Answer]:
        """Qualities of the week's calls by endpoint."""
        calls = self.all_calls(self.week)
        by_endpoint = [(name, [call for call in calls if endpoint(call) == name]) for name in ENDPOINTS]
        return [{"endpoint": name, **qualities(found)} for name, found in by_endpoint]

    def quality_rows(self) -> list[Answer]:
        """Customers with a POOR call in the week."""
        rows = [self._quality_row(key) for key in self.customers]
        return [row for row in rows if row["poor"]]

    def _quality_row(self, customer: str) -> Answer:
        calls = self.calls(self.week, customer)
        return {
            "customer": {"externalId": customer},
            **qualities(calls),
            "averagePacketLossPercent": mean(call.get("packetLossPercent") for call in calls),
            "averageJitterMs": mean(call.get("jitterMs") for call in calls),
            "averageLatencyMs": mean(call.get("latencyMs") for call in calls),
        }

    def queue_customers(self) -> list[str]:
        """Those with a queue call in the last eight completed weeks."""
        return [key for key in self.customers if any(self.queue_calls(week, key) for week in self.weeks(8))]

    def feature_use(self) -> list[Answer]:
        """Each feature's calls of the week, over the customers with a queue call in the last eight weeks."""
        by_customer = {key: self.feature_counts(key) for key in self.queue_customers()}
        return [
            {
                "feature": feature,
                "calls": sum(counts[feature] for counts in by_customer.values()),
                "customers": sum(counts[feature] > 0 for counts in by_customer.values()),
            }
            for feature in FEATURES
        ]

    def feature_counts(self, customer: str) -> Counter[str]:
        """The customer's calls of the week by feature."""
        return Counter(feature for call in self.calls(self.week, customer) for feature in features(call))

    def queue_insights(self) -> Answer:
        """What became of the week's queue calls."""
        by_customer = [self.queue_calls(self.week, key) for key in self.queue_customers()]
        return insights([calls for calls in by_customer if calls])

    def queue_rows(self) -> list[Answer]:
        """Customers with a queue call in the week."""
        found = {key: self.queue_calls(self.week, key) for key in self.customers}
        return [
            {
                "customer": {"externalId": key},
                "insights": insights([calls]),
                "features": [{"feature": name, "calls": self.feature_counts(key)[name]} for name in FEATURES],
            }
            for key, calls in found.items()
            if calls
        ]

    def in_order(self, rows: Iterable[Answer], field_name: str, direction: str) -> list[Answer]:
        """By the figure, nulls last in both directions; ties by the customer's name, then id."""
        names, ids = self.customers, self.licenses.ids

        def value(row: Answer) -> Any:
            if field_name == "CUSTOMER_NAME":
                return names[row["customer"]["externalId"]]
            if field_name == "ABANDONED_PERCENT":
                return row["insights"]["abandonedPercent"]
            return row[CALL_ORDERS[field_name]]

        def tie(row: Answer) -> Any:
            key = row["customer"]["externalId"]
            return names[key], ids[key]

        return ordered(rows, value, direction, tie)


CALL_ORDERS = {
    "ACTIVE_USERS": "activeUsers",
    "CALLS": "calls",
    "WEEKLY_CHANGE_PERCENT": "weeklyChangePercent",
    "POOR": "poor",
    "POOR_PERCENT": "poorPercent",
}


def qualities(calls: list[Facts]) -> Answer:
    """How many calls were of which quality; the share of POOR is over GOOD + POOR."""
    found = Counter(quality(call) for call in calls)
    return {
        "good": found["GOOD"],
        "poor": found["POOR"],
        "notAvailable": found["NOT_AVAILABLE"],
        "poorPercent": percent(found["POOR"], found["GOOD"] + found["POOR"]),
    }


def insights(by_customer: list[list[Facts]]) -> Answer:
    """What became of queue calls, of each customer those of one list."""
    calls = [call for calls in by_customer for call in calls]
    abandoned = [call for call in calls if _is_abandoned(call)]
    answered = [call for call in calls if call["outcome"] in ("ANSWERED", "TRANSFERRED")]
    shares = [Fraction(sum(map(_is_abandoned, calls)) * 100, len(calls)) for calls in by_customer]
    return {
        "offered": len(calls),
        "answered": sum(call["outcome"] == "ANSWERED" for call in calls),
        "abandoned": len(abandoned),
        "averageSecondsToAnswer": mean(call["waitSeconds"] for call in answered),
        "averageSecondsToAbandon": mean(call["waitSeconds"] for call in abandoned),
        "abandonedPercent": percent(len(abandoned), len(calls)),
        "averageAbandonedPercent": float(sum(shares) / len(shares)) if shares else None,
    }


def _is_abandoned(call: Facts) -> bool:
    return call["outcome"] in ("ABANDONED", "VOICEMAIL")


def mean(values: Iterable[float | None]) -> float | None:
    """The average of the values that are there."""
    found = [Fraction(value) for value in values if value is not None]
    return float(sum(found) / len(found)) if found else None
