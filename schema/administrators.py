"""Administrators and roles: their lists, and the mutations of administrators and of their assignments."""

from datetime import datetime

import strawberry

from domain.partner.administrators import ChangeAdministrator, InviteAdministrator, RemoveAdministrator
from domain.partner.assignments import AssignAdministrator, UnassignAdministrator
from domain.text.input_checks import MAX_IDS
from resolvers import administrators, roles
from schema.costs import VALUES, list_size
from schema.customers import Customer
from schema.enums import AdministratorState, PartnerRole, Permission
from schema.fields import Argument, field, mutation
from schema.mutation_parts import IDEMPOTENCY_KEY_FIELD, OPTIONAL_VERSION_INPUT, user_errors_field
from schema.node import PAGED, Connection
from schema.organization import PartnerAdministrator


@strawberry.input
class InviteAdministratorInput:
    """A person to be invited. The first valid request of the person makes the account ACTIVE. An administrator who
    was removed can be invited again.
    """

    email: str = strawberry.field(
        description="The e-mail address, at most 254 characters and unique in the partner; else TAKEN."
    )
    display_name: str = strawberry.field(description="The name to show, 1–100 characters.")
    role: PartnerRole = strawberry.field(description="The role.")
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class ChangeAdministratorInput:
    """Changes of an administrator. An omitted field keeps its value; null is INVALID."""

    id: strawberry.ID = strawberry.field(description="The id of the administrator.")
    version: int | None = OPTIONAL_VERSION_INPUT
    role: PartnerRole | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "The new role. Another role than ADMINISTRATOR drops the assignments. The last active "
            "FULL_ADMINISTRATOR keeps the role; else LAST_FULL_ADMINISTRATOR."
        ),
    )
    display_name: str | None = strawberry.field(default=strawberry.UNSET, description="The new name, 1–100 characters.")
    dry_run: bool = strawberry.field(
        default=False,
        description="Check the input and return how many assignments would be dropped, and change nothing.",
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class RemoveAdministratorInput:
    """The administrator to be removed. None of their requests is accepted from then on, and their assignments end."""

    id: strawberry.ID = strawberry.field(
        description=(
            "The id of the administrator. The last active FULL_ADMINISTRATOR cannot be removed: "
            "LAST_FULL_ADMINISTRATOR."
        )
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class AssignAdministratorInput:
    """An administrator, and the customers that they are to see."""

    administrator: strawberry.ID = strawberry.field(
        description="The id of an administrator with the role ADMINISTRATOR; any other role is INVALID."
    )
    customers: list[strawberry.ID] = strawberry.field(description="The ids of 1–500 customers, each once.")
    expires_at: datetime | None = strawberry.field(
        default=strawberry.UNSET,
        description="The moment at which the access ends by itself, including open feeds. It must be in the "
        "future. When omitted or null, the access lasts until it is removed.",
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class UnassignAdministratorInput:
    """An administrator, and the customers that they are no longer to see."""

    administrator: strawberry.ID = strawberry.field(description="The id of the administrator.")
    customers: list[strawberry.ID] = strawberry.field(description="The ids of 1–500 customers, each once.")
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.type
class _AdministratorPayload:
    """The fields that the payloads of several mutations share."""

    administrator = field(
        administrators.changed_administrator,
        PartnerAdministrator | None,
        "The administrator after the change; null where nothing was changed.",
    )
    user_errors = user_errors_field()


@strawberry.type
class InviteAdministratorPayload(_AdministratorPayload):
    """The invited administrator, or the mistakes."""


@strawberry.type
class ChangeAdministratorPayload:
    """The administrator after the change, or the mistakes."""

    administrator = field(
        administrators.changed_administrator,
        PartnerAdministrator | None,
        "The administrator after the change, or as it is in a dry run; null where the input was rejected.",
    )
    dropped_assignments = field(
        administrators.dropped_assignments,
        int,
        "The number of assignments that the change of role drops, or would drop in a dry run.",
    )
    user_errors = user_errors_field()


@strawberry.type
class RemoveAdministratorPayload(_AdministratorPayload):
    """The administrator after the change, or the mistakes."""


@strawberry.type
class _AssignmentPayload:
    """The fields that the payloads of assignAdministrator and unassignAdministrator share."""

    administrator = field(
        administrators.assigned_administrator,
        PartnerAdministrator | None,
        "The administrator; null where nothing was changed.",
    )
    customers = field(
        administrators.assigned_customers,
        list[Customer],
        "The customers of the input after the change; empty where nothing was changed.",
        list_size=list_size(MAX_IDS),
    )
    user_errors = user_errors_field()


@strawberry.type
class AssignAdministratorPayload(_AssignmentPayload):
    """The administrator and the customers after the change, or the mistakes."""


@strawberry.type
class UnassignAdministratorPayload(_AssignmentPayload):
    """The administrator and the customers after the change, or the mistakes."""


@strawberry.type
class AdministratorMutations:
    """The root fields that change administrators and assignments."""

    assign_administrator = mutation(
        administrators.assign_administrator,
        AssignAdministratorPayload,
        AssignAdministratorInput,
        AssignAdministrator,
        "Lets an administrator see customers, and work on them.",
        requires=Permission.ASSIGN_ADMINISTRATORS,
    )
    unassign_administrator = mutation(
        administrators.unassign_administrator,
        UnassignAdministratorPayload,
        UnassignAdministratorInput,
        UnassignAdministrator,
        "Ends the assignments of an administrator to customers. Open feeds lose these customers at once.",
        requires=Permission.ASSIGN_ADMINISTRATORS,
    )
    invite_administrator = mutation(
        administrators.invite_administrator,
        InviteAdministratorPayload,
        InviteAdministratorInput,
        InviteAdministrator,
        "Invites a person as administrator of the partner.",
        requires=Permission.MANAGE_ADMINISTRATORS,
    )
    change_administrator = mutation(
        administrators.change_administrator,
        ChangeAdministratorPayload,
        ChangeAdministratorInput,
        ChangeAdministrator,
        "Changes the role or name of an administrator.",
        requires=Permission.MANAGE_ADMINISTRATORS,
    )
    remove_administrator = mutation(
        administrators.remove_administrator,
        RemoveAdministratorPayload,
        RemoveAdministratorInput,
        RemoveAdministrator,
        "Removes an administrator. The log still shows them as actor and author.",
        requires=Permission.MANAGE_ADMINISTRATORS,
    )


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
