"""Since when statuses have held, as far as the facts say.

Most statuses rest on spans of time that follow from the facts as they stand now: a subscription is ACTIVE from its
start to its end. Such a status has held since the beginning of the spans that reach now without a gap, even where the
facts were delivered long afterwards. Only an overage, and a suspension without a delivered moment, hold since the event
that entered the status.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from domain.customers.statuses import CustomerFacts, EnteredAt, StatusBasis, Thresholds
from domain.entitlements.lifecycle import Entitlement, effective_end, fixed_end, is_trial, renews
from domain.time.instants import MAX_INSTANT, add_clamped
from domain.types import CustomerStatus

# From a moment, inclusive, to a moment, exclusive.
Span = tuple[datetime, datetime]


def find_since(
    facts: CustomerFacts, basis: StatusBasis, entered_at: EnteredAt, thresholds: Thresholds, now: datetime
) -> dict[CustomerStatus, datetime]:
    """Return the moment from which each status of `basis` has held without a gap; never later than `now`."""
    return {status: _since(status, facts, basis, entered_at[status], thresholds, now) for status in basis}


def _since(
    status: CustomerStatus,
    facts: CustomerFacts,
    basis: StatusBasis,
    entered_at: datetime,
    thresholds: Thresholds,
    now: datetime,
) -> datetime:
    match status:
        case CustomerStatus.EXPIRED:
            return effective_end(basis[status][0], now)
        case CustomerStatus.NO_RECENT_ACTIVITY:
            running_since = first_of_chain(_spans(_running_span, facts, thresholds), now) or entered_at
            return max(running_since, inactive_from(facts, thresholds))
        case CustomerStatus.SUSPENDED:
            known = first_of_chain(_spans(_suspension_span, facts, thresholds), now) or entered_at
            has_all = all(_suspension_span(e, thresholds)[0] <= now for e in basis[status])
            return known if has_all else min(known, entered_at)
        case _:
            span_of = _SPANS.get(status)
            return (first_of_chain(_spans(span_of, facts, thresholds), now) if span_of else None) or entered_at


def inactive_from(facts: CustomerFacts, thresholds: Thresholds) -> datetime:
    """Return the moment at which a customer without a further sign-in begins to count as inactive."""
    return add_clamped(facts.last_activity_at, timedelta(days=thresholds.no_recent_activity_days))


def expiring_from(entitlement: Entitlement, thresholds: Thresholds) -> datetime:
    """Return the moment from which the end of an entitlement that does not renew is soon."""
    return add_clamped(fixed_end(entitlement), -timedelta(days=thresholds.expiring_soon_days))


def first_of_chain(spans: Iterable[Span], now: datetime) -> datetime | None:
    """Return the beginning of the spans that reach `now` without a gap; None where no span contains `now`."""
    first = reached = None
    for begin, end in sorted(spans):
        if begin > now:
            break
        if reached is None or begin > reached:
            first, reached = begin, end
        else:
            reached = max(reached, end)
    return first if reached is not None and reached > now else None


SpanOf = Callable[[Entitlement, Thresholds], Span]
_NEVER: Span = (MAX_INSTANT, MAX_INSTANT)


def _spans(span_of: SpanOf, facts: CustomerFacts, thresholds: Thresholds) -> Iterator[Span]:
    for entitlement in facts.entitlements:
        begin, end = span_of(entitlement, thresholds)
        if begin < end:
            yield begin, end


def _end(entitlement: Entitlement) -> datetime:
    return MAX_INSTANT if renews(entitlement) else fixed_end(entitlement)


def _running_span(entitlement: Entitlement, _: Thresholds) -> Span:
    return (entitlement.starts_at, _end(entitlement)) if entitlement.set_up else _NEVER


def _trial_span(entitlement: Entitlement, thresholds: Thresholds) -> Span:
    return _running_span(entitlement, thresholds) if is_trial(entitlement) else _NEVER


def _active_subscription_span(entitlement: Entitlement, thresholds: Thresholds) -> Span:
    is_active = not (entitlement.suspended or is_trial(entitlement))
    return _running_span(entitlement, thresholds) if is_active else _NEVER


def _suspension_span(entitlement: Entitlement, _: Thresholds) -> Span:
    if not (entitlement.set_up and entitlement.suspended) or entitlement.suspended_at is None:
        return _NEVER
    return max(entitlement.starts_at, entitlement.suspended_at), _end(entitlement)


def _expiring_span(entitlement: Entitlement, thresholds: Thresholds) -> Span:
    if renews(entitlement) or not entitlement.set_up:
        return _NEVER
    return max(entitlement.starts_at, expiring_from(entitlement, thresholds)), fixed_end(entitlement)


def _setup_span(entitlement: Entitlement, _: Thresholds) -> Span:
    return _NEVER if entitlement.set_up else (entitlement.added_at, _end(entitlement))


_SPANS: Mapping[CustomerStatus, SpanOf] = {
    CustomerStatus.EXPIRING_SOON: _expiring_span,
    CustomerStatus.READY_FOR_ORDER_SETUP: _setup_span,
    CustomerStatus.TRIAL: _trial_span,
    CustomerStatus.SUBSCRIPTION: _active_subscription_span,
}
