"""Calls, media figures and queue calls as they are delivered: what is taken, and the reason of each refusal."""

from datetime import datetime
from typing import Any

import pytest

from domain.failures import InvalidRecord
from domain.imports.records import ImportKind, parse_record
from tests.domain.imports.factory_records import OMITTED, call_record, media_record, queue_call_record

CALLS, MEDIA, QUEUE = ImportKind.CALLS, ImportKind.CALL_MEDIA, ImportKind.QUEUE_CALLS
MAKERS = {CALLS: call_record, MEDIA: media_record, QUEUE: queue_call_record}
NO_TIME = "is not an RFC 3339 date-time, such as 2026-11-22T19:56:00Z"
NO_ZONE = "is not an RFC 3339 date-time with a zone, such as 2026-11-22T19:56:00Z"
OUTCOMES = "ANSWERED, TRANSFERRED, ABANDONED, VOICEMAIL, OVERFLOWED"
NOT_THERE = "names a date or time that does not exist"


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-18T09:30:00Z", datetime(2026, 11, 18, 9, 30)),
        ("2026-11-18T09:30:00", datetime(2026, 11, 18, 9, 30)),
        ("2026-11-18 09:30:00.5", datetime(2026, 11, 18, 9, 30, 0, 500_000)),
        ("2026-11-18T09:30:00.1239999Z", datetime(2026, 11, 18, 9, 30, 0, 123_000)),
        ("2026-11-18T09:30:00+02:00", datetime(2026, 11, 18, 7, 30)),
        (" 2026-11-18t09:30:00z ", datetime(2026, 11, 18, 9, 30)),
    ],
)
def test_a_start_without_a_zone_is_in_utc(text: str, instant: datetime) -> None:
    assert parse_record(CALLS, call_record(Start_time=text)).values["Start time"] == instant


@pytest.mark.parametrize("duration", ["0", "090", "1000000"])
def test_durations_are_whole_seconds(duration: str) -> None:
    assert parse_record(CALLS, call_record(Duration=duration)).values["Duration"] == int(duration)


def test_measurements_are_numbers_in_their_bounds() -> None:
    line = parse_record(MEDIA, media_record(packetLossPercent=100, jitterMs=-0.0, latencyMs=1_000_000))
    assert [line.values[name] for name in ("packetLossPercent", "jitterMs", "latencyMs")] == [100.0, 0.0, 1e6]
    assert str(line.values["jitterMs"]) == "0.0"
    absent = parse_record(MEDIA, media_record(packetLossPercent=OMITTED, jitterMs=None))
    assert ("packetLossPercent" in absent.values, absent.values["jitterMs"]) == (False, None)


@pytest.mark.parametrize(
    ("kind", "changes", "field", "reason"),
    [
        (CALLS, {"Report_ID": OMITTED}, "Report ID", "is missing"),
        (CALLS, {"Org_UUID": OMITTED}, "Org UUID", "is missing"),
        (CALLS, {"Start_time": OMITTED}, "Start time", "is missing"),
        (CALLS, {"Start_time": "yesterday"}, "Start time", NO_TIME),
        (CALLS, {"Start_time": "2026-11-18"}, "Start time", NO_TIME),
        (CALLS, {"Start_time": "2026-W47-3T09:30:00"}, "Start time", NO_TIME),
        (CALLS, {"Start_time": "2026-02-30T09:30:00"}, "Start time", NOT_THERE),
        (CALLS, {"Start_time": "2026-11-18T25:30:00Z"}, "Start time", NOT_THERE),
        (CALLS, {"Duration": "-1"}, "Duration", "must be whole seconds from 0 to 1,000,000, and is '-1'"),
        (CALLS, {"Duration": "1.5"}, "Duration", "must be whole seconds from 0 to 1,000,000, and is '1.5'"),
        (CALLS, {"Duration": "1000001"}, "Duration", "must be whole seconds from 0 to 1,000,000, and is '1000001'"),
        (CALLS, {"Duration": "٣"}, "Duration", "must be whole seconds from 0 to 1,000,000, and is '٣'"),
        (CALLS, {"User_UUID": "x" * 101}, "User UUID", "must have 1 to 100 characters, and has 101"),
        (CALLS, {"Model": "a\x07b"}, "Model", "contains a control character or half of a surrogate pair"),
        (MEDIA, {"packetLossPercent": 100.1}, "packetLossPercent", "must be from 0 to 100 percent, and is 100.1"),
        (MEDIA, {"packetLossPercent": -1}, "packetLossPercent", "must be from 0 to 100 percent, and is -1"),
        (MEDIA, {"jitterMs": -0.1}, "jitterMs", "must be from 0 to 1,000,000 ms, and is -0.1"),
        (MEDIA, {"latencyMs": 1_000_001}, "latencyMs", "must be from 0 to 1,000,000 ms, and is 1000001"),
        (MEDIA, {"latencyMs": float("nan")}, "latencyMs", "must be from 0 to 1,000,000 ms, and is nan"),
        (MEDIA, {"latencyMs": "80"}, "latencyMs", "must be a number, not a text"),
        (MEDIA, {"latencyMs": True}, "latencyMs", "must be a number, not a boolean"),
        (MEDIA, {"reportId": OMITTED}, "reportId", "is missing"),
        (
            QUEUE,
            {"outcome": "LOST"},
            "outcome",
            f"is 'LOST', which is none of {OUTCOMES}",
        ),
        (QUEUE, {"waitSeconds": -1}, "waitSeconds", "must be from 0 to 1,000,000, and is -1"),
        (QUEUE, {"waitSeconds": 1.5}, "waitSeconds", "must be a whole number from 0 to 1,000,000, and is 1.5"),
        (QUEUE, {"queue": " "}, "queue", "must have 1 to 200 characters, and has 0"),
        (QUEUE, {"offeredAt": "2026-11-18T09:30:00"}, "offeredAt", NO_ZONE),
    ],
)
def test_rejects_a_record_with_field_and_reason(
    kind: ImportKind, changes: dict[str, Any], field: str, reason: str
) -> None:
    with pytest.raises(InvalidRecord) as refused:
        parse_record(kind, MAKERS[kind](**changes))
    assert (refused.value.field, refused.value.reason) == (field, reason)
