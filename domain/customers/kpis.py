"""The KPIs: figures over customers, each with the condition that says which customers stand behind it."""

from collections.abc import Mapping
from enum import StrEnum

from domain.customers.filter import AllOf, Condition, HasKey
from domain.customers.holding_conditions import EndsWithin, IsLow
from domain.customers.keys import dimension_key
from domain.entitlements.holdings import EXPIRING, HOLDS_ANY, RENEWING, over_key
from domain.types import AnalyticsProduct

_DIMENSION = "holding"


class KpiName(StrEnum):
    """A figure of PartnerKpis."""

    TOTAL_CUSTOMERS = "TOTAL_CUSTOMERS"
    NEARING_EXPIRATION = "NEARING_EXPIRATION"
    NEARING_RENEWAL = "NEARING_RENEWAL"
    LOW_LICENSE_ASSIGNMENT = "LOW_LICENSE_ASSIGNMENT"
    OVER_LICENSE_LIMIT = "OVER_LICENSE_LIMIT"


def products_of(product: AnalyticsProduct | None) -> tuple[str, ...]:
    """The products whose lines count: the given one, or both."""
    return tuple(map(str, AnalyticsProduct)) if product is None else (str(product),)


def kpi_condition(
    name: KpiName, product: AnalyticsProduct | None, thresholds: Mapping[str, float | None] | None = None
) -> AllOf:
    """Which customers are counted; `thresholds` by product are those of now, for LOW_LICENSE_ASSIGNMENT alone."""
    products = products_of(product)
    condition: Condition
    match name:
        case KpiName.TOTAL_CUSTOMERS:
            keys = (HOLDS_ANY,) if product is None else (dimension_key("running", str(product)),)
            condition = HasKey(_DIMENSION, keys)
        case KpiName.NEARING_EXPIRATION:
            condition = EndsWithin(EXPIRING, products)
        case KpiName.NEARING_RENEWAL:
            condition = EndsWithin(RENEWING, products)
        case KpiName.LOW_LICENSE_ASSIGNMENT:
            known = [(one, (thresholds or {}).get(one)) for one in products]
            condition = IsLow(products, tuple((one, limit) for one, limit in known if limit is not None))
        case KpiName.OVER_LICENSE_LIMIT:
            condition = HasKey(_DIMENSION, tuple(map(over_key, products)))
    return AllOf((condition,))
