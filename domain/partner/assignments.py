"""One administrator's hold on a customer, which an import delivers, somebody here gives, or both.

There is one entry an administrator. While a delivered assignment stands beside one made here, the entry
has no end, and `manual` keeps what was made here: it stands again when the delivery is withdrawn.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

AssignmentFacts = dict[str, Any]
_MANUAL_FIELDS = ("assigned_at", "assigned_by", "expires_at")


def add_delivered_assignment(held: Mapping[str, Any] | None, administrator_id: str, now: datetime) -> AssignmentFacts:
    """The hold once an assignment is delivered; who had it already keeps the moment and the giver."""
    if held is None:
        given: AssignmentFacts = {"assigned_at": now, "assigned_by": None, "expires_at": None}
        return {"administrator_id": administrator_id, **given, "imported": True}
    if held["imported"]:
        return dict(held)
    return {**held, "expires_at": None, "imported": True, "manual": {name: held[name] for name in _MANUAL_FIELDS}}


def remove_delivered_assignment(
    held: Mapping[str, Any] | None, now: datetime, *, keeps_manual: bool
) -> AssignmentFacts | None:
    """What remains where none is delivered: what was made here, until its own end; nothing where nothing may."""
    if held is None or not keeps_manual:
        return None
    if not held["imported"]:
        return dict(held)
    own = held.get("manual")
    if own is None or (own["expires_at"] is not None and own["expires_at"] <= now):
        return None
    return {"administrator_id": held["administrator_id"], **own, "imported": False}


def add_manual_assignment(
    held: Mapping[str, Any] | None, administrator_id: str, given_by: str, expires_at: datetime | None, now: datetime
) -> AssignmentFacts:
    """The hold once somebody here assigns the administrator, until `expires_at` or until it is taken back.

    Beside a delivered assignment it is kept for when that is withdrawn; who has it already keeps moment and giver.
    """
    own: AssignmentFacts = {"assigned_at": now, "assigned_by": given_by, "expires_at": expires_at}
    if held is None:
        return {"administrator_id": administrator_id, **own, "imported": False}
    if held["imported"]:
        before = held.get("manual")
        return {**held, "manual": own if before is None else {**before, "expires_at": expires_at}}
    return {**held, "expires_at": expires_at}
