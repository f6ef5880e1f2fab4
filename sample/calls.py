"""The sample's calls: a report as Control Hub exports it, the media figures of most calls, and the calls of queues."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple

from sample.entitlements import Entitlement
from sample.offices import Office, User, moments, open_office
from sample.records import Line, instant
from sample.seeded_random import Dice

HEADER = (
    *("Start time", "Answer time", "Duration", "Calling line ID", "Answered", "Direction", "Call type", "Client type"),
    *("Model", "OS type", "Location", "Site main number", "User", "User type", "User UUID", "Org UUID", "Report ID"),
    *("Related reason", "Redirect reason", "Original reason", "Call Recording Result", "Releasing party"),
)
_NOTHING = "NA"
# What happened to a call on its way: the three reasons and the type of user that its record names.
_WAYS: tuple[tuple[tuple[str, str, str, str], int], ...] = (
    ((_NOTHING, _NOTHING, _NOTHING, "User"), 780),
    (("CallForwardNoAnswer", "NoAnswer", _NOTHING, "User"), 40),
    (("CallForwardBusy", "UserBusy", "UserBusy", "User"), 15),
    (("CallForwardAlways", "Unconditional", "Unconditional", "User"), 15),
    (("ConsultativeTransfer", "Deflection", _NOTHING, "User"), 35),
    (("HuntGroup", _NOTHING, "HuntGroup", "User"), 30),
    (("CallPickup", _NOTHING, _NOTHING, "User"), 12),
    (("CallPark", _NOTHING, _NOTHING, "User"), 4),
    (("CallParkRetrieve", _NOTHING, _NOTHING, "User"), 4),
    ((_NOTHING, _NOTHING, _NOTHING, "AutomatedAttendantVideo"), 25),
    ((_NOTHING, "NoAnswer", "NoAnswer", "VoiceMailRetrieval"), 40),
)
_QUEUE_WAY = ("CallQueue", "CallQueue", _NOTHING, "User")
_OUTCOMES = (("ANSWERED", 78), ("TRANSFERRED", 6), ("ABANDONED", 11), ("VOICEMAIL", 5))
_SYSTEMS = {"WXC_CLIENT": "windows", "TEAMS_WXC_CLIENT": "mac"}
# Of so many calls one was measured by nobody.
_UNMEASURED = 0.3


class Traffic(NamedTuple):
    """What one customer reports."""

    calls: list[list[str]]
    media: list[Line]
    queue_calls: list[Line]


class Exchange:
    """Makes the traffic of customers, one after the other; everything has ended before the day's midnight."""

    def __init__(self, dice: Dice, day: date) -> None:
        self._dice, self._day = dice, day
        self._reports = self._queue_calls = 0

    def traffic(self, customer: str, holdings: list[Entitlement]) -> Traffic:
        """Empty where the customer reports nothing."""
        made = Traffic([], [], [])
        office = open_office(self._dice, customer, holdings, self._day)
        if office is not None:
            for user in office.users:
                self._add_calls(made, office, user)
            made.queue_calls.extend(self._queued(office))
        return made

    def _add_calls(self, made: Traffic, office: Office, user: User) -> None:
        for start in moments(self._dice, office.days, *user.calls):
            self._reports += 1
            report_id = f"{self._reports:08x}-{self._dice.between(0, 0xFFFF):04x}-4b7a-9c00-{start.microsecond:012x}"
            made.calls.append(self._row(report_id, office, user, start))
            if not self._dice.chance(_UNMEASURED):
                made.media.append(self._media(report_id, office, user))

    def _row(self, report_id: str, office: Office, user: User, start: datetime) -> list[str]:
        dice = self._dice
        is_queued = office.queue is not None and dice.chance(0.15)
        *reasons, user_type = _QUEUE_WAY if is_queued else dice.weighted(_WAYS)
        answered = not dice.chance(0.12)
        seconds = int(20 + 1_700 * dice.fraction() * dice.fraction() * dice.fraction()) if answered else 0
        at = f"{start.isoformat(timespec='milliseconds')}Z"
        head = [
            at,
            at if answered else _NOTHING,
            str(seconds),
            "+4930555" + user.uuid[-4:],
            "Yes" if answered else "No",
        ]
        where = [dice.pick(("ORIGINATING", "TERMINATING")), "SIP_ENTERPRISE", *user.device]
        place = [_SYSTEMS.get(user.device[0], _NOTHING), office.place, "+4930555000"]
        # Attendants and mailboxes answer for themselves.
        who = [user.name, user_type, user.uuid if user_type == "User" else _NOTHING, office.customer, report_id]
        recording = dice.pick(("successful", "successful", "failed")) if dice.chance(0.04) else _NOTHING
        return [*head, *where, *place, *who, *reasons, recording, dice.pick(("Local", "Remote"))]

    def _media(self, report_id: str, office: Office, user: User) -> Line:
        dice = self._dice
        # The air is a worse carrier than a cable.
        poor = office.poor * (1.4 if user.device[0].endswith("WXC_CLIENT") else 0.7)
        loss, jitter, latency = dice.share(0.0, 1.2), dice.share(2.0, 35.0), dice.share(18.0, 140.0)
        if dice.chance(poor):
            loss, jitter, latency = dice.share(0.5, 14.0), dice.share(90.0, 260.0), dice.share(120.0, 620.0)
        line: Line = {"reportId": report_id, "packetLossPercent": round(loss, 2), "jitterMs": round(jitter, 1)}
        # Some devices cannot tell how long the way is.
        return line if dice.chance(0.05) else {**line, "latencyMs": round(latency, 1)}

    def _queued(self, office: Office) -> Iterator[Line]:
        if office.queue is None:
            return
        dice = self._dice
        low = dice.between(4, 24)
        for offered in moments(dice, office.days, low, low + low // 2):
            self._queue_calls += 1
            outcome = dice.weighted(_OUTCOMES)
            slow = 90 if outcome in {"ABANDONED", "VOICEMAIL"} else 45
            yield {
                "id": f"Q-{self._queue_calls:07d}",
                "customer": office.customer,
                "queue": office.queue,
                "offeredAt": instant(offered),
                "outcome": outcome,
                "waitSeconds": int(3 + slow * (dice.fraction() + dice.fraction() * dice.fraction() * 3)),
            }
