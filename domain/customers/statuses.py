"""Customer statuses: which hold, since when and why (domain.md, "Customer statuses").

Between two turning points nothing changes, and every rule turns exactly at one. So statuses are
carried forward from point to point: what is newly held at a point has held since that point, and
what a write brings has held since the write. Any path through the same points gives the same answer.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from domain.entitlements.lifecycle import (
    LIVING_STATES,
    RUNNING_STATES,
    Entitlement,
    ended_at,
    is_trial,
    renews,
    state_at,
    state_transition_times,
)
from domain.time.instants import MAX_INSTANT, MIN_INSTANT
from domain.types import URGENCY, CustomerStatus, EntitlementState

Status = CustomerStatus
StatusBasis = dict[CustomerStatus, tuple[Entitlement, ...]]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The partner's settings that statuses depend on, in days."""

    expiring_soon_days: int = 30
    no_recent_activity_days: int = 60


@dataclass(slots=True)
class CustomerFacts:
    """What the rules read of one customer."""

    created_at: datetime
    last_sign_in_at: datetime | None
    removed_at: datetime | None
    entitlements: Sequence[Entitlement]

    @property
    def last_activity_at(self) -> datetime:
        """The last administrator sign-in; the creation where there was none."""
        return self.last_sign_in_at or self.created_at


class StatusTransition(NamedTuple):
    """At one moment a customer gained and lost statuses; `statuses` is the set afterwards."""

    at: datetime
    entered: tuple[CustomerStatus, ...]
    left: tuple[CustomerStatus, ...]
    statuses: tuple[CustomerStatus, ...]


StatusSince = Mapping[CustomerStatus, datetime]


def statuses_at(facts: CustomerFacts, thresholds: Thresholds, now: datetime) -> StatusBasis:
    """The statuses that hold now, the most urgent first, each with the entitlements that it rests on."""
    if facts.removed_at is not None and facts.removed_at <= now:
        return {}
    states = [(e, state_at(e, now)) for e in facts.entitlements]
    running = [e for e, state in states if state in RUNNING_STATES]
    found: StatusBasis = {
        Status.SUSPENDED: tuple(e for e, state in states if state is EntitlementState.SUSPENDED),
        Status.LICENSE_OVERAGE: tuple(e for e in running if has_overage(e)),
        Status.EXPIRING_SOON: tuple(e for e in running if _ends_within(e, now, thresholds.expiring_soon_days)),
        Status.EXPIRED: _last_ended(states, now),
        Status.READY_FOR_ORDER_SETUP: tuple(e for e, state in states if state is EntitlementState.READY_FOR_SETUP),
        Status.TRIAL: tuple(e for e in running if is_trial(e)),
        Status.SUBSCRIPTION: tuple(e for e in running if not is_trial(e)),
    }
    held = {status for status, basis in found.items() if basis}
    if running and _is_inactive(facts, thresholds, now):
        held.add(Status.NO_RECENT_ACTIVITY)
    return {status: found.get(status, ()) for status in URGENCY if status in held}


def has_overage(entitlement: Entitlement) -> bool:
    """Whether a line has more licences assigned than ordered."""
    return any(line.assigned > line.total for line in entitlement.licenses)


def _ends_within(entitlement: Entitlement, now: datetime, days: int) -> bool:
    return not renews(entitlement) and entitlement.first_ends_at - now <= timedelta(days=days)


def _last_ended(states: Sequence[tuple[Entitlement, EntitlementState]], now: datetime) -> tuple[Entitlement, ...]:
    if not states or any(state in LIVING_STATES for _, state in states):
        return ()
    return (max((e for e, _ in states), key=lambda e: (ended_at(e, now), e.number)),)


def _is_inactive(facts: CustomerFacts, thresholds: Thresholds, now: datetime) -> bool:
    return now - facts.last_activity_at >= timedelta(days=thresholds.no_recent_activity_days)


def transition_times(facts: CustomerFacts, thresholds: Thresholds) -> Iterator[datetime]:
    """Every moment, past or to come, at which a rule may turn for the customer."""
    window = timedelta(days=thresholds.expiring_soon_days)
    for entitlement in facts.entitlements:
        yield from state_transition_times(entitlement)
        if not renews(entitlement):
            yield _shifted(entitlement.first_ends_at, -window)
    if facts.entitlements:
        yield _shifted(facts.last_activity_at, timedelta(days=thresholds.no_recent_activity_days))
    if facts.removed_at is not None:
        yield facts.removed_at


def _shifted(instant: datetime, by: timedelta) -> datetime:
    """The instant so much later or earlier, held inside the calendar."""
    try:
        return instant + by
    except OverflowError:
        return MAX_INSTANT if by > timedelta() else MIN_INSTANT


def next_transition_at(facts: CustomerFacts, thresholds: Thresholds, now: datetime) -> datetime | None:
    """The next moment at which any rule turns; None where time alone changes nothing any more."""
    if facts.removed_at is not None and facts.removed_at <= now:
        return None
    return min((m for m in transition_times(facts, thresholds) if now < m < MAX_INSTANT), default=None)


def merge_since(since: StatusSince, basis: Iterable[CustomerStatus], at: datetime) -> dict[CustomerStatus, datetime]:
    """What holds from `at` on: what held before keeps its moment, the rest begins now."""
    return {status: since.get(status, at) for status in basis}


def advance_statuses(
    since: StatusSince, facts: CustomerFacts, thresholds: Thresholds, evaluated_at: datetime, now: datetime
) -> tuple[dict[CustomerStatus, datetime], list[StatusTransition]]:
    """The statuses carried from `evaluated_at` to `now` while the facts stand still, and what turned on the way."""
    passed = sorted({m for m in transition_times(facts, thresholds) if evaluated_at < m <= now})
    current = dict(since)
    left_at: dict[CustomerStatus, datetime] = {}
    for moment in passed:
        held = merge_since(current, statuses_at(facts, thresholds, moment), moment)
        left_at.update({status: moment for status in current if status not in held})
        current = held
    return current, _transitions(since, current, left_at)


def _transitions(
    before: StatusSince, after: StatusSince, left_at: Mapping[CustomerStatus, datetime]
) -> list[StatusTransition]:
    """One turn for each moment, of the net difference: what came and went in between leaves no trace."""
    entered = {status: after[status] for status in after if status not in before}
    left = {status: left_at[status] for status in before if status not in after}
    current, turns = set(before), []
    for at in sorted({*entered.values(), *left.values()}):
        came = tuple(status for status in URGENCY if entered.get(status) == at)
        went = tuple(status for status in URGENCY if left.get(status) == at)
        current = (current | set(came)) - set(went)
        turns.append(StatusTransition(at, came, went, tuple(status for status in URGENCY if status in current)))
    return turns


def apply_status_change(
    since: StatusSince, basis: StatusBasis, at: datetime
) -> tuple[dict[CustomerStatus, datetime], list[StatusTransition]]:
    """The statuses after a write at `at`, and the one turn it made, if any."""
    after = merge_since(since, basis, at)
    return after, _transitions(since, after, {status: at for status in since if status not in after})
