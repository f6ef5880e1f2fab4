"""The filter of the activity list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.failures import TooManyValues
from domain.types import ActivityKind

MAX_VALUES = 100


@dataclass(frozen=True, slots=True)
class ActivityCondition:
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
