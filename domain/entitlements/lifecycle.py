"""The state and the end of subscriptions and trials as functions of `now`.

Words: a *running* entitlement is ACTIVE or SUSPENDED; a *living* one is running, READY_FOR_SETUP or SCHEDULED. A
*renewing* subscription moves its end on by itself, term after term. So its end is not stored: it is computed from the
first end, and a renewing subscription is never EXPIRED.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from domain.time.instants import add_months
from domain.types import EntitlementState, Product, SubscriptionType

RUNNING_STATES = frozenset({EntitlementState.ACTIVE, EntitlementState.SUSPENDED})
LIVING_STATES = RUNNING_STATES | {EntitlementState.READY_FOR_SETUP, EntitlementState.SCHEDULED}


class LicenseFigures(NamedTuple):
    """The licences of one product: ordered (`total`), assigned (may exceed total), used in the last seven days."""

    product: Product
    total: int
    assigned: int
    used: int


class EntitlementTerms(Protocol):
    """The attributes that the rules of this module read; stored documents and `Entitlement` both have them."""

    @property
    def kind(self) -> str: ...
    @property
    def starts_at(self) -> datetime: ...
    @property
    def first_ends_at(self) -> datetime: ...
    @property
    def term_months(self) -> int | None: ...
    @property
    def auto_renew(self) -> bool: ...
    @property
    def set_up(self) -> bool: ...
    @property
    def suspended(self) -> bool: ...
    @property
    def cancelled_at(self) -> datetime | None: ...


@dataclass(slots=True)
class Entitlement:
    """The facts of one subscription or trial; `first_ends_at` is the end before any renewal.

    `invoice_state` is that of the newest invoice that is not VOID; None without such an invoice.
    """

    id: str
    number: str
    kind: str
    added_at: datetime
    starts_at: datetime
    first_ends_at: datetime
    term_months: int | None
    auto_renew: bool
    set_up: bool
    suspended: bool
    cancelled_at: datetime | None
    licenses: Sequence[LicenseFigures]
    invoice_state: str | None = None


def entitlement_from_document(document: Mapping[str, Any]) -> Entitlement:
    """Return the facts of a stored document."""
    lines = [
        LicenseFigures(Product(line["product"]), line["total"], line["assigned"], line["used"])
        for line in document["licenses"]
    ]
    return Entitlement(
        document["_id"],
        document["number"],
        document["kind"],
        document["added_at"],
        document["starts_at"],
        document["first_ends_at"],
        document["term_months"],
        document["auto_renew"],
        document["set_up"],
        document["suspended"],
        document["cancelled_at"],
        lines,
        document.get("invoice_state"),
    )


def is_trial(entitlement: EntitlementTerms) -> bool:
    """Return whether it is a trial and not a subscription."""
    return entitlement.kind == SubscriptionType.TRIAL


def renews(entitlement: EntitlementTerms) -> bool:
    """Return whether its end moves on by itself."""
    return entitlement.auto_renew and not is_trial(entitlement)


def count_renewals(entitlement: EntitlementTerms, now: datetime) -> int:
    """Return how often it has renewed by `now`: the smallest n whose end lies after `now`.

    A subscription that was cancelled does not renew any more at or after its cancellation.
    """
    first = entitlement.first_ends_at
    if first > now or not renews(entitlement):
        return 0
    term = entitlement.term_months or 12
    # Begin one term before the estimate by whole months: clamped days can move an end by up to three days.
    last = now if entitlement.cancelled_at is None else min(now, entitlement.cancelled_at)
    months = (last.year - first.year) * 12 + last.month - first.month
    count = max(0, months // term - 1)
    while not _is_last_end(entitlement, add_months(first, count * term), now):
        count += 1
    return count


def _is_last_end(entitlement: EntitlementTerms, end: datetime, now: datetime) -> bool:
    cancelled = entitlement.cancelled_at
    return end > now or (cancelled is not None and end >= cancelled)


def end_after_renewals(entitlement: EntitlementTerms, count: int) -> datetime:
    """Return the end after `count` renewals.

    It is computed from the first end in one step: a day that one month clamps (31 January → 28 February) returns in
    the next (31 March).
    """
    if count == 0:
        return entitlement.first_ends_at
    return add_months(entitlement.first_ends_at, count * (entitlement.term_months or 12))


def effective_end(entitlement: EntitlementTerms, now: datetime) -> datetime:
    """Return its end as seen at `now`: for a renewing subscription the end of the current term."""
    return end_after_renewals(entitlement, count_renewals(entitlement, now))


def state_at(entitlement: EntitlementTerms, now: datetime) -> EntitlementState:
    """Return the state; where several apply, the first in the order of the checks."""
    cancelled = entitlement.cancelled_at
    if cancelled is not None and cancelled <= now:
        return EntitlementState.CANCELLED
    if entitlement.first_ends_at <= now and not renews(entitlement):
        return EntitlementState.EXPIRED
    if not entitlement.set_up:
        return EntitlementState.READY_FOR_SETUP
    if entitlement.starts_at > now:
        return EntitlementState.SCHEDULED
    return EntitlementState.SUSPENDED if entitlement.suspended else EntitlementState.ACTIVE


def is_running(entitlement: EntitlementTerms, now: datetime) -> bool:
    """Return whether it is ACTIVE or SUSPENDED."""
    return state_at(entitlement, now) in RUNNING_STATES


def is_living(entitlement: EntitlementTerms, now: datetime) -> bool:
    """Return whether it is running, READY_FOR_SETUP or SCHEDULED."""
    return state_at(entitlement, now) in LIVING_STATES


def ended_at(entitlement: EntitlementTerms, now: datetime) -> datetime:
    """Return when an entitlement that is not living any more ended: the earlier of its end and its cancellation."""
    end = effective_end(entitlement, now)
    cancelled = entitlement.cancelled_at
    return end if cancelled is None else min(end, cancelled)


def next_renewal(entitlement: EntitlementTerms, now: datetime) -> datetime | None:
    """Return the next moment at which it renews by itself; None where it does not."""
    if not renews(entitlement):
        return None
    cancelled = entitlement.cancelled_at
    end = effective_end(entitlement, now)
    return end if end > now and (cancelled is None or end < cancelled) else None


def state_transition_times(entitlement: EntitlementTerms) -> Iterator[datetime]:
    """Yield every moment at which its state changes: start, end (unless it renews) and cancellation."""
    yield entitlement.starts_at
    if not renews(entitlement):
        yield entitlement.first_ends_at
    if entitlement.cancelled_at is not None:
        yield entitlement.cancelled_at
