"""When statuses change: the moments at which time alone changes them, and the transitions that the log records.

Statuses are constant between two consecutive *transition times* of a customer, because every rule changes its result
exactly at one of them. So they are advanced from one transition time to the next:

- a status that first holds at a transition time is entered at that time,
- a status that a write brought is entered with the write, also where the facts say that it has held for longer
  (status_since.py). So events are in the order in which clients could know of them.

The result does not depend on how often a customer is evaluated on the way. This makes it safe to evaluate a customer
only when its next transition is due.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from domain.customers.status_since import expiring_from, inactive_from
from domain.customers.statuses import CustomerFacts, EnteredAt, StatusBasis, Thresholds, statuses_at
from domain.entitlements.lifecycle import renews, state_transition_times
from domain.time.instants import MAX_INSTANT
from domain.types import URGENCY, CustomerStatus


class StatusTransition(NamedTuple):
    """The statuses that a customer entered and left at one moment; `statuses` are those that hold afterwards."""

    at: datetime
    entered: tuple[CustomerStatus, ...]
    left: tuple[CustomerStatus, ...]
    statuses: tuple[CustomerStatus, ...]


def transition_times(facts: CustomerFacts, thresholds: Thresholds) -> Iterator[datetime]:
    """Yield every moment, past or future, at which a rule can change its result for the customer."""
    for entitlement in facts.entitlements:
        yield from state_transition_times(entitlement)
        if not renews(entitlement):
            yield expiring_from(entitlement, thresholds)
        # Moments that were delivered for later change `since` alone.
        if not entitlement.set_up:
            yield entitlement.added_at
        if entitlement.suspended_at is not None:
            yield entitlement.suspended_at
    if facts.entitlements:
        yield inactive_from(facts, thresholds)
    if facts.removed_at is not None:
        yield facts.removed_at


def next_transition_at(facts: CustomerFacts, thresholds: Thresholds, now: datetime) -> datetime | None:
    """Return the earliest transition time after `now`, or None where time alone changes nothing any more."""
    if facts.is_removed(now):
        return None
    return min((at for at in transition_times(facts, thresholds) if now < at < MAX_INSTANT), default=None)


def merge_entered_at(
    before: EnteredAt, statuses: Iterable[CustomerStatus], at: datetime
) -> dict[CustomerStatus, datetime]:
    """Return when each of `statuses` was entered: as before where it held already, else at `at`."""
    return {status: before.get(status, at) for status in statuses}


def advance_statuses(
    before: EnteredAt, facts: CustomerFacts, thresholds: Thresholds, evaluated_at: datetime, now: datetime
) -> tuple[dict[CustomerStatus, datetime], list[StatusTransition]]:
    """Advance the statuses from `evaluated_at` to `now` over unchanged facts.

    Return when each status that holds at `now` was entered, and the transitions on the way, oldest first.
    """
    passed = sorted({at for at in transition_times(facts, thresholds) if evaluated_at < at <= now})
    current = dict(before)
    left_at: dict[CustomerStatus, datetime] = {}
    for at in passed:
        following = merge_entered_at(current, statuses_at(facts, thresholds, at), at)
        left_at.update({status: at for status in current if status not in following})
        current = following
    return current, _transitions(before, current, left_at)


def apply_status_change(
    before: EnteredAt, basis: StatusBasis, at: datetime
) -> tuple[dict[CustomerStatus, datetime], list[StatusTransition]]:
    """Return when each status that holds after a write at `at` was entered, and the write's transition, if any."""
    after = merge_entered_at(before, basis, at)
    return after, _transitions(before, after, {status: at for status in before if status not in after})


def _transitions(
    before: EnteredAt, after: EnteredAt, left_at: Mapping[CustomerStatus, datetime]
) -> list[StatusTransition]:
    """Return one transition per moment, from the net difference between `before` and `after`.

    A status that was entered and left in between is not part of the difference and leaves no transition.
    """
    entered_at = {status: after[status] for status in after if status not in before}
    net_left_at = {status: left_at[status] for status in before if status not in after}
    current, transitions = set(before), []
    for at in sorted({*entered_at.values(), *net_left_at.values()}):
        entered = tuple(status for status in URGENCY if entered_at.get(status) == at)
        left = tuple(status for status in URGENCY if net_left_at.get(status) == at)
        current = (current | set(entered)) - set(left)
        statuses = tuple(status for status in URGENCY if status in current)
        transitions.append(StatusTransition(at, entered, left, statuses))
    return transitions
