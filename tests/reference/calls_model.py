"""The reference model of calling engagement; it imports nothing of the product."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cached_property
from typing import Any

from tests.reference.analytics_model import Licenses, Row, monday, ordered, percent
from tests.reference.model import Facts, sort_form

Figures = dict[str, Any]
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


def week_of(text: str) -> date:
    """Return the Monday of the week that contains the instant; without a zone it is UTC."""
    given = datetime.fromisoformat(text)
    return monday((given if given.tzinfo is None else given.astimezone(UTC)).date())


def quality(media: Facts) -> str:
    """Return GOOD where all present measurements are within their limits, else POOR; NOT_AVAILABLE without any."""
    limits = {"packetLossPercent": 5, "latencyMs": 400, "jitterMs": 150}
    judged = [media[name] < limit for name, limit in limits.items() if media.get(name) is not None]
    return ("GOOD" if all(judged) else "POOR") if judged else "NOT_AVAILABLE"


def endpoint(leg: Facts) -> str:
    """Return the endpoint of the leg's client type and device model."""
    client = leg.get("Client type")
    if client == "WXC_DEVICE":
        is_room = leg.get("Model", "").startswith(("Room", "Board", "Desk Pro"))
        return "ROOM_DEVICE" if is_room else "DESK_PHONE"
    if client == "WXC_THIRD_PARTY":
        return "DESK_PHONE"
    return "WEBEX_APP" if client in APP_CLIENTS else "UNKNOWN"


def features(leg: Facts) -> set[str]:
    """Return the distinct features of a leg."""
    names = {REASONS[leg[name]] for name in REASON_COLUMNS if leg.get(name) in REASONS}
    user_type = leg.get("User type", "")
    if user_type.startswith("AutomatedAttendant"):
        names.add("AUTO_ATTENDANT")
    if user_type.startswith("VoiceMail"):
        names.add("VOICEMAIL")
    return names | ({"CALL_RECORDING"} if leg.get("Call Recording Result") else set())


@dataclass(frozen=True)
class Call:
    """The legs of one customer and week with the same Correlation ID, or one leg without; with their media figures."""

    legs: list[Facts]

    @property
    def seconds(self) -> int:
        """Return the duration of the longest leg."""
        return max(int(leg["Duration"]) for leg in self.legs)

    @property
    def quality(self) -> str:
        """Return POOR where one leg is; GOOD where one leg was measured and none is POOR."""
        found = {quality(leg) for leg in self.legs}
        return next((name for name in ("POOR", "GOOD") if name in found), "NOT_AVAILABLE")

    @property
    def features(self) -> set[str]:
        """Return the features that one of the legs has."""
        return {name for leg in self.legs for name in features(leg)}

    @property
    def persons(self) -> set[str]:
        """Return the User UUIDs of legs whose User type is "User" or empty."""
        return {
            leg["User UUID"] for leg in self.legs if leg.get("User UUID") and leg.get("User type", "User") == "User"
        }


@dataclass
class DeliveredCalls:
    """All legs, media figures and queue calls of a partner by their key."""

    legs: dict[str, Facts] = field(default_factory=dict)
    media: dict[str, Facts] = field(default_factory=dict)
    queue: dict[str, Facts] = field(default_factory=dict)

    def deliver(self, kind: str, line: Facts) -> None:
        """Apply one accepted record; absent values keep the previous ones."""
        stored = {"calls": self.legs, "call-media": self.media, "queue-calls": self.queue}[kind]
        key = line[{"calls": "Report ID", "call-media": "reportId", "queue-calls": "id"}[kind]]
        values = {name: value for name, value in line.items() if kind != "calls" or value not in ("", "NA")}
        stored[key] = {**stored.get(key, {}), **values}

    def group(self) -> dict[tuple[str, date], list[Call]]:
        """Return the calls of each customer and week."""
        by_call: dict[tuple[str, date, str, str], list[Facts]] = {}
        for key, leg in self.legs.items():
            correlation = leg.get("Correlation ID")
            call = ("call", correlation) if correlation else ("leg", key)
            with_media = {**self.media.get(key, {}), **leg}
            by_call.setdefault((leg["Org UUID"], week_of(leg["Start time"]), *call), []).append(with_media)
        by_week: dict[tuple[str, date], list[Call]] = {}
        for (customer, week, *_), legs in by_call.items():
            by_week.setdefault((customer, week), []).append(Call(legs))
        return by_week


