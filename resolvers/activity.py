"""The activity log, restricted to the events that are visible to the viewer."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from domain.paging import PageRequest
from domain.partner.activity import FieldChange, activity_condition
from resolvers.connections import UNSELECTED_PAGE, Connection, load_connections
from resolvers.context import Context
from resolvers.nodes import find_nodes
from store.customers.customers import CustomerDocument
from store.database.stored_fields import Projection
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
    context: Context, customers: Sequence[CustomerDocument], with_page: bool, **page: Any
) -> list[EventConnection | BaseException]:
    loaders, ids = context.loaders, [customer.id for customer in customers]
    return await load_connections(loaders.activity_pages, loaders.activity_counts, ids, PageRequest(**page), with_page)


async def changes(context: Context, events: Sequence[EventDocument]) -> list[list[FieldChange]]:
    return await context.loaders.event_changes.load_all([event.id for event in events])


async def actor(
    context: Context, events: Sequence[EventDocument], projection: Projection = None
) -> list[AdministratorDocument | None]:
    return await context.loaders.find_administrators([event.actor_id for event in events], projection)


async def customer(
    context: Context, events: Sequence[EventDocument], projection: Projection = None
) -> list[CustomerDocument | None]:
    return await context.loaders.find_visible_customers([event.customer_id for event in events], projection)


async def subject(context: Context, events: Sequence[EventDocument], projection: Projection = None) -> list[Any]:
    return await find_nodes(context, [event.subject_id for event in events], projection)
