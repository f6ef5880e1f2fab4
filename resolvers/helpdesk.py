"""The partner helpdesk: its contact, the requests to it, the mutations of requests and the field of their payload."""

from collections.abc import Sequence
from typing import Any

from domain.partner.helpdesk import CloseHelpdeskRequest, HelpdeskContact, HelpdeskRequestState, RequestHelpdesk
from resolvers.connections import Connection, build_connection
from resolvers.context import Context
from resolvers.mutations import ObjectResult, changed_id, run_mutation
from store.changes.mutations import ChangedObject, MutationRequest
from store.customers.customers import CustomerDocument
from store.database.stored_fields import Projection
from store.organization import helpdesk_changes
from store.organization.helpdesk import HelpdeskRequestDocument, HelpdeskRequests
from store.tenants.administrators import AdministratorDocument


def helpdesk(context: Context, _root: None) -> HelpdeskContact:
    return context.installation.helpdesk


async def helpdesk_requests(
    context: Context, _root: None, with_page: bool, state: Sequence[HelpdeskRequestState] | None = None, **page: Any
) -> Connection[HelpdeskRequestDocument]:
    return await build_connection(HelpdeskRequests(context.scope).listing(state), with_page, **page)


async def customer(
    context: Context, requests: Sequence[HelpdeskRequestDocument], projection: Projection = None
) -> list[CustomerDocument | None]:
    return await context.loaders.find_visible_customers([request.customer_id for request in requests], projection)


async def created_by(
    context: Context, requests: Sequence[HelpdeskRequestDocument], projection: Projection = None
) -> list[AdministratorDocument | None]:
    return await context.loaders.find_administrators([request.author_id for request in requests], projection)


async def closed_by(
    context: Context, requests: Sequence[HelpdeskRequestDocument], projection: Projection = None
) -> list[AdministratorDocument | None]:
    return await context.loaders.find_administrators([request.closed_by_id for request in requests], projection)


async def request_helpdesk(context: Context, request: MutationRequest[RequestHelpdesk]) -> ObjectResult:
    return await run_mutation(context, request, helpdesk_changes.request_helpdesk, ChangedObject)


async def close_helpdesk_request(context: Context, request: MutationRequest[CloseHelpdeskRequest]) -> ObjectResult:
    return await run_mutation(context, request, helpdesk_changes.close_helpdesk_request, ChangedObject)


async def changed_request(context: Context, payload: ObjectResult) -> HelpdeskRequestDocument | None:
    return await context.loaders.find_helpdesk_request(changed_id(payload))
