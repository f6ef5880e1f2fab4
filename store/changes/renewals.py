"""Brings an entitlement to the end that its renewals have reached: new end, count, orders and event."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.customers.reasons import entitlement_label
from domain.entitlements.lifecycle import Entitlement, count_renewals, end_after_renewals, entitlement_from_document
from domain.entitlements.orders import is_renewal_delivered
from domain.types import ActivityKind, OrderKind
from store.changes.system_orders import system_order
from store.database.client import Document
from store.events.log import EventDraft

# A subscription of one-month terms whose first end is a century ago would otherwise add 1,200 orders in one import.
MAX_RENEWAL_ORDERS = 120


@dataclass(frozen=True, slots=True)
class Renewal:
    """The changes of one entitlement; `replaces_orders` where the renewal orders stored so far are no longer right."""

    ends_at: datetime
    renewals: int
    orders: Sequence[Document] = ()
    draft: EventDraft | None = None
    replaces_orders: bool = False


def compute_renewal(entitlement: Document, now: datetime) -> Renewal | None:
    """Return what changes on the entitlement so that its end and renewals are those of `now`; None where nothing."""
    if not entitlement["auto_renew"]:
        first_end = entitlement["first_ends_at"]
        return None if entitlement["ends_at"] == first_end else Renewal(first_end, 0)
    terms = entitlement_from_document(entitlement)
    count = count_renewals(terms, now)
    end, stored = end_after_renewals(terms, count), entitlement["renewals"]
    if count == stored and entitlement["ends_at"] == end:
        return None
    replaces_orders = count < stored
    first = 0 if replaces_orders else stored
    orders = _renewal_orders(entitlement, terms, first, count)
    return Renewal(end, count, orders, _draft_event(terms, count) if count > first else None, replaces_orders)


def _renewal_orders(entitlement: Document, terms: Entitlement, first: int, last: int) -> list[Document]:
    """One order for each term after the `first` to the `last`, except for terms whose renewal was delivered."""
    delivered = [order["placed_at"] for order in entitlement.get("renewal_orders", ())]
    orders = []
    for term in range(max(first, last - MAX_RENEWAL_ORDERS) + 1, last + 1):
        at = end_after_renewals(terms, term - 1)
        if not is_renewal_delivered(delivered, at, terms.term_months):
            orders.append(system_order(entitlement, f"{entitlement['number']}-R{term}", OrderKind.RENEWAL, at))
    return orders


def _draft_event(terms: Entitlement, count: int) -> EventDraft:
    """One event for all terms since the last evaluation, dated at the latest renewal."""
    at, end = end_after_renewals(terms, count - 1), end_after_renewals(terms, count)
    summary = f"{entitlement_label(terms)} renewed until {end.date().isoformat()}"
    return EventDraft(ActivityKind.SUBSCRIPTION_RENEWED, terms.id, summary, {"ends_at": [at, end]}, at)