@dataclass(frozen=True)
class Engagement:
    """Calling engagement over the customers that a viewer sees, at one moment."""

    licenses: Licenses
    delivered: DeliveredCalls
    # The number of weeks between the week that is asked for and the latest completed one.
    back: int = 0

    @property
    def week(self) -> date:
        """Return the Monday of the week that is asked for."""
        return monday(self.licenses.now.date()) - WEEK - self.back * WEEK

    def weeks(self, count: int) -> list[date]:
        """Return the weeks up to the one that is asked for, oldest first."""
        return [self.week - back * WEEK for back in range(count - 1, -1, -1)]

    @cached_property
    def customers(self) -> dict[str, str]:
        """Return the visible customers with the sort form of their names."""
        there = self.licenses.delivered.customers(self.licenses.now)
        return {key: sort_form(stored["name"]) for key, stored in there.items() if self.licenses.is_visible(key)}

    @cached_property
    def _calls(self) -> dict[tuple[str, date], list[Call]]:
        return self.delivered.group()

    @cached_property
    def _queue(self) -> dict[tuple[str, date], list[Facts]]:
        by_week: dict[tuple[str, date], list[Facts]] = {}
        for call in self.delivered.queue.values():
            by_week.setdefault((call["customer"], week_of(call["offeredAt"])), []).append(call)
        return by_week

    def calls(self, week: date, customer: str) -> list[Call]:
        """Return the customer's calls of the week."""
        return self._calls.get((customer, week), [])

    def all_calls(self, week: date) -> list[Call]:
        """Return the week's calls of all visible customers."""
        return [call for customer in self.customers for call in self.calls(week, customer)]

    def queue_calls(self, week: date, customer: str) -> list[Facts]:
        """Return the customer's queue calls of the week."""
        return self._queue.get((customer, week), [])

    @cached_property
    def _rows(self) -> list[Row]:
        return [row for row in self.licenses.rows("CALLING") if row.is_running]

    def licensed(self, customer: str, week: date) -> int:
        """Return the sum over running single CALLING lines of assigned, as in the week's last snapshot, else as now."""
        return sum(row.assigned_in(week) for row in self._rows if row.customer == customer)

    def has_calling(self, customer: str) -> bool:
        """Return whether the customer has a running CALLING line."""
        return any(row.customer == customer for row in self._rows)

    def users(self, week: date, customer: str) -> Counter[str]:
        """Return the number of calls of each person of the customer in the week."""
        return Counter(person for call in self.calls(week, customer) for person in call.persons)

    def users_trend(self, count: int) -> list[Figures]:
        """Return the users by their number of calls, week by week."""
        return [self._users_point(week) for week in self.weeks(count)]

    def _users_point(self, week: date) -> Figures:
        by_customer = {customer: self.users(week, customer) for customer in self.customers}
        counts = [number for users in by_customer.values() for number in users.values()]
        return {
            "weekStart": str(week),
            "inactive": sum(max(0, self.licensed(key, week) - len(users)) for key, users in by_customer.items()),
            "low": sum(1 <= number <= 10 for number in counts),
            "medium": sum(11 <= number <= 50 for number in counts),
            "high": sum(number >= 51 for number in counts),
        }

    def usage_rows(self) -> list[Figures]:
        """Return the rows of customers with a running CALLING line or a call in the week."""
        return [self._usage_row(key) for key in self.customers if self.has_calling(key) or self.calls(self.week, key)]

    def _usage_row(self, customer: str) -> Figures:
        calls, before = self.calls(self.week, customer), len(self.calls(self.week - WEEK, customer))
        users = len(self.users(self.week, customer))
        return {
            "customer": {"externalId": customer},
            "activeUsers": users,
            "licensedUsers": self.licensed(customer, self.week),
            "calls": len(calls),
            "minutes": sum(call.seconds for call in calls) // 60,
            "callsPerActiveUser": len(calls) / users if users else None,
            "weeklyChangePercent": percent(len(calls) - before, before),
        }

    def calling_trend(self, customer: str, count: int) -> list[Figures]:
        """Return the customer's calls, week by week."""
        return [self._calling_point(customer, week) for week in self.weeks(count)]

    def _calling_point(self, customer: str, week: date) -> Figures:
        calls = self.calls(week, customer)
        return {
            "weekStart": str(week),
            "activeUsers": len(self.users(week, customer)),
            "licensedUsers": self.licensed(customer, week),
            "calls": len(calls),
            "minutes": sum(call.seconds for call in calls) // 60,
            "poorPercent": qualities(call.quality for call in calls)["poorPercent"],
        }

    def quality_trend(self, count: int) -> list[Figures]:
        """Return the calls by quality, week by week."""
        return [
            {"weekStart": str(week), **qualities(call.quality for call in self.all_calls(week))}
            for week in self.weeks(count)
        ]

    def quality_by_endpoint(self) -> list[Figures]:
        """Return the week's legs by endpoint and quality."""
        legs = [leg for call in self.all_calls(self.week) for leg in call.legs]
        by_endpoint = [(name, [quality(leg) for leg in legs if endpoint(leg) == name]) for name in ENDPOINTS]
        return [{"endpoint": name, **qualities(found)} for name, found in by_endpoint]

    def quality_rows(self) -> list[Figures]:
        """Return the rows of customers with a POOR call in the week."""
        rows = [self._quality_row(key) for key in self.customers]
        return [row for row in rows if row["poor"]]

    def _quality_row(self, customer: str) -> Figures:
        calls = self.calls(self.week, customer)
        legs = [leg for call in calls for leg in call.legs]
        return {
            "customer": {"externalId": customer},
            **qualities(call.quality for call in calls),
            "averagePacketLossPercent": mean(leg.get("packetLossPercent") for leg in legs),
            "averageJitterMs": mean(leg.get("jitterMs") for leg in legs),
            "averageLatencyMs": mean(leg.get("latencyMs") for leg in legs),
        }

    def queue_customers(self) -> list[str]:
        """Return the customers with a queue call in the eight weeks up to the one that is asked for."""
        return [key for key in self.customers if any(self.queue_calls(week, key) for week in self.weeks(8))]

    def feature_use(self) -> list[Figures]:
        """Return the week's calls by feature, of the customers with a queue call in the eight weeks."""
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
        """Return the customer's calls of the week by feature."""
        return Counter(feature for call in self.calls(self.week, customer) for feature in call.features)

    def queue_insights(self) -> Figures:
        """Return the queue figures of the week over all visible customers."""
        by_customer = [self.queue_calls(self.week, key) for key in self.queue_customers()]
        return insights([calls for calls in by_customer if calls])

    def queue_rows(self) -> list[Figures]:
        """Return the rows of customers with a queue call in the week."""
        by_customer = {key: self.queue_calls(self.week, key) for key in self.customers}
        return [
            {
                "customer": {"externalId": key},
                "insights": insights([calls]),
                "features": [{"feature": name, "calls": self.feature_counts(key)[name]} for name in FEATURES],
            }
            for key, calls in by_customer.items()
            if calls
        ]

    def in_order(self, rows: Iterable[Figures], field_name: str, direction: str) -> list[Figures]:
        """Return the rows ordered by the figure, nulls last in both directions; ties by name, then id."""
        names, ids = self.customers, self.licenses.ids

        def value(row: Figures) -> Any:
            if field_name == "CUSTOMER_NAME":
                return names[row["customer"]["externalId"]]
            if field_name in QUEUE_ORDERS:
                return row["insights"][QUEUE_ORDERS[field_name]]
            return row[CALL_ORDERS[field_name]]

        def tie(row: Figures) -> Any:
            key = row["customer"]["externalId"]
            return names[key], ids[key]

        return ordered(rows, value, direction, tie)


