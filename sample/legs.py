"""The legs of the sample's calls: rows of a report as Control Hub exports it, and the media figures of most legs."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sample.offices import Office, Party
from sample.records import ImportRecord
from sample.seeded_random import SeededRandom

HEADER = (
    *("Start time", "Answer time", "Duration", "Calling line ID", "Answered", "Direction", "Call type", "Client type"),
    *("Model", "OS type", "Location", "Site main number", "User", "User type", "User UUID", "Org UUID", "Report ID"),
    *("Correlation ID", "Related reason", "Redirect reason", "Original reason", "Call Recording Result"),
    "Releasing party",
)
NOT_AVAILABLE = "NA"
NO_REASONS = (NOT_AVAILABLE, NOT_AVAILABLE, NOT_AVAILABLE)
_OS_TYPES = {"WXC_CLIENT": "windows", "TEAMS_WXC_CLIENT": "mac"}
# The share of measurable legs without media figures.
_UNMEASURED_SHARE = 0.3


class Leg(NamedTuple):
    """One party's part of a call; `reasons` are the related, redirect and original reason."""

    party: Party
    start: datetime
    seconds: int
    direction: str
    reasons: tuple[str, str, str] = NO_REASONS
    recording: str = NOT_AVAILABLE


class LegWriter:
    """Gives legs their ids; the legs of one call have one Correlation ID."""

    def __init__(self, rng: SeededRandom) -> None:
        self._rng = rng
        self._report_count = self._call_count = 0

    def rows(self, office: Office, legs: Sequence[Leg]) -> list[list[str]]:
        """Return the rows of one call."""
        self._call_count += 1
        correlation_id = (
            f"{self._call_count:08x}-{self._rng.randint(0, 0xFFFF):04x}-4c0a-8d00-{legs[0].start:%y%m%d%H%M%S}"
        )
        return [self._row(office, leg, correlation_id) for leg in legs]

    def _row(self, office: Office, leg: Leg, correlation_id: str) -> list[str]:
        self._report_count += 1
        party, at = leg.party, f"{leg.start.isoformat(timespec='milliseconds')}Z"
        random_part = f"{self._rng.randint(0, 0xFFFF):04x}"
        report_id = f"{self._report_count:08x}-{random_part}-4b7a-9c00-{leg.start.microsecond:012x}"
        is_answered = leg.seconds > 0
        head = [at, at if is_answered else NOT_AVAILABLE, str(leg.seconds), "+4930555" + party.uuid[-4:]]
        connection = ["Yes" if is_answered else "No", leg.direction, "SIP_ENTERPRISE", *party.device]
        location = [_OS_TYPES.get(party.device[0], NOT_AVAILABLE), office.location, "+4930555000"]
        user = [party.name, party.user_type, party.uuid, office.customer, report_id, correlation_id]
        return [
            *head,
            *connection,
            *location,
            *user,
            *leg.reasons,
            leg.recording,
            self._rng.choice(("Local", "Remote")),
        ]

    def media_records(self, office: Office, legs: Sequence[Leg], rows: Sequence[Sequence[str]]) -> list[ImportRecord]:
        """Return the media figures of most legs on devices; services have none."""
        report_ids = [row[HEADER.index("Report ID")] for row in rows]
        return [
            self._media_record(report_id, office, leg.party)
            for report_id, leg in zip(report_ids, legs, strict=True)
            if leg.party.device[0] != NOT_AVAILABLE and not self._rng.chance(_UNMEASURED_SHARE)
        ]

    def _media_record(self, report_id: str, office: Office, party: Party) -> ImportRecord:
        rng = self._rng
        # Apps often use a wireless network, which loses more packets.
        poor = office.poor_share * (1.4 if party.device[0].endswith("WXC_CLIENT") else 0.7)
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
