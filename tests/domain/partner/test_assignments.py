"""Delivered assignments beside those made here: each stands until its own end."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.partner.assignments import (
    AssignmentFacts,
    add_delivered_assignment,
    add_manual_assignment,
    remove_delivered_assignment,
)

NOW = datetime(2026, 11, 22, 12)
HOUR = timedelta(hours=1)


def made_here(expires_at: datetime | None = None, **changes: Any) -> AssignmentFacts:
    given = {"assigned_at": NOW - HOUR, "assigned_by": "adm_2", "expires_at": expires_at}
    return {"administrator_id": "adm_1", **given, "imported": False, **changes}


def test_a_delivered_assignment_has_no_end() -> None:
    held = add_delivered_assignment(None, "adm_1", NOW)
    given = {"administrator_id": "adm_1", "assigned_at": NOW, "assigned_by": None, "expires_at": None}
    assert held == {**given, "imported": True}
    assert add_delivered_assignment(held, "adm_1", NOW + HOUR) == held
    assert remove_delivered_assignment(held, NOW) is None


@pytest.mark.parametrize("end", [None, NOW + HOUR])
def test_one_made_here_stands_again_when_the_delivery_is_withdrawn(end: datetime | None) -> None:
    both = add_delivered_assignment(made_here(end), "adm_1", NOW)
    assert (both["expires_at"], both["assigned_by"], both["imported"]) == (None, "adm_2", True)
    assert add_delivered_assignment(both, "adm_1", NOW) == both
    assert remove_delivered_assignment(both, NOW) == made_here(end)


def test_one_made_here_ends_behind_the_delivery() -> None:
    both = add_delivered_assignment(made_here(NOW + HOUR), "adm_1", NOW)
    assert remove_delivered_assignment(both, NOW + HOUR) is None


def test_nothing_delivered_leaves_what_was_made_here() -> None:
    assert remove_delivered_assignment(made_here(), NOW) == made_here()
    assert remove_delivered_assignment(None, NOW) is None


def test_an_end_makes_a_delivered_assignment_one_that_was_made_here() -> None:
    delivered = add_delivered_assignment(None, "adm_1", NOW - HOUR)
    ending = add_manual_assignment(delivered, "adm_1", "adm_2", NOW + HOUR, NOW)
    assert ending == {**made_here(NOW + HOUR), "assigned_at": NOW}
    assert add_manual_assignment(ending, "adm_1", "adm_3", NOW + 2 * HOUR, NOW + HOUR / 2) == {
        **ending,
        "expires_at": NOW + 2 * HOUR,
    }
    assert remove_delivered_assignment(ending, NOW) == ending


def test_an_end_replaces_a_delivered_assignment_beside_one_made_here() -> None:
    both = add_delivered_assignment(made_here(), "adm_1", NOW)
    assert add_manual_assignment(both, "adm_1", "adm_3", NOW + HOUR, NOW) == made_here(NOW + HOUR)


def test_an_assignment_without_an_end_leaves_the_delivered_one_in_force() -> None:
    delivered = add_delivered_assignment(None, "adm_1", NOW - HOUR)
    both = add_manual_assignment(delivered, "adm_1", "adm_2", None, NOW)
    assert {**both, "manual": None} == {**delivered, "manual": None}
    assert remove_delivered_assignment(both, NOW) == {**made_here(), "assigned_at": NOW}
