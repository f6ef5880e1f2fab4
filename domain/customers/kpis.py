"""The KPIs: figures over customers, each with the condition that says which customers stand behind it."""

from collections.abc import Mapping
from enum import StrEnum

from domain.customers.filter import AllOf, Condition, HasKey
from domain.customers.holding_conditions import HasLowAssignment, HoldingEndsWithin
from domain.customers.keys import dimension_key
from domain.entitlements.holdings import ANY_HOLDING_KEY, EXPIRING, RENEWING, overage_key
from domain.types import AnalyticsProduct

_DIMENSION = "holding"


class KpiName(StrEnum):
    """A figure of PartnerKpis."""

    TOTAL_CUSTOMERS = "TOTAL_CUSTOMERS"
    NEARING_EXPIRATION = "NEARING_EXPIRATION"
    NEARING_RENEWAL = "NEARING_RENEWAL"
    LOW_LICENSE_ASSIGNMENT = "LOW_LICENSE_ASSIGNMENT"
    OVER_LICENSE_LIMIT = "OVER_LICENSE_LIMIT"


def analytics_products(product: AnalyticsProduct | None) -> tuple[str, ...]:
    """The products whose lines count: the given one, or both."""
    return tuple(map(str, AnalyticsProduct)) if product is None else (str(product),)


def kpi_condition(
    name: KpiName, product: AnalyticsProduct | None, thresholds: Mapping[str, float | None] | None = None
) -> AllOf:
    """Which customers are counted; `thresholds` by product are those of now, for LOW_LICENSE_ASSIGNMENT alone."""
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
            known = [(one, (thresholds or {}).get(one)) for one in products]
            condition = HasLowAssignment(products, tuple((one, limit) for one, limit in known if limit is not None))
        case KpiName.OVER_LICENSE_LIMIT:
            condition = HasKey(_DIMENSION, tuple(map(overage_key, products)))
    return AllOf((condition,))
