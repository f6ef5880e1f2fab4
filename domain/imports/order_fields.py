"""Parses the lines of a delivered order: products, names and quantities."""

from typing import Any

from domain.entitlements.license_keys import key_fields, license_key
from domain.entitlements.orders import MAX_ORDER_LINES, MAX_QUANTITY
from domain.failures import InvalidRecord
from domain.imports.fields import integer, wrong_type_error
from domain.imports.license_fields import parse_line_identity

_quantity = integer(-MAX_QUANTITY, MAX_QUANTITY)


def order_lines(name: str, value: object) -> list[dict[str, Any]]:
    """Return products, names and quantities in the given order."""
    if type(value) is not list:
        raise wrong_type_error(name, "a list", value)
    if len(value) > MAX_ORDER_LINES:
        raise InvalidRecord(name, f"has {len(value)} entries; at most {MAX_ORDER_LINES} fit")
    return [_parse_line(f"{name}[{position}]", item) for position, item in enumerate(value)]


def _parse_line(name: str, value: object) -> dict[str, Any]:
    if type(value) is not dict:
        raise wrong_type_error(name, "an object", value)
    for field in ("product", "quantity"):
        if field not in value:
            raise InvalidRecord(f"{name}.{field}", "is missing")
    key = license_key(*parse_line_identity(name, value))
    return {**key_fields(key), "quantity": _quantity(f"{name}.quantity", value["quantity"])}
