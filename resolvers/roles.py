"""The roles of administrators and what each may do."""

from collections.abc import Sequence

from msgspec import Struct

from domain.permissions import ROLE_DESCRIPTIONS, ROLE_PERMISSIONS, Permission, can_see_all_customers
from domain.types import PartnerRole
from resolvers.context import Context


class RolePermissions(Struct, frozen=True):
    """A role, what it may do, and whether it reaches every customer."""

    role: PartnerRole
    description: str
    permissions: Sequence[Permission]
    sees_all_customers: bool


def roles(_context: Context, _root: None) -> list[RolePermissions]:
    return [
        RolePermissions(role, ROLE_DESCRIPTIONS[role], ROLE_PERMISSIONS[role], can_see_all_customers(role))
        for role in PartnerRole
    ]
