"""All that a customer's document says beside its facts: statuses with their reasons, what it holds, what turns next."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from domain.customers.reasons import explain_status, sort_by_end
from domain.customers.statuses import CustomerFacts, StatusBasis, StatusSince, Thresholds
from domain.customers.transitions import next_transition_at
from domain.entitlements.holdings import next_peer_eligibility_at, summarize_holdings
from domain.entitlements.lifecycle import (
    LIVING_STATES,
    RUNNING_STATES,
    effective_end,
    is_trial,
    next_renewal,
    renews,
    state_at,
)
from domain.time.instants import MAX_INSTANT
from domain.types import URGENCY_RANK, Product, SubscriptionType

NO_URGENCY = len(URGENCY_RANK)


def project_fields(
    facts: CustomerFacts, basis: StatusBasis, since: StatusSince, thresholds: Thresholds, now: datetime
) -> dict[str, Any]:
    """The stored fields that follow from the facts at this moment; enums by name, instants in naive UTC."""
    urgency = min((URGENCY_RANK[status] for status in basis), default=None)
    held = _holdings(facts, now)
    turns = (next_transition_at(facts, thresholds, now), next_peer_eligibility_at(held["holdings"], now))
    return {
        "statuses": [str(status) for status in basis],
        "status_details": _details(facts, basis, since, now),
        "urgency": urgency,
        "urgency_sort": NO_URGENCY if urgency is None else urgency,
        "sign_in_sort": facts.last_sign_in_at or MAX_INSTANT,
        "evaluated_at": now,
        "next_evaluation_at": min((moment for moment in turns if moment is not None), default=None),
        **held,
    }


def _details(facts: CustomerFacts, basis: StatusBasis, since: StatusSince, now: datetime) -> list[dict[str, Any]]:
    details = []
    for status, entitlements in basis.items():
        rests_on = sort_by_end(entitlements, now)
        details.append(
            {
                "status": str(status),
                "since": since[status],
                "reason": explain_status(status, rests_on, facts, now),
                "entitlement_ids": [entitlement.id for entitlement in rests_on],
            }
        )
    return details


def _holdings(facts: CustomerFacts, now: datetime) -> Mapping[str, Any]:
    removed = facts.removed_at is not None and facts.removed_at <= now
    states = [(e, state_at(e, now)) for e in (() if removed else facts.entitlements)]
    living = [e for e, state in states if state in LIVING_STATES]
    running = [e for e, state in states if state in RUNNING_STATES]
    products = {line.product for e in living for line in e.licenses}
    running_products = {line.product for e in running for line in e.licenses}
    ends = [(e, effective_end(e, now)) for e in running]
    soonest = min((end for _, end in ends), default=None)
    return {
        "products": [str(product) for product in Product if product in products],
        "running_products": [str(product) for product in Product if product in running_products],
        "holdings": summarize_holdings(ends),
        "subscription_types": [str(t) for t in SubscriptionType if any(e.kind == t for e in living)],
        "next_expiry_at": soonest,
        "next_expiry_sort": soonest or MAX_INSTANT,
        "expiring_ends": sorted({end for e, end in ends if is_trial(e) or not renews(e)}),
        "next_renewal_at": min((m for e in living if (m := next_renewal(e, now)) is not None), default=None),
    }
