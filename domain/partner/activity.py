"""What a list of the activity asks for, and who reads which part of the log (domain.md, "Who may do what")."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.failures import TooManyValues
from domain.types import ActivityKind

MAX_VALUES = 100


@dataclass(frozen=True, slots=True)
class ActivityCondition:
    """Conditions on events; None asks nothing, an empty tuple matches nothing. `until` itself is outside."""

    kinds: tuple[ActivityKind, ...] | None = None
    actors: tuple[str, ...] | None = None
    customers: tuple[str, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_impossible(self) -> bool:
        """Whether no event can match."""
        is_over = self.since is not None and self.until is not None and self.since >= self.until
        return is_over or () in (self.kinds, self.actors, self.customers)


def activity_condition(filter: Mapping[str, Any] | None = None) -> ActivityCondition:
    """The condition behind an ActivityFilter; TooManyValues for a list that is too long."""
    given = filter or {}
    kinds, actors, customers = (_chosen(name, given.get(name)) for name in ("kind", "actor", "customer"))
    return ActivityCondition(kinds, actors, customers, given.get("since"), given.get("until"))


def _chosen(name: str, values: Sequence[Any] | None) -> tuple[Any, ...] | None:
    if values is None:
        return None
    distinct = tuple(dict.fromkeys(values))
    if len(distinct) > MAX_VALUES:
        raise TooManyValues(name, MAX_VALUES, len(distinct))
    return distinct


def matches_event(condition: ActivityCondition, event: Mapping[str, Any]) -> bool:
    """Whether a stored event matches, as the database decides it."""
    chosen = (
        (condition.kinds, event["kind"]),
        (condition.actors, event["actor_id"]),
        (condition.customers, event["customer_id"]),
    )
    if any(values is not None and value not in values for values, value in chosen):
        return False
    is_early = condition.since is not None and event["at"] < condition.since
    return not is_early and (condition.until is None or event["at"] < condition.until)
