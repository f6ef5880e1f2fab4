"""All that a customer's document says beside its facts: statuses with their reasons, what it holds, what turns next."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from domain.customers.reasons import ordered, reason
from domain.customers.statuses import Basis, CustomerFacts, Since, Thresholds, next_moment
from domain.entitlements.holdings import grows_old_at, holdings_of
from domain.entitlements.lifecycle import LIVING, RUNNING, end_at, is_trial, next_renewal, renews, state_at
from domain.time.instants import FOREVER
from domain.types import URGENCY_RANK, Product, SubscriptionType

NO_URGENCY = len(URGENCY_RANK)


def derived_fields(
    facts: CustomerFacts, basis: Basis, since: Since, thresholds: Thresholds, now: datetime
) -> dict[str, Any]:
    """The stored fields that follow from the facts at this moment; enums by name, instants in naive UTC."""
    urgency = min((URGENCY_RANK[status] for status in basis), default=None)
    held = _holdings(facts, now)
    turns = (next_moment(facts, thresholds, now), grows_old_at(held["holdings"], now))
    return {
        "statuses": [str(status) for status in basis],
        "status_details": _details(facts, basis, since, now),
        "urgency": urgency,
        "urgency_or_none": NO_URGENCY if urgency is None else urgency,
        "sign_in_or_never": facts.last_sign_in_at or FOREVER,
        "evaluated_at": now,
        "next_evaluation_at": min((moment for moment in turns if moment is not None), default=None),
        **held,
    }


def _details(facts: CustomerFacts, basis: Basis, since: Since, now: datetime) -> list[dict[str, Any]]:
    details = []
    for status, entitlements in basis.items():
        rests_on = ordered(entitlements, now)
        details.append(
            {
                "status": str(status),
                "since": since[status],
                "reason": reason(status, rests_on, facts, now),
                "entitlement_ids": [entitlement.id for entitlement in rests_on],
            }
        )
    return details


def _holdings(facts: CustomerFacts, now: datetime) -> Mapping[str, Any]:
    removed = facts.removed_at is not None and facts.removed_at <= now
    states = [(e, state_at(e, now)) for e in (() if removed else facts.entitlements)]
    living = [e for e, state in states if state in LIVING]
    running = [e for e, state in states if state in RUNNING]
    products = {line.product for e in living for line in e.licenses}
    running_products = {line.product for e in running for line in e.licenses}
    ends = [(e, end_at(e, now)) for e in running]
    soonest = min((end for _, end in ends), default=None)
    return {
        "products": [str(product) for product in Product if product in products],
        "running_products": [str(product) for product in Product if product in running_products],
        "holdings": holdings_of(ends),
        "subscription_types": [str(t) for t in SubscriptionType if any(e.kind == t for e in living)],
        "next_expiry_at": soonest,
        "next_expiry_or_never": soonest or FOREVER,
        "expiring_ends": sorted({end for e, end in ends if is_trial(e) or not renews(e)}),
        "next_renewal_at": min((m for e in living if (m := next_renewal(e, now)) is not None), default=None),
    }
