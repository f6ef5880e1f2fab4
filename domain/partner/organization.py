"""The organization's profile and services: the inputs of the mutations that change them."""

from dataclasses import dataclass

from domain.inputs import ABSENT, Omittable
from domain.types import Product

MAX_NAME_LENGTH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateOrganization:
    """The changes of the profile: an absent field keeps its value, null clears country and e-mail address."""

    name: Omittable[str] = ABSENT
    country: Omittable[str] = ABSENT
    contact_email: Omittable[str] = ABSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class SetService:
    """A service to be switched on or off."""

    product: Product
    enabled: bool
