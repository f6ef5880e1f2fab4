"""The key of a licence line in its entitlement: the product and, where the line has one, the name.

A stored line without a name has no field `name`. A line that got a name, or lost it, is still the same line: its
snapshots stay under its first key, which the line then stores as `snapshot_key`.
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


def snapshot_key(line: Mapping[str, Any]) -> str:
    """Return the key that the snapshots of a stored line have."""
    return str(line.get("snapshot_key") or key_of_line(line))


def single_line_id(entitlement_id: str, key: str) -> str:
    """Return `sub_1:CALLING:Professional`: the id, among all entitlements, of the line with this snapshot key."""
    return f"{entitlement_id}:{key}"


def key_fields(key: str) -> dict[str, str]:
    """Return the stored fields `product` and `name` of a key."""
    product, _, name = key.partition(":")
    return {"product": product, "name": name} if name else {"product": product}


def line_position(line: Mapping[str, Any]) -> tuple[int, str]:
    """Return what the stored lines of an entitlement are sorted by: the product, then the name; no name comes first."""
    return _POSITIONS[line["product"]], line.get("name") or ""
