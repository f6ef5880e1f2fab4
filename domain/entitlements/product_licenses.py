"""Figures of single licence lines, and their sums by product."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from domain.entitlements.license_keys import line_position
from domain.entitlements.lifecycle import LicenseFigures
from domain.types import Product


class ProductLicenses(NamedTuple):
    """The lines of one product as a sum.

    Each figure is summed over single lines. The surplus of one line never reduces what another line has left.
    """

    product: Product
    total: int
    assigned: int
    used: int
    available: int
    overage: int


def available_licenses(total: int, assigned: int) -> int:
    """Return the licences of a single line that nobody has."""
    return total - assigned if total > assigned else 0


def surplus_licenses(total: int, assigned: int) -> int:
    """Return the overage: the licences of a single line that are assigned beyond its total."""
    return assigned - total if assigned > total else 0


def order_lines(lines: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
    """Return stored lines by product, then by name."""
    return lines if len(lines) < 2 else sorted(lines, key=line_position)


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
        available=sum(available_licenses(line.total, line.assigned) for line in lines),
        overage=sum(surplus_licenses(line.total, line.assigned) for line in lines),
    )
