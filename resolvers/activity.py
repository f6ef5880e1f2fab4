"""The activity log, restricted to the events that are visible to the viewer."""

from collections.abc import Mapping
from typing import Any

from domain.paging import PageRequest
from domain.partner.activity import activity_condition
from resolvers.connections import UNSELECTED_PAGE, BaseConnection
from resolvers.context import Context
from resolvers.nodes import node
from store.customers.customers import CustomerDocument
from store.events.activity import Activity, EventDocument
from store.tenants.administrators import AdministratorDocument

EventConnection = BaseConnection[EventDocument]


async def activity(
    context: Context, _root: None, with_page: bool, filter: Mapping[str, Any] | None = None, **page: Any
) -> EventConnection:
    condition, request = activity_condition(filter), PageRequest(**page)
    return BaseConnection(await Activity(context.scope).page(condition, request) if with_page else UNSELECTED_PAGE)


async def customer_activity(
    context: Context, customer: CustomerDocument, with_page: bool, **page: Any
) -> EventConnection:
    key = (customer.id, PageRequest(**page))
    return BaseConnection((await context.loaders.activity_pages.load(key) if with_page else None) or UNSELECTED_PAGE)


async def actor(context: Context, event: EventDocument) -> AdministratorDocument | None:
    return await context.loaders.find_administrator(event.actor_id)


async def customer(context: Context, event: EventDocument) -> CustomerDocument | None:
    return None if event.customer_id is None else await context.loaders.customers.load(event.customer_id)


async def subject(context: Context, event: EventDocument) -> Any:
    return await node(context, None, event.subject_id)
