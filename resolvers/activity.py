"""The activity log, restricted to the events that are visible to the viewer."""

from collections.abc import Awaitable, Mapping
from functools import partial
from typing import Any

from domain.paging import PageRequest
from domain.partner.activity import FieldChange, activity_condition
from resolvers.connections import UNSELECTED_PAGE, Connection
from resolvers.context import Context
from resolvers.nodes import node
from store.customers.customers import CustomerDocument
from store.events.activity import Activity, EventDocument
from store.tenants.administrators import AdministratorDocument

EventConnection = Connection[EventDocument]


async def activity(
    context: Context, _root: None, with_page: bool, filter: Mapping[str, Any] | None = None, **page: Any
) -> EventConnection:
    condition, request = activity_condition(filter), PageRequest(**page)
    log = Activity(context.scope)
    page_rows = await log.page(condition, request) if with_page else UNSELECTED_PAGE
    return Connection(page_rows, partial(log.count, condition))


async def customer_activity(
    context: Context, customer: CustomerDocument, with_page: bool, **page: Any
) -> EventConnection:
    loaders, key = context.loaders, (customer.id, PageRequest(**page))
    page_rows = await loaders.activity_pages.load(key) if with_page else None
    return Connection(page_rows or UNSELECTED_PAGE, partial(loaders.activity_counts.load, customer.id))


def changes(context: Context, event: EventDocument) -> Awaitable[list[FieldChange]]:
    return context.loaders.event_changes.load(event.id)


async def actor(context: Context, event: EventDocument) -> AdministratorDocument | None:
    return await context.loaders.find_administrator(event.actor_id)


async def customer(context: Context, event: EventDocument) -> CustomerDocument | None:
    return None if event.customer_id is None else await context.loaders.customers.load(event.customer_id)


async def subject(context: Context, event: EventDocument) -> Any:
    return await node(context, None, event.subject_id)
