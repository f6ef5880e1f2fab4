"""Renewals that are due before the first end or the length of the terms changes stay to be recorded."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.entitlements.lifecycle import entitlement_from_document, renewal_due_at
from domain.entitlements.renewal_backlog import MAX_BACKLOG_ENTRIES, check_backlog, extend_backlog
from domain.failures import InvalidRecord
from tests.store.changes.factory_changes import entitlement

NOW = datetime(2026, 3, 20)
FIRST_END = datetime(2026, 1, 15)
ENTRY = {"first_ends_at": FIRST_END, "term_months": 1, "renewals": 1, "due": 3}


def monthly(**facts: Any) -> dict[str, Any]:
    return entitlement(**{"auto_renew": True, "term_months": 1, "ends_at": FIRST_END, "renewals": 1, **facts})


@pytest.mark.parametrize("change", [{"first_ends_at": NOW}, {"term_months": 12}, {"term_months": None}])
def test_another_series_leaves_the_rest_of_the_former_one(change: dict[str, Any]) -> None:
    assert extend_backlog(monthly(), change, NOW) == {"renewal_backlog": [ENTRY]}
    older = {**ENTRY, "term_months": 12}
    assert extend_backlog(monthly(renewal_backlog=[older]), change, NOW) == {"renewal_backlog": [older, ENTRY]}


@pytest.mark.parametrize("change", [{"first_ends_at": FIRST_END}, {"auto_renew": False}, {"cancelled_at": NOW}, {}])
def test_the_same_series_needs_no_backlog(change: dict[str, Any]) -> None:
    assert extend_backlog(monthly(), change, NOW) == {}


def test_what_is_recorded_needs_no_backlog() -> None:
    assert extend_backlog(monthly(renewals=3), {"first_ends_at": NOW}, NOW) == {}
    trial = monthly(kind="TRIAL", auto_renew=False, renewals=0)
    assert extend_backlog(trial, {"first_ends_at": NOW}, NOW) == {}


def test_a_backlog_is_due_at_once() -> None:
    later = monthly(first_ends_at=NOW + timedelta(days=9), renewals=0)
    assert renewal_due_at(entitlement_from_document(later), NOW) == NOW + timedelta(days=9)
    assert renewal_due_at(entitlement_from_document({**later, "renewal_backlog": [ENTRY]}), NOW) == NOW


def test_a_full_backlog_refuses_another_series_only() -> None:
    full = monthly(renewal_backlog=[ENTRY] * MAX_BACKLOG_ENTRIES)
    check_backlog(full, {"auto_renew": False, "term_months": 1})
    with pytest.raises(InvalidRecord, match="endsAt: changes too often"):
        check_backlog(full, {"term_months": 2})
    check_backlog(monthly(renewal_backlog=[ENTRY]), {"term_months": 2})
