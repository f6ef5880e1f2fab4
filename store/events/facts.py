"""The stored form of a customer's facts in an event: whole after it, and before it as what differs.

Most changes keep nearly all facts. Storing both whole doubles the work of writing, reading and keeping each event.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from store.database.client import Document

KEYS_LOST, KEYS_GAINED = "keys_lost", "keys_gained"


def facts_fields(before: Document | None, after: Document | None) -> Document:
    """Return the fields `facts_before` and `facts_after` of an event; None stands for no customer."""
    if before is None or after is None:
        return {"facts_before": before, "facts_after": after}
    others = {name: value for name, value in before.items() if name != "keys" and value != after[name]}
    lost, gained = _without(before["keys"], after["keys"]), _without(after["keys"], before["keys"])
    return {"facts_before": {KEYS_LOST: lost, KEYS_GAINED: gained, **others}, "facts_after": after}


def facts_before_difference(lost: Sequence[str], gained: Sequence[str]) -> Document:
    """Return the field `facts_before` of an event that changes nothing but these keys."""
    return {KEYS_LOST: list(lost), KEYS_GAINED: list(gained)}


def is_difference(facts_before: Mapping[str, Any]) -> bool:
    """Whether the facts before an event are stored as what differs from the facts after it."""
    return KEYS_LOST in facts_before


def _without(keys: Sequence[str], others: Sequence[str]) -> list[str]:
    known = set(others)
    return [key for key in keys if key not in known]
