"""Parses the licence list of a record, one entry per line with its figures, and products with their names."""

import re

from domain.entitlements.license_keys import MAX_LICENSE_LINES, license_key
from domain.failures import InvalidRecord
from domain.imports.fields import licenses_count, text, wrong_type_error
from domain.types import Product

FIGURES = ("total", "assigned", "used")
Figures = dict[str, int]
# The text of a product, or the name of a line.
product_text = text(100)
# A word of middle dots only.
_SEPARATORS = re.compile(r"(?<!\S)·+(?!\S)")
_PRODUCTS = frozenset(str(product) for product in Product)


def identify_line(product: str, name: str | None) -> tuple[str, str | None]:
    """Return the product and the name of a delivered line.

    An unknown product is OTHER, with what was delivered as its name: `Fax`, or `Fax · Color` with a name. Two different
    unknown lines never get one name: a separator that is part of the product is lengthened (`Fax ·· A4`).
    """
    if product in _PRODUCTS:
        return product, name
    unknown = _SEPARATORS.sub(r"\g<0>·", product)
    return Product.OTHER.value, unknown if name is None else f"{unknown} · {name}"


def parse_line_identity(path: str, entry: dict[str, object]) -> tuple[str, str | None]:
    """Return the product and the name of an entry that has a product; a null name is none."""
    name = entry.get("name")
    product = str(product_text(f"{path}.product", entry["product"]))
    return identify_line(product, None if name is None else str(product_text(f"{path}.name", name)))


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
    return license_key(*parse_line_identity(name, value)), figures


def licenses(name: str, value: object) -> dict[str, Figures]:
    """Return the delivered figures by the key of the line; null stands for 0."""
    if type(value) is not list:
        raise wrong_type_error(name, "a list", value)
    if len(value) > MAX_LICENSE_LINES:
        raise InvalidRecord(name, f"has {len(value)} entries; at most {MAX_LICENSE_LINES} fit")
    by_key: dict[str, Figures] = {}
    for position, item in enumerate(value):
        key, figures = _parse_entry(f"{name}[{position}]", item)
        if key in by_key:
            product, _, line_name = key.partition(":")
            line = f"{product} with the name {line_name!r}" if line_name else product
            raise InvalidRecord(f"{name}[{position}].product", f"is {line}, which stands in the list twice")
        by_key[key] = figures
    return by_key
