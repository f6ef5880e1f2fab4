"""The mutations of the partner organization: inputs, payload, fields."""

from functools import partial
from typing import Any

import strawberry

from domain.partner.organization import SetService, UpdateOrganization
from domain.partner.settings import ChangeSettings
from domain.partner.setup import AcceptTerms, CompleteSetupStep
from resolvers import organization_mutations as organization
from schema.enums import Permission, Product, SetupStepKey
from schema.fields import field, mutation
from schema.mutation_parts import IDEMPOTENCY_KEY_FIELD, OPTIONAL_VERSION_INPUT, user_errors_field
from schema.organization import PartnerOrganization
from schema.tags import BulkJob


@strawberry.input
class AcceptTermsInput:
    """The version of the terms that the administrator has read."""

    terms_version: str = strawberry.field(
        description="The current version, as in OrganizationSetup.termsVersion; another one is STALE."
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class CompleteSetupStepInput:
    """The step to be completed."""

    key: SetupStepKey = strawberry.field(
        description="The step. Steps are completed in their order, and some have conditions; else WRONG_STATE."
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class UpdateOrganizationInput:
    """Changes of the profile. An omitted field keeps its value. Null clears country and e-mail address, and is
    INVALID for the name.
    """

    name: str | None = strawberry.field(default=strawberry.UNSET, description="The name, 1–100 characters.")
    country: str | None = strawberry.field(
        default=strawberry.UNSET, description="The country as an ISO 3166-1 alpha-2 code; null clears it."
    )
    contact_email: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="The e-mail address of the contact, at most 254 characters; null clears it.",
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class SetServiceInput:
    """A service to be switched on or off."""

    product: Product = strawberry.field(
        description=(
            "The product of the service. It must be in the plan, and the last service that is on stays "
            "on; else WRONG_STATE."
        )
    )
    enabled: bool = strawberry.field(description="True to switch the service on, false to switch it off.")
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


@strawberry.input
class ChangeSettingsInput:
    """Changes of the settings. An omitted field keeps its value; null is INVALID."""

    version: int | None = OPTIONAL_VERSION_INPUT
    expiring_soon_days: int | None = strawberry.field(
        default=strawberry.UNSET, description="The number of days before an end that count as EXPIRING_SOON, 1–180."
    )
    no_recent_activity_days: int | None = strawberry.field(
        default=strawberry.UNSET,
        description="The number of days without a sign-in that count as NO_RECENT_ACTIVITY, 1–365.",
    )
    trial_days: int | None = strawberry.field(
        default=strawberry.UNSET, description="The length in days of a trial that is started without one, 1–90."
    )
    idempotency_key: str | None = IDEMPOTENCY_KEY_FIELD


def _partner_field() -> Any:
    description = "The organization after the change; null where nothing was changed."
    return field(organization.changed_partner, PartnerOrganization | None, description)


@strawberry.type
class _OrganizationPayload:
    """The fields that the payloads of several mutations share."""

    partner = _partner_field()
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
class ChangeSettingsPayload:
    """The organization after the change, or the mistakes."""

    partner = _partner_field()
    job = field(
        organization.settings_job,
        BulkJob | None,
        "The job that applies the new thresholds to every customer; null where no threshold changed.",
    )
    user_errors = user_errors_field()


_declare = partial(mutation, requires=Permission.MANAGE_ORGANIZATION)


@strawberry.type
class OrganizationMutations:
    """The root fields that change the organization."""

    accept_terms = _declare(
        organization.accept_terms,
        AcceptTermsPayload,
        AcceptTermsInput,
        AcceptTerms,
        "Accepts the current terms. Until some version is accepted, every other mutation is the "
        "error TERMS_NOT_ACCEPTED.",
        needs_terms=False,
    )
    complete_setup_step = _declare(
        organization.complete_setup_step,
        CompleteSetupStepPayload,
        CompleteSetupStepInput,
        CompleteSetupStep,
        "Completes a step of the first-time setup.",
    )
    update_organization = _declare(
        organization.update_organization,
        UpdateOrganizationPayload,
        UpdateOrganizationInput,
        UpdateOrganization,
        "Changes the profile of the partner organization.",
    )
    set_service = _declare(
        organization.set_service,
        SetServicePayload,
        SetServiceInput,
        SetService,
        "Switches a service of the plan on or off.",
    )
    change_settings = _declare(
        organization.change_settings,
        ChangeSettingsPayload,
        ChangeSettingsInput,
        ChangeSettings,
        "Changes the settings. Where a threshold changes, a job evaluates every customer again.",
    )
