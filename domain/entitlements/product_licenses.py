"""Figures of single licence lines, and their sums by product."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.entitlements.license_keys import line_position
from domain.entitlements.license_ratios import LicenseRatios
from domain.entitlements.lifecycle import PRODUCTS, LicenseFigures
from domain.types import Product


@dataclass(slots=True)
class ProductLicenses(LicenseRatios):
    """One licence line, or several lines of one product as a sum, which has no name.

    Each figure is summed over single lines. The surplus of one line never reduces what another line has left.
    It is not frozen, because a list of customers creates hundreds: a frozen one takes four times as long to create.
    """

    product: Product
    total: int
    assigned: int
    used: int
    available: int
    overage: int
    name: str | None = None


def describe_lines(lines: Sequence[Mapping[str, Any]]) -> list[ProductLicenses]:
    """Return each stored line with its available licences and its overage, by product, then by name."""
    described = []
    for line in lines:
        total, assigned = line["total"], line["assigned"]
        surplus = total - assigned
        available, overage = (surplus, 0) if surplus > 0 else (0, -surplus)
        product = PRODUCTS[line["product"]]
        described.append(ProductLicenses(product, total, assigned, line["used"], available, overage, line.get("name")))
    if len(described) > 1:
        described.sort(key=lambda line: line_position(line.product, line.name))
    return described


def sum_by_product(lines: Iterable[LicenseFigures]) -> list[ProductLicenses]:
    """Return the sums of each product that has a line, in the order of the products."""
    by_product: dict[Product, list[LicenseFigures]] = {}
    for line in lines:
        by_product.setdefault(line.product, []).append(line)
    return [_sum_lines(product, by_product[product]) for product in Product if product in by_product]


def _sum_lines(product: Product, lines: Sequence[LicenseFigures]) -> ProductLicenses:
    return ProductLicenses(
        product,
        total=sum(line.total for line in lines),
        assigned=sum(line.assigned for line in lines),
        used=sum(line.used for line in lines),
        available=sum(max(0, line.total - line.assigned) for line in lines),
        overage=sum(max(0, line.assigned - line.total) for line in lines),
    )
