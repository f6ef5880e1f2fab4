"""The conditions of KPIs, on the keys and holdings of customers."""

import pytest

from domain.customers.conditions import AllOf, HasKey
from domain.customers.holding_conditions import HasLowAssignment, HoldingEndsWithin
from domain.customers.kpis import KpiName, analytics_products, kpi_condition
from domain.types import AnalyticsProduct

BOTH = ("MEETINGS", "CALLING")
CALLING = AnalyticsProduct.CALLING


def test_without_a_product_all_analytics_products_count() -> None:
    assert analytics_products(None) == BOTH
    assert analytics_products(CALLING) == ("CALLING",)


@pytest.mark.parametrize(
    ("name", "product", "condition"),
    [
        (KpiName.TOTAL_CUSTOMERS, None, HasKey("holding", ("holds:any",))),
        (KpiName.TOTAL_CUSTOMERS, CALLING, HasKey("holding", ("running:CALLING",))),
        (KpiName.NEARING_EXPIRATION, None, HoldingEndsWithin("expiring", BOTH)),
        (KpiName.NEARING_RENEWAL, CALLING, HoldingEndsWithin("renewing", ("CALLING",))),
        (KpiName.OVER_LICENSE_LIMIT, None, HasKey("holding", ("holds:over:MEETINGS", "holds:over:CALLING"))),
        (KpiName.LOW_LICENSE_ASSIGNMENT, None, HasLowAssignment(BOTH, ())),
    ],
)
def test_each_kpi_has_its_condition(name: KpiName, product: AnalyticsProduct | None, condition: object) -> None:
    assert kpi_condition(name, product) == AllOf((condition,))  # type: ignore[arg-type]


def test_only_thresholds_that_exist_are_part_of_the_condition() -> None:
    thresholds = {"MEETINGS": None, "CALLING": 0.0}
    condition = kpi_condition(KpiName.LOW_LICENSE_ASSIGNMENT, None, thresholds)
    assert condition == AllOf((HasLowAssignment(BOTH, (("CALLING", 0.0),)),))
    meetings = kpi_condition(KpiName.LOW_LICENSE_ASSIGNMENT, AnalyticsProduct.MEETINGS, {"CALLING": 0.5})
    assert meetings == AllOf((HasLowAssignment(("MEETINGS",), ()),))
