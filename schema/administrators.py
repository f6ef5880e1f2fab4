"""Lists of the partner's administrators, and the roles that they have."""

import strawberry

from resolvers import administrators, roles
from schema.connections import Connection
from schema.costs import VALUES, list_size
from schema.enums import AdministratorState, PartnerRole, Permission
from schema.fields import Argument, field
from schema.node import PAGED
from schema.organization import PartnerAdministrator


@strawberry.type
class RolePermissions:
    """What a role may do. The partner's own screen of roles shows this."""

    role: PartnerRole = strawberry.field(description="The role.")
    description: str = strawberry.field(description="What the role sees and changes, in one English sentence.")
    permissions: list[Permission] = strawberry.field(
        directives=[list_size(len(Permission)), VALUES], description="The permissions of the role, in a fixed order."
    )
    sees_all_customers: bool = strawberry.field(
        description="Whether the role reaches every customer without an assignment."
    )


@strawberry.type
class AdministratorQueries:
    """The root fields that list administrators and roles."""

    administrators = field(
        administrators.administrators,
        Connection[PartnerAdministrator] | None,
        "The administrators by name, without those who were removed.",
        role=Argument(
            list[PartnerRole] | None,
            description="Only administrators of one of these roles; an empty list matches nothing.",
        ),
        state=Argument(
            list[AdministratorState] | None,
            description="Only administrators in one of these states. DEACTIVATED and an empty list match nothing.",
        ),
        search=Argument(
            str | None,
            description=(
                "Every word must be the start of a word of the name or e-mail address. Case and diacritics "
                "are ignored. At most 100 characters."
            ),
        ),
        **PAGED,
    )
    roles = field(
        roles.roles,
        list[RolePermissions] | None,
        "Every role with its permissions, from the one that may do most. Every administrator may read them.",
        list_size=list_size(len(PartnerRole)),
    )
