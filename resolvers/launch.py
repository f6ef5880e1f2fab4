"""The mutations that launch a customer or the organization, and the fields of their payloads."""

from datetime import datetime

from domain.partner.launch import LaunchCustomer, LaunchOrganization
from resolvers.context import Context
from resolvers.mutations import MutationResult, run_mutation
from store.changes.mutations import MutationRequest
from store.organization import launches
from store.organization.launches import LaunchResult


async def launch_customer(context: Context, request: MutationRequest[LaunchCustomer]) -> MutationResult[LaunchResult]:
    return await run_mutation(context, request, launches.launch_customer, LaunchResult)


async def launch_organization(
    context: Context, request: MutationRequest[LaunchOrganization]
) -> MutationResult[LaunchResult]:
    return await run_mutation(context, request, launches.launch_organization, LaunchResult)


def url(context: Context, payload: MutationResult[LaunchResult]) -> str | None:
    if payload.result is None:
        return None
    return context.installation.launch_url(context.scope.partner_id, payload.result.launch)


def expires_at(_context: Context, payload: MutationResult[LaunchResult]) -> datetime | None:
    return None if payload.result is None else payload.result.expires_at