QUEUE_ORDERS = {
    "OFFERED": "offered",
    "ABANDONED_PERCENT": "abandonedPercent",
    "SECONDS_TO_ANSWER": "averageSecondsToAnswer",
}
CALL_ORDERS = {
    "ACTIVE_USERS": "activeUsers",
    "CALLS": "calls",
    "WEEKLY_CHANGE_PERCENT": "weeklyChangePercent",
    "POOR": "poor",
    "POOR_PERCENT": "poorPercent",
}


def qualities(found: Iterable[str]) -> Figures:
    """Return the number of each quality; the share of POOR is over GOOD + POOR."""
    counts = Counter(found)
    return {
        "good": counts["GOOD"],
        "poor": counts["POOR"],
        "notAvailable": counts["NOT_AVAILABLE"],
        "poorPercent": percent(counts["POOR"], counts["GOOD"] + counts["POOR"]),
    }


def insights(by_customer: list[list[Facts]]) -> Figures:
    """Return the queue figures of customers, each given by the list of its queue calls."""
    calls = [call for calls in by_customer for call in calls]
    abandoned = [call for call in calls if _is_abandoned(call)]
    answered = [call for call in calls if call["outcome"] in ("ANSWERED", "TRANSFERRED")]
    shares = [Fraction(sum(map(_is_abandoned, calls)) * 100, len(calls)) for calls in by_customer]
    return {
        "offered": len(calls),
        "answered": sum(call["outcome"] == "ANSWERED" for call in calls),
        "transferred": sum(call["outcome"] in ("TRANSFERRED", "OVERFLOWED") for call in calls),
        "abandoned": len(abandoned),
        "averageSecondsToAnswer": mean(call["waitSeconds"] for call in answered),
        "averageSecondsToAbandon": mean(call["waitSeconds"] for call in abandoned),
        "abandonedPercent": percent(len(abandoned), len(calls)),
        "averageAbandonedPercent": float(sum(shares) / len(shares)) if shares else None,
    }


def _is_abandoned(call: Facts) -> bool:
    return call["outcome"] in ("ABANDONED", "VOICEMAIL")


def mean(values: Iterable[float | None]) -> float | None:
    """Return the average of the values that are not None, or None without any."""
    known = [Fraction(value) for value in values if value is not None]
    return float(sum(known) / len(known)) if known else None
