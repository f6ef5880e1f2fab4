"""When statuses change: the moments at which time alone changes them, and since when each status holds.

Statuses are constant between two consecutive *transition times* of a customer, because every rule changes its result
exactly at one of them. So they are advanced from one transition time to the next:

- a status that first holds at a transition time has held since that time,
- a status that a write brought has held since the write.

The result does not depend on how often a customer is evaluated on the way. This makes it safe to evaluate a customer
only when its next transition is due.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from domain.customers.statuses import CustomerFacts, StatusBasis, StatusSince, Thresholds, statuses_at
from domain.entitlements.lifecycle import renews, state_transition_times
from domain.time.instants import MAX_INSTANT, MIN_INSTANT
from domain.types import URGENCY, CustomerStatus


class StatusTransition(NamedTuple):
    """The statuses that a customer entered and left at one moment; `statuses` are those that hold afterwards."""

    at: datetime
    entered: tuple[CustomerStatus, ...]
    left: tuple[CustomerStatus, ...]
    statuses: tuple[CustomerStatus, ...]


def transition_times(facts: CustomerFacts, thresholds: Thresholds) -> Iterator[datetime]:
    """Yield every moment, past or future, at which a rule can change its result for the customer."""
    window = timedelta(days=thresholds.expiring_soon_days)
    for entitlement in facts.entitlements:
        yield from state_transition_times(entitlement)
        if not renews(entitlement):
            yield _clamped_sum(entitlement.first_ends_at, -window)
    if facts.entitlements:
        yield _clamped_sum(facts.last_activity_at, timedelta(days=thresholds.no_recent_activity_days))
    if facts.removed_at is not None:
        yield facts.removed_at


def _clamped_sum(instant: datetime, offset: timedelta) -> datetime:
    """Return `instant + offset`, clamped to the calendar's range: delivered dates may lie at its ends."""
    try:
        return instant + offset
    except OverflowError:
        return MAX_INSTANT if offset > timedelta() else MIN_INSTANT


def next_transition_at(facts: CustomerFacts, thresholds: Thresholds, now: datetime) -> datetime | None:
    """Return the earliest transition time after `now`, or None where time alone changes nothing any more."""
    if facts.is_removed(now):
        return None
    return min((at for at in transition_times(facts, thresholds) if now < at < MAX_INSTANT), default=None)


def merge_since(since: StatusSince, statuses: Iterable[CustomerStatus], at: datetime) -> dict[CustomerStatus, datetime]:
    """Return since when each of `statuses` holds: as before where it held already, else since `at`."""
    return {status: since.get(status, at) for status in statuses}


def advance_statuses(
    since: StatusSince, facts: CustomerFacts, thresholds: Thresholds, evaluated_at: datetime, now: datetime
) -> tuple[dict[CustomerStatus, datetime], list[StatusTransition]]:
    """Advance the statuses from `evaluated_at` to `now` over unchanged facts.

    Return since when each status holds at `now`, and the transitions on the way, oldest first.
    """
    passed = sorted({at for at in transition_times(facts, thresholds) if evaluated_at < at <= now})
    current = dict(since)
    left_at: dict[CustomerStatus, datetime] = {}
    for at in passed:
        following = merge_since(current, statuses_at(facts, thresholds, at), at)
        left_at.update({status: at for status in current if status not in following})
        current = following
    return current, _transitions(since, current, left_at)


def apply_status_change(
    since: StatusSince, basis: StatusBasis, at: datetime
) -> tuple[dict[CustomerStatus, datetime], list[StatusTransition]]:
    """Return since when each status holds after a write at `at`, and the transition that the write made, if any."""
    after = merge_since(since, basis, at)
    return after, _transitions(since, after, {status: at for status in since if status not in after})


def _transitions(
    before: StatusSince, after: StatusSince, left_at: Mapping[CustomerStatus, datetime]
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
