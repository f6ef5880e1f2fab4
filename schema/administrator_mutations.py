"""The mutations of administrators and of their assignments: inputs, payloads, fields."""

from datetime import datetime

import strawberry

from domain.partner.administrators import ChangeAdministrator, InviteAdministrator, RemoveAdministrator
from domain.partner.assignments import AssignAdministrator, UnassignAdministrator
from resolvers import administrators
from schema.costs import ListSize
from schema.customers import Customer
from schema.enums import PartnerRole, Permission
from schema.fields import field, mutation
from schema.mutation_inputs import IDEMPOTENCY_KEY_FIELD
from schema.organization import PartnerAdministrator
from schema.user_errors import user_errors_field


@strawberry.input
class InviteAdministratorInput:
    """A person to be invited; their first valid request activates them."""

    email: str
    display_name: str
    role: PartnerRole
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input(
    description="In every change: omitted keeps; null clears a description, country or e-mail and is INVALID elsewhere."
)
class ChangeAdministratorInput:
    """The changes of an administrator; another role removes the assignments."""

    id: strawberry.ID
    version: int | None = strawberry.UNSET
    role: PartnerRole | None = strawberry.UNSET
    display_name: str | None = strawberry.UNSET
    dry_run: bool = strawberry.field(
        default=False,
        description="Check the input and return how many assignments would be dropped, and change nothing.",
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class RemoveAdministratorInput:
    """The administrator to be removed."""

    id: strawberry.ID
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class AssignAdministratorInput:
    """An administrator of the role ADMINISTRATOR, and at most 500 distinct customers."""

    administrator: strawberry.ID
    customers: list[strawberry.ID]
    expires_at: datetime | None = strawberry.field(
        default=strawberry.UNSET, description="When the access ends by itself, open feeds included."
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class UnassignAdministratorInput:
    """An administrator, and at most 500 distinct customers."""

    administrator: strawberry.ID
    customers: list[strawberry.ID]
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.type
class _AdministratorPayload:
    """The fields that the payloads of several mutations share."""

    administrator = field(administrators.changed_administrator, PartnerAdministrator | None)
    user_errors = user_errors_field()


@strawberry.type
class InviteAdministratorPayload(_AdministratorPayload):
    """The invited administrator, or the mistakes."""


@strawberry.type
class ChangeAdministratorPayload:
    """The administrator after the change, or the mistakes."""

    administrator = field(administrators.changed_administrator, PartnerAdministrator | None)
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

    administrator = field(administrators.assigned_administrator, PartnerAdministrator | None)
    customers = field(administrators.assigned_customers, list[Customer], list_size=ListSize(assumed_size=25))
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
        requires=Permission.ASSIGN_ADMINISTRATORS,
    )
    unassign_administrator = mutation(
        administrators.unassign_administrator,
        UnassignAdministratorPayload,
        UnassignAdministratorInput,
        UnassignAdministrator,
        requires=Permission.ASSIGN_ADMINISTRATORS,
    )
    invite_administrator = mutation(
        administrators.invite_administrator,
        InviteAdministratorPayload,
        InviteAdministratorInput,
        InviteAdministrator,
        requires=Permission.MANAGE_ADMINISTRATORS,
    )
    change_administrator = mutation(
        administrators.change_administrator,
        ChangeAdministratorPayload,
        ChangeAdministratorInput,
        ChangeAdministrator,
        requires=Permission.MANAGE_ADMINISTRATORS,
    )
    remove_administrator = mutation(
        administrators.remove_administrator,
        RemoveAdministratorPayload,
        RemoveAdministratorInput,
        RemoveAdministrator,
        requires=Permission.MANAGE_ADMINISTRATORS,
    )
