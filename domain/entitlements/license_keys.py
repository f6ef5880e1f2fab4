"""The key of a licence line in its entitlement: the product and, where the line has one, the name.

A stored line without a name has no field `name`.
"""

from collections.abc import Mapping
from typing import Any

from domain.types import Product

# The highest number of lines that an entitlement is delivered with. Rates of sums over so many lines are still exact
# when they are restored from a float (`rate_percent`).
MAX_LICENSE_LINES = 50
_POSITIONS = {str(product): position for position, product in enumerate(Product)}


def license_key(product: str, name: str | None) -> str:
    """Return `CALLING`, or `CALLING:Professional` for a line with a name."""
    return product if name is None else f"{product}:{name}"


def key_of_line(line: Mapping[str, Any]) -> str:
    """Return the key of a stored line or snapshot."""
    return license_key(line["product"], line.get("name"))


def single_line_id(entitlement_id: str, product: str, name: str | None) -> str:
    """Return `sub_1:CALLING:Professional`, the id of a licence line among those of all entitlements."""
    return f"{entitlement_id}:{license_key(product, name)}"


def key_fields(key: str) -> dict[str, str]:
    """Return the stored fields `product` and `name` of a key."""
    product, _, name = key.partition(":")
    return {"product": product, "name": name} if name else {"product": product}


def line_position(product: str, name: str | None) -> tuple[int, str]:
    """Return what the lines of an entitlement are sorted by: the product, then the name; no name comes first."""
    return _POSITIONS[product], name or ""
