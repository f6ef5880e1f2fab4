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
    """Licences of one product: assigned may exceed total, used never exceeds assigned."""

    product: Product
    total: int
    assigned: int
    used: int

    @property
    def overage(self) -> int:
        """The number of licences assigned beyond the total."""
        return max(0, self.assigned - self.total)


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
        product, sum(x.total for x in lines), sum(x.assigned for x in lines), sum(x.used for x in lines)
    )
