"""Parses the licence list of a record: one entry per product, with its delivered figures."""

from domain.failures import InvalidRecord
from domain.imports.fields import licenses_count, one_of, wrong_type_error
from domain.types import Product

FIGURES = ("total", "assigned", "used")
Figures = dict[str, int]
product = one_of(Product)


def check_used_within_assigned(name: str, used: int, assigned: int) -> None:
    """Raise InvalidRecord where more licences are used than assigned."""
    if used > assigned:
        raise InvalidRecord(name, f"is {used}, more than the {assigned} assigned")


def _parse_entry(name: str, value: object) -> tuple[str, Figures]:
    if type(value) is not dict:
        raise wrong_type_error(name, "an object", value)
    for field in ("product", "total"):
        if field not in value:
            raise InvalidRecord(f"{name}.{field}", "is missing")
    figures = {"total": licenses_count(f"{name}.total", value["total"])}
    for field in ("assigned", "used"):
        if field in value:
            figure = value[field]
            figures[field] = 0 if figure is None else licenses_count(f"{name}.{field}", figure)
    if "assigned" in figures and "used" in figures:
        check_used_within_assigned(f"{name}.used", figures["used"], figures["assigned"])
    return product(f"{name}.product", value["product"]), figures


def licenses(name: str, value: object) -> dict[str, Figures]:
    """Return the delivered figures by product; null stands for 0."""
    if type(value) is not list:
        raise wrong_type_error(name, "a list", value)
    by_product: dict[str, Figures] = {}
    for position, item in enumerate(value):
        product_name, figures = _parse_entry(f"{name}[{position}]", item)
        if product_name in by_product:
            raise InvalidRecord(f"{name}[{position}].product", f"is {product_name}, which stands in the list twice")
        by_product[product_name] = figures
    return by_product
