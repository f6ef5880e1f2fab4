"""The conditions of KPIs, on the keys and holdings of customers."""

from datetime import datetime
from typing import Any

import pytest

from domain.customers.conditions import AllOf, Condition, HasKey
from domain.customers.filter import find_time_conditions, parse_filter
from domain.customers.holding_conditions import HasLowAssignment, HoldingEndsWithin
from domain.customers.kpis import KpiKind, analytics_products, kpi_condition
from domain.customers.simplification import simplify
from domain.types import AnalyticsProduct

BOTH = ("MEETINGS", "CALLING")
CALLING = AnalyticsProduct.CALLING


def test_without_a_product_all_analytics_products_count() -> None:
    assert analytics_products(None) == BOTH
    assert analytics_products(CALLING) == ("CALLING",)


@pytest.mark.parametrize(
    ("name", "product", "condition"),
    [
        (KpiKind.TOTAL_CUSTOMERS, None, HasKey("holding", ("holds:any",))),
        (KpiKind.TOTAL_CUSTOMERS, CALLING, HasKey("holding", ("running:CALLING",))),
        (KpiKind.NEARING_EXPIRATION, None, HoldingEndsWithin("expiring", BOTH)),
        (KpiKind.NEARING_RENEWAL, CALLING, HoldingEndsWithin("renewing", ("CALLING",))),
        (KpiKind.OVER_LICENSE_LIMIT, None, HasKey("holding", ("holds:over:MEETINGS", "holds:over:CALLING"))),
        (KpiKind.LOW_LICENSE_ASSIGNMENT, None, HasLowAssignment(BOTH)),
    ],
)
def test_each_kpi_has_its_condition(name: KpiKind, product: AnalyticsProduct | None, condition: Condition) -> None:
    assert kpi_condition(name, product) == condition


def test_only_thresholds_that_exist_are_part_of_the_condition() -> None:
    low = HasLowAssignment(BOTH)
    assert low.with_thresholds({"MEETINGS": None, "CALLING": 0.0}) == HasLowAssignment(BOTH, (("CALLING", 0.0),))
    assert HasLowAssignment(("MEETINGS",)).with_thresholds({"CALLING": 0.5}) == HasLowAssignment(("MEETINGS",), ())


def test_a_condition_without_thresholds_is_not_taken_for_one_that_nothing_matches() -> None:
    low = HasLowAssignment(BOTH)
    assert simplify(low) == low
    with pytest.raises(ValueError, match="not read"):
        low.keys(datetime(2026, 11, 22))


@pytest.mark.parametrize(
    ("kpi", "condition"),
    [
        ({"kind": KpiKind.NEARING_RENEWAL}, HoldingEndsWithin("renewing", BOTH)),
        ({"kind": "NEARING_RENEWAL", "product": "CALLING"}, HoldingEndsWithin("renewing", ("CALLING",))),
        ({"kind": KpiKind.LOW_LICENSE_ASSIGNMENT, "product": None}, HasLowAssignment(BOTH)),
    ],
)
def test_a_filter_reads_a_kpi_as_a_client_or_a_saved_view_gives_it(kpi: dict[str, Any], condition: Condition) -> None:
    assert parse_filter({"kpi": kpi}) == AllOf((condition,))
    assert list(find_time_conditions({"any_of": [{"not_": {"kpi": kpi}}]})) == ["kpi"]
