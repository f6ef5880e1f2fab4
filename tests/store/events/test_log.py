"""The documents of events: keys, retention, and the sentence of a status change."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.customers.transitions import StatusTransition
from domain.types import ActivityKind, CustomerStatus
from store.events.activity_queries import EventPosition, EventQuery
from store.events.log import STATUS_PHRASES, EventDraft, event_document, event_keys, status_summary

NOW = datetime(2026, 3, 1, 12)
SHARED: dict[str, Any] = {"actor_id": "adm_1", "customer_id": "cus_1", "facts_before": None, "facts_after": None}
TRIAL, EXPIRED, OVERAGE = CustomerStatus.TRIAL, CustomerStatus.EXPIRED, CustomerStatus.LICENSE_OVERAGE


def draft(**fields: Any) -> EventDraft:
    return EventDraft(ActivityKind.STATUS_CHANGED, "cus_1", "Acme is now on trial", **fields)


def transition(entered: list[CustomerStatus], left: list[CustomerStatus]) -> StatusTransition:
    return StatusTransition(NOW, tuple(entered), tuple(left), tuple(entered))


def test_an_event_has_the_time_of_its_draft_or_of_the_write() -> None:
    earlier = NOW - timedelta(days=3)
    assert event_document("acme", NOW, SHARED, draft())["at"] == NOW
    document = event_document("acme", NOW, SHARED, draft(at=earlier))
    assert (document["at"], document["created_at"], document["updated_at"]) == (earlier, NOW, NOW)


@pytest.mark.parametrize(("short_lived", "days"), [(False, 400), (True, 14)])
def test_an_event_expires_after_its_write(short_lived: bool, days: int) -> None:
    document = event_document("acme", NOW, SHARED, draft(short_lived=short_lived, at=NOW - timedelta(days=300)))
    assert document["expires_at"] == NOW + timedelta(days=days)


def test_only_a_status_change_has_statuses() -> None:
    assert "statuses" not in event_document("acme", NOW, SHARED, draft())
    document = event_document("acme", NOW, SHARED, draft(), transition([TRIAL], [EXPIRED]))
    assert (document["entered"], document["left"], document["statuses"]) == (["TRIAL"], ["EXPIRED"], ["TRIAL"])


def test_events_have_distinct_ids_and_copies_of_their_changes() -> None:
    changes = {"name": ["A", "B"]}
    documents = [event_document("acme", NOW, SHARED, draft(changes=changes)) for _ in range(2)]
    assert len({document["_id"] for document in documents}) == 2
    assert documents[0]["changes"] == changes
    assert documents[0]["changes"] is not changes


@pytest.mark.parametrize(
    ("actor_id", "customer_id", "expected"),
    [
        ("adm_1", "cus_1", ["kind:TAG_CREATED", "actor:adm_1", "customer:cus_1"]),
        (None, "cus_1", ["kind:TAG_CREATED", "customer:cus_1"]),
        ("adm_1", None, ["kind:TAG_CREATED", "actor:adm_1"]),
        (None, None, ["kind:TAG_CREATED"]),
    ],
)
def test_an_event_is_found_by_kind_actor_and_customer(
    actor_id: str | None, customer_id: str | None, expected: list[str]
) -> None:
    assert event_keys("TAG_CREATED", actor_id, customer_id) == expected


@pytest.mark.parametrize(
    ("entered", "left", "expected"),
    [
        ([TRIAL], [], "Acme is now on trial"),
        ([], [EXPIRED], "Acme is no longer expired"),
        ([], [TRIAL, EXPIRED], "Acme is no longer on trial or expired"),
        ([OVERAGE], [TRIAL], "Acme is now over its licenses, no longer on trial"),
        ([OVERAGE, TRIAL], [], "Acme is now over its licenses and on trial"),
    ],
)
def test_a_status_change_is_a_sentence(
    entered: list[CustomerStatus], left: list[CustomerStatus], expected: str
) -> None:
    assert status_summary("Acme", transition(entered, left)) == expected


def test_every_status_has_a_phrase() -> None:
    assert set(STATUS_PHRASES) == set(CustomerStatus)


def test_a_query_continues_after_a_position_without_widening_its_condition() -> None:
    query = EventQuery({"partner_id": "acme", "at": {"$gte": NOW}}, "newest", True)
    assert query.between(None, None) == query.where
    later = EventPosition(NOW + timedelta(hours=1), "evt_5")
    assert query.between(later, None) == {
        **query.where,
        "$and": [{"at": {"$lte": later.at}}, {"$or": [{"at": {"$lt": later.at}}, {"_id": {"$lt": "evt_5"}}]}],
    }
    assert query.between(None, later) == {
        **query.where,
        "$and": [{"at": {"$gte": later.at}}, {"$or": [{"at": {"$gt": later.at}}, {"_id": {"$gt": "evt_5"}}]}],
    }


def test_an_event_keeps_a_bounded_part_of_each_value() -> None:
    changes: dict[str, list[Any]] = {"licenses": [[], [{"name": "x" * 2_000}] * 300], "name": [None, "y" * 1_000]}
    draft = EventDraft(ActivityKind.SUBSCRIPTION_CHANGED, "sub_1", "Changed", changes)
    shared = {"customer_id": None, "actor_id": None, "facts_before": None, "facts_after": None}
    stored = event_document("acme", NOW, shared, draft)["changes"]
    assert stored["name"] == [None, "y" * 1_000]
    assert stored["licenses"] == [[], [{"name": "x" * 999 + "…"}] * 100]
