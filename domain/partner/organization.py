"""The organization's profile and services: the inputs of the mutations that change them."""

from collections.abc import Collection

from msgspec import Struct

from domain.inputs import ABSENT, Omittable
from domain.messages import Message, translatable
from domain.types import Product

MAX_NAME_LENGTH = 100


class UpdateOrganization(Struct, frozen=True, kw_only=True):
    """The changes of the profile: an absent field keeps its value, null clears country and e-mail address."""

    name: Omittable[str] = ABSENT
    country: Omittable[str] = ABSENT
    contact_email: Omittable[str] = ABSENT


class SetService(Struct, frozen=True, kw_only=True):
    """A service to be switched on or off."""

    product: Product
    enabled: bool


def explain_service_conflict(change: SetService, plan: Collection[str], enabled: Collection[str]) -> Message | None:
    """Return why the service cannot be switched; None where it can, or where it is as wanted already.

    `plan` and `enabled` are products: those that the partner ordered, and those whose service is on.
    """
    if change.enabled and change.product not in enabled and change.product not in plan:
        return translatable("This product is not in the plan of your organization.")
    if not change.enabled and set(enabled) == {change.product}:
        return translatable("This is the last service that is on: switch another one on first.")
    return None
