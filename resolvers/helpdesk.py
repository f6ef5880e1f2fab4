"""The partner helpdesk: its contact, the requests to it, and the mutations that change them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from domain.partner.helpdesk import HelpdeskContact
from domain.user_errors import UserError
from resolvers.connections import Connection, build_connection
from resolvers.context import Context
from resolvers.mutations import run_mutation
from store.changes.mutations import MutationBody, MutationRequest
from store.customers.customers import CustomerDocument
from store.organization.helpdesk import HelpdeskRequestDocument, HelpdeskRequests
from store.organization.helpdesk_changes import close_helpdesk_request as close
from store.organization.helpdesk_changes import request_helpdesk as request
from store.tenants.administrators import AdministratorDocument


@dataclass(frozen=True, slots=True)
class HelpdeskPayload:
    """The request as it is now, or what was wrong."""

    request: HelpdeskRequestDocument | None
    user_errors: Sequence[UserError]


def helpdesk(context: Context, _root: None) -> HelpdeskContact:
    return context.installation.helpdesk


async def helpdesk_requests(
    context: Context, _root: None, with_page: bool, **page: Any
) -> Connection[HelpdeskRequestDocument]:
    return await build_connection(HelpdeskRequests(context.scope).listing(), with_page, **page)


async def customer(context: Context, request: HelpdeskRequestDocument) -> CustomerDocument | None:
    return None if request.customer_id is None else await context.loaders.customers.load(request.customer_id)


async def created_by(context: Context, request: HelpdeskRequestDocument) -> AdministratorDocument | None:
    return await context.loaders.find_administrator(request.author_id)


async def request_helpdesk(context: Context, asked: MutationRequest) -> HelpdeskPayload:
    return await _changed(context, asked, request)


async def close_helpdesk_request(context: Context, asked: MutationRequest) -> HelpdeskPayload:
    return await _changed(context, asked, close)


async def _changed(context: Context, asked: MutationRequest, body: MutationBody) -> HelpdeskPayload:
    outcome = await run_mutation(context, asked, body)
    return HelpdeskPayload(await context.loaders.find_helpdesk_request(outcome["request"]), outcome.user_errors)
