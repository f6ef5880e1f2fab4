"""Licence lines with the figures that follow from total, assigned and used."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from domain.entitlements.license_ratios import LicenseRatios
from domain.types import Product


class LicenseCounts(Protocol):
    """The counts that an entitlement stores for each product."""

    @property
    def product(self) -> Product: ...
    @property
    def total(self) -> int: ...
    @property
    def assigned(self) -> int: ...
    @property
    def used(self) -> int: ...


@dataclass(frozen=True, slots=True)
class ProductLicenses(LicenseRatios):
    """Licences of one product: assigned may exceed total, used never exceeds assigned.

    Each figure is summed over single lines. The surplus of one line never reduces what another line has left.
    """

    product: Product
    total: int
    assigned: int
    used: int
    available: int
    overage: int


def sum_by_product(figures: Iterable[LicenseCounts]) -> list[ProductLicenses]:
    """Return the sums of each product that has a line, in the order of the products."""
    lines = list(figures)
    products = {line.product for line in lines}
    return [
        _sum_lines(product, [line for line in lines if line.product == product])
        for product in Product
        if product in products
    ]


def _sum_lines(product: Product, lines: list[LicenseCounts]) -> ProductLicenses:
    return ProductLicenses(
        product,
        total=sum(line.total for line in lines),
        assigned=sum(line.assigned for line in lines),
        used=sum(line.used for line in lines),
        available=sum(max(0, line.total - line.assigned) for line in lines),
        overage=sum(max(0, line.assigned - line.total) for line in lines),
    )
