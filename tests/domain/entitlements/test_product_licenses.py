"""Sums of licence lines by product, and the keys of lines (domain rules: "Entitlements")."""

from typing import Any

import pytest
from hypothesis import given, settings

from domain.entitlements.license_keys import key_fields, key_of_line, license_key
from domain.entitlements.lifecycle import LicenseFigures
from domain.entitlements.product_licenses import (
    ProductLicenses,
    available_licenses,
    order_lines,
    sum_by_product,
    surplus_licenses,
)
from domain.types import Product
from tests import random_values as rv
from tests.random_values import seeded

COUNTS = rv.integers(0, 12)
LINES = rv.lists(
    rv.builds(
        LicenseFigures, rv.sampled_from(list(Product)), COUNTS, COUNTS, rv.just(0), rv.sampled_from([None, "Pro"])
    ),
    max_size=8,
)


def test_the_surplus_of_one_line_takes_nothing_from_another() -> None:
    lines = [LicenseFigures(Product.CALLING, 5, 8, 1, "Professional"), LicenseFigures(Product.CALLING, 20, 10, 2)]
    assert sum_by_product(lines) == [ProductLicenses(Product.CALLING, 25, 18, 3, available=10, overage=3)]
    assert [available_licenses(line.total, line.assigned) for line in lines] == [0, 10]
    assert [surplus_licenses(line.total, line.assigned) for line in lines] == [3, 0]


@settings(max_examples=200)
@given(seeded(LINES))
def test_each_figure_is_the_sum_of_that_figure_over_single_lines(lines: list[LicenseFigures]) -> None:
    sums = sum_by_product(lines)
    assert [one.product for one in sums] == [product for product in Product if product in {x.product for x in lines}]
    for one in sums:
        single = [line for line in lines if line.product == one.product]
        for figure in ("total", "assigned", "used"):
            assert getattr(one, figure) == sum(getattr(line, figure) for line in single)
        assert one.available == sum(max(0, line.total - line.assigned) for line in single)
        assert one.overage == sum(max(0, line.assigned - line.total) for line in single)
        assert one.available - one.overage == one.total - one.assigned
        assert (one.overage > 0) == any(line.assigned > line.total for line in lines if line.product == one.product)


@pytest.mark.parametrize(
    ("product", "name", "key"),
    [("CALLING", None, "CALLING"), ("CALLING", "Pro", "CALLING:Pro"), ("OTHER", "A:b.$c", "OTHER:A:b.$c")],
)
def test_the_key_of_a_line_gives_its_product_and_name_back(product: str, name: str | None, key: str) -> None:
    stored: dict[str, Any] = {"product": product} if name is None else {"product": product, "name": name}
    assert license_key(product, name) == key == key_of_line(stored)
    assert key_fields(key) == stored


def test_lines_are_sorted_by_product_and_then_by_name() -> None:
    keys = ["OTHER:Fax", "CALLING:Workspace", "MEETINGS", "CALLING", "CALLING:Professional"]
    in_order = order_lines(list(map(key_fields, keys)))
    expected = ["MEETINGS", "CALLING", "CALLING:Professional", "CALLING:Workspace", "OTHER:Fax"]
    assert list(map(key_of_line, in_order)) == expected
