"""Which statuses a customer has at one moment.

A status follows from three things alone: the customer's facts, the partner's thresholds, and the moment. A new rule
goes into `statuses_at`; the moments at which it can change go into `transition_times` (transitions.py), since when it
holds into status_since.py, its reason into reasons.py, and the sentence into reason_sentences.py.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from domain.entitlements.lifecycle import (
    LIVING_STATES,
    RUNNING_STATES,
    Entitlement,
    effective_end,
    fixed_end,
    is_trial,
    renews,
    state_at,
)
from domain.types import URGENCY, CustomerStatus, EntitlementState

# Each status that holds, with the entitlements it rests on; NO_RECENT_ACTIVITY rests on none.
StatusBasis = dict[CustomerStatus, tuple[Entitlement, ...]]
# Each status that holds, with the moment at which it was entered: that of its event.
EnteredAt = Mapping[CustomerStatus, datetime]


class Thresholds(Struct, frozen=True):
    """The partner's settings that statuses depend on, in days of 24 hours."""

    expiring_soon_days: int = 7
    no_recent_activity_days: int = 60


class CustomerFacts(Struct):
    """What the status rules read of one customer: facts that were delivered or done, never derived values."""

    created_at: datetime
    last_sign_in_at: datetime | None
    removed_at: datetime | None
    entitlements: Sequence[Entitlement]

    @property
    def last_activity_at(self) -> datetime:
        """Return the last administrator sign-in, or the creation where there was no sign-in."""
        return self.last_sign_in_at or self.created_at

    def is_removed(self, now: datetime) -> bool:
        """Return whether the customer has been removed by `now`."""
        return self.removed_at is not None and self.removed_at <= now


def statuses_at(facts: CustomerFacts, thresholds: Thresholds, now: datetime) -> StatusBasis:
    """Return the statuses that hold at `now`, the most urgent first; a removed customer has none."""
    if facts.is_removed(now):
        return {}
    states = [(e, state_at(e, now)) for e in facts.entitlements]
    running = [e for e, state in states if state in RUNNING_STATES]
    basis: StatusBasis = {
        CustomerStatus.SUSPENDED: _in_state(states, EntitlementState.SUSPENDED),
        CustomerStatus.LICENSE_OVERAGE: tuple(e for e in running if has_overage(e)),
        CustomerStatus.EXPIRING_SOON: tuple(e for e in running if _ends_within(e, now, thresholds.expiring_soon_days)),
        CustomerStatus.EXPIRED: _last_ended(states, now),
        CustomerStatus.READY_FOR_ORDER_SETUP: _in_state(states, EntitlementState.READY_FOR_SETUP),
        CustomerStatus.TRIAL: tuple(e for e in running if is_trial(e)),
        CustomerStatus.SUBSCRIPTION: tuple(e for e in _in_state(states, EntitlementState.ACTIVE) if not is_trial(e)),
    }
    statuses = {status for status, entitlements in basis.items() if entitlements}
    if running and _is_inactive(facts, thresholds, now):
        statuses.add(CustomerStatus.NO_RECENT_ACTIVITY)
    return {status: basis.get(status, ()) for status in URGENCY if status in statuses}


def _in_state(
    states: Sequence[tuple[Entitlement, EntitlementState]], wanted: EntitlementState
) -> tuple[Entitlement, ...]:
    return tuple(e for e, state in states if state is wanted)


def has_overage(entitlement: Entitlement) -> bool:
    """Return whether one of the entitlement's lines has more licences assigned than ordered."""
    return any(line.assigned > line.total for line in entitlement.licenses)


def _ends_within(entitlement: Entitlement, now: datetime, days: int) -> bool:
    return not renews(entitlement) and fixed_end(entitlement) - now <= timedelta(days=days)


def _last_ended(states: Sequence[tuple[Entitlement, EntitlementState]], now: datetime) -> tuple[Entitlement, ...]:
    if not states or any(state in LIVING_STATES for _, state in states):
        return ()
    return (max((e for e, _ in states), key=lambda e: (effective_end(e, now), e.number)),)


def _is_inactive(facts: CustomerFacts, thresholds: Thresholds, now: datetime) -> bool:
    return now - facts.last_activity_at >= timedelta(days=thresholds.no_recent_activity_days)
