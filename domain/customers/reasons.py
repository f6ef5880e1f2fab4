"""The reason of a status: one English sentence, stored with the status."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from domain.customers.statuses import CustomerFacts
from domain.entitlements.lifecycle import Entitlement, effective_end, ended_at, is_trial, renews
from domain.text.sentences import join_names
from domain.types import CustomerStatus, Product

PRODUCT_NAMES = {
    Product.MEETINGS: "Meetings",
    Product.CALLING: "Calling",
    Product.MESSAGING: "Messaging",
    Product.REAL_TIME_TRANSLATIONS: "Real-time Translations",
}


def join_product_names(products: Iterable[str]) -> str:
    """Return product names for a sentence: `Meetings, Calling and Messaging`."""
    return join_names(PRODUCT_NAMES[Product(product)] for product in products)


def entitlement_label(entitlement: Entitlement) -> str:
    """Return `Trial TRI-7` or `Subscription SUB-1042`."""
    return f"{'Trial' if is_trial(entitlement) else 'Subscription'} {entitlement.number}"


def explain_status(status: CustomerStatus, basis: Sequence[Entitlement], facts: CustomerFacts, now: datetime) -> str:
    """Return the sentence about the first entitlement of the basis, and how many more there are.

    Sort the basis by `sort_by_end` before.
    """
    if status is CustomerStatus.NO_RECENT_ACTIVITY:
        return _explain_inactivity(facts)
    more = len(basis) - 1
    return _explain_entitlement(status, basis[0], now) + (f", and {more} more" if more else "")


def sort_by_end(basis: Sequence[Entitlement], now: datetime) -> list[Entitlement]:
    """Return the entitlements with the soonest end first, then by number."""
    return sorted(basis, key=lambda e: (effective_end(e, now), e.number)) if len(basis) > 1 else list(basis)


def _explain_inactivity(facts: CustomerFacts) -> str:
    if facts.last_sign_in_at is None:
        return f"No administrator has signed in since the customer was added on {_day(facts.created_at)}"
    return f"No administrator has signed in since {_day(facts.last_sign_in_at)}"


def _explain_entitlement(status: CustomerStatus, entitlement: Entitlement, now: datetime) -> str:
    name = entitlement_label(entitlement)
    match status:
        case CustomerStatus.SUSPENDED:
            return f"{name} is suspended"
        case CustomerStatus.LICENSE_OVERAGE:
            worst = max(entitlement.licenses, key=lambda line: line.assigned - line.total)
            product = PRODUCT_NAMES[worst.product]
            return f"{name} has {worst.assigned} {product} licenses assigned and {worst.total} ordered"
        case CustomerStatus.EXPIRED:
            verb = "ended" if entitlement.cancelled_at is None or entitlement.cancelled_at > now else "was cancelled"
            return f"{name} {verb} on {_day(ended_at(entitlement, now))}"
        case CustomerStatus.READY_FOR_ORDER_SETUP:
            return f"{name} is ready to be set up"
        case _:
            verb = "renews" if renews(entitlement) else "ends"
            return f"{name} {verb} on {_day(effective_end(entitlement, now))}"


def _day(instant: datetime) -> str:
    return instant.date().isoformat()
