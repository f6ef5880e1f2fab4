"""The sample's calls: a report as Control Hub exports it, media figures of most calls, and queue calls."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple

from sample.entitlements import Entitlement
from sample.offices import Office, User, draw_call_times, make_office
from sample.records import ImportRecord, format_instant
from sample.seeded_random import SeededRandom

HEADER = (
    *("Start time", "Answer time", "Duration", "Calling line ID", "Answered", "Direction", "Call type", "Client type"),
    *("Model", "OS type", "Location", "Site main number", "User", "User type", "User UUID", "Org UUID", "Report ID"),
    *("Related reason", "Redirect reason", "Original reason", "Call Recording Result", "Releasing party"),
)
_NOT_AVAILABLE = "NA"
# The routing of a call: related, redirect and original reason, and the type of user; with weights.
_ROUTES: tuple[tuple[tuple[str, str, str, str], int], ...] = (
    ((_NOT_AVAILABLE, _NOT_AVAILABLE, _NOT_AVAILABLE, "User"), 780),
    (("CallForwardNoAnswer", "NoAnswer", _NOT_AVAILABLE, "User"), 40),
    (("CallForwardBusy", "UserBusy", "UserBusy", "User"), 15),
    (("CallForwardAlways", "Unconditional", "Unconditional", "User"), 15),
    (("ConsultativeTransfer", "Deflection", _NOT_AVAILABLE, "User"), 35),
    (("HuntGroup", _NOT_AVAILABLE, "HuntGroup", "User"), 30),
    (("CallPickup", _NOT_AVAILABLE, _NOT_AVAILABLE, "User"), 12),
    (("CallPark", _NOT_AVAILABLE, _NOT_AVAILABLE, "User"), 4),
    (("CallParkRetrieve", _NOT_AVAILABLE, _NOT_AVAILABLE, "User"), 4),
    ((_NOT_AVAILABLE, _NOT_AVAILABLE, _NOT_AVAILABLE, "AutomatedAttendantVideo"), 25),
    ((_NOT_AVAILABLE, "NoAnswer", "NoAnswer", "VoiceMailRetrieval"), 40),
)
_QUEUE_ROUTE = ("CallQueue", "CallQueue", _NOT_AVAILABLE, "User")
_QUEUE_OUTCOMES = (("ANSWERED", 78), ("TRANSFERRED", 6), ("ABANDONED", 11), ("VOICEMAIL", 5))
_OS_TYPES = {"WXC_CLIENT": "windows", "TEAMS_WXC_CLIENT": "mac"}
# The share of calls without media figures.
_UNMEASURED_SHARE = 0.3


class GeneratedCalls(NamedTuple):
    """The call records of one customer."""

    calls: list[list[str]]
    media: list[ImportRecord]
    queue_calls: list[ImportRecord]


class CallGenerator:
    """Generates the calls of one customer after the other; all of them end before the day begins."""

    def __init__(self, rng: SeededRandom, day: date) -> None:
        self._rng, self._day = rng, day
        self._report_count = self._queue_call_count = 0

    def generate(self, customer: str, holdings: list[Entitlement]) -> GeneratedCalls:
        """Return the calls of a customer, which are empty if it does not report its calls."""
        generated = GeneratedCalls([], [], [])
        office = make_office(self._rng, customer, holdings, self._day)
        if office is not None:
            for user in office.users:
                self._add_calls(generated, office, user)
            generated.queue_calls.extend(self._queue_call_records(office))
        return generated

    def _add_calls(self, generated: GeneratedCalls, office: Office, user: User) -> None:
        for start in draw_call_times(self._rng, office.days, *user.calls_per_week):
            self._report_count += 1
            report_id = (
                f"{self._report_count:08x}-{self._rng.randint(0, 0xFFFF):04x}-4b7a-9c00-{start.microsecond:012x}"
            )
            generated.calls.append(self._call_row(report_id, office, user, start))
            if not self._rng.chance(_UNMEASURED_SHARE):
                generated.media.append(self._media_record(report_id, office, user))

    def _call_row(self, report_id: str, office: Office, user: User, start: datetime) -> list[str]:
        rng = self._rng
        is_queued = office.queue is not None and rng.chance(0.15)
        *reasons, user_type = _QUEUE_ROUTE if is_queued else rng.weighted_choice(_ROUTES)
        answered = not rng.chance(0.12)
        seconds = int(20 + 1_700 * rng.fraction() * rng.fraction() * rng.fraction()) if answered else 0
        at = f"{start.isoformat(timespec='milliseconds')}Z"
        head = [
            at,
            at if answered else _NOT_AVAILABLE,
            str(seconds),
            "+4930555" + user.uuid[-4:],
            "Yes" if answered else "No",
        ]
        connection = [rng.choice(("ORIGINATING", "TERMINATING")), "SIP_ENTERPRISE", *user.device]
        location = [_OS_TYPES.get(user.device[0], _NOT_AVAILABLE), office.location, "+4930555000"]
        # Attendants and mailboxes have no user id.
        user_columns = [
            user.name,
            user_type,
            user.uuid if user_type == "User" else _NOT_AVAILABLE,
            office.customer,
            report_id,
        ]
        recording = rng.choice(("successful", "successful", "failed")) if rng.chance(0.04) else _NOT_AVAILABLE
        return [*head, *connection, *location, *user_columns, *reasons, recording, rng.choice(("Local", "Remote"))]

    def _media_record(self, report_id: str, office: Office, user: User) -> ImportRecord:
        rng = self._rng
        # Apps often use a wireless network, which loses more packets.
        poor = office.poor_share * (1.4 if user.device[0].endswith("WXC_CLIENT") else 0.7)
        loss, jitter, latency = rng.uniform(0.0, 1.2), rng.uniform(2.0, 35.0), rng.uniform(18.0, 140.0)
        if rng.chance(poor):
            loss, jitter, latency = rng.uniform(0.5, 14.0), rng.uniform(90.0, 260.0), rng.uniform(120.0, 620.0)
        record: ImportRecord = {
            "reportId": report_id,
            "packetLossPercent": round(loss, 2),
            "jitterMs": round(jitter, 1),
        }
        # Some devices do not measure the latency.
        return record if rng.chance(0.05) else {**record, "latencyMs": round(latency, 1)}

    def _queue_call_records(self, office: Office) -> Iterator[ImportRecord]:
        if office.queue is None:
            return
        rng = self._rng
        low = rng.randint(4, 24)
        for offered in draw_call_times(rng, office.days, low, low + low // 2):
            self._queue_call_count += 1
            outcome = rng.weighted_choice(_QUEUE_OUTCOMES)
            slow = 90 if outcome in {"ABANDONED", "VOICEMAIL"} else 45
            yield {
                "id": f"Q-{self._queue_call_count:07d}",
                "customer": office.customer,
                "queue": office.queue,
                "offeredAt": format_instant(offered),
                "outcome": outcome,
                "waitSeconds": int(3 + slow * (rng.fraction() + rng.fraction() * rng.fraction() * 3)),
            }
