"""The KPIs, each with the condition of the customers it counts.

One condition serves both the count and the list of customers, so that the two always agree.
"""

from enum import StrEnum

from domain.customers.conditions import Condition, HasKey
from domain.customers.holding_conditions import HasLowAssignment, HoldingEndsWithin
from domain.customers.keys import dimension_key
from domain.entitlements.holdings import ANY_HOLDING_KEY, EXPIRING, RENEWING, overage_key
from domain.types import AnalyticsProduct

_DIMENSION = "holding"


class KpiKind(StrEnum):
    """A KPI of the API's PartnerKpis."""

    TOTAL_CUSTOMERS = "TOTAL_CUSTOMERS"
    NEARING_EXPIRATION = "NEARING_EXPIRATION"
    NEARING_RENEWAL = "NEARING_RENEWAL"
    LOW_LICENSE_ASSIGNMENT = "LOW_LICENSE_ASSIGNMENT"
    OVER_LICENSE_LIMIT = "OVER_LICENSE_LIMIT"


def analytics_products(product: AnalyticsProduct | None) -> tuple[str, ...]:
    """Return the products whose lines count: the given one, or all analytics products."""
    return tuple(map(str, AnalyticsProduct)) if product is None else (str(product),)


def kpi_condition(name: KpiKind, product: AnalyticsProduct | None) -> Condition:
    """Return the condition of the counted customers; that of LOW_LICENSE_ASSIGNMENT has no thresholds yet."""
    products = analytics_products(product)
    match name:
        case KpiKind.TOTAL_CUSTOMERS:
            keys = (ANY_HOLDING_KEY,) if product is None else (dimension_key("running", str(product)),)
            return HasKey(_DIMENSION, keys)
        case KpiKind.NEARING_EXPIRATION:
            return HoldingEndsWithin(EXPIRING, products)
        case KpiKind.NEARING_RENEWAL:
            return HoldingEndsWithin(RENEWING, products)
        case KpiKind.LOW_LICENSE_ASSIGNMENT:
            return HasLowAssignment(products)
        case KpiKind.OVER_LICENSE_LIMIT:
            return HasKey(_DIMENSION, tuple(map(overage_key, products)))
