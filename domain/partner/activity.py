"""The filter of the activity list, and the field changes of its events."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from domain.failures import TooManyValues
from domain.text.api_names import api_name
from domain.time.instants import format_instant
from domain.types import URGENCY, ActivityKind

MAX_VALUES = 100
# Bounds of what an event keeps of one value: events of imported facts would otherwise have any size.
MAX_CHANGED_ITEMS = 100
MAX_CHANGED_TEXT = 1_000
# Fields that no client sees.
_HIDDEN_FIELDS = frozenset({"running_products"})


class ActivityCondition(Struct, frozen=True):
    """Conditions on events, joined by AND.

    None is no condition; an empty tuple matches nothing. `since` is inclusive, `until` is exclusive.
    """

    kinds: tuple[ActivityKind, ...] | None = None
    actors: tuple[str, ...] | None = None
    customers: tuple[str, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_impossible(self) -> bool:
        """Whether no event can match."""
        is_empty_period = self.since is not None and self.until is not None and self.since >= self.until
        return is_empty_period or () in (self.kinds, self.actors, self.customers)


def activity_condition(filter: Mapping[str, Any] | None = None) -> ActivityCondition:
    """Return the condition of an ActivityFilter; raise TooManyValues for a list of more than 100 values."""
    raw = filter or {}
    kinds, actors, customers = (_distinct(name, raw.get(name)) for name in ("kind", "actor", "customer"))
    return ActivityCondition(kinds, actors, customers, raw.get("since"), raw.get("until"))


def _distinct(name: str, values: Sequence[Any] | None) -> tuple[Any, ...] | None:
    if values is None:
        return None
    distinct = tuple(dict.fromkeys(values))
    if len(distinct) > MAX_VALUES:
        raise TooManyValues(name, MAX_VALUES, len(distinct))
    return distinct


def matches_event(condition: ActivityCondition, event: Mapping[str, Any]) -> bool:
    """Return whether a stored event matches; the query of the activity list gives the same result."""
    value_conditions = (
        (condition.kinds, event["kind"]),
        (condition.actors, event["actor_id"]),
        (condition.customers, event["customer_id"]),
    )
    if any(values is not None and value not in values for values, value in value_conditions):
        return False
    is_too_early = condition.since is not None and event["at"] < condition.since
    return not is_too_early and (condition.until is None or event["at"] < condition.until)


class FieldChange(Struct, frozen=True):
    """The values of one field before and after an event, in the spelling of the API."""

    field: str
    before: Any
    after: Any


def field_changes(event: Mapping[str, Any]) -> list[FieldChange]:
    """Return the changes that a stored event lists; for a change of statuses, the statuses before and after."""
    changes = [
        FieldChange(_field_name(name), _to_json(name, before), _to_json(name, after))
        for name, (before, after) in event["changes"].items()
        if name not in _HIDDEN_FIELDS
    ]
    if event["kind"] == ActivityKind.STATUS_CHANGED:
        after = event["statuses"]
        held_before = {*after, *event["left"]} - {*event["entered"]}
        changes.append(FieldChange("statuses", [str(status) for status in URGENCY if status in held_before], after))
    return changes


def bound_changes(changes: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    """Return the pairs of values by field as an event stores them: long texts and lists are cut."""
    return {name: [_bound(value) for value in pair] for name, pair in changes.items()}


def _bound(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= MAX_CHANGED_TEXT else f"{value[: MAX_CHANGED_TEXT - 1]}…"
    if isinstance(value, list | tuple):
        return [_bound(item) for item in value[:MAX_CHANGED_ITEMS]]
    if isinstance(value, Mapping):
        return {name: _bound(item) for name, item in list(value.items())[:MAX_CHANGED_ITEMS]}
    return value


def _field_name(name: str) -> str:
    """Return the API's spelling; the name of a product, which is a field of the services, is spelled the same."""
    return api_name(name) if name.islower() else name


def _to_json(name: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return {_field_name(key): _to_json(key, item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_to_json(name, item) for item in value]
    if isinstance(value, datetime):
        # Dates, such as issued_on, are stored as their midnight.
        return value.date().isoformat() if name.endswith("_on") else format_instant(value)
    return value
