"""Delivered assignments beside those made here: each stands until its own end."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.partner.assignments import Hold, with_delivered, without_delivered

NOW = datetime(2026, 11, 22, 12)
HOUR = timedelta(hours=1)


def made_here(expires_at: datetime | None = None, **changes: Any) -> Hold:
    given = {"assigned_at": NOW - HOUR, "assigned_by": "adm_2", "expires_at": expires_at}
    return {"administrator_id": "adm_1", **given, "imported": False, **changes}


def test_a_delivered_assignment_has_no_end() -> None:
    held = with_delivered(None, "adm_1", NOW)
    given = {"administrator_id": "adm_1", "assigned_at": NOW, "assigned_by": None, "expires_at": None}
    assert held == {**given, "imported": True}
    assert with_delivered(held, "adm_1", NOW + HOUR) == held
    assert without_delivered(held, NOW, keeps_own=True) is None


@pytest.mark.parametrize("end", [None, NOW + HOUR])
def test_one_made_here_stands_again_when_the_delivery_is_withdrawn(end: datetime | None) -> None:
    both = with_delivered(made_here(end), "adm_1", NOW)
    assert (both["expires_at"], both["assigned_by"], both["imported"]) == (None, "adm_2", True)
    assert with_delivered(both, "adm_1", NOW) == both
    assert without_delivered(both, NOW, keeps_own=True) == made_here(end)
    assert without_delivered(both, NOW, keeps_own=False) is None


def test_one_made_here_ends_behind_the_delivery() -> None:
    both = with_delivered(made_here(NOW + HOUR), "adm_1", NOW)
    assert without_delivered(both, NOW + HOUR, keeps_own=True) is None


def test_nothing_delivered_leaves_what_was_made_here() -> None:
    assert without_delivered(made_here(), NOW, keeps_own=True) == made_here()
    assert without_delivered(made_here(), NOW, keeps_own=False) is None
    assert without_delivered(None, NOW, keeps_own=True) is None
