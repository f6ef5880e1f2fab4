"""The roles of administrators, for the screen that explains them."""

import strawberry

from resolvers import roles
from schema.costs import ListSize
from schema.enums import PartnerRole, Permission
from schema.fields import field


@strawberry.type(description="What a role may do. The partner's own screen of roles shows this.")
class RolePermissions:
    """A role and its permissions."""

    role: PartnerRole = strawberry.field(description="The role.")
    description: str = strawberry.field(description="What the role sees and changes, in one English sentence.")
    permissions: list[Permission] = strawberry.field(description="The permissions of the role, in a fixed order.")
    sees_all_customers: bool = strawberry.field(
        description="Whether the role reaches every customer without an assignment."
    )


@strawberry.type
class RoleQueries:
    """The root field that reads the roles."""

    roles = field(
        roles.roles,
        list[RolePermissions] | None,
        "Every role with its permissions, from the one that may do most. Every administrator may read them.",
        list_size=ListSize(assumed_size=4),
    )
