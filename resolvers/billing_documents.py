"""Orders and invoices of subscriptions."""

from collections.abc import Sequence
from typing import Any

from domain.paging import PageRequest
from resolvers.connections import Connection, load_connections
from resolvers.context import Context
from store.database.stored_fields import Projection
from store.entitlements.documents import EntitlementDocument
from store.entitlements.invoices import InvoiceDocument, Invoices
from store.entitlements.orders import OrderDocument
from store.entitlements.orders import orders as order_documents


async def order_by_number(context: Context, _root: None, number: str) -> OrderDocument | None:
    return await context.loaders.if_visible(await order_documents(context.scope).by_number(number))


async def invoice_by_number(context: Context, _root: None, number: str) -> InvoiceDocument | None:
    return await context.loaders.if_visible(await Invoices(context.scope).by_number(number))


async def orders(
    context: Context,
    subscriptions: Sequence[EntitlementDocument],
    with_page: bool,
    projection: Projection = None,
    **page: Any,
) -> list[Connection[OrderDocument] | BaseException]:
    loaders = context.loaders
    return await load_connections(
        loaders.order_pages, loaders.order_counts, _ids(subscriptions), PageRequest(**page), with_page, projection
    )


async def invoices(
    context: Context,
    subscriptions: Sequence[EntitlementDocument],
    with_page: bool,
    projection: Projection = None,
    **page: Any,
) -> list[Connection[InvoiceDocument] | BaseException]:
    loaders = context.loaders
    return await load_connections(
        loaders.invoice_pages, loaders.invoice_counts, _ids(subscriptions), PageRequest(**page), with_page, projection
    )


async def subscription(
    context: Context, documents: Sequence[InvoiceDocument | OrderDocument], projection: Projection = None
) -> list[EntitlementDocument | None]:
    return await context.loaders.entitlements.load_all([each.entitlement_id for each in documents], projection)


async def invoice(
    context: Context, subscriptions: Sequence[EntitlementDocument], projection: Projection = None
) -> list[InvoiceDocument | None]:
    return await context.loaders.newest_valid_invoices.load_all(_ids(subscriptions), projection)


def _ids(subscriptions: Sequence[EntitlementDocument]) -> list[str]:
    return [subscription.id for subscription in subscriptions]
