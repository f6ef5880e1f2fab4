"""The mutations of the partner organization, and the fields of their payload."""

from functools import partial
from typing import Any

from domain.partner.organization import SetService, UpdateOrganization
from domain.partner.settings import ChangeSettings
from domain.partner.setup import AcceptTerms, CompleteSetupStep
from resolvers.context import Context
from resolvers.mutations import MutationResult, run_mutation
from store.changes.mutations import MutationRequest, PartnerChanged
from store.organization import organization_changes, settings_changes
from store.organization.settings_changes import SettingsChanged
from store.tags.bulk_jobs import BulkJobDocument
from store.tenants.partners import PartnerDocument

_Result = MutationResult[PartnerChanged]


async def accept_terms(context: Context, request: MutationRequest[AcceptTerms]) -> _Result:
    accept_current = partial(organization_changes.accept_terms, context.installation.terms)
    return await run_mutation(context, request, accept_current, PartnerChanged)


async def complete_setup_step(context: Context, request: MutationRequest[CompleteSetupStep]) -> _Result:
    return await run_mutation(context, request, organization_changes.complete_setup_step, PartnerChanged)


async def update_organization(context: Context, request: MutationRequest[UpdateOrganization]) -> _Result:
    return await run_mutation(context, request, organization_changes.update_organization, PartnerChanged)


async def set_service(context: Context, request: MutationRequest[SetService]) -> _Result:
    return await run_mutation(context, request, organization_changes.set_service, PartnerChanged)


async def change_settings(
    context: Context, request: MutationRequest[ChangeSettings]
) -> MutationResult[SettingsChanged]:
    return await run_mutation(context, request, settings_changes.change_settings, SettingsChanged)


async def settings_job(context: Context, payload: MutationResult[SettingsChanged]) -> BulkJobDocument | None:
    job_id = payload.result.job if payload.result else None
    return None if job_id is None else await context.loaders.bulk_jobs.load(job_id)


async def changed_partner(context: Context, payload: MutationResult[Any]) -> PartnerDocument | None:
    return None if payload.result is None else await context.loaders.partner.load(context.viewer.partner_id)
