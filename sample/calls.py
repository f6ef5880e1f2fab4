"""The sample's calls: reports with their legs, media figures, and queue calls that agree with the calls."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from sample.legs import NO_REASONS, NOT_AVAILABLE, Leg, LegWriter
from sample.offices import Office, User, Week, as_showcase, draw_call_times, make_office
from sample.records import ImportRecord, format_instant
from sample.seeded_random import SeededRandom


class _Route(NamedTuple):
    """How a call reached its user: the reasons of the user's leg, and the service that has a leg, too."""

    reasons: tuple[str, str, str] = NO_REASONS
    service: str | None = None


_ROUTES: tuple[tuple[_Route, int], ...] = (
    (_Route(), 780),
    (_Route(("CallForwardNoAnswer", "NoAnswer", NOT_AVAILABLE)), 40),
    (_Route(("CallForwardBusy", "UserBusy", "UserBusy")), 15),
    (_Route(("CallForwardAlways", "Unconditional", "Unconditional")), 15),
    (_Route(("ConsultativeTransfer", "Deflection", NOT_AVAILABLE)), 35),
    (_Route(("HuntGroup", NOT_AVAILABLE, "HuntGroup"), "HuntGroup"), 30),
    (_Route(("CallPickup", NOT_AVAILABLE, NOT_AVAILABLE)), 12),
    (_Route(("CallPark", NOT_AVAILABLE, NOT_AVAILABLE)), 4),
    (_Route(("CallParkRetrieve", NOT_AVAILABLE, NOT_AVAILABLE)), 4),
    (_Route(service="AutomatedAttendantVideo"), 25),
    (_Route((NOT_AVAILABLE, "NoAnswer", "NoAnswer"), "VoiceMailRetrieval"), 40),
)
_QUEUE_REASONS = ("CallQueue", "CallQueue", NOT_AVAILABLE)
_QUEUE_OUTCOMES = (("ANSWERED", 77), ("TRANSFERRED", 5), ("ABANDONED", 11), ("VOICEMAIL", 5), ("OVERFLOWED", 2))
# The service that has a leg where a call leaves its queue.
_QUEUE_EXITS = {"VOICEMAIL": "VoiceMailGroup", "OVERFLOWED": "HuntGroup"}
# The calls of a queue in a week: three for each user, up to this number.
_MAX_QUEUE_CALLS = 12
# Of the calls on the usual route: those within the office, to a colleague or to a meeting room.
_COLLEAGUE_SHARE, _ROOM_SHARE = 0.25, 0.03


class GeneratedCalls(NamedTuple):
    """The call records of one customer; `calls` are the rows of a report, one per leg."""

    calls: list[list[str]]
    media: list[ImportRecord]
    queue_calls: list[ImportRecord]


class CallGenerator:
    """Generates the calls of one customer after the other; all of them end before the day begins."""

    def __init__(self, rng: SeededRandom, day: date) -> None:
        self._rng, self._day = rng, day
        self._leg_writer = LegWriter(rng)
        self._queue_call_count = 0
        self._has_showcase = False

    def generate(self, customer: str, usage: Sequence[ImportRecord]) -> GeneratedCalls:
        """Return the calls that agree with the license history of a customer; none where nobody uses Calling."""
        generated = GeneratedCalls([], [], [])
        used: Counter[date] = Counter()
        for record in usage:
            if record["product"] == "CALLING":
                used[date.fromisoformat(str(record["day"]))] += int(str(record["used"]))
        office = make_office(self._rng, customer, used, min(used), self._day) if used else None
        if office is not None:
            if not self._has_showcase and min(week.user_count for week in office.weeks) > 0:
                office, self._has_showcase = as_showcase(office), True
            for week in office.weeks:
                self._add_week(generated, office, week)
        return generated

    def _add_week(self, generated: GeneratedCalls, office: Office, week: Week) -> None:
        users = office.users[: week.user_count]
        for user in users:
            for start in draw_call_times(self._rng, week.days, *user.calls_per_week):
                self._add_call(generated, office, self._user_call(office, users, user, start))
        if office.queue is not None and users:
            self._add_queue_calls(generated, office, users, week.days)

    def _add_call(self, generated: GeneratedCalls, office: Office, legs: list[Leg]) -> None:
        rows = self._leg_writer.rows(office, legs)
        generated.calls.extend(rows)
        generated.media.extend(self._leg_writer.media_records(office, legs, rows))

    def _user_call(self, office: Office, users: Sequence[User], user: User, start: datetime) -> list[Leg]:
        rng = self._rng
        seconds = 0 if rng.chance(0.12) else self._draw_seconds()
        route = rng.weighted_choice(_ROUTES)
        recording = rng.choice(("successful", "successful", "failed")) if rng.chance(0.04) else NOT_AVAILABLE
        direction = rng.choice(("ORIGINATING", "TERMINATING"))
        leg = Leg(user.party, start, seconds, direction, route.reasons, recording)
        if route.service is not None:
            return [Leg(office.service(route.service), start, seconds, "TERMINATING"), leg]
        if route.reasons != NO_REASONS:
            return [leg]
        if len(users) > 1 and rng.chance(_COLLEAGUE_SHARE):
            colleague = rng.choice([other for other in users if other is not user])
            return [leg, Leg(colleague.party, start, seconds, "TERMINATING")]
        return [leg, Leg(office.room, start, seconds, "TERMINATING")] if rng.chance(_ROOM_SHARE) else [leg]

    def _draw_seconds(self) -> int:
        rng = self._rng
        return int(20 + 1_700 * rng.fraction() * rng.fraction() * rng.fraction())

    def _add_queue_calls(
        self, generated: GeneratedCalls, office: Office, users: Sequence[User], days: Sequence[date]
    ) -> None:
        low = min(_MAX_QUEUE_CALLS, 3 * len(users))
        for number, offered in enumerate(draw_call_times(self._rng, days, low, low + low // 2)):
            outcome = self._rng.weighted_choice(_QUEUE_OUTCOMES)
            if office.is_showcase and number == 0:
                outcome = "ABANDONED"
            generated.queue_calls.append(self._queue_record(office, outcome, offered))
            self._add_call(generated, office, self._queue_legs(office, users, outcome, offered))

    def _queue_record(self, office: Office, outcome: str, offered: datetime) -> ImportRecord:
        rng = self._rng
        self._queue_call_count += 1
        slow = 90 if outcome in {"ABANDONED", "VOICEMAIL"} else 45
        return {
            "id": f"Q-{self._queue_call_count:07d}",
            "customer": office.customer,
            "queue": office.queue,
            "offeredAt": format_instant(offered),
            "outcome": outcome,
            "waitSeconds": int(3 + slow * (rng.fraction() + rng.fraction() * rng.fraction() * 3)),
        }

    def _queue_legs(self, office: Office, users: Sequence[User], outcome: str, offered: datetime) -> list[Leg]:
        seconds = self._draw_seconds()
        legs = [Leg(office.service("CallQueue"), offered, seconds, "TERMINATING", _QUEUE_REASONS)]
        if outcome in {"ANSWERED", "TRANSFERRED"}:
            agent = self._rng.choice(users)
            legs.append(Leg(agent.party, offered, seconds, "TERMINATING", _QUEUE_REASONS))
        elif outcome in _QUEUE_EXITS:
            legs.append(Leg(office.service(_QUEUE_EXITS[outcome]), offered, seconds, "TERMINATING"))
        return legs
