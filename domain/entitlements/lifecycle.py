"""The state and the end of subscriptions and trials as functions of `now`.

Words: a *running* entitlement is ACTIVE or SUSPENDED; a *living* one is running, READY_FOR_SETUP or SCHEDULED. A
*renewing* subscription moves its end on by itself, term after term. Its end is computed from the first end, the one
that was delivered last, so a renewing subscription is never EXPIRED. Any other entitlement ends at its stored end, and
so does a subscription that has stopped renewing.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

from msgspec import Struct

from domain.time.instants import MAX_INSTANT, add_months
from domain.types import EntitlementState, Product, SubscriptionType

RUNNING_STATES = frozenset({EntitlementState.ACTIVE, EntitlementState.SUSPENDED})
# In Python 3.11 a member of an enumeration takes five times as long to read as a global name.
_TRIAL = SubscriptionType.TRIAL
_CANCELLED, _EXPIRED, _ACTIVE = EntitlementState.CANCELLED, EntitlementState.EXPIRED, EntitlementState.ACTIVE
LIVING_STATES = RUNNING_STATES | {EntitlementState.READY_FOR_SETUP, EntitlementState.SCHEDULED}

DEFAULT_TERM_MONTHS = 12
# A look-up takes a fifth of the time of a call of the enumeration; a list of customers has hundreds of lines.
PRODUCTS = {product.value: product for product in Product}
# The facts that decide when a subscription renews.
RENEWAL_FACTS = frozenset({"first_ends_at", "term_months", "auto_renew", "cancelled_at"})


class LicenseFigures(NamedTuple):
    """One licence line: ordered (`total`), assigned (may exceed total), used in the last seven days."""

    product: Product
    total: int
    assigned: int
    used: int
    name: str | None = None


class EntitlementTerms(Protocol):
    """The attributes that the rules of this module read; stored documents and `Entitlement` both have them."""

    @property
    def kind(self) -> str: ...
    @property
    def starts_at(self) -> datetime: ...
    @property
    def first_ends_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...
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


class Entitlement(Struct):
    """The facts of one subscription or trial.

    `first_ends_at` is the end before any renewal, `ends_at` the end that was reached at the last evaluation, and
    `renewals` counts the renewals that are recorded with their orders. `invoice_state` is that of the newest invoice
    that is not VOID, `overdue_invoice` the number of the oldest invoice that is OVERDUE; None without such an invoice.
    `has_renewal_backlog` is True where renewals of former terms are still to be recorded (`renewal_backlog.py`).
    """

    id: str
    number: str
    kind: str
    added_at: datetime
    starts_at: datetime
    first_ends_at: datetime
    ends_at: datetime
    renewals: int
    term_months: int | None
    auto_renew: bool
    set_up: bool
    suspended: bool
    suspended_at: datetime | None
    cancelled_at: datetime | None
    overdue_invoice: str | None
    licenses: Sequence[LicenseFigures]
    invoice_state: str | None = None
    has_renewal_backlog: bool = False


def read_license(line: Mapping[str, Any]) -> LicenseFigures:
    """Return a stored line."""
    product = PRODUCTS[line["product"]]
    return LicenseFigures(product, line["total"], line["assigned"], line["used"], line.get("name"))


def entitlement_from_document(document: Mapping[str, Any]) -> Entitlement:
    """Return the facts of a stored document."""
    return Entitlement(
        document["_id"],
        document["number"],
        document["kind"],
        document["added_at"],
        document["starts_at"],
        document["first_ends_at"],
        document["ends_at"],
        document["renewals"],
        document["term_months"],
        document["auto_renew"],
        document["set_up"],
        document["suspended"],
        document["suspended_at"],
        document["cancelled_at"],
        document["overdue_invoice"],
        list(map(read_license, document["licenses"])),
        document.get("invoice_state"),
        bool(document.get("renewal_backlog")),
    )


def is_trial(entitlement: EntitlementTerms) -> bool:
    """Return whether it is a trial and not a subscription."""
    return entitlement.kind == _TRIAL


def is_subscription(entitlement: EntitlementTerms) -> bool:
    """Return whether it is a subscription and not a trial."""
    return entitlement.kind != _TRIAL


def renews(entitlement: EntitlementTerms) -> bool:
    """Return whether its end moves on by itself; a cancellation, even for a future day, ends that."""
    return entitlement.auto_renew and entitlement.cancelled_at is None and entitlement.kind != _TRIAL


def count_renewals(entitlement: EntitlementTerms, now: datetime) -> int:
    """Return how often a renewing subscription has renewed by `now`: the smallest n whose end lies after `now`."""
    first = entitlement.first_ends_at
    if first > now:
        return 0
    # Begin one term before the estimate by whole months: clamped days can move an end by up to three days.
    months = (now.year - first.year) * 12 + now.month - first.month
    count = max(0, months // _term_months(entitlement) - 1)
    while end_after_renewals(entitlement, count) <= now:
        count += 1
    return count


def count_terms_until_end(entitlement: EntitlementTerms) -> int:
    """Return how many of its present terms begin before its stored end: renewals for time that is covered already."""
    return count_renewals(entitlement, entitlement.ends_at - timedelta(milliseconds=1))


def count_due_renewals(entitlement: Entitlement, now: datetime) -> int:
    """Return how many renewals have to be recorded by `now`; of one that has stopped renewing, those until its end."""
    if renews(entitlement):
        return count_renewals(entitlement, now)
    return entitlement.renewals if is_trial(entitlement) else count_terms_until_end(entitlement)


def _term_months(entitlement: EntitlementTerms) -> int:
    return entitlement.term_months or DEFAULT_TERM_MONTHS


def end_after_renewals(entitlement: EntitlementTerms, count: int) -> datetime:
    """Return the end after `count` renewals.

    It is computed from the first end in one step: a day that one month clamps (31 January → 28 February) returns in
    the next (31 March).
    """
    if count == 0:
        return entitlement.first_ends_at
    return add_months(entitlement.first_ends_at, count * _term_months(entitlement))


def effective_end(entitlement: EntitlementTerms, now: datetime) -> datetime:
    """Return its end as seen at `now`: for a renewing subscription the end of the current term."""
    if renews(entitlement):
        return end_after_renewals(entitlement, count_renewals(entitlement, now))
    return fixed_end(entitlement)


def fixed_end(entitlement: EntitlementTerms) -> datetime:
    """Return the end of an entitlement that does not renew: the earlier of its end and its cancellation."""
    cancelled = entitlement.cancelled_at
    return entitlement.ends_at if cancelled is None else min(entitlement.ends_at, cancelled)


def state_at(entitlement: EntitlementTerms, now: datetime) -> EntitlementState:
    """Return the state; where several apply, the first in the order of the checks."""
    cancelled = entitlement.cancelled_at
    if cancelled is not None and cancelled <= now:
        return _CANCELLED
    if entitlement.ends_at <= now and not renews(entitlement):
        return _EXPIRED
    if not entitlement.set_up:
        return EntitlementState.READY_FOR_SETUP
    if entitlement.starts_at > now:
        return EntitlementState.SCHEDULED
    return EntitlementState.SUSPENDED if entitlement.suspended else _ACTIVE


def is_running(entitlement: EntitlementTerms, now: datetime) -> bool:
    """Return whether it is ACTIVE or SUSPENDED."""
    return state_at(entitlement, now) in RUNNING_STATES


def is_living(entitlement: EntitlementTerms, now: datetime) -> bool:
    """Return whether it is running, READY_FOR_SETUP or SCHEDULED: neither cancelled nor expired."""
    cancelled = entitlement.cancelled_at
    if cancelled is not None and cancelled <= now:
        return False
    return entitlement.ends_at > now or renews(entitlement)


def next_renewal(entitlement: EntitlementTerms, now: datetime) -> datetime | None:
    """Return the next moment at which it renews by itself; None where it does not."""
    return effective_end(entitlement, now) if renews(entitlement) else None


def renewal_due_at(entitlement: Entitlement, now: datetime) -> datetime | None:
    """Return when its renewals have to be recorded: at the next renewal, or now where not all are recorded yet."""
    count = count_due_renewals(entitlement, now)
    if entitlement.has_renewal_backlog or entitlement.renewals < count:
        return now
    return end_after_renewals(entitlement, count) if renews(entitlement) else None


def state_transition_times(entitlement: EntitlementTerms) -> Iterator[datetime]:
    """Yield every moment at which its state changes: start, end (unless it renews) and cancellation."""
    yield entitlement.starts_at
    if not renews(entitlement):
        yield entitlement.ends_at
    if entitlement.cancelled_at is not None:
        yield entitlement.cancelled_at


def next_change_at(entitlement: EntitlementTerms, now: datetime) -> datetime:
    """Return the earliest moment after `now` at which time alone changes its state or its end; MAX_INSTANT for none."""
    times = [*state_transition_times(entitlement), next_renewal(entitlement, now) or MAX_INSTANT]
    return min((at for at in times if at > now), default=MAX_INSTANT)
