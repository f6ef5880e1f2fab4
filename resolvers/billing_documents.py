"""Orders and invoices of subscriptions."""

from collections.abc import Awaitable
from functools import partial
from typing import Any

from domain.paging import PageRequest
from resolvers.connections import UNSELECTED_PAGE, Connection
from resolvers.context import Context
from store.entitlements.documents import EntitlementDocument
from store.entitlements.invoices import InvoiceDocument, Invoices
from store.entitlements.orders import OrderDocument
from store.entitlements.orders import orders as order_documents


async def order_by_number(context: Context, _root: None, number: str) -> OrderDocument | None:
    return await context.loaders.if_visible(await order_documents(context.scope).by_number(number))


async def invoice_by_number(context: Context, _root: None, number: str) -> InvoiceDocument | None:
    return await context.loaders.if_visible(await Invoices(context.scope).by_number(number))


async def orders(
    context: Context, subscription: EntitlementDocument, with_page: bool, **page: Any
) -> Connection[OrderDocument]:
    loaders, key = context.loaders, (subscription.id, PageRequest(**page))
    orders = await loaders.order_pages.load(key) if with_page else None
    return Connection(orders or UNSELECTED_PAGE, partial(loaders.order_counts.load, subscription.id))


async def invoices(
    context: Context, subscription: EntitlementDocument, with_page: bool, **page: Any
) -> Connection[InvoiceDocument]:
    loaders, key = context.loaders, (subscription.id, PageRequest(**page))
    invoices = await loaders.invoice_pages.load(key) if with_page else None
    return Connection(invoices or UNSELECTED_PAGE, partial(loaders.invoice_counts.load, subscription.id))


def subscription(context: Context, document: InvoiceDocument | OrderDocument) -> Awaitable[EntitlementDocument | None]:
    return context.loaders.entitlements.load(document.entitlement_id)


def invoice(context: Context, subscription: EntitlementDocument) -> Awaitable[InvoiceDocument | None]:
    return context.loaders.newest_valid_invoices.load(subscription.id)
