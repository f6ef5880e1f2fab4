"""The KPIs, each with the condition of the customers it counts.

One condition serves both the count and the list of customers, so that the two always agree.
"""

from collections.abc import Mapping
from enum import StrEnum

from domain.customers.conditions import AllOf, Condition, HasKey
from domain.customers.holding_conditions import HasLowAssignment, HoldingEndsWithin
from domain.customers.keys import dimension_key
from domain.entitlements.holdings import ANY_HOLDING_KEY, EXPIRING, RENEWING, overage_key
from domain.types import AnalyticsProduct

_DIMENSION = "holding"


class KpiName(StrEnum):
    """A KPI of the API's PartnerKpis."""

    TOTAL_CUSTOMERS = "TOTAL_CUSTOMERS"
    NEARING_EXPIRATION = "NEARING_EXPIRATION"
    NEARING_RENEWAL = "NEARING_RENEWAL"
    LOW_LICENSE_ASSIGNMENT = "LOW_LICENSE_ASSIGNMENT"
    OVER_LICENSE_LIMIT = "OVER_LICENSE_LIMIT"


def analytics_products(product: AnalyticsProduct | None) -> tuple[str, ...]:
    """Return the products whose lines count: the given one, or all analytics products."""
    return tuple(map(str, AnalyticsProduct)) if product is None else (str(product),)


def kpi_condition(
    name: KpiName, product: AnalyticsProduct | None, thresholds: Mapping[str, float | None] | None = None
) -> AllOf:
    """Return the condition of the counted customers.

    `thresholds` are the peer group thresholds by product; only LOW_LICENSE_ASSIGNMENT reads them, and a product without
    a threshold has no low line.
    """
    products = analytics_products(product)
    condition: Condition
    match name:
        case KpiName.TOTAL_CUSTOMERS:
            keys = (ANY_HOLDING_KEY,) if product is None else (dimension_key("running", str(product)),)
            condition = HasKey(_DIMENSION, keys)
        case KpiName.NEARING_EXPIRATION:
            condition = HoldingEndsWithin(EXPIRING, products)
        case KpiName.NEARING_RENEWAL:
            condition = HoldingEndsWithin(RENEWING, products)
        case KpiName.LOW_LICENSE_ASSIGNMENT:
            limits = [(code, (thresholds or {}).get(code)) for code in products]
            condition = HasLowAssignment(products, tuple((code, limit) for code, limit in limits if limit is not None))
        case KpiName.OVER_LICENSE_LIMIT:
            condition = HasKey(_DIMENSION, tuple(map(overage_key, products)))
    return AllOf((condition,))
