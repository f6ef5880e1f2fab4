"""What deliveries make of a call: the latest wins, absent keeps, and the order of different ones does not matter."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given

from domain.failures import InvalidRecord
from domain.imports.call_merging import has_call, has_media, merge_call, merge_media, merge_queue_call
from domain.imports.records import DocumentFields, ImportKind, parse_record
from domain.time.instants import format_instant
from domain.time.weeks import WEEK, week_of
from tests import random_values as rv
from tests.domain.imports.factory_records import call_record, media_record, queue_call_record
from tests.random_values import seeded

NOW = datetime(2026, 11, 25, 10)
CLOSED = week_of(NOW) - 13 * WEEK
Document = dict[str, Any]


def call(document: Document | None, now: datetime = NOW, **changes: Any) -> DocumentFields | None:
    return merge_call(document, parse_record(ImportKind.CALLS, call_record(**changes)), "cus_1", now)


def media(document: Document | None, now: datetime = NOW, **changes: Any) -> DocumentFields | None:
    return merge_media(document, parse_record(ImportKind.CALL_MEDIA, media_record(**changes)), now)


def queue_call(document: Document | None, now: datetime = NOW, **changes: Any) -> DocumentFields | None:
    return merge_queue_call(document, parse_record(ImportKind.QUEUE_CALLS, queue_call_record(**changes)), "cus_1", now)


def stored(document: Document | None, facts: DocumentFields | None) -> Document:
    """The document after a merge, as the store writes it."""
    return {**(document or {}), **(facts or {})}


def test_a_new_call_has_every_fact() -> None:
    device = {"Client_type": "WXC_DEVICE", "Model": "Room Kit"}
    assert call(None, NOW, Related_reason="CallQueue", User_UUID="U-1", Correlation_ID="X-1", **device) == {
        "report_id": "R-1",
        "correlation_id": "X-1",
        "customer_id": "cus_1",
        "week": datetime(2026, 11, 16),
        "started_at": datetime(2026, 11, 18, 9, 30),
        "seconds": 90,
        "user_id": "U-1",
        "endpoint": "ROOM_DEVICE",
        "features": ["CALL_QUEUE"],
        "loss": None,
        "jitter": None,
        "latency": None,
        "delivered": {"client_type": "WXC_DEVICE", "model": "Room Kit", "related_reason": "CallQueue"},
        "expires_at": datetime(2026, 11, 18, 9, 30) + timedelta(days=100),
    }


def test_the_latest_delivery_wins_and_what_it_leaves_out_stays() -> None:
    first = stored(None, call(None, Client_type="WXC_DEVICE", Model="Room Kit", User_UUID="U-1", Correlation_ID="X-1"))
    second = stored(first, call(first, Redirect_reason="NoAnswer", Model="8845", Start_time="2026-11-10T08:00:00Z"))
    assert (second["endpoint"], second["features"], second["user_id"]) == ("DESK_PHONE", ["CALL_FORWARDING"], "U-1")
    assert (second["seconds"], second["week"]) == (90, datetime(2026, 11, 9))
    assert second["correlation_id"] == "X-1"
    third = stored(second, call(second, Original_reason="HuntGroup"))
    assert third["features"] == ["CALL_FORWARDING", "HUNT_GROUP"]


def test_media_join_their_call_whichever_comes_first() -> None:
    waiting = stored(None, media(None))
    assert (has_call(waiting), has_media(waiting), waiting["week"]) == (False, True, None)
    joined = stored(waiting, call(waiting))
    assert (joined["loss"], joined["jitter"], joined["latency"]) == (0.5, 12.0, 80.5)
    first = stored(None, call(None))
    assert (has_call(first), has_media(first)) == (True, False)
    assert stored(first, media(first)) == joined


def test_null_clears_a_measurement_and_absent_keeps_it() -> None:
    held = stored(None, media(None))
    line = parse_record(ImportKind.CALL_MEDIA, {"reportId": "R-1", "jitterMs": None})
    assert merge_media(held, line, NOW) == {"loss": 0.5, "jitter": None, "latency": 80.5, "delivered": {"media": True}}


def test_media_figures_that_say_nothing_are_news_once() -> None:
    line = parse_record(ImportKind.CALL_MEDIA, {"reportId": "R-1"})
    held = stored(None, merge_media(None, line, NOW))
    assert has_media(held)
    assert merge_media(held, line, NOW) is None


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"Start_time": "2026-11-25T10:00:00.001Z"}, "Start time", "lies in the future"),
        ({"Start_time": "9999-12-31T23:59:59Z"}, "Start time", "lies in the future"),
        (
            {"Start_time": "2026-11-25T09:59:00Z", "Duration": "61"},
            "Duration",
            "is 61 seconds, which end in the future",
        ),
        (
            {"Start_time": format_instant(CLOSED + WEEK - timedelta(seconds=1))},
            "Start time",
            "lies in the week of 2026-08-24, which is closed: it is 13 weeks old",
        ),
    ],
)
def test_refuses_a_call_of_the_future_and_of_a_closed_week(changes: dict[str, str], field: str, reason: str) -> None:
    with pytest.raises(InvalidRecord) as refused:
        call(None, NOW, **changes)
    assert (refused.value.field, refused.value.reason) == (field, reason)


def test_takes_a_call_that_ends_now_and_the_first_of_the_oldest_open_week() -> None:
    assert call(None, Start_time="2026-11-25T09:59:00Z", Duration="60") is not None
    assert call(None, Start_time=format_instant(CLOSED + WEEK)) is not None


def test_what_stands_in_a_closed_week_changes_no_more() -> None:
    held = stored(None, call(None))
    later = NOW + 13 * WEEK
    with pytest.raises(InvalidRecord, match="is of the week of 2026-11-16, which is closed"):
        call(held, later, Start_time=format_instant(later - WEEK))
    with pytest.raises(InvalidRecord, match="is of the week of 2026-11-16, which is closed"):
        media(held, later)
    measured = stored(held, media(held))
    assert media(measured, later) is None


def test_queue_calls_are_replaced_by_their_latest_delivery() -> None:
    held = stored(None, queue_call(None))
    assert (held["week"], held["outcome"], held["wait_seconds"]) == (datetime(2026, 11, 16), "ANSWERED", 20)
    assert queue_call(held) is None
    again = stored(held, queue_call(held, outcome="ABANDONED", offeredAt="2026-11-24T09:00:00Z"))
    assert (again["week"], again["outcome"]) == (datetime(2026, 11, 23), "ABANDONED")
    with pytest.raises(InvalidRecord, match="lies in the future"):
        queue_call(None, offeredAt="2026-11-26T09:00:00Z")
    with pytest.raises(InvalidRecord, match="is 20 seconds, which end in the future"):
        queue_call(None, offeredAt="2026-11-25T09:59:50Z")


CALL_LINES = rv.fixed_dictionaries(
    {},
    optional={
        "User_UUID": rv.sampled_from(["U-1", "U-2"]),
        "Correlation_ID": rv.sampled_from(["X-1", "X-2"]),
        "Client_type": rv.sampled_from(["WXC_DEVICE", "WXC_CLIENT", "SIP"]),
        "Model": rv.sampled_from(["Room Kit", "8845"]),
        "Related_reason": rv.sampled_from(["CallQueue", "CallPark"]),
        "User_type": rv.sampled_from(["User", "AutomatedAttendantVideo"]),
        "Call_Recording_Result": rv.just("successful"),
        "Duration": rv.integers(0, 500).map(str),
        "Start_time": rv.integers(0, 60).map(lambda days: format_instant(NOW - timedelta(days=days, hours=1))),
    },
)
FIGURES = rv.none() | rv.sampled_from([0, 0.0, 0.05, 100]) | rv.integers(0, 2**40).map(lambda n: 100 * n / 2**40)
MEDIA_LINES = rv.fixed_dictionaries(
    {}, optional={"packetLossPercent": FIGURES, "jitterMs": FIGURES, "latencyMs": FIGURES}
)
Deliveries = list[tuple[str, dict[str, Any]]]


def delivered(lines: Iterable[tuple[str, dict[str, Any]]]) -> tuple[Document | None, int]:
    """What all lines together make of one report id, and how many of them changed something."""
    document, changes = None, 0
    for kind, line in lines:
        facts = call(document, **line) if kind == "call" else media(document, **line)
        if facts is not None:
            document, changes = stored(document, facts), changes + 1
    return document, changes


CALLS = rv.tuples(rv.just("call"), CALL_LINES)
MEDIA = rv.tuples(rv.just("media"), MEDIA_LINES)


@given(seeded(rv.lists(CALLS, max_size=4)), seeded(rv.lists(MEDIA, max_size=4)), rv.randoms())
def test_calls_and_media_give_the_same_document_in_whatever_order_they_meet(
    calls: Deliveries, measured: Deliveries, random: Random
) -> None:
    media_first, _ = delivered([*measured, *calls])
    waiting = {"call": list(calls), "media": list(measured)}
    kinds = [kind for kind, _ in [*calls, *measured]]
    random.shuffle(kinds)
    assert delivered(waiting[kind].pop(0) for kind in kinds)[0] == media_first


@given(seeded(rv.lists(CALLS | MEDIA, max_size=6)))
def test_repeating_the_last_delivery_of_each_kind_changes_nothing(lines: Deliveries) -> None:
    last = dict(lines)
    document, _ = delivered(lines)
    for kind, line in last.items():
        assert (call(document, **line) if kind == "call" else media(document, **line)) is None
