"""The mutations of the partner organization: inputs, payload, fields."""

from functools import partial

import strawberry

from domain.partner.organization import SetService, UpdateOrganization
from domain.partner.settings import ChangeSettings
from domain.partner.setup import AcceptTerms, CompleteSetupStep
from resolvers import organization_mutations as organization
from schema.enums import Permission, Product, SetupStepKey
from schema.fields import field, mutation
from schema.mutation_inputs import IDEMPOTENCY_KEY_FIELD
from schema.organization import PartnerOrganization
from schema.user_errors import user_errors_field


@strawberry.input
class AcceptTermsInput:
    """The version of the terms that the administrator has read; it must be the current one."""

    terms_version: str
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class CompleteSetupStepInput:
    """The step to be completed; steps are completed in their order."""

    key: SetupStepKey
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class UpdateOrganizationInput:
    """The changes of the profile; null clears country and e-mail address."""

    name: str | None = strawberry.UNSET
    country: str | None = strawberry.UNSET
    contact_email: str | None = strawberry.UNSET
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class SetServiceInput:
    """A service to be switched on or off."""

    product: Product
    enabled: bool
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class ChangeSettingsInput:
    """In days: expiringSoonDays 1–180, noRecentActivityDays 1–365, trialDays 1–90."""

    version: int | None = strawberry.UNSET
    expiring_soon_days: int | None = strawberry.UNSET
    no_recent_activity_days: int | None = strawberry.UNSET
    trial_days: int | None = strawberry.UNSET
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.type
class _OrganizationPayload:
    """The fields that the payloads of several mutations share."""

    partner = field(organization.changed_partner, PartnerOrganization | None)
    user_errors = user_errors_field()


@strawberry.type
class AcceptTermsPayload(_OrganizationPayload):
    """The organization after the change, or the mistakes."""


@strawberry.type
class CompleteSetupStepPayload(_OrganizationPayload):
    """The organization after the change, or the mistakes."""


@strawberry.type
class UpdateOrganizationPayload(_OrganizationPayload):
    """The organization after the change, or the mistakes."""


@strawberry.type
class SetServicePayload(_OrganizationPayload):
    """The organization after the change, or the mistakes."""


@strawberry.type
class ChangeSettingsPayload(_OrganizationPayload):
    """The organization after the change, or the mistakes."""


_declare = partial(mutation, requires=Permission.MANAGE_ORGANIZATION)


@strawberry.type
class OrganizationMutations:
    """The root fields that change the organization."""

    accept_terms = _declare(
        organization.accept_terms, AcceptTermsPayload, AcceptTermsInput, AcceptTerms, needs_terms=False
    )
    complete_setup_step = _declare(
        organization.complete_setup_step, CompleteSetupStepPayload, CompleteSetupStepInput, CompleteSetupStep
    )
    update_organization = _declare(
        organization.update_organization, UpdateOrganizationPayload, UpdateOrganizationInput, UpdateOrganization
    )
    set_service = _declare(organization.set_service, SetServicePayload, SetServiceInput, SetService)
    change_settings = _declare(organization.change_settings, ChangeSettingsPayload, ChangeSettingsInput, ChangeSettings)
