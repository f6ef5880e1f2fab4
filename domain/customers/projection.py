"""The projection: the fields of a customer's document that follow from its facts at one moment.

They are statuses with their reasons, holdings, sort keys, and the moment of the next evaluation. The write path stores
them in the same transaction as the facts, so that lists and KPIs need no other collection.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from domain.customers.reasons import find_reason, reason_to_document, sort_by_end
from domain.customers.status_since import find_since
from domain.customers.statuses import CustomerFacts, EnteredAt, StatusBasis, Thresholds
from domain.customers.transitions import next_transition_at
from domain.entitlements.holdings import next_peer_eligibility_at, summarize_holdings
from domain.entitlements.lifecycle import (
    LIVING_STATES,
    RUNNING_STATES,
    Entitlement,
    effective_end,
    renewal_due_at,
    renews,
    state_at,
)
from domain.text.words import MAX_SEARCHED_NUMBERS
from domain.time.instants import MAX_INSTANT
from domain.types import PRODUCTS, URGENCY_RANK, SubscriptionType

# The urgency rank of a customer without a status: after all others.
NO_STATUS_RANK = len(URGENCY_RANK)


def project_fields(
    facts: CustomerFacts, basis: StatusBasis, entered_at: EnteredAt, thresholds: Thresholds, now: datetime
) -> dict[str, Any]:
    """Return the stored fields; enums by name, instants in naive UTC.

    `*_sort` fields replace null by a value that sorts last in ascending order. `next_evaluation_at` is the earliest
    moment at which time alone changes a field, or None.
    """
    urgency = min((URGENCY_RANK[status] for status in basis), default=None)
    entitlement_fields = _project_entitlements(facts, now)
    changes = (
        next_transition_at(facts, thresholds, now),
        next_peer_eligibility_at(entitlement_fields["holdings"], now),
    )
    return {
        "statuses": [str(status) for status in basis],
        "status_details": _status_details(facts, basis, entered_at, thresholds, now),
        "urgency": urgency,
        "urgency_sort": NO_STATUS_RANK if urgency is None else urgency,
        "sign_in_sort": facts.last_sign_in_at or MAX_INSTANT,
        "evaluated_at": now,
        "next_evaluation_at": min((at for at in changes if at is not None), default=None),
        **entitlement_fields,
    }


def _status_details(
    facts: CustomerFacts, basis: StatusBasis, entered_at: EnteredAt, thresholds: Thresholds, now: datetime
) -> list[dict[str, Any]]:
    since = find_since(facts, basis, entered_at, thresholds, now)
    details = []
    for status, entitlements in basis.items():
        by_end = sort_by_end(entitlements, now)
        details.append(
            {
                "status": str(status),
                "since": since[status],
                "entered_at": entered_at[status],
                "reason": reason_to_document(find_reason(status, by_end, facts, now)),
                "entitlement_ids": [entitlement.id for entitlement in by_end],
            }
        )
    return details


def _project_entitlements(facts: CustomerFacts, now: datetime) -> Mapping[str, Any]:
    """Return the fields that follow from the entitlements; those of a removed customer are empty."""
    states = [(e, state_at(e, now)) for e in (() if facts.is_removed(now) else facts.entitlements)]
    living = [e for e, state in states if state in LIVING_STATES]
    running = [e for e, state in states if state in RUNNING_STATES]
    products = {line.product for e in living for line in e.licenses}
    running_products = {line.product for e in running for line in e.licenses}
    ends = [(e, effective_end(e, now)) for e in running]
    soonest = min((end for _, end in ends), default=None)
    return {
        "products": [str(product) for product in PRODUCTS if product in products],
        "running_products": [str(product) for product in PRODUCTS if product in running_products],
        "holdings": summarize_holdings(ends),
        "subscription_types": [str(kind) for kind in SubscriptionType if any(e.kind == kind for e in living)],
        "next_expiry_at": soonest,
        "next_expiry_sort": soonest or MAX_INSTANT,
        "expiring_ends": sorted({end for e, end in ends if not renews(e)}),
        "renewing_ends": sorted({end for e, end in ends if renews(e)}),
        "invoice_states": sorted({e.invoice_state for e in living if e.invoice_state is not None}),
        "living_numbers": [e.number for e in sorted(living, key=_newest_first)[:MAX_SEARCHED_NUMBERS]],
        "next_renewal_at": min((at for e, _ in states if (at := renewal_due_at(e, now)) is not None), default=None),
    }


def _newest_first(entitlement: Entitlement) -> tuple[timedelta, str]:
    return MAX_INSTANT - entitlement.added_at, entitlement.number
