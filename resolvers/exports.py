"""The mutations that request exports, and the fields of their payloads."""

from datetime import datetime
from functools import partial

from domain.integrations.exports import ExportActivity, ExportCustomers, ExportLicenseReport
from resolvers.context import Context
from resolvers.mutations import MutationResult, run_mutation
from store.changes.mutations import MutationRequest
from store.integrations import exports
from store.integrations.exports import ExportResult

ExportPayload = MutationResult[ExportResult]


async def export_customers(context: Context, request: MutationRequest[ExportCustomers]) -> ExportPayload:
    body = partial(exports.export_customers, language=context.viewer.language)
    return await run_mutation(context, request, body, ExportResult)


async def export_license_report(context: Context, request: MutationRequest[ExportLicenseReport]) -> ExportPayload:
    body = partial(exports.export_license_report, language=context.viewer.language)
    return await run_mutation(context, request, body, ExportResult)


async def export_activity(context: Context, request: MutationRequest[ExportActivity]) -> ExportPayload:
    body = partial(exports.export_activity, language=context.viewer.language)
    return await run_mutation(context, request, body, ExportResult)


def url(context: Context, payload: ExportPayload) -> str | None:
    if payload.result is None:
        return None
    return context.installation.export_url(context.scope.partner_id, payload.result.export)


def expires_at(_context: Context, payload: ExportPayload) -> datetime | None:
    return None if payload.result is None else payload.result.expires_at
