"""An administrator's assignment to a customer: delivered by an import, made here ("manual"), or both.

Each administrator has at most one entry in a customer's `assignments`. While a delivered assignment and a manual one
exist together, the entry has no end, and its field `manual` keeps the manual one, which is in force again after the
delivery is withdrawn.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from domain.inputs import ABSENT, Omittable

AssignmentFacts = dict[str, Any]
_MANUAL_FIELDS = ("assigned_at", "assigned_by", "expires_at")


class AssignAdministrator(Struct, frozen=True, kw_only=True):
    """An administrator and the customers to assign; the access ends at `expires_at`, if there is one."""

    administrator: str
    customers: tuple[str, ...]
    expires_at: Omittable[datetime] = ABSENT


class UnassignAdministrator(Struct, frozen=True, kw_only=True):
    """An administrator and the customers from which to remove the assignment."""

    administrator: str
    customers: tuple[str, ...]


def add_delivered_assignment(
    current: Mapping[str, Any] | None, administrator_id: str, now: datetime
) -> AssignmentFacts:
    """Return the entry after an assignment is delivered; an existing one keeps its moment and its giver."""
    if current is None:
        delivered: AssignmentFacts = {"assigned_at": now, "assigned_by": None, "expires_at": None}
        return {"administrator_id": administrator_id, **delivered, "imported": True}
    if current["imported"]:
        return dict(current)
    manual = {name: current[name] for name in _MANUAL_FIELDS}
    return {**current, "expires_at": None, "imported": True, "manual": manual}


def remove_delivered_assignment(current: Mapping[str, Any] | None, now: datetime) -> AssignmentFacts | None:
    """Return the entry after the delivered assignment is withdrawn: an unexpired manual one, else None."""
    if current is None:
        return None
    if not current["imported"]:
        return dict(current)
    manual = current.get("manual")
    if manual is None or (manual["expires_at"] is not None and manual["expires_at"] <= now):
        return None
    return {"administrator_id": current["administrator_id"], **manual, "imported": False}


def add_manual_assignment(
    current: Mapping[str, Any] | None,
    administrator_id: str,
    assigned_by: str,
    expires_at: datetime | None,
    now: datetime,
) -> AssignmentFacts:
    """Return the entry after a manual assignment until `expires_at`; None is no end.

    An existing manual assignment keeps its moment and its giver. Beside a delivered one, a manual one without an end is
    kept in `manual`. A manual one with an end replaces the delivered one, so that the access ends then.
    """
    manual: AssignmentFacts = {"assigned_at": now, "assigned_by": assigned_by, "expires_at": expires_at}
    if current is None:
        return {"administrator_id": administrator_id, **manual, "imported": False}
    if not current["imported"]:
        return {**current, "expires_at": expires_at}
    manual = {**(current.get("manual") or manual), "expires_at": expires_at}
    if expires_at is None:
        return {**current, "manual": manual}
    return {"administrator_id": administrator_id, **manual, "imported": False}
