"""What an auto-renewing subscription becomes at a moment: end, count, terms, event."""

from datetime import datetime
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.entitlements.lifecycle import count_due_renewals, entitlement_from_document
from domain.entitlements.renewal_backlog import extend_backlog
from domain.types import ActivityKind
from store.changes.renewals import MAX_RENEWALS_PER_CHANGE, Renewal, compute_renewal, compute_renewals
from store.database.client import Document
from tests.store.changes.factory_changes import DAY, NOW, entitlement

FIRST_END = datetime(2026, 1, 15)


def monthly(**facts: Any) -> Document:
    return entitlement(**{"auto_renew": True, "term_months": 1, "ends_at": FIRST_END, **facts})


def end_of(renewals: int) -> datetime:
    return FIRST_END + relativedelta(months=renewals)


def renewed(document: Document, now: datetime = NOW, limit: int = MAX_RENEWALS_PER_CHANGE) -> Renewal | None:
    return compute_renewal(document, now, FIRST_END, limit)


def test_nothing_changes_before_the_end() -> None:
    assert renewed(monthly(), FIRST_END - DAY) is None


def test_nothing_changes_for_an_end_that_was_reached_already() -> None:
    assert renewed(monthly(renewals=2, ends_at=end_of(2), first_ends_at=FIRST_END)) is None


def test_every_missed_term_is_recorded_and_all_have_one_event() -> None:
    renewal = renewed(monthly())
    assert renewal is not None
    assert (renewal.renewals, renewal.ends_at) == (2, end_of(2))
    assert [(term.number, term.begins_at) for term in renewal.terms] == [
        ("S-1-R1", FIRST_END),
        ("S-1-R2", end_of(1)),
    ]
    assert renewal.draft is not None
    assert (renewal.draft.kind, renewal.draft.at) == (ActivityKind.SUBSCRIPTION_RENEWED, end_of(1))
    assert renewal.draft.changes == {"ends_at": [end_of(1), end_of(2)]}


def test_the_event_is_not_before_the_write_of_the_facts() -> None:
    renewal = compute_renewal(monthly(), NOW, NOW - DAY, MAX_RENEWALS_PER_CHANGE)
    assert renewal is not None and renewal.draft is not None
    assert renewal.draft.at == NOW - DAY


def test_only_new_terms_are_recorded() -> None:
    renewal = renewed(monthly(renewals=1, ends_at=end_of(1), first_ends_at=FIRST_END))
    assert renewal is not None and [term.number for term in renewal.terms] == ["S-1-R2"]


def test_terms_have_the_licences_of_their_renewal() -> None:
    document = monthly()
    renewal = renewed(document)
    document["licenses"] = []
    assert renewal is not None and renewal.terms[0].subscription["licenses"] != []


def test_fewer_renewals_than_stored_keep_what_was_recorded() -> None:
    renewal = renewed(monthly(renewals=5, ends_at=end_of(5), first_ends_at=FIRST_END))
    assert renewal is not None
    assert (renewal.renewals, renewal.ends_at, renewal.terms, renewal.draft) == (2, end_of(2), [], None)


@pytest.mark.parametrize("facts", [{"auto_renew": False}, {"cancelled_at": NOW + 50 * DAY}])
def test_what_does_not_renew_keeps_the_end_that_it_has_reached(facts: Document) -> None:
    assert renewed(monthly(first_ends_at=FIRST_END, ends_at=end_of(1), renewals=1, **facts)) is None


def test_an_end_a_century_ago_is_recorded_in_several_changes() -> None:
    first_end = datetime(1926, 1, 15)
    document = monthly(ends_at=first_end, starts_at=first_end - DAY)
    numbers: list[str] = []
    while renewal := renewed(document):
        assert len(renewal.terms) <= MAX_RENEWALS_PER_CHANGE
        assert renewal.ends_at == end_of(2)
        numbers += [term.number for term in renewal.terms]
        document.update(ends_at=renewal.ends_at, renewals=renewal.renewals)
    assert numbers == [f"S-1-R{renewal}" for renewal in range(1, 1203)]


@pytest.mark.parametrize("facts", [{"auto_renew": False}, {"cancelled_at": NOW - 90 * DAY}])
def test_what_has_stopped_renewing_gets_the_orders_until_its_end_in_later_changes(facts: Document) -> None:
    document = monthly(first_ends_at=FIRST_END, ends_at=end_of(5), renewals=1, **facts)
    numbers: list[str] = []
    while renewal := renewed(document, limit=3):
        assert renewal.ends_at == end_of(5)
        numbers += [term.number for term in renewal.terms]
        document.update(ends_at=renewal.ends_at, renewals=renewal.renewals)
    assert numbers == ["S-1-R2", "S-1-R3", "S-1-R4", "S-1-R5"]


@given(days=st.integers(0, 2000), stored=st.integers(0, 80))
def test_applied_once_it_is_stable(days: int, stored: int) -> None:
    document = monthly(renewals=stored, first_ends_at=FIRST_END, ends_at=end_of(stored))
    now = FIRST_END + days * DAY
    renewal = renewed(document, now)
    if renewal is not None:
        document.update(ends_at=renewal.ends_at, renewals=renewal.renewals)
    assert document["ends_at"] > now
    assert renewed(document, now) is None


def record(document: Document, now: datetime, limit: int) -> list[tuple[int, datetime]]:
    """Apply the renewals of one change; return their terms as months and beginning."""
    terms: list[tuple[int, datetime]] = []
    for renewal in compute_renewals(document, now, now, limit):
        document.update(renewal.fields)
        terms += [(term.subscription["term_months"], term.begins_at) for term in renewal.terms]
        assert (renewal.draft is None) == (not renewal.terms)
    assert len(terms) <= limit
    return terms


@settings(max_examples=200)
@given(
    changes=st.lists(st.tuples(st.integers(-30, 30), st.sampled_from([1, 2, 12])), max_size=4),
    days=st.lists(st.integers(0, 200), min_size=5, max_size=5),
    limit=st.integers(1, 5),
)
def test_every_renewal_of_every_series_is_recorded_once_a_limited_number_at_a_time(
    changes: list[tuple[int, int]], days: list[int], limit: int
) -> None:
    document, now = monthly(first_ends_at=FIRST_END), FIRST_END
    recorded: list[tuple[int, datetime]] = []
    expected: list[tuple[int, datetime]] = []
    for (months, term), waited in zip([*changes, (0, 1)], days, strict=False):
        now += waited * DAY
        due = count_due_renewals(entitlement_from_document(document), now)
        own, first = document["term_months"], document["first_ends_at"]
        recorded += record(document, now, limit)
        end = end_of(months)
        if end != first:
            expected += [(own, first + relativedelta(months=own * n)) for n in range(due)]
            fields = {"first_ends_at": end, "ends_at": end, "term_months": term, "renewals": 0}
            document.update({**fields, **extend_backlog(document, fields, now)})
    own, first = document["term_months"], document["first_ends_at"]
    due = count_due_renewals(entitlement_from_document(document), now)
    expected += [(own, first + relativedelta(months=own * n)) for n in range(due)]
    while terms := record(document, now, limit):
        recorded += terms
    assert sorted(recorded) == sorted(expected)
    assert not document.get("renewal_backlog")
