"""Events in memory: what they keep of a document, who sees their customer, and which grants they change."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.cursors.feed import Position
from store.database.client import Timestamp
from store.database.scope import administrator_key
from store.events.facts import facts_fields
from store.feed.events import (
    REVOKED,
    AccessGrant,
    EventFacts,
    FeedEvent,
    cluster_time,
    read_event_facts,
    timestamp,
    token_time,
)

NOW = datetime(2026, 3, 1)
PAST, FUTURE = NOW - timedelta(seconds=1), NOW + timedelta(seconds=1)


def facts(**access_until: datetime | None) -> EventFacts:
    """Facts with these administrators assigned, each until an instant or without end."""
    ends = {name: until for name, until in access_until.items() if until is not None}
    return EventFacts(frozenset({"*", *map(administrator_key, access_until)}), (), ends)


def change(**fields: Any) -> dict[str, Any]:
    """An insert as the change stream returns it."""
    stored = {"keys": ["*", "country:FR"], "words": ["acme"]}
    document = {
        "partner_id": "acme",
        "kind": "STATUS_CHANGED",
        "customer_id": "cus_1",
        "keys": ["kind:STATUS_CHANGED"],
        "changes": {"name": ["A", "B"]},
        "facts_before": None,
        "facts_after": stored,
        **fields,
    }
    return {"_id": {"_data": "8265A1"}, "clusterTime": Timestamp(5, 3), "fullDocument": document}


def test_an_event_has_the_position_of_its_token() -> None:
    event = FeedEvent.from_change(change())
    assert event.position == Position(5 << 32 | 3, "8265A1")
    assert event.partner_id == "acme"


def test_an_event_separates_facts_and_drops_what_no_listener_reads() -> None:
    event = FeedEvent.from_change(change())
    assert set(event.document) == {"partner_id", "kind", "customer_id"}
    assert event.facts_before is None
    assert event.facts_after == EventFacts(frozenset({"*", "country:FR"}), ("acme",), {})


@pytest.mark.parametrize("kind", ["ADMINISTRATOR_CHANGED", "ADMINISTRATOR_REMOVED"])
def test_an_event_that_can_reduce_access_keeps_its_changes(kind: str) -> None:
    assert FeedEvent.from_change(change(kind=kind)).document["changes"] == {"name": ["A", "B"]}


def test_equal_facts_before_and_after_are_one_object() -> None:
    stored = {"keys": ["*"], "words": ["acme"], "access_until": {"adm_1": NOW}}
    event = FeedEvent.from_change(change(facts_before=dict(stored), facts_after=dict(stored)))
    assert event.facts_before is event.facts_after


INSTANTS = st.sampled_from([PAST, NOW, FUTURE])
STORED_FACTS = st.fixed_dictionaries(
    {
        "keys": st.lists(st.sampled_from(["*", "tag:a", "tag:b", "status:TRIAL", "admin:adm_1"]), unique=True),
        "words": st.lists(st.sampled_from(["acme", "globex"]), unique=True),
        "created_at": INSTANTS,
        "last_administrator_sign_in_at": st.none() | INSTANTS,
        "access_until": st.dictionaries(st.just("adm_1"), INSTANTS),
    }
)


@given(before=st.none() | STORED_FACTS, after=st.none() | STORED_FACTS)
def test_both_facts_are_read_as_they_were_stored(before: dict[str, Any] | None, after: dict[str, Any] | None) -> None:
    stored = facts_fields(before, after)
    facts = read_event_facts(stored["facts_before"], stored["facts_after"])
    assert facts == (EventFacts.from_document(before), EventFacts.from_document(after))


@pytest.mark.parametrize(
    ("customer", "administrator_id", "expected"),
    [
        (facts(), None, True),
        (facts(adm_1=None), "adm_1", True),
        (facts(adm_1=FUTURE), "adm_1", True),
        (facts(adm_1=NOW), "adm_1", False),
        (facts(adm_1=PAST), "adm_1", False),
        (facts(adm_1=PAST), None, True),
        (facts(adm_2=None), "adm_1", False),
        (facts(), "adm_1", False),
        # A former end without an assignment grants nothing.
        (EventFacts(frozenset({"*"}), (), {"adm_1": FUTURE}), "adm_1", False),
    ],
)
def test_a_customer_is_visible_to_assigned_administrators_until_their_access_ends(
    customer: EventFacts, administrator_id: str | None, expected: bool
) -> None:
    assert customer.is_visible_to(administrator_id, NOW) is expected
    event = FeedEvent(Position(1), {"customer_id": "cus_1"}, None, customer)
    assert event.is_visible(administrator_id, NOW) is expected


def test_a_customer_that_no_longer_exists_is_visible_to_no_one() -> None:
    event = FeedEvent(Position(1), {"customer_id": "cus_1"}, facts(adm_1=None), None)
    assert not event.is_visible(None, NOW)
    assert event.access_grant("adm_1") is None


def test_a_grant_ends_with_the_assignment() -> None:
    event = FeedEvent(Position(1), {"customer_id": "cus_1"}, None, facts(adm_1=FUTURE, adm_2=None))
    assert event.access_grant("adm_1") == AccessGrant("cus_1", FUTURE)
    assert event.access_grant("adm_2") == AccessGrant("cus_1", None)
    assert event.access_grant(None) is None


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, None, {}),
        (facts(), facts(), {}),
        (facts(adm_1=None), facts(adm_1=None), {}),
        (None, facts(adm_1=None), {"adm_1": None}),
        (facts(), facts(adm_1=FUTURE), {"adm_1": FUTURE}),
        (facts(adm_1=None), facts(), {"adm_1": REVOKED}),
        (facts(adm_1=None), None, {"adm_1": REVOKED}),
        (facts(adm_1=None), facts(adm_1=FUTURE), {"adm_1": FUTURE}),
        (facts(adm_1=FUTURE), facts(adm_1=None), {"adm_1": None}),
        (
            facts(adm_1=None, adm_2=PAST),
            facts(adm_2=FUTURE, adm_3=None),
            {"adm_1": REVOKED, "adm_2": FUTURE, "adm_3": None},
        ),
    ],
)
def test_reports_the_grants_that_an_event_changed(
    before: EventFacts | None, after: EventFacts | None, expected: dict[str, datetime | None]
) -> None:
    assert FeedEvent(Position(1), {}, before, after).changed_grants() == expected


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_cluster_times_sort_as_timestamps_and_convert_back(
    time: int, inc: int, other_time: int, other_inc: int
) -> None:
    one, other = Timestamp(time, inc), Timestamp(other_time, other_inc)
    assert timestamp(cluster_time(one)) == one
    assert (cluster_time(one) < cluster_time(other)) == (one < other)


@given(st.integers(0, 2**64 - 1))
def test_a_token_begins_with_its_cluster_time(time: int) -> None:
    assert token_time({"_data": f"82{time:016X}2B0E"}) == time
