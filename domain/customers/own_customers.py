"""Customers that were created here, with a trial: what may be changed, until the ordering system delivers them."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from domain.inputs import ABSENT, Omittable


class UpdateCustomer(Struct, frozen=True, kw_only=True):
    """New values of a customer that was created here; absent ones stay."""

    id: str
    version: int
    name: Omittable[str] = ABSENT
    domain: Omittable[str] = ABSENT
    country: Omittable[str] = ABSENT
    external_id: Omittable[str] = ABSENT


def is_delivered(customer: Mapping[str, Any]) -> bool:
    """True where the ordering system has delivered the customer."""
    return bool(customer["delivered"])


def has_external_id(customer: Mapping[str, Any]) -> bool:
    """True where the ordering system's id is known; until then, the customer's own id is stored in its place."""
    return bool(customer["external_id"] != customer["_id"])
