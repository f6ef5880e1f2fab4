"""The mutations of the partner organization, and what they answer."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.user_errors import UserError
from resolvers.context import Context
from resolvers.mutations import run_mutation
from store.changes.mutations import MutationBody, MutationRequest
from store.organization import organization_changes, settings_changes
from store.tenants.partners import PartnerDocument


@dataclass(frozen=True, slots=True)
class OrganizationPayload:
    """The organization as it is now, or what was wrong."""

    partner: PartnerDocument | None
    user_errors: Sequence[UserError]


async def accept_terms(context: Context, asked: MutationRequest) -> OrganizationPayload:
    return await _changed(context, asked, organization_changes.accept_terms)


async def complete_setup_step(context: Context, asked: MutationRequest) -> OrganizationPayload:
    return await _changed(context, asked, organization_changes.complete_setup_step)


async def update_organization(context: Context, asked: MutationRequest) -> OrganizationPayload:
    return await _changed(context, asked, organization_changes.update_organization)


async def set_service(context: Context, asked: MutationRequest) -> OrganizationPayload:
    return await _changed(context, asked, organization_changes.set_service)


async def change_settings(context: Context, asked: MutationRequest) -> OrganizationPayload:
    return await _changed(context, asked, settings_changes.change_settings)


async def _changed(context: Context, asked: MutationRequest, body: MutationBody) -> OrganizationPayload:
    outcome = await run_mutation(context, asked, body)
    partner = None if outcome.user_errors else await context.loaders.partner.load(context.viewer.partner_id)
    return OrganizationPayload(partner, outcome.user_errors)
