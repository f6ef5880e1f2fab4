"""The mutations of the partner organization, and the fields of their payload."""

from domain.partner.organization import SetService, UpdateOrganization
from domain.partner.settings import ChangeSettings
from domain.partner.setup import AcceptTerms, CompleteSetupStep
from resolvers.context import Context
from resolvers.mutations import MutationResult, run_mutation
from store.changes.mutations import MutationRequest, PartnerChanged
from store.organization import organization_changes, settings_changes
from store.tenants.partners import PartnerDocument

_Result = MutationResult[PartnerChanged]


async def accept_terms(context: Context, request: MutationRequest[AcceptTerms]) -> _Result:
    return await run_mutation(context, request, organization_changes.accept_terms, PartnerChanged)


async def complete_setup_step(context: Context, request: MutationRequest[CompleteSetupStep]) -> _Result:
    return await run_mutation(context, request, organization_changes.complete_setup_step, PartnerChanged)


async def update_organization(context: Context, request: MutationRequest[UpdateOrganization]) -> _Result:
    return await run_mutation(context, request, organization_changes.update_organization, PartnerChanged)


async def set_service(context: Context, request: MutationRequest[SetService]) -> _Result:
    return await run_mutation(context, request, organization_changes.set_service, PartnerChanged)


async def change_settings(context: Context, request: MutationRequest[ChangeSettings]) -> _Result:
    return await run_mutation(context, request, settings_changes.change_settings, PartnerChanged)


async def changed_partner(context: Context, payload: _Result) -> PartnerDocument | None:
    return None if payload.result is None else await context.loaders.partner.load(context.viewer.partner_id)
